package labs_test

import (
	"path/filepath"
	"testing"

	"socketlabs/labs"
	"socketlabs/runner/judge"
)

// Every recipe can be run, every proof can be judged, and what is shown of all
// is the same.
func TestMysteries(t *testing.T) {
	catalog, err := labs.Read(filepath.Join(".."))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for seed := range len(labs.Mysteries()) {
		m, spec, err := labs.MysteryOf(seed)
		if err != nil {
			t.Fatal(err)
		}
		seen[m.ID] = true
		lab, ok := catalog.Lab(spec.Lab)
		if !ok {
			t.Fatalf("%s: no lab %s", m.ID, spec.Lab)
		}
		for name, v := range spec.Knobs {
			if err := spec.Set(lab, "knob."+name, textOf(lab.Knobs, name, v)); err != nil {
				t.Errorf("%s: %v", m.ID, err)
			}
		}
		for _, f := range spec.Faults {
			if _, err := f.Check(spec.Seconds); err != nil {
				t.Errorf("%s: %v", m.ID, err)
			}
		}
		for _, p := range m.Proofs {
			if err := judge.Lint(spec.Question(lab), p.Expr, true); err != nil {
				t.Errorf("%s: %s: %v", m.ID, p.Expr, err)
			}
			if !labs.MysteryTells(p.Metric) {
				t.Errorf("%s is proved by %s, which is not shown", m.ID, p.Metric)
			}
		}
		if spec.Warmup != 0 || spec.Seconds < 4 || spec.Seconds > 8 {
			t.Errorf("%s takes %v s after %v s", m.ID, spec.Seconds, spec.Warmup)
		}
		if again, same, _ := labs.MysteryOf(seed); again.ID != m.ID || same.Load["connections"] != spec.Load["connections"] {
			t.Errorf("seed %d is another one each time", seed)
		}
	}
	if len(seen) != len(labs.Mysteries()) || len(seen) < 11 {
		t.Errorf("the first seeds hide %v", seen)
	}
	for _, seed := range []int{-1, labs.MaxSeed + 1} {
		if _, _, err := labs.MysteryOf(seed); err == nil {
			t.Errorf("there is a mystery %d", seed)
		}
	}
}

func textOf(all []labs.Setting, name string, v any) string {
	for _, s := range all {
		if s.Name == name {
			return s.Text(v)
		}
	}
	return "no such setting"
}
