package runner

import (
	"fmt"
	"math"
	"os"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

const perRequest = "kernel.cpu / load.requests"

// burning is the server whose requests cost a loop of so many steps.
func burning(work float64, seconds float64) labs.Spec {
	return labs.Spec{Name: "truth/burn", Lab: "burn", Knobs: map[string]any{"work": work},
		Load: map[string]any{"connections": 4.0}, Warmup: 0.1, Seconds: seconds, Watch: []string{perRequest}}
}

// TestTruth checks comparisons against what is true, on real runs, for hours:
//
//	LABS_TRUTH=200,60 go test ./runner -run Truth -v -timeout 0
//
// compares a server 200 times with itself, in the three rounds that a comparison
// has unless told otherwise, of which at least 95 % must find no difference; and 60
// times with one whose requests cost 10 % more CPU, which at least 95 % must find in
// ten rounds, as many as a comparison can have. By calculation, pairs that scatter
// by 8 % find it in 99 %; with five rounds they would in 68 %. A third number is
// other rounds for the 60.
func TestTruth(t *testing.T) {
	self, planted, rounds := 0, 0, 10
	if n, _ := fmt.Sscanf(os.Getenv("LABS_TRUTH"), "%d,%d,%d", &self, &planted, &rounds); n < 2 {
		t.Skip("LABS_TRUTH=200,60 runs it")
	}
	r := start(t, module(t), Limits{})
	more := 0.0
	if planted > 0 {
		more = calibrate(t, r)
		t.Logf("work %d, with 10 %% more CPU a request: %.0f", baseWork, more)
	}
	for _, row := range []struct {
		what      string
		n, rounds int
		work      float64
		found     bool
	}{{"itself", self, 3, baseWork, false}, {"10 % more", planted, rounds, more, true}} {
		right, void := 0, 0
		for range row.n {
			d, ok := versus(t, r, baseWork, row.work, row.rounds)
			switch {
			case !ok:
				void++
			case (d.Verdict != "none") == row.found && (!row.found || d.Verdict == "worse"):
				right++
			}
		}
		share := float64(right) / float64(max(row.n-void, 1))
		t.Logf("%s: %d of %d as it should be, %d void: %.1f %%", row.what, right, row.n, void, 100*share)
		if row.n > void && share < 0.95 {
			t.Errorf("%s: %.1f %%, want 95", row.what, 100*share)
		}
	}
}

const baseWork = 20000

// calibrate returns the work with which a request costs 10 % more CPU. It
// probes close by: twice the work costs less than twice as much,
// since a busier server sleeps less often.
func calibrate(t *testing.T, r *Runner) float64 {
	t.Helper()
	const probe, turns = 1.2 * baseWork, 4
	cost := func(work float64) float64 {
		o := carry(t, r, burning(work, 2))
		return o.end.Metrics["kernel.cpu"] / o.end.Metrics["load.requests"]
	}
	one, more := 0.0, 0.0
	for range turns {
		one += cost(baseWork)
		more += cost(probe)
	}
	if !(more > one) {
		t.Fatalf("work costs nothing: %g and %g s a request", one/turns, more/turns)
	}
	return math.Round(baseWork + 0.1*one/(more-one)*(probe-baseWork))
}

// versus compares two servers; ok says that it was no void run.
func versus(t *testing.T, r *Runner, a, b float64, rounds int) (d telemetry.Difference, ok bool) {
	t.Helper()
	began := time.Now()
	run, err := r.StartPlan(labs.Interleaved("truth/burn", labs.Arm{Label: "a", Spec: burning(a, 0.4)}, labs.Arm{Label: "b", Spec: burning(b, 0.4)}, rounds,
		telemetry.Comparing{Metrics: []telemetry.Compared{{Expr: perRequest, Better: "lower"}}}))
	if err != nil {
		t.Fatal(err)
	}
	o := watch(t, r, run)
	if o.end.Phase != telemetry.Finished || o.end.Trust == "void" || o.end.Comparison == nil {
		t.Logf("%s %s: %+v", o.end.Phase, o.end.Trust, o.end.Reason)
		return d, false
	}
	d = o.end.Comparison.Metrics[0]
	if d.Ratio != nil {
		t.Logf("×%.3f [%.3f, %.3f] %s, %.0f s", *d.Ratio, *d.Low, *d.High, d.Verdict, time.Since(began).Seconds())
	}
	return d, d.Verdict != ""
}
