package site

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"sync"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// value is what a placeholder of the prose shows.
type value struct {
	Text   string `json:"text"`
	Author bool   `json:"author"`        // it is the author's, not the reader's own
	Why    string `json:"why,omitempty"` // why there is none
}

// shown evaluates placeholders and remembers the answers: a recording that has
// ended always gives the same.
type shown struct {
	runner *runner.Runner

	mu    sync.Mutex // guards known and asked
	known map[sourceKey]map[content.Placeholder]value
	asked map[askedKey][]telemetry.Check
}

// askedKey is a recording with whose checks it was judged by.
type askedKey struct {
	sourceKey
	by *content.Experiment
}

// checks remembers what a recording answers to another experiment's checks.
func (s *shown) checks(key sourceKey, by *content.Experiment, ask func() []telemetry.Check) []telemetry.Check {
	k := askedKey{key, by}
	s.mu.Lock()
	checks, ok := s.asked[k]
	s.mu.Unlock()
	if ok {
		return checks
	}
	checks = ask()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == nil || len(s.asked) >= maxSources {
		s.asked = map[askedKey][]telemetry.Check{}
	}
	s.asked[k] = checks
	return checks
}

// sourceKey names a recording: a run's, or the author's of an experiment.
type sourceKey struct {
	run    string
	author *content.Experiment
}

// maxSources bounds how many recordings' answers are remembered.
const maxSources = 256

func newShown(r *runner.Runner) *shown {
	return &shown{runner: r, known: map[sourceKey]map[content.Placeholder]value{}}
}

// source is what answers: a recording, or the experiment itself when there is
// none.
type source struct {
	key   sourceKey // zero: nothing was measured, and only what is asked for is known
	judge func() (valuer, error)
}

// valuer is what expressions are asked of: a judge.Judge of one block, or a
// judge.Sweep of several.
type valuer interface {
	Value(expr string) (any, error)
}

// of returns the values of a lesson's placeholders, in their order. runs are the
// reader's, the newest first.
func (s *shown) of(e *edition, l *content.Lesson, runs []runner.Summary) []value {
	values := make([]value, len(l.Shown))
	places := map[placeholderOf][]int{}
	for i, p := range l.Shown {
		from := placeholderOf{p.Experiment, p.Author}
		places[from] = append(places[from], i)
	}
	var asking sync.WaitGroup // each recording costs some 10 ms of CPU when it is asked first
	for from, at := range places {
		asking.Go(func() {
			var all []content.Placeholder
			for _, i := range at {
				all = append(all, l.Shown[i])
			}
			for k, v := range s.values(s.source(e, l, from, runs), all) {
				values[at[k]] = v // nobody else's places
			}
		})
	}
	asking.Wait()
	return values
}

// placeholderOf says which recording a placeholder asks.
type placeholderOf struct {
	experiment string
	author     bool
}

// source chooses the reader's latest run that is worth quoting, else the
// author's, else what the experiment asks for.
func (s *shown) source(e *edition, l *content.Lesson, p placeholderOf, runs []runner.Summary) source {
	i := slices.IndexFunc(l.Experiments, func(x *content.Experiment) bool { return x.ID == p.experiment })
	if i < 0 {
		return source{judge: unrecorded}
	}
	x := l.Experiments[i]
	for _, r := range runs {
		if !p.author && ofExperiment(r, x.Spec) && r.Phase == telemetry.Finished && r.Trust != "void" && r.Command == nil {
			return source{sourceKey{run: r.ID}, func() (valuer, error) { return s.replay(r.ID) }}
		}
	}
	if x.Author != nil {
		return source{sourceKey{author: x}, func() (valuer, error) { return replay(bytes.NewReader(x.Author)) }}
	}
	if p.author {
		return source{judge: unrecorded}
	}
	lab, _ := e.labs.Lab(x.Spec.Lab)
	return source{judge: func() (valuer, error) { return asked(x.Spec, lab, s.runner.Host()) }}
}

var errUnrecorded = errors.New("not run yet")

func unrecorded() (valuer, error) { return nil, errUnrecorded }

// asked returns the judge of a run that has not happened: it knows settings and
// times, and nothing that is measured.
func asked(spec labs.Spec, lab labs.Lab, host telemetry.Host) (valuer, error) {
	if spec.Sweep == nil {
		return begun(spec.Question(lab), host)
	}
	steps, err := spec.Steps(lab)
	if err != nil {
		return nil, err
	}
	var blocks []*judge.Judge
	for _, step := range steps {
		j, err := begun(step.Question(lab), host)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, j)
	}
	return judge.NewSweep(blocks)
}

func begun(q telemetry.Question, host telemetry.Host) (*judge.Judge, error) {
	j, err := judge.New(q, host)
	if err == nil {
		j.Begin(telemetry.Block{Warmup: q.Warmup, Seconds: q.Seconds})
	}
	return j, err
}

// replay judges a run's recording again.
func (s *shown) replay(id string) (valuer, error) {
	path, err := s.runner.Recording(id)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return replay(f)
}

func replay(r io.Reader) (valuer, error) {
	events, err := runner.ReadRecording(r)
	if err != nil {
		return nil, err
	}
	if len(events) > 0 && events[0].Run != nil && events[0].Run.Sweep != nil {
		return judge.ReplaySweep(events)
	}
	return judge.Replay(events)
}

// values answers placeholders of one source, from memory where it can.
func (s *shown) values(from source, all []content.Placeholder) []value {
	s.mu.Lock()
	known := s.known[from.key]
	s.mu.Unlock()
	values := make([]value, len(all))
	for i, p := range all {
		v, ok := known[p]
		if !ok {
			known = judged(from, all)
			s.remember(from.key, known)
			v = known[p]
		}
		values[i] = v
	}
	return values
}

// remember keeps what a recording answered, beside what it was asked before: by
// {{author:…}} where {{run:…}} asks the same. It always will answer the same.
func (s *shown) remember(key sourceKey, answers map[content.Placeholder]value) {
	if key == (sourceKey{}) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxSources {
		clear(s.known)
	}
	all := maps.Clone(s.known[key]) // a reader may have the old one
	if all == nil {
		all = map[content.Placeholder]value{}
	}
	maps.Copy(all, answers)
	s.known[key] = all
}

// judged asks a source everything.
func judged(from source, all []content.Placeholder) map[content.Placeholder]value {
	answers := map[content.Placeholder]value{}
	j, err := from.judge()
	for _, p := range all {
		var got any
		e := err
		if e == nil {
			got, e = j.Value(p.Expr)
		}
		switch {
		case e == nil:
			answers[p] = value{Text: content.Format(got, p.Format), Author: from.key.author != nil}
		case err == nil && from.key == sourceKey{}:
			answers[p] = value{Text: "–", Why: errUnrecorded.Error()}
		default:
			answers[p] = value{Text: "–", Author: from.key.author != nil, Why: e.Error()}
		}
	}
	return answers
}

// forget drops a run that was deleted.
func (s *shown) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, sourceKey{run: id})
	maps.DeleteFunc(s.asked, func(k askedKey, _ []telemetry.Check) bool { return k.run == id })
}

// shownValues are the values of a lesson's placeholders.
func (s *Site) shownValues(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	l, _, _, err := e.find(r.PathValue("lesson"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]any{"shown": list(s.shown.of(e, l, s.listed(s.visitor(r))))})
}
