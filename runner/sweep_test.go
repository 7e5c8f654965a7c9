package runner

import (
	"bytes"
	"os"
	"testing"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// TestSweep: a spec with a sweep is one run of a block for each value, whose checks
// see all of them, and whose recording gives its curve.
func TestSweep(t *testing.T) {
	root, err := labs.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, root, Limits{})
	catalog, err := r.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	lab, _ := catalog.Lab("epoll")
	spec, err := labs.Spec{
		Name: "epoll/test", Lab: "epoll", Load: map[string]any{"size": 64.0}, Seconds: 0.5,
		Derive: []telemetry.Formula{{ID: "reads_per_request", Expr: "lab.reads / load.requests"}},
		Checks: []telemetry.Formula{
			{ID: "list", Expr: "len(load.requests) == 3 && ask.connections[2] == 4"},
			{ID: "answered", Expr: "min(load.requests) > 0 && min(reads_per_request) >= 1"},
			{ID: "false", Expr: "load.requests[0] < 0"},
		},
	}.Swept(lab, "load.connections", []string{"1", "2", "4"})
	if err != nil {
		t.Fatal(err)
	}
	run, err := r.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	o := watch(t, r, run)
	if o.end.Phase != telemetry.Finished {
		t.Fatalf("ended %s, %+v\n%s", o.end.Phase, o.end.Reason, o.log())
	}
	if o.end.Trust == "void" {
		t.Skip("the machine is too busy to measure three times half a second")
	}
	if c := o.end.Checks; len(c) != 3 || !c[0].Pass || c[2].Pass || !c[1].Pass && c[1].Why == "" {
		t.Errorf("checks %+v", c)
	}
	path, err := r.Recording(run.ID())
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	events, err := ReadRecording(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c, err := judge.CapacityOf(events, judge.UsualObjective(10))
	if err != nil || c.Setting != "load.connections" || len(c.Curves) != 1 || len(c.Curves[0].Steps) != 3 {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, s := range c.Curves[0].Steps {
		if s.Trust == "" || s.Throughput == nil || *s.Throughput <= 0 || s.Trust != "void" && (s.Met == nil || !*s.Met) {
			t.Errorf("step %s: %+v", s.Value, s)
		}
	}
	if early, err := judge.CapacityOf(events[:1], judge.UsualObjective(10)); err != nil || len(early.Curves[0].Steps) != 3 || early.Curves[0].Steps[0].Trust != "" {
		t.Errorf("before its first block: %+v, %v", early, err)
	}
	sum, err := r.Summary(run.ID())
	if err != nil || sum.Kind != labs.Sweep || len(sum.Arms) != 3 || sum.Arms[1] != "load.connections=2" {
		t.Errorf("summary %+v, %v", sum, err)
	}
	if err := UringRefused(); err != nil {
		t.Log("io_uring is refused:", err)
	}
}
