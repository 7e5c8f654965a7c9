package judge

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"socketlabs/labs/telemetry"
)

// same fails when two verdicts differ.
func same(t *testing.T, got, want Verdict) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestChecks(t *testing.T) {
	none := math.NaN()
	for _, tt := range []struct {
		expr         string
		pass         bool
		value, bound float64 // NaN: none
		op           string
		why          string // of the check, in part
	}{
		{"load.requests > 100", true, 400, 100, ">", ""},
		{"load.requests < 100", false, 400, 100, "<", ""},
		{"load.requests == 400", true, 400, 400, "==", ""},
		{"load.requests != 400", false, 400, 400, "!=", ""},
		{"load.requests <= 400 && lab.wakeups >= 7", true, 400, 400, "<=", "" /* all hold: the first */},
		{"load.requests >= 1 && lab.wakeups == 6 && seconds > 9", false, 7, 6, "==", "" /* the first that fails */},
		{"load.requests > 500 && lab.wakeups == 6", false, 400, 500, ">", "" /* both fail: the first */},
		{"kernel.cwnd.max > kernel.rtt.max", false, none, none, ">", "nobody sent kernel.cwnd"},
		{"quiet.kernel.recvq.min == ask.connections * (ask.size - knob.buf)", false, 11, 11808, "==", ""},
		{"reads_per_request == 3", true, 3, 3, "==", ""},
		{"reads_per_request / 3 <= 1", true, 1, 1, "<=", ""},
		{"knob.drain == false", true, 0, 0, "==", "" /* truths show as 0 and 1 */},
		{"(load.requests > 0) == true", true, 1, 1, "==", ""},
		{"0 <= 1 && (load.requests > 500)", false, 400, 500, ">", ""},
		{"100 <= ask.size and load.requests > 1", true, 100, 10000, "<=", ""},
		{"kernel.cwnd.max > 1", false, none, 1, ">", "nobody sent kernel.cwnd"},
		{"kernel.cwnd.max != 1", false, none, 1, "!=", "nobody sent kernel.cwnd" /* no value fails every comparison */},
		{"load.requests > kernel.cwnd.max", false, 400, none, ">", "nobody sent kernel.cwnd"},
		{"load.requests > 1 && kernel.cwnd.max > 1", false, none, 1, ">", "nobody sent kernel.cwnd"},
		{"lab.reads / lab.sleeps < 1", false, none, 1, "<", "divides by lab.sleeps, which is 0"},
	} {
		q := question()
		q.Metrics = append(q.Metrics, telemetry.Metric{Name: "lab.sleeps", Kind: telemetry.KindCounter})
		q.Checks = []telemetry.Formula{{ID: "it", Expr: tt.expr}}
		w := standard()
		w.values["lab.sleeps"] = func(float64) float64 { return 0 }
		got := judged(t, q, w).Finish().Checks[0]
		if got.ID != "it" || got.Expr != tt.expr || got.Op != tt.op || got.Pass != tt.pass {
			t.Errorf("%s: %+v", tt.expr, got)
		}
		if !strings.Contains(got.Why, tt.why) || (tt.why == "") != (got.Why == "") {
			t.Errorf("%s: why %q, want %q", tt.expr, got.Why, tt.why)
		}
		if !pointsAt(got.Value, tt.value) || !pointsAt(got.Bound, tt.bound) {
			t.Errorf("%s: %s %s %s, want %v %v", tt.expr, show(got.Value), got.Op, show(got.Bound), tt.value, tt.bound)
		}
	}
}

func pointsAt(p *float64, want float64) bool {
	return p == nil && math.IsNaN(want) || p != nil && *p == want
}

func show(p *float64) any {
	if p == nil {
		return "nothing"
	}
	return *p
}

