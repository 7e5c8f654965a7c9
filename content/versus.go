package content

import (
	"fmt"
	"slices"
	"strings"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// maxCompared bounds how many metrics are compared at once: each one more makes
// every interval wider.
const maxCompared = 6

// Versus is the plan that compares two experiments, or one with itself under
// other settings: what both watch is judged. An error says why they cannot be
// compared.
func Versus(name string, a, b labs.Spec, of *labs.Catalog, rounds int) (labs.Plan, error) {
	if rounds == 0 {
		rounds = DefaultRounds
	}
	if rounds < 1 || rounds > labs.MaxBlocks/4 {
		return labs.Plan{}, fmt.Errorf("%d rounds are not allowed: from 1 to %d", rounds, labs.MaxBlocks/4)
	}
	for _, s := range []labs.Spec{a, b} {
		if s.Sweep != nil {
			return labs.Plan{}, fmt.Errorf("%s is a sweep: its blocks differ already; compare an experiment of one block", s.Name)
		}
	}
	a, b = a.Clone(), b.Clone()
	a.Predictions, b.Predictions = nil, nil
	what := telemetry.Comparing{Metrics: watchedByBoth(a, b, of)}
	if len(what.Metrics) == 0 {
		return labs.Plan{}, fmt.Errorf("%s and %s have nothing to measure in common: neither watches what the other has", a.Name, b.Name)
	}
	labelA, labelB := Differences(a, b, of)
	p := labs.Interleaved(name, labs.Arm{Label: labelA, Spec: a}, labs.Arm{Label: labelB, Spec: b}, rounds, what)
	return p, p.Check()
}

// watchedByBoth are the expressions that either watches and both can say.
func watchedByBoth(a, b labs.Spec, of *labs.Catalog) []telemetry.Compared {
	var out []telemetry.Compared
	for _, expr := range slices.Concat(b.Watch, a.Watch, []string{"load.requests", "kernel.cpu"}) {
		have := func(c telemetry.Compared) bool { return c.Expr == expr }
		if len(out) < maxCompared && !slices.ContainsFunc(out, have) && says(a, of, expr) && says(b, of, expr) {
			out = append(out, telemetry.Compared{Expr: expr, Better: better(expr, b)})
		}
	}
	return out
}

func says(s labs.Spec, of *labs.Catalog, expr string) bool {
	lab, _ := of.Lab(s.Lab)
	return judge.Lint(s.Question(lab), expr, false) == nil
}

// better says which way a watched expression is better; a derived one is what it
// is made of.
func better(expr string, s labs.Spec) string {
	for _, f := range s.Derive {
		if f.ID == expr {
			return judge.Better(f.Expr)
		}
	}
	return judge.Better(expr)
}

// Differences names two specs by what is different: buf=4096 and buf=512. Specs
// that do not differ are named after their experiments.
func Differences(a, b labs.Spec, of *labs.Catalog) (string, string) {
	if a.Lab != b.Lab {
		return a.Lab, b.Lab
	}
	lab, _ := of.Lab(a.Lab)
	var left, right []string
	add := func(space string, list []labs.Setting, x, y map[string]any) {
		full, other := labs.Full(list, x), labs.Full(list, y)
		for _, s := range list {
			if full[s.Name] != other[s.Name] {
				left = append(left, space+s.Name+"="+s.Text(full[s.Name]))
				right = append(right, space+s.Name+"="+s.Text(other[s.Name]))
			}
		}
	}
	add("knob.", lab.Knobs, a.Knobs, b.Knobs)
	add("load.", labs.LoadSettings(), a.Load, b.Load)
	if a.Load != nil && b.Load != nil && a.Load["client"] == b.Load["client"] {
		add("load.", a.ClientSettings(), a.Client, b.Client)
	}
	if len(left) == 0 {
		return idOf(a.Name), idOf(b.Name)
	}
	return abridged(left), abridged(right)
}

func idOf(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// abridged joins the first few.
func abridged(list []string) string {
	if len(list) > 3 {
		list = append(slices.Clone(list[:3]), "…")
	}
	return strings.Join(list, " ")
}

// FindComparison returns the comparison LESSON/ID, or nil.
func (b *Book) FindComparison(name string) *Comparison {
	id, comparison, _ := strings.Cut(name, "/")
	if l, _, _ := b.Lesson(id); l != nil {
		return l.comparisonOf(comparison)
	}
	return nil
}
