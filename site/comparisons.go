package site

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/runner"
)

// comparison is one comparison of a lesson, as the page has it.
type comparison struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"` // LESSON/COMPARISON
	Title       content.Text    `json:"title"`
	A           string          `json:"a"` // experiments
	B           string          `json:"b"`
	ATitle      content.Text    `json:"aTitle"`
	BTitle      content.Text    `json:"bTitle"`
	Rounds      int             `json:"rounds"`
	Seconds     float64         `json:"seconds"` // that it takes
	Predictions []prediction    `json:"predictions"`
	Author      bool            `json:"author"` // there is an author's recording
	Latest      *runner.Summary `json:"latest"`
}

// comparisonViews are those of a lesson.
func comparisonViews(l *content.Lesson, runs []runner.Summary, done Progress) []comparison {
	out := []comparison{}
	for _, c := range l.Comparisons {
		v := comparison{ID: c.ID, Name: c.Name, Title: c.Title, A: c.A.ID, B: c.B.ID, ATitle: c.ATitle, BTitle: c.BTitle,
			Rounds: c.Rounds, Seconds: c.Plan(0).Seconds(), Predictions: []prediction{}, Author: c.Author != nil}
		asks := askerOf(c)
		for _, p := range asks.Predictions {
			g := done.Guesses[c.Name+"/"+p.ID]
			v.Predictions = append(v.Predictions, prediction{ID: p.ID, Kind: p.Kind, Choices: list(p.Prediction.Choices), Unit: p.Unit, Given: g.Given, Skipped: g.Skipped})
		}
		if i := slices.IndexFunc(runs, func(r runner.Summary) bool { return r.Experiment == c.Name && r.Kind == labs.Comparison }); i >= 0 {
			v.Latest = &runs[i]
		}
		out = append(out, v)
	}
	return out
}

// askerOf is a comparison as what asks its predictions.
func askerOf(c *content.Comparison) *content.Experiment {
	x := &content.Experiment{ID: c.ID, Spec: labs.Spec{Name: c.Name}, Predictions: c.Predictions}
	x.Spec.Predictions = slices.Clone(c.Compare.Predictions)
	return x
}

// asker is the experiment or the comparison of that name: what predictions are
// asked about.
func (e *edition) asker(name string) (*content.Experiment, error) {
	x, err := e.book.Find(name)
	if c := e.book.FindComparison(name); err != nil && c != nil {
		return askerOf(c), nil
	}
	return x, err
}

// versus is what POST /api/comparisons asks for: a comparison of the lesson, or
// an experiment under these settings against what it was before.
type versus struct {
	Lesson      string            `json:"lesson"`
	Comparison  string            `json:"comparison"`
	Experiment  string            `json:"experiment"`
	Settings    map[string]string `json:"settings"` // knob.NAME, load.NAME
	Before      before            `json:"before"`
	Faults      []extra           `json:"faults"` // that both suffer, beside the experiment's own
	Rounds      int               `json:"rounds"` // of A B B A; 0: as the lesson says, or three
	Predictions map[string]any    `json:"predictions"`
	Skipped     []string          `json:"skipped"`
}

// before is a run of the experiment, or settings.
type before struct {
	Run      string            `json:"run"`
	Settings map[string]string `json:"settings"`
}

// compare begins a comparison.
func (s *Site) compare(w http.ResponseWriter, r *http.Request) error {
	var v versus
	if err := decode(r, &v); err != nil {
		return err
	}
	if !linux {
		return errNoLinux
	}
	e := s.shelf.edition()
	l, _, _, err := e.find(v.Lesson)
	if err != nil {
		return err
	}
	asks := s.visitor(r)
	if err := s.gated(asks, e, l, cmp.Or(v.Comparison, v.Experiment)); err != nil {
		return err
	}
	plan, err := s.plan(asks, e, v)
	if err == nil {
		err = s.cappedTotal(asks, plan.Seconds(), v.Comparison != "" && v.Rounds == 0)
	}
	if err != nil {
		return err
	}
	run, err := s.cfg.Runner.StartPlan(plan, asks.asking()...)
	if err != nil {
		return s.refused(asks, err)
	}
	s.begun(asks, run, labs.Spec{Name: plan.Name, Predictions: plan.Compare.Predictions})
	w.Header().Set("Location", "/api/runs/"+run.ID())
	return reply(w, http.StatusCreated, map[string]any{"id": run.ID(), "seconds": plan.Seconds()})
}

