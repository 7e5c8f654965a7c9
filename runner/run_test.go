package runner

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

func TestRunEndToEnd(t *testing.T) {
	root, err := labs.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, root, Limits{})
	o := carry(t, r, labs.Spec{
		Name: "blocking/test", Lab: "blocking", Load: map[string]any{"connections": 4.0, "model": "open", "rate": 200.0},
		Knobs: map[string]any{"model": "threads"}, Warmup: 0.3, Seconds: 2,
		Derive: []telemetry.Formula{{ID: "reads_per_request", Expr: "lab.reads / load.requests"}},
		Checks: []telemetry.Formula{{ID: "answered", Expr: "load.requests > 100"}, {ID: "never", Expr: "load.requests < 0"}},
		Watch:  []string{"load.requests"},
	})
	if o.end.Phase != telemetry.Finished || o.end.Reason != nil {
		t.Fatalf("ended %s, %+v\n%s", o.end.Phase, o.end.Reason, o.log())
	}
	want := []telemetry.Phase{telemetry.Queued, telemetry.Building, telemetry.Starting, telemetry.Running, telemetry.Draining}
	if got := o.phases(); !slices.Equal(got, want) {
		t.Errorf("phases %v, want %v", got, want)
	}
	if o.events[0].Run.Host.Isolation == "" {
		t.Error("the fingerprint does not say how runs are held")
	}
	if first := o.events[0]; first.Run == nil || first.Run.ID != o.id || first.Run.Schema != 1 || first.Run.Code == "" || first.Run.Host.Cores == 0 {
		t.Errorf("first event %+v", first)
	}
	if o.end.Trust != "void" {
		if len(o.end.Checks) != 2 || !o.end.Checks[0].Pass || o.end.Checks[1].Pass {
			t.Errorf("checks %+v", o.end.Checks)
		}
	}
	if o.end.Metrics["load.requests"] < 100 {
		t.Errorf("load.requests %g", o.end.Metrics["load.requests"])
	}
	checkGrid(t, o)
	checkRecording(t, r, o)
	for _, from := range []string{telemetry.FromKernel, telemetry.FromLoad} {
		i := slices.IndexFunc(o.events, func(e telemetry.Event) bool { return e.Kind == telemetry.KindSample && e.From == from })
		t.Logf("first sample of %s: %.1f s", from, o.events[i].T)
	}
}

// checkGrid wants dense numbers and samples of all sources on the grid, each at
// every tick of the measured time.
func checkGrid(t *testing.T, o outcome) {
	t.Helper()
	var begin *telemetry.Block
	seen := map[string]map[int]int{}
	for i, e := range o.events {
		if e.Seq != uint64(i)+1 {
			t.Fatalf("event %d has seq %d", i, e.Seq)
		}
		if e.Begin != nil {
			begin = e.Begin
		}
		if e.Kind == telemetry.KindSample {
			k := math.Round(e.T * 10)
			if math.Abs(e.T*10-k) > 1e-9 {
				t.Errorf("a sample of %s at %v is off the grid", e.From, e.T)
			}
			if seen[e.From] == nil {
				seen[e.From] = map[int]int{}
			}
			seen[e.From][int(k)]++
		}
	}
	if begin == nil {
		t.Fatal("no block")
	}
	from, to := int(math.Round((begin.Start+begin.Warmup)*10)), int(math.Round((begin.Start+begin.Warmup+begin.Seconds)*10))
	for _, source := range []string{telemetry.FromLab, telemetry.FromLoad, telemetry.FromKernel, telemetry.FromHost, telemetry.FromJudge} {
		there := 0
		for k := from; k <= to; k++ {
			there += min(1, seen[source][k])
			if seen[source][k] > 1 {
				t.Errorf("%s sampled tick %d %d times", source, k, seen[source][k])
			}
		}
		if there < (to-from+1)*8/10 { // a busy machine may lose some
			t.Errorf("%s sampled %d of %d ticks", source, there, to-from+1)
		}
	}
}

// checkRecording wants the file to be the stream, and the judge to say the same again.
func checkRecording(t *testing.T, r *Runner, o outcome) {
	t.Helper()
	path, err := r.Recording(o.id)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	events, err := ReadRecording(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	one, _ := json.Marshal(o.events)
	two, _ := json.Marshal(events)
	if !bytes.Equal(one, two) {
		t.Errorf("the recording of %d bytes is not the stream of %d", len(two), len(one))
	}
	again, err := judge.Replay(events)
	if err != nil {
		t.Fatal(err)
	}
	v := again.Finish()
	one, _ = json.Marshal([]any{o.end.Checks, o.end.Guesses, o.end.Trust, o.end.Doubts, o.end.Metrics})
	if v.Trust == "void" {
		v.Checks = nil
	}
	two, _ = json.Marshal([]any{v.Checks, v.Guesses, v.Trust, v.Doubts, v.Metrics})
	if !bytes.Equal(one, two) {
		t.Errorf("judged then %s\njudged again %s", one, two)
	}
	s, err := r.Summary(o.id)
	if err != nil || s.Phase != o.end.Phase || s.Bytes != int64(len(text)) || s.Experiment != "blocking/test" {
		t.Errorf("summary %+v, %v", s, err)
	}
}
