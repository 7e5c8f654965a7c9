package site

import (
	"errors"
	"net/http"
	"time"

	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/site/workshop"
)

// raiseHand puts a learner's hand up.
func (s *Site) raiseHand(w http.ResponseWriter, r *http.Request) error {
	var h struct {
		Text   string  `json:"text"`
		Lesson string  `json:"lesson"`
		Run    string  `json:"run"`
		T      float64 `json:"t"` // seconds since load began: what happened until then is meant
	}
	class, err := s.commanded(r, &h)
	if err != nil {
		return err
	}
	v := s.visitor(r)
	if h.Run != "" {
		if err := s.theirs(v, h.Run); err != nil {
			return err
		}
	}
	if l, _, _ := s.shelf.edition().book.Lesson(h.Lesson); h.Lesson != "" && l == nil {
		return &refusal{err: errNotFound, field: "lesson"}
	}
	if h.T < 0 || h.T > 24*time.Hour.Seconds() {
		return &refusal{err: errRequest, field: "t"}
	}
	hand, err := class.Raise(v.by(), workshop.Hand{Text: h.Text, Lesson: h.Lesson, Run: h.Run, To: h.T})
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, hand)
}

// lowerHand takes a learner's own hand down.
func (s *Site) lowerHand(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	_, err := s.cfg.Class.Lower(s.visitor(r).by())
	return done(w, err)
}

// dismissHand takes somebody's hand down.
func (s *Site) dismissHand(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	_, err := s.cfg.Class.Lower(r.PathValue("person"))
	return done(w, err)
}

// answerHand answers one: with a run it becomes a note on its charts.
func (s *Site) answerHand(w http.ResponseWriter, r *http.Request) error {
	n, err := noted(r)
	if err != nil {
		return err
	}
	if s.cfg.Class == nil {
		return errNoClass
	}
	person := r.PathValue("person")
	h, _ := s.cfg.Class.Hand(person)
	if h.State != workshop.Raised && h.State != workshop.Answered {
		return workshop.ErrNoHand
	}
	if n, err = n.Check(); err != nil {
		return explained(err)
	}
	answer := workshop.Reply{Text: n.Text, Chart: n.Chart, T: n.T, To: n.To}
	if h.Run != "" {
		n.By = telemetry.ByInstructor
		n, err = s.cfg.Runner.AddNote(h.Run, n)
		if err != nil && !errors.Is(err, runner.ErrNoRun) { // the learner may have deleted it
			return explained(err)
		}
		answer.Note = n.ID
	}
	if h, err = s.cfg.Class.Reply(person, answer); err != nil {
		return err
	}
	return reply(w, http.StatusOK, h)
}
