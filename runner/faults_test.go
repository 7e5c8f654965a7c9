package runner

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

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

// trusted carries a run again when it is void: this machine was busy.
func trusted(t *testing.T, carry func() outcome) (o outcome) {
	t.Helper()
	for range 3 {
		if o = carry(); o.end.Trust != "void" || o.end.Phase != telemetry.Finished {
			break
		}
		t.Logf("void: %+v", o.end.Doubts)
	}
	return o
}

// light is a load that leaves a busy machine to others.
func light(connections float64) map[string]any {
	return map[string]any{"model": "open", "rate": 50.0, "connections": connections}
}

// judged skips a test whose run was void all the same.
func (o outcome) judged(t *testing.T) {
	t.Helper()
	if o.end.Trust == "void" {
		t.Skip("NOT TESTED: the machine was too busy, every run was void")
	}
}

// TestTerm: a server that ends as it is told to does not end the run.
func TestTerm(t *testing.T) {
	r := start(t, module(t), Limits{})
	spec := odd("polite")
	spec.Load = light(2)
	spec.Faults = []labs.Fault{{ID: "term", Kind: "term", At: 0.4}}
	spec.Checks = []telemetry.Formula{{ID: "served", Expr: "load.requests > 0"}, {ID: "then_not", Expr: "late.load.requests == 0"}}
	spec.Windows = []telemetry.Window{{Name: "late", From: 0.7, To: 1}}
	o := trusted(t, func() outcome { return carry(t, r, spec) })
	if o.end.Phase != telemetry.Finished {
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
	told := 0 // of its sockets, after it has ended
	for _, e := range o.events {
		if _, process := e.Values["kernel.threads"]; e.Kind == telemetry.KindSample && e.From == telemetry.FromKernel && !process {
			told++
		}
	}
	if told < 3 {
		t.Errorf("the kernel was heard %d times after the server had ended: that makes a run void", told)
	}
	o.judged(t)
	for _, c := range o.end.Checks {
		if !c.Pass {
			t.Errorf("%s: %s %s", c.Expr, said(c.Value), c.Why)
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
	if on, off := o.switched("hup"); on < 0.15 || off < 0.45 {
		t.Errorf("it was switched on at %.2f and off at %.2f", on, off)
	}
}

// TestFdLimit: exactly so many more descriptors, and all when it is over.
func TestFdLimit(t *testing.T) {
	r := start(t, module(t), Limits{})
	spec := labs.Spec{
		Name: "test/fds", Lab: "epoll", Seconds: 2,
		Faults: []labs.Fault{
			{ID: "few", Kind: "fd-limit", At: 0.3, For: 0.8, With: map[string]any{"files": 5.0}},
			{ID: "many", Kind: "flood", At: 0.6, With: map[string]any{"connections": 20.0}},
			{ID: "more", Kind: "flood", At: 1.3, With: map[string]any{"connections": 20.0}},
		},
		Windows: []telemetry.Window{{Name: "before", From: 0, To: 0.3}, {Name: "full", From: 0.8, To: 1.1}, {Name: "late", From: 1.6, To: 2}},
		Checks: []telemetry.Formula{
			{ID: "limited", Expr: "full.kernel.fds.max - before.kernel.fds.max == 5"},
			{ID: "refused", Expr: "lab.emfile == 15 && load.fault_closed == 15"},
			{ID: "free", Expr: "late.kernel.fds.max - before.kernel.fds.max == 25"},
		},
	}
	o := trusted(t, func() outcome { return carry(t, r, spec) })
	if o.end.Phase == telemetry.Finished {
		o.judged(t)
	}
	if o.end.Phase != telemetry.Finished || len(o.end.Checks) != 3 {
		t.Fatalf("ended %s: %+v\n%s", o.end.Phase, o.end.Reason, o.log())
	}
	for _, c := range o.end.Checks {
		if !c.Pass {
			t.Errorf("%s: %s: %s %s", c.ID, c.Expr, said(c.Value), c.Why)
		}
	}
}

func said(v *float64) string {
	if v == nil {
		return "no value"
	}
	return fmt.Sprint(*v)
}

func TestLimitFiles(t *testing.T) {
	cmd := exec.Command("/bin/sh", "-c", "exec 9</dev/null; exec cat")
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	pid := cmd.Process.Pid
	in.Write([]byte("x"))
	if _, err := out.Read(make([]byte, 1)); err != nil { // it is cat now, and opens nothing more
		t.Fatal(err)
	}
	limit := func() (l unix.Rlimit) {
		unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &l)
		return l
	}
	was := limit()
	open, err := descriptors(pid)
	if err != nil || !open[2] || !open[9] {
		t.Fatalf("open: %v %v", open, err)
	}
	for _, more := range []uint64{0, 3, 6, 8, 1 << 20} {
		undo, err := limitFiles(pid, int(more))
		if err != nil {
			t.Fatal(err)
		}
		got := limit()
		free := uint64(0)
		for fd := range got.Cur {
			if !open[int(fd)] {
				free++
			}
		}
		if free != more && got.Cur != was.Cur || got.Max != was.Max {
			t.Errorf("%d more than %v: the limit is %d, which leaves %d", more, open, got.Cur, free)
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