func TestGuesses(t *testing.T) {
	yesNo := []string{"yes", "no"}
	for _, tt := range []struct {
		p      telemetry.Prediction
		answer any
		right  bool
		why    string
	}{
		{telemetry.Prediction{Kind: "choice", Choices: yesNo, Answer: `lab.reads > 0 ? "yes" : "no"`, Given: "yes"}, "yes", true, ""},
		{telemetry.Prediction{Kind: "choice", Choices: yesNo, Answer: `lab.reads > 0 ? "yes" : "no"`, Given: "no"}, "yes", false, ""},
		{telemetry.Prediction{Kind: "choice", Choices: yesNo, Answer: `lab.reads > 0 ? "yes" : "no"`}, "yes", false, ""},
		{telemetry.Prediction{Kind: "choice", Choices: yesNo, Answer: "knob.model", Given: "one"}, nil, false, `"one" is none of yes, no`},
		{telemetry.Prediction{Kind: "choice", Choices: yesNo, Answer: `kernel.cwnd.max > 0 ? "yes" : "no"`, Given: "no"}, nil, false, "nobody sent kernel.cwnd"},
		{telemetry.Prediction{Kind: "queue", Answer: `quiet.kernel.recvq.min > 0 ? "recvq" : "none"`, Given: "recvq"}, "recvq", true, ""},
		{telemetry.Prediction{Kind: "queue", Answer: `"none"`, Given: 3.0}, "none", false, ""},
		{telemetry.Prediction{Kind: "number", Answer: "quiet.kernel.recvq.min", Given: 11.0, Tolerance: "0"}, 11.0, true, ""},
		{telemetry.Prediction{Kind: "number", Answer: "quiet.kernel.recvq.min", Given: 12.0, Tolerance: "0"}, 11.0, false, "" /* a gauge is exact */},
		{telemetry.Prediction{Kind: "number", Answer: "quiet.kernel.recvq.min", Given: 12.0, Tolerance: "10%"}, 11.0, true, ""},
		{telemetry.Prediction{Kind: "number", Answer: "quiet.kernel.recvq.min", Given: 13.0, Tolerance: "10%"}, 11.0, false, ""},
		{telemetry.Prediction{Kind: "number", Answer: "kernel.recvq", Given: 45.0, Tolerance: "5"}, 40.0, true, "" /* a gauge alone is its last */},
		{telemetry.Prediction{Kind: "number", Answer: "kernel.recvq", Given: 46.0, Tolerance: "5"}, 40.0, false, ""},
		{telemetry.Prediction{Kind: "number", Answer: "lab.reads", Given: 120.0, Tolerance: "x10"}, 1200.0, true, ""},
		{telemetry.Prediction{Kind: "number", Answer: "lab.reads", Given: 12000.0, Tolerance: "x10"}, 1200.0, true, ""},
		{telemetry.Prediction{Kind: "number", Answer: "lab.reads", Given: 119.0, Tolerance: "x10"}, 1200.0, false, ""},
		{telemetry.Prediction{Kind: "number", Answer: "lab.reads", Given: 0.0, Tolerance: "x10"}, 1200.0, false, ""},
		{telemetry.Prediction{Kind: "number", Answer: "-lab.reads", Given: -120.0, Tolerance: "x10"}, -1200.0, true, ""},
		{telemetry.Prediction{Kind: "number", Answer: "-lab.reads", Given: 120.0, Tolerance: "x10"}, -1200.0, false, ""},
		{telemetry.Prediction{Kind: "number", Answer: "lab.reads", Given: 1200.0}, 1200.0, true, "" /* no tolerance is 0 */},
		{telemetry.Prediction{Kind: "number", Answer: "lab.reads", Given: 1201.0}, 1200.0, false, "" /* a steady counter has no noise */},
		{telemetry.Prediction{Kind: "number", Answer: "lab.reads", Given: "1200"}, 1200.0, false, "" /* a text is no number */},
		{telemetry.Prediction{Kind: "number", Answer: "lab.reads - 1200", Given: "0"}, 0.0, false, ""},
		{telemetry.Prediction{Kind: "number", Answer: "lab.reads", Skipped: true}, 1200.0, false, ""},
	} {
		q := question()
		tt.p.ID = "p"
		q.Predictions = []telemetry.Prediction{tt.p}
		g := judged(t, q, standard()).Finish().Guesses[0]
		if g.ID != "p" || g.Kind != tt.p.Kind || g.Given != tt.p.Given || g.Skipped != tt.p.Skipped {
			t.Errorf("%+v: %+v", tt.p, g)
		}
		if g.Answer != tt.answer || g.Right != tt.right || !strings.Contains(g.Why, tt.why) || (tt.why == "") != (g.Why == "") {
			t.Errorf("%s, given %v, within %s: %+v; want %v, %v, %q", tt.p.Answer, tt.p.Given, tt.p.Tolerance, g, tt.answer, tt.right, tt.why)
		}
	}
}

