package site

import (
	"net/http"

	"socketlabs/content"
	"socketlabs/runner"
	"socketlabs/site/workshop"
)

// lessonOf finds what the instructor leads the class to.
func (s *Site) lessonOf(id string) (*content.Lesson, error) {
	if s.cfg.Class == nil {
		return nil, errNoClass
	}
	l, _, _, err := s.shelf.edition().find(id)
	return l, err
}

// commanded reads a command to the class: what it says, into v, and that there is one.
func (s *Site) commanded(r *http.Request, v any) (*workshop.Class, error) {
	if err := decode(r, v); err != nil {
		return nil, err
	}
	if s.cfg.Class == nil {
		return nil, errNoClass
	}
	return s.cfg.Class, nil
}

// putHere wants everybody at a lesson, a section or an experiment of it.
func (s *Site) putHere(w http.ResponseWriter, r *http.Request) error {
	var h struct {
		Lesson     string `json:"lesson"`
		Section    string `json:"section"`
		Experiment string `json:"experiment"`
	}
	if err := decode(r, &h); err != nil {
		return err
	}
	l, err := s.lessonOf(h.Lesson)
	if err != nil {
		return err
	}
	for field, id := range map[string]string{"section": h.Section, "experiment": h.Experiment} {
		if _, ok := titleOf(l, id); id != "" && !ok {
			return &refusal{err: errNotFound, field: field}
		}
	}
	return done(w, s.cfg.Class.Gather(&workshop.Here{Lesson: h.Lesson, Section: h.Section, Experiment: h.Experiment}))
}

// removeHere lets everybody be where they like.
func (s *Site) removeHere(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	return done(w, s.cfg.Class.Gather(nil))
}

// putGate lets the class go so far in a lesson.
func (s *Site) putGate(w http.ResponseWriter, r *http.Request) error {
	var g struct {
		Lesson string `json:"lesson"`
		Upto   string `json:"upto"` // a section or an experiment; empty: to the end
	}
	if err := decode(r, &g); err != nil {
		return err
	}
	l, err := s.lessonOf(g.Lesson)
	if err != nil {
		return err
	}
	if _, ok := titleOf(l, g.Upto); g.Upto != "" && !ok {
		return &refusal{err: errNotFound, field: "upto"}
	}
	return done(w, s.cfg.Class.SetGate(g.Lesson, g.Upto))
}

// putHints releases hints of a lesson's exercise.
func (s *Site) putHints(w http.ResponseWriter, r *http.Request) error {
	var h struct {
		N *int `json:"n"` // null: everybody opens them at their own pace
	}
	if err := decode(r, &h); err != nil {
		return err
	}
	l, err := s.lessonOf(r.PathValue("lesson"))
	switch {
	case err != nil:
		return err
	case l.Exercise == nil:
		return errNotFound
	case h.N == nil:
		return done(w, s.cfg.Class.ReleaseHints(l.ID, -1))
	case *h.N < 0 || *h.N > len(l.Exercise.Hints):
		return &refusal{err: errRequest, field: "n"}
	}
	return done(w, s.cfg.Class.ReleaseHints(l.ID, *h.N))
}

// broadcast sends a line to everybody.
func (s *Site) broadcast(w http.ResponseWriter, r *http.Request) error {
	var n struct {
		Text string `json:"text"`
	}
	class, err := s.commanded(r, &n)
	if err != nil {
		return err
	}
	note, err := class.Broadcast(n.Text)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, note)
}

// putFollow has a learner follow the class, or leave follow-me.
func (s *Site) putFollow(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Follow bool `json:"follow"`
	}
	class, err := s.commanded(r, &f)
	if err != nil {
		return err
	}
	return done(w, class.SetFollow(s.visitor(r).by(), f.Follow))
}

// notStarted is whose run could not be started, and why.
type notStarted struct {
	Person string       `json:"person"`
	Name   string       `json:"name"`
	Number int          `json:"number"` // of them while names are hidden
	Code   string       `json:"code"`
	Text   content.Text `json:"text"`
}

// startForAll starts an experiment for everybody who is here, as their own run: it is
// measured, and waits in line, as if each had pressed Run.
func (s *Site) startForAll(w http.ResponseWriter, r *http.Request) error {
	var o struct {
		Lesson     string `json:"lesson"`
		Experiment string `json:"experiment"`
	}
	if err := decode(r, &o); err != nil {
		return err
	}
	l, err := s.lessonOf(o.Lesson)
	if err != nil {
		return err
	}
	if !linux {
		return errNoLinux
	}
	e := s.shelf.edition()
	x, err := e.book.Find(o.Lesson + "/" + o.Experiment)
	if err != nil {
		return errNotFound
	}
	if beyond(l, s.cfg.Class.Lead().Gates[l.ID], x.ID) {
		return errGate
	}
	if s.voting(e, x.Spec.Name) {
		return &refusal{err: errVoting, text: content.Text{
			Ko: "이 실험의 예측에 투표하는 중입니다. 실행하면 답이 나오니, 투표를 끝까지 닫거나 ‘투표 중에도 실행 허용’을 누른 뒤에 시작하세요.", En: "A vote on this experiment is going on, and a run tells the answer. Start it when the last vote is closed, or press “Let them run meanwhile” first."}}
	}
	here, started, not, numbers := s.cfg.Class.Presence(), map[string]calledRun{}, []notStarted{}, s.numbers()
	for _, p := range s.cfg.Class.People() {
		if p.Removed || here[p.ID].Pages == 0 {
			continue
		}
		run, err := s.startFor(p, order{Lesson: o.Lesson, Experiment: o.Experiment})
		if err != nil {
			f := told(err)
			not = append(not, notStarted{p.ID, p.Name, numbers[p.ID], f.code, f.text(s.faces.current())})
			continue
		}
		started[p.ID] = calledRun{run.ID(), o.Lesson, o.Experiment, x.Title}
	}
	if err := s.called.keep(s.cfg.Class, started); err != nil {
		return err
	}
	for id := range started {
		s.cfg.Class.Tell(id)
	}
	return reply(w, http.StatusOK, map[string]any{"started": len(started), "not": not})
}

// startFor starts a run as a learner's own: not when one of theirs goes on.
func (s *Site) startFor(p workshop.Person, o order) (*runner.Run, error) {
	return s.ordered(visitor{role: learns, person: p, progress: s.progressOf(p.ID)}, o)
}
