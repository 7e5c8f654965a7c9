package site

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// The report is in the order of the workbook, and says what nobody has answered.
func TestTheReportsOrder(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	asked := []string{"start/first/count", "epoll/thousand-epoll/how-few", "epoll/pieces/answered", "epoll/fits-drained/reads", "epoll/fits/removed", "workers/beside/cheap", "gone/x/y"}
	for i, name := range asked {
		if err := c.progressOf(ada.Person.ID).commit(name, Guess{Given: float64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for i, x := range []string{"averages/x", "start/first", "metrics/x"} {
		c.recorded(runID(i+1), ada.Person.ID, x, nil)
	}
	c.recorded(runID(4), ada.Person.ID, "epoll/pieces", []telemetry.Guess{{ID: "waits", Kind: "number", Answer: 7.0}})
	r := c.report(c.shelf.edition(), "en", false)
	var got []string
	for _, l := range r.Lessons {
		for _, v := range l.Spread {
			got = append(got, v.Name)
			if v.Unanswered() != (v.Name == numbered) {
				t.Errorf("%s: nobody answered: %v", v.Name, v.Unanswered())
			}
		}
	}
	if want := slices.Insert(slices.Clone(asked), 3, numbered); !slices.Equal(got, want) || len(r.Lessons) != 4 {
		t.Errorf("predictions of %d lessons %q, want %q", len(r.Lessons), got, want)
	}
	got = nil
	for _, l := range r.People[0].Visited {
		got = append(got, l.En)
	}
	var want []string
	for _, id := range []string{"start", "metrics", "averages", "epoll"} {
		want = append(want, c.shelf.edition().titled(id).En)
	}
	if !slices.Equal(got, want) {
		t.Errorf("lessons %q, want %q", got, want)
	}
	if rows := c.text("/api/class/report.csv?of=people&lang=en"); !strings.Contains(rows, strings.Join(want, "; ")) {
		t.Errorf("people %q", rows)
	}
	for _, path := range []string{"/api/class/report.csv?of=predictions&lang=en", "/api/class/report.jsonl"} {
		body, at := c.text(path), -1
		body = body[strings.Index(body, asked[0])-20:]
		for _, name := range asked {
			next := strings.Index(body, name)
			if next <= at {
				t.Errorf("%s: %s stands in the wrong line", path, name)
			}
			at = next
		}
	}
	for lang, said := range map[string]string{"ko": "예측한 사람은 없고, 측정한 사람은 1명", "en": "nobody answered · measured by: 1"} {
		if page := c.text("/" + lang + "/workshop/report"); strings.Count(page, said) != 1 {
			t.Errorf("%s: the report does not say that nobody answered", lang)
		}
	}
}

// A drawn curve is an answer, though it is put together with no other.
func TestACurveIsAnAnswer(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	if err := c.progressOf(ada.Person.ID).commit("l/x/curve", Guess{Given: []float64{1, 2}}); err != nil {
		t.Fatal(err)
	}
	r := c.report(c.shelf.edition(), "en", false)
	if len(r.Lessons) != 1 || r.Lessons[0].Spread[0].Unanswered() || r.Lessons[0].Spread[0].Unjudged() != 1 {
		t.Errorf("%+v", r.Lessons)
	}
}

// recorded writes a run of an experiment that a learner has asked for, with what its
// predictions came to.
func (c *classroom) recorded(id, by, experiment string, guesses []telemetry.Guess) {
	c.t.Helper()
	lab, _, _ := strings.Cut(experiment, "/")
	run := telemetry.Run{ID: id, Schema: 1, Experiment: experiment, Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), By: by,
		Lab: lab, Code: "0", Question: telemetry.Question{Seconds: 2}, Asked: labs.Spec{Name: experiment, Lab: lab}, Host: telemetry.Host{Name: "test"}}
	end := finished("green", nil)
	end.Guesses = guesses
	if err := os.MkdirAll(filepath.Join(c.data, "runs"), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.data, "runs", id+".jsonl"), lines(c.t, run, nil, end), 0o644); err != nil {
		c.t.Fatal(err)
	}
}