// The quarters of this run have 98, 102, 98 and 102 requests: their mean is 100
// and their sample standard deviation 2.3094, so the half width of the interval is
// 3.1824 (Student's t, 3 degrees of freedom, 97.5 %) * 2.3094 / sqrt(4), per cent.
func TestNoise(t *testing.T) {
	w := standard()
	w.values["load.requests"] = func(t float64) float64 {
		whole, part := math.Modf(t)
		rate := []float64{98, 102, 98, 102, 0}[int(whole)]
		return []float64{0, 98, 200, 298, 400}[int(whole)] + rate*part
	}
	w.values["lab.wakeups"] = func(t float64) float64 { return math.Floor(t / 2) }
	for _, tt := range []struct {
		expr  string
		noise float64
		why   string
	}{
		{"load.requests", 14.6990, "a count"},
		{"load.requests / seconds", 3.6748, "a rate has the same share of noise"},
		{"-load.requests", 14.6990, ""},
		{"lab.reads", 0, "300 in every quarter"},
		{"lab.wakeups", 0.2, "0 1 0 1: capped at a tenth"},
		{"kernel.recvq.last", 0, "a gauge is taken as exact"},
		{"load.requests + kernel.recvq.last", 0, "and so is what it is part of"},
		{"quiet.load.requests", 7.3496, "a window has quarters of its own: 51 51 49 49"},
		{"kernel.recvq.mean", 2.05, "a level is a mean of the run: 5.5 15.5 25.5 35.5, capped at a tenth"},
		{"kernel.recvq.max", 0, "the highest level is none"},
		{"load.p50", 0, "1 ms in every quarter"},
		{"load.p99", 0, "a far quantile is exact"},
		{"ask.size", 0, "nothing is measured"},
	} {
		q := question()
		q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "number", Answer: tt.expr}}
		j := judged(t, q, w)
		whole, _ := j.Value(tt.expr)
		if got := j.answers[0].noise(j.measured(), whole.(float64)); math.Abs(got-tt.noise) > 0.001 {
			t.Errorf("noise of %s = %v, want %v (%s)", tt.expr, got, tt.noise, tt.why)
		}
	}
}

