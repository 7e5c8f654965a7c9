package runner

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// TestDeeds: what each kind is, is done by somebody.
func TestDeeds(t *testing.T) {
	for _, k := range labs.FaultKinds() {
		if k.OnServer != (deeds[k.Name] != nil) {
			t.Errorf("%s is in the table of deeds: %v", k.Name, deeds[k.Name] != nil)
		}
	}
}

// switched are the times at which a fault was switched on and off, in seconds of
// the measured time; -1: it was not.
func (o outcome) switched(id string) (on, off float64) {
	on, off = -1, -1
	start := 0.0
	for _, e := range o.events {
		switch {
		case e.Begin != nil:
			start = e.Begin.Start + e.Begin.Warmup
		case e.Fault != nil && e.Fault.ID == id && e.Fault.On:
			on = e.T - start
		case e.Fault != nil && e.Fault.ID == id:
			off = e.T - start
		}
	}
	return on, off
}

// TestTerm: a server that ends as it is told to does not end the run.
func TestTerm(t *testing.T) {
	r := start(t, module(t), Limits{})
	spec := odd("polite")
	spec.Faults = []labs.Fault{{ID: "term", Kind: "term", At: 0.4}}
	spec.Checks = []telemetry.Formula{{ID: "served", Expr: "load.requests > 0"}, {ID: "then_not", Expr: "late.load.requests == 0"}}
	spec.Windows = []telemetry.Window{{Name: "late", From: 0.7, To: 1}}
	o := carry(t, r, spec)
	if o.end.Phase != telemetry.Finished || o.end.Trust == "void" {
		t.Fatalf("ended %s, %s: %+v %v\n%s", o.end.Phase, o.end.Trust, o.end.Reason, o.end.Doubts, o.log())
	}
	for _, want := range []string{"I have heard terminated", "the server has ended, as it was told to"} {
		if !strings.Contains(o.log(), want) {
			t.Errorf("no %q in the log:\n%s", want, o.log())
		}
	}
	if on, off := o.switched("term"); on < 0.35 || on > 0.7 || off < 0.9 {
		t.Errorf("it was switched on at %.2f and off at %.2f", on, off)
	}
	for _, c := range o.end.Checks {
		if !c.Pass {
			t.Errorf("%s: %v %s", c.Expr, c.Value, c.Why)
		}
	}
}

// TestSignalsThatEnd: who dies of a signal has crashed all the same.
func TestSignalsThatEnd(t *testing.T) {
	r := start(t, module(t), Limits{})
	for kind, line := range map[string]string{"term": "signal SIGTERM", "hup": "signal SIGHUP"} {
		spec := odd("echo")
		spec.Faults = []labs.Fault{{ID: kind, Kind: kind, At: 0.2}}
		if o := carry(t, r, spec); o.code() != "lab-crashed" || o.end.Reason.Line != line {
			t.Errorf("%s: ended %s: %+v", kind, o.end.Phase, o.end.Reason)
		}
	}
	spec := odd("polite")
	spec.Faults = []labs.Fault{{ID: "hup", Kind: "hup", At: 0.2, For: 0.3}}
	o := carry(t, r, spec)
	if o.end.Phase != telemetry.Finished || strings.Count(o.log(), "I have heard hangup") != 1 {
		t.Errorf("ended %s: %+v\n%s", o.end.Phase, o.end.Reason, o.log())
	}
	if on, off := o.switched("hup"); on < 0.15 || off < on+0.25 {
		t.Errorf("it was switched on at %.2f and off at %.2f", on, off)
	}
}

// TestFdLimit: exactly so many more descriptors, and all when it is over.
func TestFdLimit(t *testing.T) {
	r := start(t, module(t), Limits{})
	spec := labs.Spec{
		Name: "test/fds", Lab: "epoll", Load: map[string]any{"connections": 1.0}, Seconds: 2,
		Faults: []labs.Fault{
			{ID: "few", Kind: "fd-limit", At: 0.3, For: 0.8, With: map[string]any{"files": 5.0}},
			{ID: "many", Kind: "flood", At: 0.6, With: map[string]any{"connections": 20.0}},
		},
		Windows: []telemetry.Window{{Name: "before", From: 0, To: 0.3}, {Name: "full", From: 0.8, To: 1.1}, {Name: "late", From: 1.6, To: 2}},
		Checks: []telemetry.Formula{
			{ID: "limited", Expr: "full.kernel.fds.max - before.kernel.fds.max == 5"},
			{ID: "refused", Expr: "full.lab.emfile > 0"},
			{ID: "free", Expr: "late.kernel.fds.max - before.kernel.fds.max == 20"},
		},
	}
	o := carry(t, r, spec)
	if o.end.Phase != telemetry.Finished || len(o.end.Checks) != 3 {
		t.Fatalf("ended %s: %+v\n%s", o.end.Phase, o.end.Reason, o.log())
	}
	for _, c := range o.end.Checks {
		if !c.Pass {
			t.Errorf("%s: %s: %v %s", c.ID, c.Expr, c.Value, c.Why)
		}
	}
}

func TestLimitFiles(t *testing.T) {
	cmd := exec.Command("/bin/sh", "-c", "exec 9</dev/null; exec sleep 20")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	pid := cmd.Process.Pid
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if open, err := descriptors(pid); err == nil && open[9] {
			break
		}
	}
	limit := func() (l unix.Rlimit) {
		unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &l)
		return l
	}
	was := limit()
	for more, want := range map[int]uint64{0: 3, 3: 6, 6: 10, 8: 12, 1 << 20: was.Cur} {
		undo, err := limitFiles(pid, more)
		if err != nil {
			t.Fatal(err)
		}
		if got := limit(); got.Cur != want || got.Max != was.Max {
			t.Errorf("%d more of 0, 1, 2 and 9: the limit is %d, want %d", more, got.Cur, want)
		}
		undo()
		if limit() != was {
			t.Fatalf("then it is %+v and was %+v", limit(), was)
		}
	}
	if _, err := limitFiles(1<<22+1, 1); err == nil {
		t.Error("a process that there is not was limited")
	}
}
