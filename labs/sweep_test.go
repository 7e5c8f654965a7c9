package labs

import (
	"slices"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

func TestSwept(t *testing.T) {
	lab := Lab{Knobs: []Setting{{Name: "buf", Kind: Int, Default: 4096.0, Min: 64, Max: 1 << 20, Unit: "bytes"}, {Name: "drain", Kind: Bool, Default: true}}}
	closed := Spec{Name: "a/b", Load: map[string]any{}, Checks: []telemetry.Formula{{ID: "c", Expr: "load.p99[0] < 1"}}}
	open := Spec{Name: "a/b", Load: map[string]any{"model": "open"}}
	for _, c := range []struct {
		why     string
		spec    Spec
		setting string
		values  []string
		want    []string
		says    string
	}{
		{"typed as a person does", closed, "knob.buf", []string{"64", " 1KiB", "4096"}, []string{"64", "1024", "4096"}, ""},
		{"a bool has two values", closed, "knob.drain", []string{"on", "off"}, []string{"true", "false"}, ""},
		{"the load", closed, "load.connections", []string{"1", "4"}, []string{"1", "4"}, ""},
		{"a rate needs an open load", closed, "load.rate", []string{"100", "200"}, nil, "set load.model=open too"},
		{"and has one", open, "load.rate", []string{"1k", "2k"}, []string{"1000", "2000"}, ""},
		{"one is no sweep", closed, "knob.buf", []string{"64"}, nil, "at least two"},
		{"thirteen are too many", open, "load.rate", strings.Split("1,2,3,4,5,6,7,8,9,10,11,12,13", ","), nil, "at most 12"},
		{"out of range", closed, "knob.buf", []string{"64", "3"}, nil, "from 64 to 1048576"},
		{"twice", closed, "knob.buf", []string{"1024", "1KiB"}, nil, "stands here twice"},
		{"no such knob", closed, "knob.bufs", []string{"1", "2"}, nil, "no such setting"},
	} {
		got, err := c.spec.Swept(lab, c.setting, c.values)
		switch {
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, want %q", c.why, err, c.says)
		case c.says == "" && (err != nil || !slices.Equal(got.Sweep.Values, c.want)):
			t.Errorf("%s: %v, %v; want %v", c.why, got.Sweep, err, c.want)
		}
	}
	spec, err := closed.Swept(lab, "knob.buf", []string{"64", "1KiB"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := spec.SweepPlan(lab)
	if err != nil || p.Check() != nil || p.Kind != Sweep || !slices.Equal(p.Order, []int{0, 1}) || len(p.Sweep.Checks) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	if a := p.Arms[1]; a.Label != "knob.buf=1024" || a.Spec.Knobs["buf"] != 1024.0 || a.Spec.Checks != nil || a.Spec.Sweep != nil {
		t.Errorf("the second arm: %+v", a)
	}
	if closed.Sweep != nil || closed.Knobs != nil {
		t.Error("the spec itself has changed")
	}
}

// Every lab of the ladder exists with the knobs that it names, and its plan keeps
// the bound of three minutes, repeats included.
func TestLadder(t *testing.T) {
	root, err := Root(".")
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := Read(root)
	if err != nil {
		t.Fatal(err)
	}
	rungs := Rungs(2)
	for _, r := range rungs {
		lab, ok := catalog.Lab(r.Lab)
		if !ok {
			t.Errorf("%s: no lab %s", r.Name, r.Lab)
		}
		for name, v := range r.Knobs {
			if k, ok := find(lab.Knobs, name); !ok {
				t.Errorf("%s: labs/%s has no knob %s", r.Name, r.Lab, name)
			} else if _, err := k.Check(v); err != nil {
				t.Errorf("%s: %v", r.Name, err)
			}
		}
	}
	p, err := Ladder(rungs)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	if s := p.Seconds() * 4 / 3; s > 170 {
		t.Errorf("with its repeats it takes %.0f s: the ladder is under three minutes", s)
	}
	if step, ok := telemetry.ParseStep(p.Arms[6].Label); !ok || step != (telemetry.Step{Server: "threads", Setting: "load.connections", Value: "4"}) {
		t.Errorf("the seventh arm is %q", p.Arms[6].Label)
	}
	fewer, err := Without(rungs, []string{"uring", "sendfile"})
	if err != nil || len(fewer) != len(rungs)-2 {
		t.Errorf("%d rungs, %v", len(fewer), err)
	}
	if _, err := Without(rungs, []string{"io_uring"}); err == nil {
		t.Error("io_uring is no rung's name")
	}
}
