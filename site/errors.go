package site

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/site/workshop"
)

// Errors of requests.
var (
	errHost      = errors.New("site: not a host of this site")
	errOrigin    = errors.New("site: not from this site's own pages")
	errNoToken   = errors.New("site: no token")
	errNotFound  = errors.New("site: nothing here")
	errRequest   = errors.New("site: bad request")
	errSetting   = errors.New("site: bad setting")
	errGuess     = errors.New("site: bad answer to a prediction")
	errCommitted = errors.New("site: the answer was committed by a run")
	errElsewhere = errors.New("site: another process carries the run")
	errLesson    = errors.New("site: the lesson has problems")
	errCrowded   = errors.New("site: too many readers")
	errStart     = errors.New("site: the run cannot be started")
	errTracing   = errors.New("site: another trace goes on")
	errNoLinux   = errors.New("site: runs need Linux")
	errCode      = errors.New("site: no version of the function")
	errOwner     = errors.New("site: code is edited on this machine only")
	errSealed    = errors.New("site: the mystery is not solved")
	errAnswered  = errors.New("site: the mystery was answered")
	errUnrun     = errors.New("site: the mystery has no finished run")
	errCut       = errors.New("site: a page was sent in part only")

	// Of workshops.
	errInstructor = errors.New("site: the instructor's")
	errOthersCode = errors.New("site: learners' code does not run in a workshop")
	errCap        = errors.New("site: more than the workshop allows")
	errNoClass    = errors.New("site: there is no workshop")
	errGate       = errors.New("site: beyond the gate")
	errVoting     = errors.New("site: the class votes on it")
	errNoProposal = errors.New("site: nothing was proposed")
	errHeld       = errors.New("site: the hint is not released")
)

// fault is how an error is told. Its words are api.CODE of text.yaml.
type fault struct {
	err    error
	status int
	code   string
}

// faults is the one table from errors to answers.
var faults = []fault{
	{errHost, 421, "wrong-host"},
	{errOrigin, 403, "wrong-origin"},
	{errNoToken, 401, "no-token"},
	{errNotFound, 404, "not-found"},
	{errRequest, 400, "bad-request"},
	{errSetting, 400, "bad-setting"},
	{errGuess, 400, "bad-guess"},
	{errCommitted, 409, "committed"},
	{errElsewhere, 409, "elsewhere"},
	{errLesson, 500, "lesson-problems"},
	{errCrowded, 503, "crowded"},
	{errStart, 409, "cannot-start"},
	{errNoLinux, 503, "no-linux"},
	{errCode, 400, "bad-code"},
	{errOwner, 403, "owner-only"},
	{errSealed, 409, "sealed"},
	{errAnswered, 409, "answered"},
	{errUnrun, 409, "unrun"},
	{errInstructor, 403, "instructor-only"},
	{errOthersCode, 403, "others-code"},
	{errCap, 400, "cap"},
	{errNoClass, 404, "no-class"},
	{workshop.ErrCode, 403, "class-code"},
	{workshop.ErrDoor, 403, "class-door"},
	{workshop.ErrFull, 409, "class-full"},
	{workshop.ErrName, 400, "class-name"},
	{workshop.ErrNoPerson, 404, "no-person"},
	{workshop.ErrRemoved, 403, "removed"},
	{errGate, 409, "gate"},
	{errVoting, 409, "voting"},
	{errHeld, 409, "hint-held"},
	{errNoProposal, 409, "no-proposal"},
	{workshop.ErrSentence, 400, "sentence"},
	{workshop.ErrMany, 409, "class-many"},
	{workshop.ErrNoVote, 404, "no-vote"},
	{workshop.ErrVoteOpen, 409, "vote-open"},
	{workshop.ErrVoteClosed, 409, "vote-closed"},
	{workshop.ErrVoteState, 409, "vote-state"},
	{workshop.ErrNoHand, 404, "no-hand"},
	{runner.ErrNoRun, 404, "no-run"},
	{errTracing, 409, "tracing"},
	{runner.ErrNoTrace, 404, "no-trace"},
	{runner.ErrBusy, 409, "busy"},
	{runner.ErrOneAtATime, 409, "one-at-a-time"},
	{runner.ErrNotWaiting, 409, "not-waiting"},
	{runner.ErrRunning, 409, "running"},
	{runner.ErrClosed, 503, "closing"},
	{runner.ErrNotMeasuring, 409, "not-measuring"},
	{runner.ErrNoFault, 404, "no-fault"},
	{runner.ErrDiskFull, 503, "disk-full"},
	{runner.ErrNoNote, 404, "no-note"},
	{runner.ErrRecording, 400, "bad-recording"},
	{telemetry.ErrNote, 400, "bad-note"},
}

// text returns the words of a fault.
func (f fault) text(face *face) content.Text {
	if t, ok := face.texts["api."+f.code]; ok {
		return t
	}
	t, _ := face.said("api.unknown", []any{"status", f.status})
	return t
}

// refusal is an error of the table about something that the request named.
type refusal struct {
	err   error
	field string       // knob.buf
	text  content.Text // what is wrong, instead of the table's words
	run   string       // that is in the way
}

func (e *refusal) Error() string { return strings.TrimSpace(e.err.Error() + " " + e.field) }
func (e *refusal) Unwrap() error { return e.err }

// told returns how err is told to whoever asked.
func told(err error) fault {
	for _, f := range faults {
		if errors.Is(err, f.err) {
			return f
		}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault{nil, 413, "too-large"}
	}
	return fault{nil, 500, "broken"}
}

// complaint is the body of every error of /api.
type complaint struct {
	Error struct {
		Code  string       `json:"code"`
		Text  content.Text `json:"text"`
		Field string       `json:"field,omitempty"`
		Run   string       `json:"run,omitempty"`
	} `json:"error"`
}

// fail answers with an error: as a page where a person reads it.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, needs need, err error) {
	f := told(err)
	if f.status == http.StatusInternalServerError {
		s.log.Error("site", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if needs&person != 0 {
		s.errorPage(w, r, f)
		return
	}
	var c complaint
	c.Error.Code, c.Error.Text = f.code, f.text(s.faces.current())
	if e, ok := errors.AsType[*refusal](err); ok {
		c.Error.Field, c.Error.Run = e.field, e.run
		if e.text != (content.Text{}) {
			c.Error.Text = e.text
		}
	}
	reply(w, f.status, c)
}

// reply answers with JSON.
func reply(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(append(body, '\n')) // an error means that whoever asked has left
	return nil
}
