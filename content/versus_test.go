package content

import (
	"strings"
	"testing"

	"socketlabs/labs"
)

// TestVersus: what both watch is compared, with the direction that it has, and
// the sides are named after what differs.
func TestVersus(t *testing.T) {
	c := catalog(t)
	book, problems := load(files(t), "content", c)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	x, err := book.Find("edge/stall")
	if err != nil {
		t.Fatal(err)
	}
	lab, _ := c.Lab(x.Spec.Lab)
	b := x.Spec.Clone()
	if err := b.Set(lab, "knob.buf", "512"); err != nil {
		t.Fatal(err)
	}
	p, err := Versus("edge/stall", x.Spec, b, c, 0)
	if err != nil {
		t.Fatal(err)
	}
	if p.Arms[0].Label != "knob.buf=4096" || p.Arms[1].Label != "knob.buf=512" || len(p.Order) != 4*DefaultRounds || p.Kind != labs.Comparison {
		t.Errorf("%+v", p)
	}
	var said []string
	for _, m := range p.Compare.Metrics {
		said = append(said, m.Expr+" "+m.Better)
	}
	if got := strings.Join(said, ", "); got != "kernel.recvq lower, lab.wakeups , load.requests higher, kernel.cpu lower" {
		t.Errorf("compared: %s", got)
	}
	if len(p.Arms[0].Spec.Predictions) > 0 || len(x.Spec.Predictions) == 0 {
		t.Error("a block asks what its experiment asks")
	}
	if _, err := Versus("edge/stall", x.Spec, b, c, 99); err == nil || !strings.Contains(err.Error(), "99 rounds are not allowed") {
		t.Errorf("%v", err)
	}
	if a, b := Differences(x.Spec, x.Spec, c); a != "stall" || b != "stall" {
		t.Errorf("no difference: %s, %s", a, b)
	}
}

// TestFindComparison and the plan that it makes.
func TestFindComparison(t *testing.T) {
	book, _ := load(files(t), "content", catalog(t))
	c := book.FindComparison("edge/pays")
	if c == nil || book.FindComparison("edge/stall") != nil || book.FindComparison("nope/pays") != nil {
		t.Fatalf("%+v", c)
	}
	if p := c.Plan(0); len(p.Order) != 8 || p.Compare.Expect != "better" || p.Compare.Metrics[0].Better != "higher" || p.Name != "edge/pays" {
		t.Errorf("%+v", p)
	}
	if p := c.Plan(1); len(p.Order) != 4 {
		t.Errorf("one round: %v", p.Order)
	}
}
