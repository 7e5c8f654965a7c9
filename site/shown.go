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

// shown evaluates placeholders.
type shown struct {
	runner *runner.Runner
	runs   answers // of the reader's
}

func newShown(r *runner.Runner) *shown { return &shown{runner: r} }

// answers remembers what recordings answered: one that has ended always answers
// the same.
type answers struct {
	mu    sync.Mutex // guards known and asked
	known map[sourceKey]map[content.Placeholder]value
	asked map[askedKey][]telemetry.Check
}

// sourceKey names a recording: a run's, or the author's of an experiment.
type sourceKey struct {
	run    string
	author *content.Experiment
}

// askedKey is a recording with whose checks it was judged by.
type askedKey struct {
	sourceKey
	by *content.Experiment
}

// maxSources bounds how many recordings' answers are remembered.
const maxSources = 512

// checks remembers what a recording answers to another experiment's checks.
func (a *answers) checks(key sourceKey, by *content.Experiment, ask func() []telemetry.Check) []telemetry.Check {
	k := askedKey{key, by}
	a.mu.Lock()
	checks, ok := a.asked[k]
	a.mu.Unlock()
	if ok {
		return checks
	}
	checks = ask()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked == nil || len(a.asked) >= maxSources {
		a.asked = map[askedKey][]telemetry.Check{}
	}
	a.asked[k] = checks
	return checks
}

// source is what answers: a recording, or the experiment itself when there is
// none.
type source struct {
	key   sourceKey                            // zero: nothing was measured, and only what is asked for is known
	kept  *answers                             // nil: nowhere
	judge func(exprs []string) (valuer, error) // that answers these
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
	type asking struct {
		source
		at []int
	}
	asked := map[any]*asking{} // by recording: {{run:…}} and {{author:…}} may have the same
	for i, p := range l.Shown {
		from := placeholderOf{p.Experiment, p.Author}
		src := s.source(e, l, from, runs)
		var of any = src.key
		if src.key == (sourceKey{}) {
			of = from
		}
		if asked[of] == nil {
			asked[of] = &asking{source: src}
		}
		asked[of].at = append(asked[of].at, i)
	}
	var all sync.WaitGroup // each recording costs some milliseconds of CPU when it is asked first
	for _, a := range asked {
		all.Go(func() {
			var some []content.Placeholder
			for _, i := range a.at {
				some = append(some, l.Shown[i])
			}
			for k, v := range a.values(some) {
				values[a.at[k]] = v // nobody else's places
			}
		})
	}
	all.Wait()
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
			return source{sourceKey{run: r.ID}, &s.runs, func(exprs []string) (valuer, error) { return s.replay(r.ID, exprs) }}
		}
	}
	if x.Author != nil {
		return source{sourceKey{author: x}, &e.authors, func(exprs []string) (valuer, error) { return replay(bytes.NewReader(x.Author), exprs) }}
	}
	if p.author {
		return source{judge: unrecorded}
	}
	lab, _ := e.labs.Lab(x.Spec.Lab)
	return source{judge: func([]string) (valuer, error) { return asked(x.Spec, lab, s.runner.Host()) }}
}

var errUnrecorded = errors.New("not run yet")

func unrecorded([]string) (valuer, error) { return nil, errUnrecorded }

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

// replay judges a run's recording again, for some expressions.
func (s *shown) replay(id string, exprs []string) (valuer, error) {
	path, err := s.runner.Recording(id)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return replay(f, exprs)
}

func replay(r io.Reader, exprs []string) (valuer, error) {
	events, err := runner.ReadFor(r, exprs)
	if err != nil {
		return nil, err
	}
	if len(events) > 0 && events[0].Run != nil && events[0].Run.Sweep != nil {
		return judge.ReplaySweep(events)
	}
	return judge.Replay(events)
}

// values answers placeholders, from memory where it can.
func (from source) values(all []content.Placeholder) []value {
	var known map[content.Placeholder]value
	if from.kept != nil {
		known = from.kept.of(from.key)
	}
	values := make([]value, len(all))
	for i, p := range all {
		v, ok := known[p]
		if !ok {
			known = judged(from, all)
			if from.kept != nil {
				from.kept.remember(from.key, known)
			}
			v = known[p]
		}
		values[i] = v
	}
	return values
}

func (a *answers) of(key sourceKey) map[content.Placeholder]value {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.known[key]
}

// remember keeps what a recording answered, beside what it was asked before: by
// {{author:…}} where {{run:…}} asks the same.
func (a *answers) remember(key sourceKey, some map[content.Placeholder]value) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil || len(a.known) >= maxSources {
		a.known = map[sourceKey]map[content.Placeholder]value{}
	}
	all := maps.Clone(a.known[key]) // a reader may have the old one
	if all == nil {
		all = map[content.Placeholder]value{}
	}
	maps.Copy(all, some)
	a.known[key] = all
}

// judged asks a source everything.
func judged(from source, all []content.Placeholder) map[content.Placeholder]value {
	answers := map[content.Placeholder]value{}
	var exprs []string
	for _, p := range all {
		exprs = append(exprs, p.Expr)
	}
	j, err := from.judge(exprs)
	for _, p := range all {
		var got any
		e := err
		if e == nil {
			got, e = j.Value(p.Expr)
		}
		switch {
		case e == nil:
			answers[p] = value{Text: p.Text(got), Author: from.key.author != nil}
		case err == nil && from.key == sourceKey{}:
			answers[p] = value{Text: "–", Why: errUnrecorded.Error()}
		default:
			answers[p] = value{Text: "–", Author: from.key.author != nil, Why: e.Error()}
		}
	}
	return answers
}

// forget drops a run that was deleted.
func (a *answers) forget(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.known, sourceKey{run: id})
	maps.DeleteFunc(a.asked, func(k askedKey, _ []telemetry.Check) bool { return k.run == id })
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
