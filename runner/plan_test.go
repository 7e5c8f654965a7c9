package runner

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// twoBuffers is the plan that compares two sizes of a buffer in short blocks.
func twoBuffers(rounds int) labs.Plan {
	spec := labs.Spec{
		Name: "epoll/test", Lab: "epoll", Load: map[string]any{"connections": 2.0, "size": 4096.0},
		Warmup: 0.2, Seconds: 0.5, Watch: []string{"lab.reads / load.requests", "load.requests"},
	}
	small := spec.Clone()
	small.Knobs = map[string]any{"buf": 64.0}
	return labs.Interleaved("epoll/bufs", labs.Arm{Label: "large", Spec: spec}, labs.Arm{Label: "small", Spec: small}, rounds,
		telemetry.Comparing{Metrics: []telemetry.Compared{{Expr: "lab.reads / load.requests"}}})
}

// TestPlan: eight blocks are one run with one sequence, each with fresh processes
// and its own clock, and its recording judged again gives the same. Two pairs would
// not do: where they differ by a fifth, no interval of theirs excludes anything.
func TestPlan(t *testing.T) {
	root, err := labs.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, root, Limits{})
	run, err := r.StartPlan(twoBuffers(2))
	if err != nil {
		t.Fatal(err)
	}
	o := watch(t, r, run)
	if o.end.Phase != telemetry.Finished {
		t.Fatalf("ended %s, %+v\n%s", o.end.Phase, o.end.Reason, o.log())
	}
	var labels, pids []string
	var ends []telemetry.BlockEnd
	for i, e := range o.events {
		if e.Seq != uint64(i+1) {
			t.Fatalf("event %d has the number %d", i, e.Seq)
		}
		switch {
		case e.Begin != nil:
			labels = append(labels, e.Begin.Label)
			if e.Block != len(ends) {
				t.Errorf("block %d begins as %d", len(ends), e.Block)
			}
		case e.BlockEnd != nil:
			ends = append(ends, *e.BlockEnd)
		case e.State != nil && e.State.Phase == telemetry.Running:
			pids = append(pids, e.State.Facts["pid"])
		}
	}
	if want := strings.Fields("large small small large large small small large"); len(labels) < 8 || !slices.Equal(labels[:8], want) {
		t.Errorf("blocks %v, want %v", labels, want)
	}
	slices.Sort(pids)
	if len(slices.Compact(pids)) != len(labels) {
		t.Errorf("%d blocks have the processes %v", len(labels), pids)
	}
	checkBlocks(t, r, o, ends)
	if c := o.end.Comparison; o.end.Trust != "void" && (c == nil || c.Metrics[0].Verdict != "higher" || *c.Metrics[0].Low < 10) {
		t.Errorf("the comparison says %+v", c)
	}
	if s, err := r.Summary(o.id); err != nil || s.Kind != labs.Comparison || s.Experiment != "epoll/bufs" || !slices.Equal(s.Arms, []string{"large", "small"}) {
		t.Errorf("summary %+v, %v", s, err)
	}
}

// checkBlocks wants of each block what its buffer makes of a request, and the
// same again from the recording.
func checkBlocks(t *testing.T, r *Runner, o outcome, ends []telemetry.BlockEnd) {
	t.Helper()
	again, err := judge.ReplayBlocks(o.events)
	if err != nil || len(again) != len(ends) {
		t.Fatalf("%d blocks, %d from the recording: %v", len(ends), len(again), err)
	}
	for i, end := range ends {
		reads := end.Watched["lab.reads / load.requests"]
		if end.Label == "small" && reads < 60 || end.Label == "large" && reads > 8 {
			t.Errorf("block %d, %s: %g reads a request", i, end.Label, reads)
		}
		if got := again[i]; got.Label != end.Label || got.Watched["load.requests"] != end.Watched["load.requests"] || got.Trust != end.Trust {
			t.Errorf("block %d judged again: %+v, was %+v", i, got.BlockEnd, end)
		}
	}
}

// TestPlanStops inside a block: nothing is left, and no other block begins.
func TestPlanStops(t *testing.T) {
	root, err := labs.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, root, Limits{})
	run, err := r.StartPlan(twoBuffers(1))
	if err != nil {
		t.Fatal(err)
	}
	running(t, run)
	if _, err := run.Suffer(labs.Fault{Kind: "freeze"}); err != ErrNotMeasuring {
		t.Errorf("a fault by hand: %v", err)
	}
	run.Stop()
	if o := watch(t, r, run); o.end.Phase != telemetry.Stopped || slices.ContainsFunc(o.events, func(e telemetry.Event) bool { return e.Block > 0 }) {
		t.Errorf("ended %s with %d events", o.end.Phase, len(o.events))
	}
}

func TestPlanBounds(t *testing.T) {
	r := start(t, module(t), Limits{})
	long := twoBuffers(9)
	long.Arms[0].Spec.Seconds, long.Arms[1].Spec.Seconds = 20, 20
	bad := twoBuffers(1)
	bad.Compare.Metrics[0].Expr = "lab.raeds"
	for want, p := range map[string]labs.Plan{
		"44 blocks are too many": twoBuffers(11),
		"at most 600 s":          long,
		"lab.raeds":              bad,
		"at least one arm":       {Name: "x/y"},
	} {
		if _, err := r.StartPlan(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// stall stops every load generator of this test for a moment in the middle of its
// block, so that samples are missing.
func stall(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	done, work := make(chan struct{}), sync.WaitGroup{}
	t.Cleanup(func() { close(done); work.Wait() })
	work.Go(func() {
		for seen := map[int]bool{}; ; {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
			entries, _ := os.ReadDir("/proc")
			for _, e := range entries {
				pid, err := strconv.Atoi(e.Name())
				line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
				exe, _ := os.Readlink("/proc/" + e.Name() + "/exe")
				if err != nil || seen[pid] || exe != self || !strings.HasSuffix(strings.TrimRight(string(line), "\x00"), "\x00load") {
					continue
				}
				seen[pid] = true
				time.AfterFunc(550*time.Millisecond, func() { syscall.Kill(pid, syscall.SIGSTOP) })
				time.AfterFunc(900*time.Millisecond, func() { syscall.Kill(pid, syscall.SIGCONT) })
			}
		}
	})
}

// TestLongPlanRepeatsVoidBlocks: every block misses samples and is void; a third
// of them are repeated, each once, at the end of the round, and the whole proves
// nothing.
func TestLongPlanRepeatsVoidBlocks(t *testing.T) {
	if os.Getenv("LABS_LONG") == "" {
		t.Skip("LABS_LONG=1 runs it")
	}
	root, err := labs.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, root, Limits{})
	plan := twoBuffers(1)
	stall(t)
	run, err := r.StartPlan(plan)
	if err != nil {
		t.Fatal(err)
	}
	o := watch(t, r, run)
	var slots []int
	var retries int
	for _, e := range o.events {
		if e.Begin != nil {
			slots = append(slots, e.Begin.Slot)
		}
		if e.BlockEnd != nil && e.BlockEnd.Retry {
			retries++
		}
	}
	if !slices.Equal(slots, []int{0, 1, 2, 3, 0}) || retries != 1 {
		t.Errorf("slots %v, %d repeated", slots, retries)
	}
	if o.end.Trust != "void" || o.end.Comparison == nil || o.end.Comparison.Pairs != 0 || o.end.Comparison.Lost != 2 || o.end.Comparison.Metrics[0].Why != "few" {
		t.Errorf("%s %+v", o.end.Trust, o.end.Comparison)
	}
}
