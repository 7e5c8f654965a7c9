package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestLongPageTree asks the decision tree about a real run, in the page and
// headless: under an objective that it meets, and under one that nothing can.
func TestLongPageTree(t *testing.T) {
	onlyLong(t)
	data := t.TempDir()
	s := serve(t, data, nil)
	p := open(t, s)
	p.enter()
	p.visit("/en/tree")
	if got := p.text("main"); !strings.Contains(got, "no run to ask about") {
		t.Errorf("without a run the page says: %s", got)
	}
	if code, _, stderr := invoke(t, data, "advise"); code != statusError || !strings.Contains(stderr, "labs run epoll/") {
		t.Errorf("without a run: status %d, %s", code, stderr)
	}
	if code, _, stderr := invoke(t, data, "run", "epoll/fits-drained"); code > statusFails {
		t.Fatalf("status %d: %s", code, stderr)
	}

	p.visit("/en/tree?p99=60000&answered=1")
	if got := p.text("#tree-answer"); !strings.Contains(got, "labs/epoll") {
		t.Errorf("the newest run is of %q", got)
	}
	if got := p.text(".tree-next"); !strings.Contains(got, "objective is met") || p.count(`.tree-path [data-yes="true"]`) != 1 {
		t.Errorf("an objective that it meets: %s", got)
	}
	eval[any](p, `document.querySelector('input[name="p99"]').value = "0.001"`)
	p.click(".tree-ask button")
	p.until(patience, "nothing answers in a microsecond", `document.querySelector('.tree-goals [data-met="false"]') !== null`)
	if asked := p.count(`.tree-path [data-asked="true"]`); asked < 2 {
		t.Errorf("%d questions were asked of a run that missed", asked)
	}
	eval[any](p, `document.querySelector('input[name="p99"]').value = "fast"`)
	p.click(".tree-ask button")
	p.until(patience, "what cannot be read is named and kept", `document.querySelector("#tree-wrong")?.innerText.includes("milliseconds") && document.querySelector('input[name="p99"]').value === "fast"`)
	p.accessible("the tree with a mistake")

	for objective, want := range map[string]int{"1m": statusHolds, "1us": statusFails} {
		code, stdout, stderr := invoke(t, data, "advise", "--p99", objective, "--answered", "0.01", "--json")
		var said struct {
			Run, Next, Why string
			Met            bool
			Steps          []struct{ ID string }
		}
		if err := json.Unmarshal([]byte(stdout), &said); err != nil || code != want || said.Met != (want == statusHolds) || len(said.Steps) < 5 || said.Run == "" {
			t.Errorf("--p99 %s: status %d, %v\n%s%s", objective, code, err, stdout, stderr)
		}
	}
	if code, _, stderr := invoke(t, data, "advise", "--p99", "0s"); code != statusError || !strings.Contains(stderr, "10ms") {
		t.Errorf("no objective: status %d, %s", code, stderr)
	}
}
