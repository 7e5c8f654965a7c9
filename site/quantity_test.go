package site

import (
	"strings"
	"testing"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

func TestQuantity(t *testing.T) {
	for _, tt := range []struct {
		v    float64
		unit string
		want string
		why  string
	}{
		{0, "seconds", "0 s", "nothing, of a time"},
		{0.0000582, "seconds", "58.2 µs", "CPU time of a request"},
		{0.0438, "seconds", "43.8 ms", "a latency"},
		{2.2, "seconds", "2.20 s", "from a second on"},
		{-0.002, "seconds", "-2 ms", "a difference"},
		{100, "bytes", "100 B", "a few bytes"},
		{5904, "bytes", "5.77 KiB", "from a KiB on"},
		{163840000, "bytes", "156 MiB", "from a MiB on"},
		{3 << 30, "bytes", "3 GiB", "and from a GiB on"},
		{11025, "", "11,025", "a count"},
	} {
		if got := Quantity(tt.v, tt.unit); got != tt.want {
			t.Errorf("%s: %g %s is %s, want %s", tt.why, tt.v, tt.unit, got, tt.want)
		}
	}
}

// What is derived, compared and checked has its unit on the page and on paper; an
// expression that is watched bare has one too, and is its own name.
func TestDerivedMetricsHaveTheirUnit(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var lesson struct {
		Metrics     map[string]metric
		Experiments []struct{ Checks []check }
	}
	s.get("/api/lessons/input", &lesson)
	if m := lesson.Metrics["cpu_per_request"]; m.Unit != "seconds" || m.Label.En != "CPU time per request" {
		t.Errorf("cpu_per_request is %+v", m)
	}
	several := 0
	for _, x := range lesson.Experiments {
		for _, c := range x.Checks {
			if c.ID == "all-of-it" {
				several++
				if len(c.Sides) != 2 || c.Sides[0] != (judge.Side{Op: ">", Unit: "bytes"}) || c.Sides[1] != (judge.Side{Op: "=="}) {
					t.Errorf("%s compares %+v", c.Expr, c.Sides)
				}
			}
		}
	}
	if several == 0 {
		t.Error("no check compares bytes and a count")
	}

	e := s.shelf.edition()
	l, _, _, err := e.find("input")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range l.Experiments {
		if x.ID != "unbounded" {
			continue
		}
		p := s.printedOf(e, l, x, nil)
		for _, f := range p.Figures {
			if f.Expr == "not_asked_for" && !strings.HasSuffix(f.Value, "iB") || f.Expr == "cpu_per_request" && !strings.HasSuffix(f.Value, "s") {
				t.Errorf("%s is printed as %s", f.Expr, f.Value)
			}
		}
		if c := p.cell("all-of-it"); c.State == "pass" && !strings.HasSuffix(c.Value, "MiB") {
			t.Errorf("the check is printed as %+v", c)
		}
	}
	compared := 0
	for _, c := range l.Comparisons {
		for _, row := range comparedOf(e, c).Rows {
			if compared++; row.Expr == "cpu_per_request" && (!strings.HasSuffix(row.A, "s") || !strings.HasSuffix(row.B, "s")) {
				t.Errorf("%s is printed as %s and %s", row.Expr, row.A, row.B)
			}
		}
	}
	if compared == 0 {
		t.Error("nothing is compared")
	}

	into := map[string]metric{}
	q := telemetry.Question{Watch: []string{"lab.bytes / lab.reads", "lab.reads / lab.bytes", "late.load.p99"},
		Windows: []telemetry.Window{{Name: "late", From: 1, To: 2}},
		Metrics: []telemetry.Metric{{Name: "lab.bytes", Kind: telemetry.KindCounter, Unit: "bytes"}, {Name: "lab.reads", Kind: telemetry.KindCounter}}}
	derived(into, e.book.Words, q, nil)
	for _, tt := range []struct{ expr, unit string }{{q.Watch[0], "bytes"}, {q.Watch[1], ""}, {q.Watch[2], "seconds"}} {
		if m := into[tt.expr]; m.Unit != tt.unit || m.Label != (content.Text{}) {
			t.Errorf("%s is %+v", tt.expr, m)
		}
	}
}

// A number that somebody gave is in the unit that was asked for.
func TestAnswersHaveTheUnitOfTheQuestion(t *testing.T) {
	t.Parallel()
	units := serve(t).shelf.edition().book.Words.Units
	for _, tt := range []struct{ unit, ko, en string }{
		{"bytes", "4,096 바이트", "4,096 bytes"},
		{"per second", "초당 4,096", "4,096 per second"},
		{"", "4,096", "4,096"},
	} {
		if got := (question{Kind: "number", Unit: tt.unit}).said(4096.0, units); got != (content.Text{Ko: tt.ko, En: tt.en}) {
			t.Errorf("%q: %+v", tt.unit, got)
		}
	}
}
