package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

const linux = runtime.GOOS == "linux"

// maxListed bounds the list of runs.
const maxListed = 200

// order is what POST /api/runs asks for: names of the lesson and values of
// settings, never a program, a path or code.
type order struct {
	Lesson      string            `json:"lesson"`
	Experiment  string            `json:"experiment"`
	Settings    map[string]string `json:"settings"`    // knob.NAME, load.NAME
	Predictions map[string]any    `json:"predictions"` // string or number, by id
	Skipped     []string          `json:"skipped"`     // predictions that were not answered
}

// decode reads a body that must be exactly one value of v's form.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return nil
		}
		err = errors.Join(err, errors.New("more than one value"))
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return err
	}
	return &refusal{err: errRequest, text: content.Text{
		Ko: "요청의 JSON을 읽을 수 없습니다: " + err.Error(), En: "The request's JSON can not be read: " + err.Error()}}
}

// start begins a run.
func (s *Site) start(w http.ResponseWriter, r *http.Request) error {
	var o order
	if err := decode(r, &o); err != nil {
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
	lab, _ := e.labs.Lab(x.Spec.Lab)
	spec, err := o.spec(x, lab)
	if err != nil {
		return err
	}
	if err := s.predict(&spec, x, o, e.book.Words); err != nil {
		return err
	}
	run, err := s.cfg.Runner.Start(spec)
	if err != nil {
		return s.refused(err)
	}
	s.begun(run, spec)
	w.Header().Set("Location", "/api/runs/"+run.ID())
	return reply(w, http.StatusCreated, map[string]string{"id": run.ID()})
}

// spec is the experiment's with the settings that were asked for.
func (o order) spec(x *content.Experiment, lab labs.Lab) (labs.Spec, error) {
	spec := x.Spec.Clone()
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		if err := spec.Set(lab, name, o.Settings[name]); err != nil {
			return spec, &refusal{err: errSetting, field: name, text: content.Text{Ko: "쓸 수 없는 설정값입니다. " + err.Error(), En: err.Error()}}
		}
	}
	return spec, nil
}

// predict puts the reader's answers into the spec: those of the request, else
// those that were committed before.
func (s *Site) predict(spec *labs.Spec, x *content.Experiment, o order, words content.Words) error {
	for id, given := range o.Predictions {
		if err := answers(x, id, given, words); err != nil {
			return err
		}
	}
	for _, id := range o.Skipped {
		if _, ok := predictionOf(x, id); !ok {
			return unasked(id)
		}
	}
	committed := s.progress.snapshot().Guesses
	for i := range spec.Predictions {
		p := &spec.Predictions[i]
		given, ok := o.Predictions[p.ID]
		g, old := committed[spec.Name+"/"+p.ID]
		switch {
		case ok:
			p.Given, p.Skipped = given, false
		case slices.Contains(o.Skipped, p.ID):
			p.Given, p.Skipped = nil, true
		case old:
			p.Given, p.Skipped = g.Given, g.Skipped
		}
	}
	return nil
}

func predictionOf(x *content.Experiment, id string) (*content.Prediction, bool) {
	i := slices.IndexFunc(x.Predictions, func(p *content.Prediction) bool { return p.ID == id })
	if i < 0 {
		return nil, false
	}
	return x.Predictions[i], true
}

// answers says whether given can answer an experiment's prediction.
func answers(x *content.Experiment, id string, given any, words content.Words) error {
	p, ok := predictionOf(x, id)
	if !ok {
		return unasked(id)
	}
	choices := p.Prediction.Choices
	if p.Kind == "queue" && len(choices) == 0 {
		choices = slices.Sorted(maps.Keys(words.Queues))
	}
	switch v := given.(type) {
	case float64:
		if p.Kind == "number" {
			return nil
		}
	case string:
		if p.Kind != "number" && slices.Contains(choices, v) {
			return nil
		}
	}
	allowed := content.Text{Ko: "숫자", En: "a number"}
	if p.Kind != "number" {
		names := strings.Join(choices, ", ")
		allowed = content.Text{Ko: names + " 가운데 하나", En: "one of " + names}
	}
	return &refusal{err: errGuess, field: id, text: content.Text{
		Ko: fmt.Sprintf("예측 %s의 답은 %s여야 합니다.", id, allowed.Ko), En: fmt.Sprintf("The answer to %s must be %s.", id, allowed.En)}}
}

