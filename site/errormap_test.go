package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

func TestTheErrorMapProvokesEveryErrnoOfItsLab(t *testing.T) {
	s := serve(t)
	e := s.shelf.edition()
	lab, ok := e.labs.Lab(errorLesson)
	if !ok {
		t.Fatalf("there is no labs/%s", errorLesson)
	}
	rows := map[string]Errno{}
	for _, row := range ErrorMap(e.book, nil) {
		rows[row.ID] = row
		if len(row.Provoked) == 0 || len(row.Sources) == 0 {
			t.Errorf("%s: %+v", row.Name, row)
		}
		for _, p := range row.Provoked {
			x, err := e.book.Find(p.Experiment)
			if err != nil || x.Spec.Knobs["failure"] != row.ID || p.Run != nil {
				t.Errorf("%s is provoked by %s, which provokes %v: %v", row.Name, p.Experiment, x.Spec.Knobs["failure"], err)
			}
		}
	}
	for _, k := range lab.Knobs {
		for _, failure := range k.Choices {
			if _, ok := rows[failure]; k.Name == "failure" && failure != "none" && !ok {
				t.Errorf("the map has no row for %s", failure)
			}
		}
	}
}

func TestTheErrorMapQuotesTheNewestRunThatProvesSomething(t *testing.T) {
	s := serve(t)
	for _, lang := range languages {
		body := s.html("/" + lang + "/errors-map")
		for _, row := range errnos {
			if !strings.Contains(body, `id="`+row.id+`"`) || !strings.Contains(body, "labs run errors/"+row.experiments[0]) {
				t.Errorf("/%s/errors-map lacks %s", lang, row.name)
			}
		}
		if strings.Contains(body, "/runs/2") {
			t.Error("nobody has run anything, and a run is quoted")
		}
	}
	x, err := s.shelf.edition().book.Find("errors/pipe")
	if err != nil {
		t.Fatal(err)
	}
	put := func(n int, trust string, count float64, failure any) {
		run, events := s.ran(x, runID(n), 100)
		asked := x.Spec.Clone()
		asked.Knobs["failure"] = failure
		run.Asked = asked
		os.MkdirAll(filepath.Join(s.data, "runs"), 0o755)
		err := os.WriteFile(filepath.Join(s.data, "runs", runID(n)+".jsonl"), lines(t, run, events, telemetry.End{Phase: telemetry.Finished, Trust: trust, Metrics: map[string]float64{"lab.epipe": count}}), 0o644)
		if err != nil {
			t.Fatal(err)
		}
	}
	put(1, "green", 4321, "epipe")
	put(2, "void", 8765, "epipe")
	put(3, "green", 0, "none")
	body := s.html("/en/errors-map")
	if !strings.Contains(body, ">4,321 times in ") || !strings.Contains(body, "/en/runs/"+runID(1)) || strings.Contains(body, "8,765") || strings.Contains(body, "8765") {
		t.Error("not the run that was green and as the lesson has it")
	}
}
