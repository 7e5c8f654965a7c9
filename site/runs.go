package site

import (
	"errors"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/runner"
)

const linux = runtime.GOOS == "linux"

// maxListed bounds the list of runs.
const maxListed = 200

// start begins a run.
func (s *Site) start(w http.ResponseWriter, r *http.Request) error {
	var o order
	if err := decode(r, &o); err != nil {
		return err
	}
	if !linux {
		return errNoLinux
	}
	if o.Lesson == mysteryLesson {
		return s.startMystery(w, r, o)
	}
	run, err := s.ordered(s.visitor(r), o)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/runs/"+run.ID())
	return reply(w, http.StatusCreated, map[string]string{"id": run.ID()})
}

// ordered starts what somebody asks for, as theirs.
func (s *Site) ordered(v visitor, o order) (*runner.Run, error) {
	e := s.shelf.edition()
	l, _, _, err := e.find(o.Lesson)
	if err != nil {
		return nil, err
	}
	x, err := e.book.Find(o.Lesson + "/" + o.Experiment)
	if err != nil {
		return nil, errNotFound
	}
	if err := s.gated(v, e, l, o.Experiment); err != nil {
		return nil, err
	}
	lab, _ := e.labs.Lab(x.Spec.Lab)
	spec, err := o.spec(x, lab)
	if err == nil {
		err = s.capped(v, x.Spec, spec)
	}
	if err == nil {
		err = predict(v, &spec, x, o)
	}
	if err == nil && o.Exercise {
		err = s.version(v, e, x, &spec, o)
	}
	if err != nil {
		return nil, err
	}
	run, err := s.cfg.Runner.Start(spec, append(v.asking(), o.how()...)...)
	if err != nil {
		return nil, s.refused(v, err)
	}
	s.begun(v, run, spec)
	return run, nil
}

// refused says more of why a run was not accepted: which one is in the way, or
// what is wrong with its lab.
func (s *Site) refused(v visitor, err error) error {
	if going, ok := s.cfg.Runner.Of(v.by()); ok && errors.Is(err, runner.ErrOneAtATime) {
		return &refusal{err: err, run: going}
	}
	if errors.Is(err, runner.ErrBusy) {
		if live := s.live(s.listed(v)); len(live) > 0 {
			return &refusal{err: err, run: live[len(live)-1]} // the others wait for it
		}
	}
	if told(err).status != http.StatusInternalServerError {
		return err
	}
	s.log.Warn("site: start a run", "error", err)
	return &refusal{err: errStart, text: content.Text{Ko: "이 실험을 시작할 수 없습니다: " + err.Error(), En: "This experiment cannot be started: " + err.Error()}}
}

// begun commits the answers that a run was started with, and waits for its end.
func (s *Site) begun(v visitor, run *runner.Run, spec labs.Spec) {
	s.counts.started.Add(1)
	s.counts.moved.Add(1)
	for _, p := range spec.Predictions {
		if p.Given == nil && !p.Skipped {
			continue
		}
		g := Guess{Given: p.Given, Skipped: p.Skipped, When: time.Now(), Run: run.ID()}
		if err := v.progress.commit(spec.Name+"/"+p.ID, g); err != nil && !errors.Is(err, errCommitted) {
			s.log.Error("site: commit a prediction", "run", run.ID(), "error", err)
		}
	}
	gone := func() bool { // they may be deleted while their run is started
		if !v.learns() {
			return false
		}
		_, there := s.cfg.Class.Person(v.by())
		return !there
	}
	if gone() {
		run.Stop()
	}
	s.tasks.Go(func() {
		select {
		case <-run.Done():
			s.over(run.ID())
			if gone() {
				s.removeOrphans()
			}
		case <-s.ending.Done(): // the next site takes its checks from the recording
		}
	})
}

// over notes what a run that has ended has shown.
func (s *Site) over(id string) {
	defer s.counts.moved.Add(1)
	sum, err := s.cfg.Runner.Summary(id)
	if err == nil {
		s.counts.ended(sum.Phase)
		err = s.progressOf(asker(sum)).take(counted(s.shelf.edition().book, []runner.Summary{sum})...)
	}
	if err != nil {
		s.log.Error("site: take the checks", "run", id, "error", err)
	}
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
	for _, sum := range s.listed(s.visitor(r)) {
		l, x, _ := strings.Cut(sum.Experiment, "/")
		of := x == experiment || sum.Kind == labs.Comparison && slices.Contains(sum.Arms, experiment)
		if (lesson == "" || l == lesson) && (experiment == "" || of) && len(out) < maxListed {
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
	return reply(w, http.StatusOK, s.veiled(sum))
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
	if err := s.removeRun(r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// removeRun deletes a recording, and what is remembered of it.
func (s *Site) removeRun(id string) error {
	if err := s.cfg.Runner.Remove(id); err != nil {
		return err
	}
	s.counts.moved.Add(1)
	s.shown.runs.forget(id)
	s.series.forget(id)
	s.patients.forget(id)
	return nil
}

// benchAddress is the lesson's page with a run on its bench.
func benchAddress(lang string, run runner.Summary) string {
	lesson, experiment, _ := strings.Cut(run.Experiment, "/")
	if lesson == mysteryLesson {
		return "/" + lang + "/" + mysteryLesson + "?" + url.Values{"seed": {experiment}, "run": {run.ID}}.Encode()
	}
	u := url.URL{Path: "/" + lang + "/" + lesson, RawQuery: url.Values{"run": {run.ID}}.Encode(), Fragment: experiment}
	return u.String()
}