func unasked(id string) error {
	return &refusal{err: errGuess, field: id, text: content.Text{
		Ko: "이 실험에는 그런 예측이 없습니다: " + id, En: "This experiment has no such prediction: " + id}}
}

// refused adds to ErrBusy which run is in the way.
func (s *Site) refused(err error) error {
	if errors.Is(err, runner.ErrBusy) {
		if live := s.live(s.listed()); len(live) > 0 {
			return &refusal{err: err, run: live[0]}
		}
	}
	return err
}

// begun commits the answers that a run was started with, and waits for its end.
func (s *Site) begun(run *runner.Run, spec labs.Spec) {
	s.counts.started.Add(1)
	for _, p := range spec.Predictions {
		if p.Given == nil && !p.Skipped {
			continue
		}
		g := Guess{Given: p.Given, Skipped: p.Skipped, When: time.Now(), Run: run.ID()}
		if err := s.progress.commit(spec.Name+"/"+p.ID, g); err != nil && !errors.Is(err, errCommitted) {
			s.log.Error("site: commit a prediction", "run", run.ID(), "error", err)
		}
	}
	s.tasks.Go(func() {
		select {
		case <-run.Done():
			s.over(run.ID())
		case <-s.ending.Done(): // the next site takes its checks from the recording
		}
	})
}

// over notes what a run that has ended has shown.
func (s *Site) over(id string) {
	sum, err := s.cfg.Runner.Summary(id)
	if err == nil {
		s.counts.ended(sum.Phase)
		err = s.progress.take(sum)
	}
	if err != nil {
		s.log.Error("site: take the checks", "run", id, "error", err)
	}
}

// listed returns all runs, the newest first, and takes their checks: some may
// have been made headless.
func (s *Site) listed() []runner.Summary {
	runs, err := s.cfg.Runner.Runs()
	if err == nil {
		err = s.progress.take(runs...)
	}
	if err != nil {
		s.log.Error("site: list the runs", "error", err)
	}
	return runs
}

// live returns those that this process carries and that have not ended.
func (s *Site) live(runs []runner.Summary) []string {
	ids := []string{}
	for _, r := range runs {
		if _, ok := s.cfg.Runner.Live(r.ID); ok && !r.Phase.Over() {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// runs lists them, of one lesson or experiment if asked.
func (s *Site) runs(w http.ResponseWriter, r *http.Request) error {
	lesson, experiment := r.URL.Query().Get("lesson"), r.URL.Query().Get("experiment")
	out := []runner.Summary{}
	for _, sum := range s.listed() {
		l, x, _ := strings.Cut(sum.Experiment, "/")
		if (lesson == "" || l == lesson) && (experiment == "" || x == experiment) && len(out) < maxListed {
			out = append(out, sum)
		}
	}
	return reply(w, http.StatusOK, map[string]any{"runs": out})
}

func (s *Site) run(w http.ResponseWriter, r *http.Request) error {
	sum, err := s.cfg.Runner.Summary(r.PathValue("id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, sum)
}

// stop ends a run; one that has ended stays as it is.
func (s *Site) stop(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if run, ok := s.cfg.Runner.Live(id); ok {
		run.Stop()
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	sum, err := s.cfg.Runner.Summary(id)
	if err == nil && !sum.Phase.Over() {
		err = errElsewhere
	}
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

// remove deletes a recording.
func (s *Site) remove(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := s.cfg.Runner.Remove(id); err != nil {
		return err
	}
	s.shown.forget(id)
	s.series.forget(id)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// benchAddress is the lesson's page with a run on its bench.
func benchAddress(lang string, run runner.Summary) string {
	lesson, experiment, _ := strings.Cut(run.Experiment, "/")
	u := url.URL{Path: "/" + lang + "/" + lesson, RawQuery: url.Values{"run": {run.ID}}.Encode(), Fragment: experiment}
	return u.String()
}

// ended counts a run's end.
func (c *counts) ended(p telemetry.Phase) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phases == nil {
		c.phases = map[telemetry.Phase]int{}
	}
	c.phases[p]++
}
