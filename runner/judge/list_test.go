package judge

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"socketlabs/labs/telemetry"
)

// rates are blocks that were asked for 100, 200 and 400 requests a second, of
// which the server answers 300 at most; each doubles the p99.
func rates(t *testing.T) []*Judge {
	t.Helper()
	var out []*Judge
	for i, rate := range []float64{100, 200, 400} {
		q := question()
		q.Ask["rate"] = rate
		out = append(out, judged(t, q, worldOfRate(i)))
	}
	return out
}

func worldOfRate(i int) world {
	w := standard()
	rate := []float64{100, 200, 400}[i]
	w.values["load.requests"] = func(at float64) float64 { return math.Round(min(rate, 300) * at) }
	w.values["load.oldest"] = func(float64) float64 { return 0.001 }
	w.observe["load"] = func(h *telemetry.Histogram, _ float64) {
		h.ObserveN(time.Duration(1<<i)*time.Millisecond, 10)
	}
	return w
}

func TestExpressionsOverASweep(t *testing.T) {
	s, err := NewSweep(rates(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		expr string
		want any
		why  string
	}{
		{"load.requests[0]", 400.0, "100 a second for 4 s"},
		{"load.requests[-1]", 1200.0, "the last: 300 a second"},
		{"load.requests[1] / load.requests[0]", 2.0, ""},
		{"ask.rate[2]", 400.0, "the swept setting is a list"},
		{"ask.size", 10000.0, "one that is not swept is the same for all"},
		{"knob.buf + 1", 4097.0, ""},
		{"host.cores", 2.0, ""},
		{"len(load.requests)", 3.0, ""},
		{"min(load.requests / (ask.rate * seconds))", 0.75, "an expression of one block, over all"},
		{"max(ask.rate)", 400.0, ""},
		{"max(1, 2)", 2.0, "of two arguments it is as ever"},
		{"min(max(ask.rate, 150))", 150.0, "inside, it is of one block"},
		{"reads_per_request[0]", 3.0, "derived"},
		{"quiet.load.requests[0]", 200.0, "a window of the block"},
		{"ask.model == \"open\"", true, ""},
		{"load.requests[0] >= 0.95 * ask.rate[0] * 4 ? 1 : 0", 1.0, ""},
		{"max(load.p99) / min(load.p99) > 3", true, ""},
		{"ask.model[1]", "open", ""},
	} {
		if got, err := s.Value(c.expr); err != nil || got != c.want {
			t.Errorf("%s = %v, %v; want %v: %s", c.expr, got, err, c.want, c.why)
		}
	}
}

func TestLintOverASweep(t *testing.T) {
	var qs []telemetry.Question
	for _, rate := range []float64{100, 200, 400} {
		q := question()
		q.Ask["rate"] = rate
		qs = append(qs, q)
	}
	l, err := NewSweepLinter(qs)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		expr    string
		boolean bool
		says    string // empty: it is right
	}{
		{"load.p99[0] < load.p99[2]", true, ""},
		{"min(load.requests / ask.rate / seconds) >= 0.9 && max(load.errors) == 0", true, ""},
		{"load.p99 < 0.01", true, "load.p99 is a list in a sweep, one value for each of the 3 blocks: write load.p99[0]"},
		{"ask.rate > 100", true, "ask.rate is a list in a sweep"},
		{"lab.open", false, "lab.open is a list"},
		{"seconds", false, "seconds is a list"},
		{"load.p99[3]", false, "there are 3 blocks: [0] to [2]"},
		{"load.p99[-4]", false, "there are 3 blocks"},
		{"load.p98[0]", false, "load.p98: no such name"},
		{"lab.reeds[0]", false, "did you mean lab.reads?"},
		{"lab.open[0]", false, "lab.open is a gauge: write lab.open.last"},
		{"load.p99[0.5]", false, "only names have dots"},
		{"sum(load.p99)", false, "no such function"},
		{"min(load.p99 < 1)", false, "true or false"},
		{"0.9 <= load.p99[0]", true, "the measured value stands on the left"},
	} {
		err := l.Lint(c.expr, c.boolean)
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, want %q", c.expr, err, c.says)
		}
	}
	one, _ := NewLinter(question())
	if err := one.Lint("load.p99[0] < 1", true); err == nil {
		t.Error("there are no lists outside of a sweep")
	}
}

func TestASweepsChecksNameTheVoidBlock(t *testing.T) {
	blocks := rates(t)
	q, w := question(), standard()
	w.observe["load.late"] = func(h *telemetry.Histogram, _ float64) { h.ObserveN(50*time.Millisecond, 10) }
	blocks[1] = judged(t, q, w)
	s, err := NewSweep(blocks)
	if err != nil {
		t.Fatal(err)
	}
	got := s.Checks([]telemetry.Formula{{ID: "first", Expr: "load.requests[0] > 100"}, {ID: "all", Expr: "min(load.requests) > 100"}})
	if v, err := s.Value("ask.rate[1]"); err != nil || v != 100.0 {
		t.Errorf("what was asked is known of a void block, too: %v, %v", v, err)
	}
	if !got[0].Pass || got[1].Pass || got[1].Why != "block 2 is void" {
		t.Errorf("%+v", got)
	}
	of := func(j *Judge) Block { return Block{BlockEnd: j.End("", nil), Judge: j} }
	all := []Block{of(blocks[0]), of(blocks[1]), of(blocks[2])}
	for i := range all {
		all[i].Slot = i
	}
	head := telemetry.Run{Sweep: &telemetry.Sweeping{}}
	if v := Conclude(head, all); v.Trust != "amber" {
		t.Errorf("a sweep without checks is %s with one void block", v.Trust)
	}
	head.Sweep.Checks = []telemetry.Formula{{ID: "first", Expr: "load.requests[0] > 100"}}
	head.Sweep.Predictions = []telemetry.Prediction{{ID: "p", Kind: "number", Answer: "load.requests[0]", Tolerance: "0", Given: 1.0}}
	if v := Conclude(head, all); v.Trust != "void" || v.Checks != nil || len(v.Guesses) != 1 || v.Guesses[0].Answer != nil {
		t.Errorf("checks need every block: %+v", v)
	}
	if v := Conclude(head, append(all, Block{Number: 3, Slot: 1, BlockEnd: all[0].BlockEnd, Judge: all[0].Judge})); v.Trust == "void" || len(v.Checks) != 1 || !v.Checks[0].Pass {
		t.Errorf("a block that was measured again counts: %+v", v)
	}
	g := s.Guesses([]telemetry.Prediction{{ID: "p", Kind: "number", Answer: "load.requests[2]", Tolerance: "10%", Given: 1250.0}})
	if fmt.Sprint(g[0].Answer) != "1200" && !g[0].Right {
		t.Errorf("%+v", g)
	}
}
