package site

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// usualP99 is the objective's bound when none is asked for, in seconds.
const usualP99 = 0.010

// sweepOrder is what POST /api/sweeps asks for: an experiment with one of its
// settings stepped through values, or the ladder. Without a setting it is the
// sweep that the experiment itself is.
type sweepOrder struct {
	Ladder     bool              `json:"ladder"`
	Lesson     string            `json:"lesson"`
	Experiment string            `json:"experiment"`
	Setting    string            `json:"setting"`  // knob.NAME, load.NAME
	Values     []string          `json:"values"`   // as they were typed
	Seconds    float64           `json:"seconds"`  // measured of each; 0: the experiment's
	Settings   map[string]string `json:"settings"` // others, the same for all
}

// own says that it is as the lesson has it, or the ladder: no cap is about that.
func (o sweepOrder) own() bool { return o.Setting == "" && len(o.Settings) == 0 && o.Seconds == 0 }

// startSweep begins a run of several blocks.
func (s *Site) startSweep(w http.ResponseWriter, r *http.Request) error {
	var o sweepOrder
	if err := decode(r, &o); err != nil {
		return err
	}
	if !linux {
		return errNoLinux
	}
	v := s.visitor(r)
	plan, err := s.climb()
	if !o.Ladder {
		plan, err = s.swept(v, o)
	}
	if err == nil {
		err = s.cappedTotal(v, plan.Seconds(), o.own())
	}
	if err != nil {
		return err
	}
	run, err := s.cfg.Runner.StartPlan(plan, v.asking()...)
	if err != nil {
		return s.refused(v, err)
	}
	s.begun(v, run, labs.Spec{})
	w.Header().Set("Location", "/api/runs/"+run.ID())
	return reply(w, http.StatusCreated, map[string]string{"id": run.ID()})
}

// climb is the ladder with the rungs that this machine allows.
func (s *Site) climb() (labs.Plan, error) {
	rungs := labs.Rungs(s.cfg.Runner.Host().Cores)
	if runner.UringRefused() != nil {
		rungs, _ = labs.Without(rungs, []string{"uring"})
	}
	return labs.Ladder(rungs)
}

// swept is the plan that an order asks for.
func (s *Site) swept(v visitor, o sweepOrder) (labs.Plan, error) {
	e := s.shelf.edition()
	l, _, _, err := e.find(o.Lesson)
	if err == nil {
		err = s.gated(v, e, l, o.Experiment)
	}
	if err != nil {
		return labs.Plan{}, err
	}
	x, err := e.book.Find(o.Lesson + "/" + o.Experiment)
	if err != nil {
		return labs.Plan{}, errNotFound
	}
	lab, _ := e.labs.Lab(x.Spec.Lab)
	spec, err := o.spec(x, lab)
	if err != nil {
		return labs.Plan{}, err
	}
	steps, err := spec.Steps(lab)
	if !o.own() {
		for _, step := range steps {
			err = cmp.Or(err, s.capped(v, x.Spec, step))
		}
	}
	if err != nil {
		return labs.Plan{}, err
	}
	plan, err := spec.SweepPlan(lab)
	return plan, unplannable(err)
}

// spec is the experiment's as it is to be stepped through.
func (o sweepOrder) spec(x *content.Experiment, lab labs.Lab) (labs.Spec, error) {
	spec, err := order{Settings: o.Settings}.spec(x, lab)
	if err != nil {
		return spec, err
	}
	if o.Seconds != 0 {
		if err := spec.SetSeconds(o.Seconds); err != nil {
			return spec, &refusal{err: errSetting, field: "seconds", text: content.Text{Ko: "쓸 수 없는 시간입니다. " + err.Error(), En: err.Error()}}
		}
	}
	if o.Setting == "" && spec.Sweep != nil {
		return spec, nil
	}
	spec.Checks, spec.Predictions = nil, nil // they are about the lesson's run
	if spec, err = spec.Swept(lab, o.Setting, o.Values); err != nil {
		return spec, &refusal{err: errSetting, field: "values", text: content.Text{Ko: "쓸 수 없는 값입니다. " + err.Error(), En: err.Error()}}
	}
	return spec, nil
}

