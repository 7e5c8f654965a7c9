package site

import (
	"errors"
	"fmt"
	"maps"
	"net/http"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/runner"
)

// exerciseState is what the page edits and shows of a lesson's exercise.
type exerciseState struct {
	Lesson   string          `json:"lesson"`
	Goal     string          `json:"goal"` // the experiment
	Func     string          `json:"func"`
	File     string          `json:"file"` // in the data folder
	Text     string          `json:"text"` // the learner's version
	Original string          `json:"original"`
	Saved    bool            `json:"saved"`   // the file is there
	Problem  *problem        `json:"problem"` // why the version cannot be built, null when it may be
	Diff     []labs.DiffLine `json:"diff"`    // from the original
	Done     bool            `json:"done"`    // the goal held once
	Help     Help            `json:"help"`

	Hints  int  `json:"-"` // how many of them the page has
	Solved bool `json:"-"` // it has the solution too
}

// problem is what is wrong with a version's text, and where.
type problem struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

// exerciseIn finds a lesson's exercise.
func (s *Site) exerciseIn(lesson string) (*edition, *content.Exercise, error) {
	e := s.shelf.edition()
	l, _, _, err := e.find(lesson)
	if err != nil {
		return nil, nil, err
	}
	if l.Exercise == nil {
		return nil, nil, errNotFound
	}
	return e, l.Exercise, nil
}

// stateOf reads the version of whoever works at it. A workshop's learner has none:
// the file is the owner's.
func (s *Site) stateOf(v visitor, e *edition, x *content.Exercise) (exerciseState, error) {
	text, saved, done := x.Original(), false, v.progress.snapshot()
	if v.role == owns {
		var err error
		if text, saved, err = x.Read(s.cfg.Data); err != nil {
			return exerciseState{}, err
		}
	}
	st := exerciseState{
		Lesson: x.Lesson, Goal: x.Goal.ID, Func: x.Func.Name, File: x.File(), Text: text,
		Original: x.Original(), Saved: saved, Diff: list(labs.Diff(x.Original(), text)), Done: true, Help: done.Help[x.Lesson],
	}
	st.Hints, st.Solved = s.released(v, x)
	for _, c := range x.Goal.Checks {
		st.Done = st.Done && done.Checks[x.Goal.Spec.Name+"/"+c.ID]
	}
	if text == st.Original {
		return st, nil
	}
	if wrong, ok := errors.AsType[*labs.VersionError](e.buildable(x, text)); ok {
		st.Problem = &problem{wrong.Line, wrong.Text}
	}
	return st, nil
}

// buildable says whether a text is exactly the function, as far as a parser can.
func (e *edition) buildable(x *content.Exercise, text string) error {
	lab, _ := e.labs.Lab(x.Lab)
	_, err := e.labs.Overlay(lab, x.Version(text))
	return err
}

// refusedCode is a refusal about a line of the text.
func refusedCode(err error) error {
	wrong, ok := errors.AsType[*labs.VersionError](err)
	if !ok {
		return err
	}
	return &refusal{err: errCode, field: fmt.Sprintf("text:%d", wrong.Line), text: content.Text{
		Ko: fmt.Sprintf("%d번째 줄에서 멈췄습니다: %s", wrong.Line, wrong.Text), En: fmt.Sprintf("Line %d: %s", wrong.Line, wrong.Text)}}
}

// exercise answers with the learner's version.
func (s *Site) exercise(w http.ResponseWriter, r *http.Request) error {
	e, x, err := s.exerciseIn(r.PathValue("lesson"))
	if err != nil {
		return err
	}
	st, err := s.stateOf(s.visitor(r), e, x)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, st)
}