func TestTrust(t *testing.T) {
	lose := func(source string, ticks ...float64) func(string, float64) bool {
		return func(s string, t float64) bool {
			for _, at := range ticks {
				if s == source && math.Abs(t-at) < 0.05 {
					return true
				}
			}
			return false
		}
	}
	for _, tt := range []struct {
		why   string
		with  func(*world, *telemetry.Question)
		trust string
		doubt telemetry.Doubt
	}{
		{"nothing is wrong", func(*world, *telemetry.Question) {}, "green", telemetry.Doubt{}},
		{"the schedule was not kept", func(w *world, _ *telemetry.Question) {
			w.observe["load.late"] = func(h *telemetry.Histogram, _ float64) { h.ObserveN(11*time.Millisecond, 10) }
		}, "void", telemetry.Doubt{Code: "late", Value: 0.011, Bound: 0.01, Void: true}},
		{"closed load has no schedule", func(w *world, q *telemetry.Question) {
			w.observe["load.late"] = func(h *telemetry.Histogram, _ float64) { h.ObserveN(11*time.Millisecond, 10) }
			q.Ask["model"] = "closed"
		}, "green", telemetry.Doubt{}},
		{"lateness outside the measured time", func(w *world, _ *telemetry.Question) {
			w.warmup = 1
			w.observe["load.late"] = func(h *telemetry.Histogram, t float64) {
				h.ObserveN(time.Duration(max(0, -t)*1e9), 10)
			}
		}, "green", telemetry.Doubt{}},
		{"one sample of the kernel is lost", func(w *world, _ *telemetry.Question) { w.lost = lose("kernel", 2) },
			"amber", telemetry.Doubt{Code: "gaps", Value: 1}},
		{"two of 40 are more than 2 %", func(w *world, _ *telemetry.Question) { w.lost = lose("load", 1, 2) },
			"void", telemetry.Doubt{Code: "gaps", Value: 2, Bound: 1, Void: true}},
		{"the last ones are missing", func(w *world, _ *telemetry.Question) { w.lost = lose("load", 3.9, 4) },
			"void", telemetry.Doubt{Code: "gaps", Value: 2, Bound: 1, Void: true}},
		{"2 of 200 are not too many", func(w *world, _ *telemetry.Question) {
			w.seconds, w.lost = 20, lose("load", 1, 2)
		}, "amber", telemetry.Doubt{Code: "gaps", Value: 2}},
		{"but two in a row are blindness", func(w *world, _ *telemetry.Question) {
			w.seconds, w.lost = 20, lose("load", 1, 1.1)
		}, "void", telemetry.Doubt{Code: "gaps", Value: 2, Bound: 1, Void: true}},
		{"a lab may be frozen on purpose", func(w *world, _ *telemetry.Question) {
			w.lost = func(s string, t float64) bool { return s == "lab" && t > 1 && t < 3 }
		}, "green", telemetry.Doubt{}},
		{"before 0 and after the end nothing is measured", func(w *world, _ *telemetry.Question) {
			w.lost = func(s string, t float64) bool { return t < 0.05 || t > 4.05 }
		}, "green", telemetry.Doubt{}},
		{"without load there are no samples of it", func(w *world, q *telemetry.Question) {
			w.lost = func(s string, t float64) bool { return s == "load" }
			q.Ask = nil
			q.Derive = nil
		}, "green", telemetry.Doubt{}},
		{"with load there must be", func(w *world, q *telemetry.Question) {
			w.lost = func(s string, t float64) bool { return s == "load" }
		}, "void", telemetry.Doubt{Code: "gaps", Value: 40, Bound: 1, Void: true}},
		{"the hypervisor took 0.15 of two cores", func(w *world, _ *telemetry.Question) {
			w.values["host.steal"] = func(t float64) float64 { return 100 + 0.3*t }
		}, "amber", telemetry.Doubt{Code: "steal", Value: 0.15, Bound: 0.05}},
		{"or hardly anything", func(w *world, _ *telemetry.Question) {
			w.values["host.steal"] = func(t float64) float64 { return 100 + 0.05*t }
		}, "green", telemetry.Doubt{}},
		{"two cores are busy and we are half of it", func(w *world, _ *telemetry.Question) {
			w.values["host.busy"] = func(float64) float64 { return 2 }
			w.values["kernel.cpu"] = func(t float64) float64 { return 0.5 * t }
			w.values["load.cpu"] = func(t float64) float64 { return 0.5 * t }
		}, "amber", telemetry.Doubt{Code: "load", Value: 1, Bound: 0.3}},
		{"two cores are busy and it is us", func(w *world, _ *telemetry.Question) {
			w.values["host.busy"] = func(float64) float64 { return 2 }
			w.values["kernel.cpu"] = func(t float64) float64 { return 0.9 * t }
			w.values["load.cpu"] = func(t float64) float64 { return 0.9 * t }
		}, "green", telemetry.Doubt{}},
		{"others work, and a core is free", func(w *world, _ *telemetry.Question) {
			w.values["host.busy"] = func(float64) float64 { return 1.5 }
		}, "green", telemetry.Doubt{}},
		{"two others were measured, for a while", func(w *world, _ *telemetry.Question) {
			w.values["host.beside"] = func(t float64) float64 { return max(0, 2-math.Floor(t)) }
		}, "amber", telemetry.Doubt{Code: "beside", Value: 2}},
		{"it might have shared the machine, and did not", func(w *world, _ *telemetry.Question) {
			w.values["host.beside"] = func(t float64) float64 { return 0 }
		}, "green", telemetry.Doubt{}},
	} {
		q, w := question(), standard()
		q.Checks = []telemetry.Formula{{ID: "c", Expr: "seconds > 1"}}
		q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "number", Answer: "seconds", Given: 4.0, Tolerance: "x10"}}
		tt.with(&w, &q)
		v := judged(t, q, w).Finish()
		var got telemetry.Doubt
		if len(v.Doubts) > 0 {
			got = v.Doubts[0]
		}
		if v.Trust != tt.trust || len(v.Doubts) > 1 || got.Code != tt.doubt.Code || got.Void != tt.doubt.Void ||
			got.Bound != tt.doubt.Bound || math.Abs(got.Value-tt.doubt.Value) > 0.01*tt.doubt.Value {
			t.Errorf("%s: %s %+v; want %s %+v", tt.why, v.Trust, v.Doubts, tt.trust, tt.doubt)
		}
		void := tt.trust == "void"
		if (len(v.Checks) == 0) != void || v.Guesses[0].Right == void || (v.Guesses[0].Why != "") != void {
			t.Errorf("%s: checks %+v, guesses %+v", tt.why, v.Checks, v.Guesses)
		}
	}
}

