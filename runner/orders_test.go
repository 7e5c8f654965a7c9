package runner

import (
	"errors"
	"strings"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// running waits until a run is measured.
func running(t *testing.T, run *Run) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if run.phase.Load() == telemetry.Running {
			return
		}
	}
	t.Fatal("the run is never measured")
}

// TestSuffer: a run without load gets clients that misbehave, and its server is
// frozen and let go on by hand.
func TestSuffer(t *testing.T) {
	r := start(t, module(t), Limits{})
	spec := odd("echo")
	spec.Load, spec.Seconds = nil, 3
	spec.Faults = []labs.Fault{{ID: "late", Kind: "freeze", At: 2.9}}
	run, err := r.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Suffer(labs.Fault{Kind: "freeze"}); !errors.Is(err, ErrNotMeasuring) {
		t.Errorf("before it is measured: %v", err)
	}
	running(t, run)
	time.Sleep(300 * time.Millisecond) // its clock runs
	idle, err := run.Suffer(labs.Fault{Kind: "idle", At: 1, With: map[string]any{"connections": 3.0}})
	if err != nil || idle != "idle" {
		t.Fatalf("%q %v", idle, err)
	}
	freeze, err := run.Suffer(labs.Fault{Kind: "freeze"})
	if err != nil || freeze != "freeze" {
		t.Fatalf("%q %v", freeze, err)
	}
	if _, err := run.Suffer(labs.Fault{Kind: "idle", With: map[string]any{"connections": 0.0}}); err == nil || !strings.Contains(err.Error(), "from 1 to 10000") {
		t.Errorf("no connections: %v", err)
	}
	if err := run.Relieve("no-such"); !errors.Is(err, ErrNoFault) {
		t.Errorf("a fault that there is not: %v", err)
	}
	time.Sleep(400 * time.Millisecond)
	for _, id := range []string{freeze, "late"} {
		if err := run.Relieve(id); err != nil {
			t.Error(err)
		}
	}
	time.Sleep(time.Second) // also for the load generator to start
	if err := run.Relieve(idle); err != nil {
		t.Error(err)
	}
	o := watch(t, r, run)
	if o.end.Phase != telemetry.Finished {
		t.Fatalf("ended %s: %+v\n%s", o.end.Phase, o.end.Reason, o.log())
	}
	if on, off := o.switched("freeze"); on < 0 || off-on < 0.1 || off-on > 1 {
		t.Errorf("frozen from %.2f to %.2f s", on, off)
	}
	if on, off := o.switched("idle"); on < 0 || off-on < 0.3 || off-on > 1.6 {
		t.Errorf("silent from %.2f to %.2f s", on, off)
	}
	if on, _ := o.switched("late"); on >= 0 {
		t.Errorf("what was taken back happened at %.2f", on)
	}
	most := 0.0
	for _, e := range o.events {
		most = max(most, e.Values["kernel.established"])
	}
	if most != 3 {
		t.Errorf("%g connections: want the 3 silent ones", most)
	}
	if !strings.Contains(o.log(), "fault idle is switched on by hand: idle connections=3") {
		t.Errorf("the recording does not say what was done:\n%s", o.log())
	}
	if _, err := run.Suffer(labs.Fault{Kind: "hup"}); !errors.Is(err, ErrNotMeasuring) {
		t.Errorf("after its end: %v", err)
	}
}