// putExercise keeps a text as the learner's version, if it is the function.
func (s *Site) putExercise(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Text string `json:"text"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	e, x, err := s.exerciseIn(r.PathValue("lesson"))
	if err != nil {
		return err
	}
	if err := e.buildable(x, body.Text); err != nil {
		return refusedCode(err)
	}
	if err := x.Write(s.cfg.Data, body.Text); err != nil {
		return err
	}
	return s.exercise(w, r)
}

// resetExercise forgets the learner's version.
func (s *Site) resetExercise(w http.ResponseWriter, r *http.Request) error {
	_, x, err := s.exerciseIn(r.PathValue("lesson"))
	if err != nil {
		return err
	}
	if err := x.Reset(s.cfg.Data); err != nil {
		return err
	}
	return s.exercise(w, r)
}

// putHelp notes how far the learner has been helped.
func (s *Site) putHelp(w http.ResponseWriter, r *http.Request) error {
	var h Help
	if err := decode(r, &h); err != nil {
		return err
	}
	_, x, err := s.exerciseIn(r.PathValue("lesson"))
	if err != nil {
		return err
	}
	if h.Hints < 0 || h.Hints > len(x.Hints) {
		return &refusal{err: errRequest, field: "hints"}
	}
	v := s.visitor(r)
	if n, solved := s.released(v, x); h.Hints > n || h.Solution && !solved {
		return errHeld
	}
	if err := v.progress.helped(x.Lesson, h); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// released is how many of an exercise's hints somebody may read, and whether the
// solution: a learner as far as the instructor says, if so. With the last hint comes
// the solution. What is held back is not sent either.
func (s *Site) released(v visitor, x *content.Exercise) (n int, solved bool) {
	if n, held := s.held(v)[x.Lesson]; held {
		return n, n >= len(x.Hints)
	}
	return len(x.Hints), true
}

// held is how many hints the instructor lets a visitor read, by lesson, where they
// hold any back.
func (s *Site) held(v visitor) map[string]int {
	if !v.learns() {
		return nil
	}
	return s.cfg.Class.Lead().Hints
}

// version puts a version of the function into a run of the exercise's goal: the
// owner's own, or what the order names. A workshop's learner names one: their code
// does not run on this machine.
func (s *Site) version(v visitor, e *edition, x *content.Experiment, spec *labs.Spec, o order) error {
	l, _, _, err := e.find(o.Lesson)
	if err != nil {
		return err
	}
	if l.Exercise == nil || l.Exercise.Goal.ID != x.ID {
		return &refusal{err: errRequest, field: "exercise"}
	}
	switch {
	case o.Version == "original":
		return nil
	case o.Version == "solution":
		solution := l.Exercise.Solution
		spec.Version = &solution
		return nil
	case o.Version != "":
		return &refusal{err: errRequest, field: "version"}
	case v.role != owns:
		return errOthersCode
	}
	text, _, err := l.Exercise.Read(s.cfg.Data)
	if err == nil {
		err = e.buildable(l.Exercise, text)
	}
	if err != nil {
		return refusedCode(err)
	}
	own := l.Exercise.Version(text)
	spec.Version = &own
	return nil
}

// counted are the runs whose checks count. One that shared the machine with
// others counts for nothing. One with a version of a function
// counts for its exercise, with the goal's own settings, and then as a whole: an
// exercise is done or it is not. What the lab as it is shows does not do one.
func counted(book *content.Book, runs []runner.Summary) []runner.Summary {
	goals := map[string]labs.Spec{}
	for _, p := range book.Parts {
		for _, l := range p.Lessons {
			if l.Exercise != nil {
				goals[l.Exercise.Goal.Spec.Name] = l.Exercise.Goal.Spec
			}
		}
	}
	var out []runner.Summary
	for _, r := range runs {
		goal, is := goals[r.Experiment]
		if !r.Shared && r.Exercise == is && (!is || does(r, goal)) {
			out = append(out, r)
		}
	}
	return out
}

// does says whether a run did the exercise with that goal.
func does(r runner.Summary, goal labs.Spec) bool {
	if !maps.Equal(r.Knobs, goal.Knobs) || !maps.Equal(r.Load, goal.Load) {
		return false
	}
	for _, c := range r.Checks {
		if !c.Pass {
			return false
		}
	}
	return true
}