// A source that speaks twice in a tick does not make up for one that it missed.
func TestGapsAndSamplesTwice(t *testing.T) {
	j, _ := New(question(), host)
	j.Begin(telemetry.Block{Start: begin, Seconds: 4})
	w := standard()
	w.lost = func(s string, t float64) bool { return s == "kernel" && math.Abs(t-2) < 0.05 }
	for _, e := range w.events() {
		j.Add(e)
		e.Values = map[string]float64{"kernel.cwnd": 5, "load.requests": 1}
		if e.From == "kernel" {
			j.Add(e)
		}
	}
	v := j.Finish()
	if v.Trust != "amber" || len(v.Doubts) != 1 || v.Doubts[0].Value != 1 {
		t.Errorf("one tick is missing: %s %+v", v.Trust, v.Doubts)
	}
	if v.Metrics["kernel.cwnd.mean"] != 5 || v.Metrics["load.requests"] != 0 {
		t.Errorf("of two values at a tick the later counts: cwnd %v, requests %v", v.Metrics["kernel.cwnd.mean"], v.Metrics["load.requests"])
	}
}

func TestNeverBegan(t *testing.T) {
	j, err := New(question(), host)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range standard().events() {
		j.Add(e)
	}
	if v := j.Finish(); v.Trust != "void" || len(v.Checks) != 0 {
		t.Errorf("a block that never began: %+v", v)
	}
	j.Begin(telemetry.Block{Start: begin})
	if v := j.Finish(); v.Trust != "void" {
		t.Errorf("a block without measured time: %+v", v)
	}
}

func TestMetrics(t *testing.T) {
	got := judged(t, question(), standard()).Finish().Metrics
	want := map[string]float64{
		"load.requests": 400, "lab.reads": 1200, "lab.wakeups": 7,
		"lab.open.last": 2, "lab.open.min": 2, "lab.open.max": 2, "lab.open.mean": 2,
		"kernel.recvq.last": 40, "kernel.recvq.min": 1, "kernel.recvq.max": 40, "kernel.recvq.mean": 20.5,
		"load.count": 400, "load.max": 0.04, "load.min": 0.001, "load.service.count": 400, "load.late.count": 400,
		"reads_per_request": 3, "reads_per_second": 300, "twice": 6,
	}
	for name, n := range want {
		if v, ok := got[name]; !ok || math.Abs(v-n) > 1e-9 {
			t.Errorf("%s = %v, want %v", name, v, n)
		}
	}
	for _, shape := range []string{"p50", "p90", "p95", "p99", "p999", "mean"} {
		if got["load."+shape] <= 0 || got["load.service."+shape] <= 0 {
			t.Errorf("load.%s is missing", shape)
		}
	}
	for _, name := range []string{"kernel.cwnd.last", "load.errors", "host.steal", "kernel.recvq", "load", "knob.buf", "seconds"} {
		if v, ok := got[name]; ok {
			t.Errorf("%s = %v, though it has no value", name, v)
		}
	}
	if n := 3*1 + 3*4 + 3*9 + 3; len(got) != n { // counters, gauges, histograms, derived
		t.Errorf("%d metrics, want %d: %v", len(got), n, got)
	}
}
