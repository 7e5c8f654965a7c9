package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// guessed runs an experiment with answers and returns what came of them.
func guessed(t *testing.T, data string, args ...string) (run string, guesses map[string]telemetry.Guess) {
	t.Helper()
	_, out, diag := invoke(t, data, append([]string{"run", "--json"}, args...)...)
	var r struct {
		Run, Result string
		Guesses     []telemetry.Guess
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, diag)
	}
	if r.Result == "void" {
		t.Skip("NOT TESTED: the machine was too busy, the run is void")
	}
	guesses = map[string]telemetry.Guess{}
	for _, g := range r.Guesses {
		guesses[g.ID] = g
	}
	return r.Run, guesses
}

func TestRunScoresANumber(t *testing.T) {
	_, g := guessed(t, t.TempDir(), "metrics/steady", "--for", "500ms", "--guess", "total=505")
	total := g["total"]
	if len(total.Bands) != 1 || total.Tolerance != "2%" || !total.Right || total.Given != 505.0 {
		t.Errorf("%+v", total)
	}
}

// A curve is scored on a real run, a question is skipped, and the recording alone
// gives the same: the answers are in its first event.
func TestLongRunScoresACurve(t *testing.T) {
	onlyLong(t)
	data := t.TempDir()
	run, g := guessed(t, data, "averages/two-clients", "--guess", "claim=", "--guess", "unsent=0,0,250,750,1250,1750,0,0,0,0")
	if !g["claim"].Skipped || g["claim"].Answer != "blind" {
		t.Errorf("%+v", g["claim"])
	}
	unsent := g["unsent"]
	if unsent.Score == nil || *unsent.Score < 0.75 || unsent.Shape == nil || *unsent.Shape < 0.9 || !unsent.Right || len(unsent.Bands) != 10 {
		t.Errorf("%+v", unsent)
	}
	text, err := os.ReadFile(filepath.Join(data, "runs", run+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	events, err := runner.ReadRecording(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	again, err := judge.Replay(events)
	if err != nil {
		t.Fatal(err)
	}
	was, _ := json.Marshal(events[len(events)-1].End.Guesses)
	is, _ := json.Marshal(again.Finish().Guesses)
	if !bytes.Equal(was, is) {
		t.Errorf("judged again\n%s\nwas\n%s", is, was)
	}
}

func TestGuessesArePrinted(t *testing.T) {
	half := 0.5
	var b strings.Builder
	outcome{end: telemetry.End{Guesses: []telemetry.Guess{
		{ID: "not-asked", Answer: "a"},
		{ID: "which", Kind: "choice", Given: "a", Answer: "a", Right: true},
		{ID: "many", Kind: "number", Given: 12.0, Answer: 10.0, Tolerance: "5%", Noise: 0.3, Bands: []*telemetry.Band{{Low: 9.2, High: 10.8}}},
		{ID: "course", Kind: "curve", Given: []float64{1, 2}, Answer: []any{1.0, nil}, Tolerance: "x2", Score: &half, Bands: []*telemetry.Band{{Low: 1, High: 2}, nil}},
		{ID: "none", Kind: "number", Given: 1.0, Why: "the run is void"},
		{ID: "left-out", Kind: "number", Skipped: true, Answer: 1.0},
	}}}.printGuesses(&b)
	for _, want := range []string{
		"✓  which", "guessed a", "measured a",
		"✗  many", "9.2 to 10.8 is right: tolerance 5% and this run's own ±0.3",
		"guessed 1,2", "measured 1,–", "50 % of the steps, tolerance x2",
		"no answer: the run is void", "left-out  skipped",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "not-asked") {
		t.Error("what was not answered is no guess")
	}
}
