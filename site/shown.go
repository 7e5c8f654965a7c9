package site

import (
	"bytes"
	"net/http"
	"os"
	"sync"

	"socketlabs/content"
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

	mu     sync.Mutex                     // guards values
	values map[sourceKey]map[string]value // by expression and format
}

// sourceKey names a recording: a run's, or the author's of an experiment.
type sourceKey struct {
	run    string
	author *content.Experiment
}

// maxSources bounds how many recordings' answers are remembered.
const maxSources = 256

func newShown(r *runner.Runner) *shown {
	return &shown{runner: r, values: map[sourceKey]map[string]value{}}
}

// source is a recording that answers.
type source struct {
	key  sourceKey // zero when there is none
	read func() ([]telemetry.Event, error)
}

// of returns the values of a lesson's placeholders, in their order. runs are the
// reader's, the newest first.
func (s *shown) of(l *content.Lesson, runs []runner.Summary) []value {
	sources := map[placeholderOf]source{}
	asked := map[sourceKey][]content.Placeholder{}
	for _, p := range l.Shown {
		from := s.source(l, p, runs)
		sources[placeholderOf{p.Experiment, p.Author}] = from
		asked[from.key] = append(asked[from.key], p)
	}
	values := make([]value, len(l.Shown))
	for i, p := range l.Shown {
		from := sources[placeholderOf{p.Experiment, p.Author}]
		values[i] = s.value(from, p, asked[from.key])
	}
	return values
}

// placeholderOf says which recording a placeholder asks.
type placeholderOf struct {
	experiment string
	author     bool
}

// source chooses the reader's latest run that is worth quoting, else the author's.
func (s *shown) source(l *content.Lesson, p content.Placeholder, runs []runner.Summary) source {
	for _, r := range runs {
		if !p.Author && r.Experiment == l.ID+"/"+p.Experiment && r.Phase == telemetry.Finished && r.Trust != "void" {
			return source{key: sourceKey{run: r.ID}, read: func() ([]telemetry.Event, error) { return s.recording(r.ID) }}
		}
	}
	for _, x := range l.Experiments {
		if x.ID == p.Experiment && x.Author != nil {
			return source{key: sourceKey{author: x}, read: func() ([]telemetry.Event, error) {
				return runner.ReadRecording(bytes.NewReader(x.Author))
			}}
		}
	}
	return source{}
}

func (s *shown) recording(id string) ([]telemetry.Event, error) {
	path, err := s.runner.Recording(id)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return runner.ReadRecording(f)
}

// value answers one placeholder, and with it all others of the same recording.
func (s *shown) value(from source, p content.Placeholder, all []content.Placeholder) value {
	if from.key == (sourceKey{}) {
		return value{Text: "–", Why: "not run yet"}
	}
	s.mu.Lock()
	v, ok := s.values[from.key][p.Expr+"|"+p.Format]
	s.mu.Unlock()
	if ok {
		return v
	}
	answers := judged(from, all)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.values) >= maxSources {
		clear(s.values)
	}
	s.values[from.key] = answers
	return answers[p.Expr+"|"+p.Format]
}

// judged judges a recording again and asks it everything.
func judged(from source, all []content.Placeholder) map[string]value {
	answers := map[string]value{}
	events, err := from.read()
	var j *judge.Judge
	if err == nil {
		j, err = judge.Replay(events)
	}
	for _, p := range all {
		v := value{Text: "–", Author: from.key.author != nil}
		var got any
		e := err
		if e == nil {
			got, e = j.Value(p.Expr)
		}
		if e != nil {
			v.Why = e.Error()
		} else {
			v.Text = content.Format(got, p.Format)
		}
		answers[p.Expr+"|"+p.Format] = v
	}
	return answers
}

// forget drops a run that was deleted.
func (s *shown) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, sourceKey{run: id})
}

// shownValues are the values of a lesson's placeholders.
func (s *Site) shownValues(w http.ResponseWriter, r *http.Request) error {
	l, _, _, err := s.shelf.edition().find(r.PathValue("lesson"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, map[string]any{"shown": list(s.shown.of(l, s.listed()))})
}