// plan is what is to be run.
func (s *Site) plan(asks visitor, e *edition, v versus) (labs.Plan, error) {
	if v.Rounds < 0 || v.Rounds > labs.MaxBlocks/4 {
		return labs.Plan{}, &refusal{err: errSetting, field: "rounds", text: content.Text{
			Ko: "라운드는 1에서 10까지입니다.", En: "There are 1 to 10 rounds."}}
	}
	if v.Comparison != "" {
		return planned(asks, e, v)
	}
	x, err := e.book.Find(v.Lesson + "/" + v.Experiment)
	if err != nil {
		return labs.Plan{}, errNotFound
	}
	lab, _ := e.labs.Lab(x.Spec.Lab)
	b, err := order{Settings: v.Settings, Faults: v.Faults}.spec(x, lab)
	if err == nil {
		err = s.capped(asks, x.Spec, b)
	}
	if err != nil {
		return labs.Plan{}, err
	}
	a, err := s.was(asks, x, lab, v)
	if err == nil {
		err = s.capped(asks, x.Spec, a)
	}
	if err != nil {
		return labs.Plan{}, err
	}
	plan, err := content.Versus(x.Spec.Name, a, b, e.labs, v.Rounds)
	return plan, unplannable(err)
}

// planned is a comparison of the lesson, with the reader's answers.
func planned(asks visitor, e *edition, v versus) (labs.Plan, error) {
	c := e.book.FindComparison(v.Lesson + "/" + v.Comparison)
	if c == nil {
		return labs.Plan{}, errNotFound
	}
	x := askerOf(c)
	if err := predict(asks, &x.Spec, x, order{Predictions: v.Predictions, Skipped: v.Skipped}); err != nil {
		return labs.Plan{}, err
	}
	plan := c.Plan(v.Rounds)
	plan.Compare.Predictions = x.Spec.Predictions
	return plan, unplannable(plan.Check())
}

// was is the experiment as it was before: with the settings of a run of it, or
// with those that are named.
func (s *Site) was(asks visitor, x *content.Experiment, lab labs.Lab, v versus) (labs.Spec, error) {
	spec, err := order{Settings: v.Before.Settings, Faults: v.Faults}.spec(x, lab)
	if err != nil || v.Before.Run == "" {
		return spec, err
	}
	if err := s.theirs(asks, v.Before.Run); err != nil {
		return labs.Spec{}, err
	}
	sum, err := s.cfg.Runner.Summary(v.Before.Run)
	if err != nil {
		return labs.Spec{}, err
	}
	if sum.Experiment != x.Spec.Name || sum.Kind != "" || sum.Command != nil {
		return labs.Spec{}, &refusal{err: errSetting, field: "before", text: content.Text{
			Ko: "그 실행은 이 실험의 것이 아닙니다. 이 실험의 실행을 고르세요.", En: "That run is not one of this experiment. Choose one of its own."}}
	}
	spec.Knobs, spec.Load = sum.Knobs, sum.Load
	return spec, nil
}

// unplannable says why a comparison does not fit.
func unplannable(err error) error {
	if err == nil {
		return nil
	}
	return &refusal{err: errSetting, text: content.Text{Ko: "이 비교를 시작할 수 없습니다: " + err.Error(), En: "This comparison cannot be started: " + err.Error()}}
}

// overlay lays two recordings over each other.
func (s *Site) overlay(w http.ResponseWriter, r *http.Request) error {
	for _, id := range []string{r.PathValue("id"), r.PathValue("other")} {
		if err := s.unsealed(id); err != nil {
			return err
		}
	}
	a, b, err := overlaid(r)
	if err != nil {
		return err
	}
	o, err := s.cfg.Runner.Overlay(a, b)
	switch {
	case errors.Is(err, runner.ErrNoRun), errors.Is(err, runner.ErrRunning):
		return err
	case err != nil:
		s.log.Warn("site: overlay", "error", err)
		return runner.ErrNoRun
	}
	return reply(w, http.StatusOK, o)
}

// overlaid are the two that are laid over each other: the runs of the address, and
// the blocks of ?a=N and ?b=N, from 0.
func overlaid(r *http.Request) (a, b runner.At, err error) {
	a, b = runner.At{ID: r.PathValue("id")}, runner.At{ID: r.PathValue("other")}
	for name, block := range map[string]*int{"a": &a.Block, "b": &b.Block} {
		text := r.FormValue(name)
		if text == "" {
			continue
		}
		if *block, err = strconv.Atoi(text); err != nil || *block < 0 {
			return a, b, &refusal{err: errRequest, field: name, text: content.Text{
				Ko: name + "는 0부터 세는 블록의 번호입니다: " + text, En: name + " is the number of a block, counted from 0: " + text}}
		}
	}
	return a, b, nil
}