// sweeps lists the runs that are one, the newest first.
func (s *Site) sweeps(w http.ResponseWriter, r *http.Request) error {
	out := []runner.Summary{}
	for _, sum := range s.listed(s.visitor(r)) {
		if sum.Kind == labs.Sweep && len(out) < maxListed {
			sum.Metrics = nil
			out = append(out, sum)
		}
	}
	return reply(w, http.StatusOK, map[string]any{"runs": out})
}

// p99 is the objective that a request names in ?p99=SECONDS.
func p99(r *http.Request) (float64, error) {
	text := r.URL.Query().Get("p99")
	if text == "" {
		return usualP99, nil
	}
	bound, err := strconv.ParseFloat(text, 64)
	if err != nil || !(bound > 0) || math.IsInf(bound, 0) || bound > labs.MaxSeconds {
		return 0, &refusal{err: errSetting, field: "p99", text: content.Text{
			Ko: fmt.Sprintf("p99의 목표는 0보다 크고 %d 이하인 초입니다: %s", labs.MaxSeconds, text), En: fmt.Sprintf("the objective for p99 is in seconds, above 0 and at most %d: %s", labs.MaxSeconds, text)}}
	}
	return bound, nil
}

// capacityOf reads a sweep's recording, as far as it has come.
func capacityOf(r io.Reader, p99 float64) (judge.Capacity, error) {
	events, err := runner.ReadKinds(r, telemetry.KindRun, telemetry.KindBlock, telemetry.KindBlockEnd)
	if err != nil {
		return judge.Capacity{}, err
	}
	return judge.CapacityAt(events, p99)
}

// authorCapacity is the curve of the author's recording of a sweep.
func (s *Site) authorCapacity(w http.ResponseWriter, r *http.Request) error {
	bound, err := p99(r)
	if err != nil {
		return err
	}
	x, err := s.shelf.edition().book.Find(r.PathValue("lesson") + "/" + r.PathValue("experiment"))
	if err != nil || x.Author == nil || x.Spec.Sweep == nil {
		return errNotFound
	}
	c, err := capacityOf(bytes.NewReader(x.Author), bound)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]any{"p99": bound, "capacity": c})
}

// capacity is what a sweep's recording says so far.
func (s *Site) capacity(w http.ResponseWriter, r *http.Request) error {
	bound, err := p99(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	sum, err := s.cfg.Runner.Summary(id)
	if err != nil {
		return err
	}
	if sum.Kind != labs.Sweep {
		return errNotFound
	}
	path, err := s.cfg.Runner.Recording(id)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return runner.ErrNoRun
	}
	defer f.Close()
	c, err := capacityOf(f, bound)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]any{"run": sum, "p99": bound, "capacity": c})
}

// sweepGroup is a lesson with the experiments that can be swept.
type sweepGroup struct {
	Lesson      *content.Lesson
	Experiments []*content.Experiment
}

// capacityPage is where sweeps are made and looked at.
func (s *Site) capacityPage(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	p := s.page(r, e)
	if err := runner.UringRefused(); err != nil {
		p.NoUring = err.Error()
	}
	if s.again(w, r, p, p.NoUring, p.Progress) {
		return nil
	}
	for _, part := range e.book.Parts {
		for _, l := range part.Lessons {
			g := sweepGroup{Lesson: l}
			for _, x := range l.Experiments {
				if x.Spec.Load != nil {
					g.Experiments = append(g.Experiments, x)
				}
			}
			if len(g.Experiments) > 0 {
				p.Sweeps = append(p.Sweeps, g)
			}
		}
	}
	return s.show(w, r, http.StatusOK, "capacity", p, &pageData{})
}

// capacityAddress is the page with a sweep on it.
func capacityAddress(lang string, run runner.Summary) string {
	return "/" + lang + "/capacity?run=" + run.ID
}

// ofExperiment says whether a run is one of the experiment as the lesson has it,
// and not a comparison or a sweep of something else, or somebody else's.
func ofExperiment(r runner.Summary, spec labs.Spec) bool {
	return r.Experiment == spec.Name && r.Imported == nil && strings.Join(r.Arms, "\n") == strings.Join(spec.Labels(), "\n")
}
