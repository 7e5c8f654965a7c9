package judge

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"socketlabs/labs/telemetry"
)

// begin is when load begins in the tests' runs; it is not 0, so that forgetting
// the block's clock shows.
const begin = 2.0

// question is asked of every run of the tests unless they say otherwise.
func question() telemetry.Question {
	return telemetry.Question{
		Seconds: 4,
		Windows: []telemetry.Window{{Name: "quiet", From: 1, To: 3}, {Name: "late", From: 3, To: 4}},
		Ask:     map[string]any{"model": "open", "size": 10000.0, "connections": 2.0, "rate": 100.0},
		Knob:    map[string]any{"drain": false, "buf": 4096.0, "model": "one", "read_timeout": 10.0},
		Derive: []telemetry.Formula{
			{ID: "reads_per_request", Expr: "lab.reads / load.requests"},
			{ID: "reads_per_second", Expr: "lab.reads / seconds"},
			{ID: "twice", Expr: "2 * reads_per_request"},
		},
		Metrics: []telemetry.Metric{
			{Name: "lab.reads", Kind: telemetry.KindCounter},
			{Name: "lab.wakeups", Kind: telemetry.KindCounter},
			{Name: "lab.open", Kind: telemetry.KindGauge},
		},
	}
}

var host = telemetry.Host{Name: "bench", OS: "Linux", Kernel: "6.18", CPU: "a CPU", Cores: 2, Memory: 1 << 30, Go: "go1.26", Congestion: "cubic"}

// world makes the samples of a run: each function is asked for its value at t
// seconds of the measured time.
type world struct {
	warmup, seconds float64
	values          map[string]func(t float64) float64
	// observe adds what a histogram observed in the tick that ends at t.
	observe map[string]func(h *telemetry.Histogram, t float64)
	lost    func(source string, t float64) bool
}

// standard is a run in which 100 requests a second are answered, lab.reads
// counts 3 for each, and nothing is wrong.
func standard() world {
	return world{seconds: 4, values: map[string]func(float64) float64{
		"load.requests": func(t float64) float64 { return math.Round(100 * t) },
		"lab.reads":     func(t float64) float64 { return math.Round(300 * t) },
		"lab.wakeups":   func(t float64) float64 { return math.Min(7, math.Round(10*t)) },
		"lab.open":      func(t float64) float64 { return 2 },
		"kernel.recvq":  func(t float64) float64 { return math.Round(10 * t) },
		"kernel.rss":    func(t float64) float64 { return 1 << 20 },
	}, observe: map[string]func(*telemetry.Histogram, float64){
		"load": func(h *telemetry.Histogram, t float64) {
			h.ObserveN(time.Millisecond, 9)
			h.ObserveN(time.Duration(10*math.Ceil(t))*time.Millisecond, 1)
		},
		"load.service": func(h *telemetry.Histogram, t float64) { h.ObserveN(time.Millisecond, 10) },
		"load.late":    func(h *telemetry.Histogram, t float64) { h.ObserveN(50*time.Microsecond, 10) },
	}}
}

// events returns the run's samples, tick by tick, from its beginning to a bit
// after its end.
func (w world) events() []telemetry.Event {
	hists := map[string]*telemetry.Histogram{}
	for name := range w.observe {
		hists[name] = &telemetry.Histogram{}
	}
	var out []telemetry.Event
	for k := -ticks(w.warmup); k <= ticks(w.seconds)+3; k++ {
		t := float64(k) / 10
		for _, source := range []string{"lab", "load", "kernel", "host"} {
			e := telemetry.Event{T: begin + w.warmup + t, Kind: telemetry.KindSample, From: source,
				Values: map[string]float64{}, Hists: map[string]telemetry.Histogram{}}
			for name, f := range w.values {
				if space(name) == source {
					e.Values[name] = f(t)
				}
			}
			for name, f := range w.observe {
				if space(name) == source {
					if k > -ticks(w.warmup) {
						f(hists[name], t)
					}
					e.Hists[name] = hists[name].Clone()
				}
			}
			if w.lost == nil || !w.lost(source, t) {
				out = append(out, e)
			}
		}
	}
	return out
}

// judged returns the judge of a world, all of its events added.
func judged(t testing.TB, q telemetry.Question, w world) *Judge {
	t.Helper()
	j, err := New(q, host)
	if err != nil {
		t.Fatal(err)
	}
	j.Begin(telemetry.Block{Start: begin, Warmup: w.warmup, Seconds: w.seconds})
	for _, e := range w.events() {
		j.Add(e)
	}
	return j
}

func TestValue(t *testing.T) {
	j := judged(t, question(), standard())
	for _, tt := range []struct {
		expr string
		want any
		why  string
	}{
		{"load.requests", 400.0, "a counter is its increase over the measured time"},
		{"quiet.load.requests", 200.0, "a window narrows"},
		{"lab.wakeups", 7.0, "the increase ends at the last sample, not at its greatest difference"},
		{"quiet.lab.wakeups", 0.0, "the seventh wakeup was at 0.7 s"},
		{"seconds", 4.0, "the measured time"},
		{"quiet.seconds", 2.0, "the window's length"},
		{"kernel.recvq", 40.0, "a gauge alone is its last value"},
		{"kernel.recvq.last", 40.0, ""},
		{"kernel.recvq.min", 1.0, "the sample at 0 tells of the time before"},
		{"quiet.kernel.recvq.min", 11.0, "a < T"},
		{"quiet.kernel.recvq.max", 30.0, "T <= b"},
		{"quiet.kernel.recvq.mean", 20.5, "of 11 to 30"},
		{"late.kernel.recvq", 40.0, "a gauge alone in a window"},
		{"load.count", 400.0, "observations"},
		{"quiet.load.count", 200.0, ""},
		{"load.max", 0.04, "of 10, 20, 30 and 40 ms"},
		{"ask.size - knob.buf", 5904.0, "what was asked"},
		{"knob.drain", false, ""},
		{"knob.model", "one", ""},
		{"host.cores", 2.0, ""},
		{"host.congestion", "cubic", ""},
		{"quiet.host.cores", 2.0, "the same in every window"},
		{"reads_per_request", 3.0, ""},
		{"quiet.reads_per_second", 300.0, "a derived metric in a window takes the window's seconds"},
		{"twice", 6.0, "derived of derived"},
		{"late.twice", 6.0, ""},
		{"quiet.lab.reads / late.lab.reads", 2.0, "two windows in one expression"},
		{"ceil(ask.size / knob.buf)", 3.0, ""},
		{"floor(2.9) + abs(-2) + round(1.5) + min(4, 3) + max(1, 2, 3)", 12.0, ""},
		{"len(knob.model)", 3.0, ""},
		{"2 ** 3 + 7 % 4 - -1", 12.0, ""},
		{`quiet.kernel.recvq.min > 0 ? "recvq" : "none"`, "recvq", "an answer"},
		{"!knob.drain && not false", true, ""},
		{"0.1 + 0.2 == 0.3", true, "fractions are equal within 1e-9"},
		{"9007199254740992 == 9007199254740991", false, "whole numbers are equal when they are the same"},
		{"knob.drain == 0", true, "false counts as 0 in a comparison"},
		{"load.requests == 0 || lab.reads / load.requests > 2", true, ""},
		{"load.errors == 0 || true", nil, "nobody sent load.errors"},
		{"true || load.errors == 0", true, "the right side is not needed"},
		{"load.requests > 0 ? 1 : lab.reads / 0", 1.0, "neither is the other branch"},
	} {
		got, err := j.Value(tt.expr)
		if tt.want == nil && err == nil || tt.want != nil && (err != nil || got != tt.want) {
			t.Errorf("%s = %v, %v; want %v (%s)", tt.expr, got, err, tt.want, tt.why)
		}
	}
}

func TestQuantiles(t *testing.T) {
	j := judged(t, question(), standard())
	for _, tt := range []struct {
		expr string
		want float64
		why  string
	}{
		{"load.p50", 0.001, "nine of ten"},
		{"load.p90", 0.001, "the ninth of ten"},
		{"load.p95", 0.020, "of 400: 360 of 1 ms, then tens of 10, 20, 30 and 40: the 380th is the last of 20"},
		{"load.p99", 0.040, "the 396th"},
		{"load.p999", 0.040, ""},
		{"late.load.p99", 0.040, "the fourth second has only 40 ms"},
		{"quiet.load.max", 0.030, "cut out of the middle"},
		{"load.min", 0.001, ""},
		{"load.service.p50", 0.001, ""},
		{"load.late.p99", 0.00005, ""},
		{"load.mean", 0.0034, "0.9 of 1 ms, 0.1 of 25 ms"},
		{"load.coarse.p50", 0.001024, "the upper edge of 512 to 1024 µs"},
		{"load.coarse.p99", 0.065536, "the upper edge of 32.8 to 65.5 ms"},
		{"load.service.coarse.p50", 0.001024, ""},
	} {
		got, err := j.Value(tt.expr)
		n, _ := got.(float64)
		if err != nil || math.Abs(n-tt.want) > 0.01*tt.want {
			t.Errorf("%s = %v, %v; want %v within 1 %% (%s)", tt.expr, got, err, tt.want, tt.why)
		}
	}
}

func TestNoValue(t *testing.T) {
	q := question()
	q.Windows = append(q.Windows, telemetry.Window{Name: "beyond", From: 4, To: 5})
	w := standard()
	w.values["lab.reads"] = func(t float64) float64 { return 100 - t } // restarted
	w.values["load.errors"] = func(float64) float64 { return 0 }
	w.values["kernel.rtt"] = func(float64) float64 { return math.NaN() }
	w.observe["load.service"] = func(*telemetry.Histogram, float64) {}
	w.lost = func(source string, t float64) bool { return source == "lab" && t > 2.95 }
	j := judged(t, q, w)
	for _, tt := range []struct{ expr, why string }{
		{"1 / load.errors", "1 / load.errors divides by load.errors, which is 0"},
		{"load.errors / load.errors", "divides by load.errors"},
		{"load.requests % 0", "divides by 0"},
		{"kernel.cwnd.last", "nobody sent kernel.cwnd"},
		{"kernel.rtt.max", "nobody sent kernel.rtt"},
		{"late.lab.wakeups", "lab.wakeups: no sample in the window late"},
		{"late.lab.open.max", "lab.open: no sample in the window late"},
		{"lab.reads", "lab.reads went backwards in the measured time"},
		{"load.service.p50", "load.service observed nothing in the measured time"},
		{"beyond.load.requests", "the window beyond has not begun"},
		{"1e308 * 1e10", "not a finite number"},
		{"(0 - 8) ** 0.5", "not a finite number"},
	} {
		got, err := j.Value(tt.expr)
		if err == nil || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s = %v, %v; want no value: %s", tt.expr, got, err, tt.why)
		}
	}
	if v, err := j.Value("load.service.count"); v != 0.0 || err != nil {
		t.Errorf("load.service.count = %v, %v; want 0: it was sent, and empty", v, err)
	}
	early, _ := New(q, host)
	if v, err := early.Value("seconds"); err == nil {
		t.Errorf("before Begin seconds = %v; want an error", v)
	}
}

func TestWarmupIsTheBase(t *testing.T) {
	w := standard()
	w.warmup = 1
	w.values["load.requests"] = func(t float64) float64 { return math.Round(100 * (t + 1)) }
	w.values["host.steal"] = func(t float64) float64 { return 5000 + t/10 }
	j := judged(t, question(), w)
	for expr, want := range map[string]float64{"load.requests": 400, "load.count": 400, "seconds": 4} {
		if got, err := j.Value(expr); got != want {
			t.Errorf("%s = %v, %v; want %v", expr, got, err, want)
		}
	}
	if got, _ := j.Value("host.steal"); math.Abs(got.(float64)-0.4) > 1e-9 {
		t.Errorf("host.steal = %v, want 0.4", got)
	}
	w.warmup = 0
	w.lost = func(source string, t float64) bool { return t < 0.05 }
	j = judged(t, question(), w)
	if got, _ := j.Value("host.steal"); math.Abs(got.(float64)-0.39) > 1e-9 {
		t.Errorf("host.steal = %v without a sample at 0, want 0.39: it counts since the machine started", got)
	}
	if got, _ := j.Value("load.requests"); got != 500.0 {
		t.Errorf("load.requests = %v without a sample at 0, want 500: it counts from 0", got)
	}
}

func TestMissingSamples(t *testing.T) {
	w := standard()
	w.lost = func(source string, t float64) bool { return math.Abs(t-1) < 0.05 || math.Abs(t-3) < 0.05 }
	j := judged(t, question(), w)
	for expr, want := range map[string]float64{
		"load.requests":          400,
		"quiet.load.requests":    200, // from 0.9 to 2.9
		"quiet.load.count":       200,
		"quiet.kernel.recvq.max": 29,
	} {
		if got, err := j.Value(expr); got != want {
			t.Errorf("%s = %v, %v; want %v", expr, got, err, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		why  string
		with func(*telemetry.Question)
		want string
	}{
		{"derived metrics may use earlier ones only", func(q *telemetry.Question) {
			q.Derive = []telemetry.Formula{{ID: "a", Expr: "b + 1"}, {ID: "b", Expr: "1"}}
		}, "derive a: b: no such name"},
		{"not themselves", func(q *telemetry.Question) { q.Derive = []telemetry.Formula{{ID: "abcdefgh", Expr: "abcdefgh"}} }, "derive abcdefgh: abcdefgh: no such name"},
		{"a gauge has no one value", func(q *telemetry.Question) { q.Derive = []telemetry.Formula{{ID: "a", Expr: "kernel.rss"}} }, "derive a: kernel.rss is a gauge"},
		{"a namespace", func(q *telemetry.Question) { q.Derive = []telemetry.Formula{{ID: "load", Expr: "1"}} }, "derive load: this word has a meaning"},
		{"an operator of the grammar", func(q *telemetry.Question) { q.Windows[0].Name = "in" }, "window in: this word has a meaning"},
		{"no name", func(q *telemetry.Question) { q.Windows[0].Name = "a-b" }, "window a-b: a name in expressions"},
		{"twice", func(q *telemetry.Question) { q.Windows[0].Name = "late" }, "window late: there is a window"},
		{"backwards", func(q *telemetry.Question) { q.Windows[0].To = 0.5 }, "window quiet: it ends at 0.5 s and begins at 1 s"},
		{"a check", func(q *telemetry.Question) { q.Checks = []telemetry.Formula{{ID: "c", Expr: "lab.raeds > 1"}} }, "check c: lab.raeds: no such name, did you mean lab.reads?"},
		{"a figure", func(q *telemetry.Question) { q.Watch = []string{"load"} }, "watch load: load is a histogram: write load.p50, .p90"},
		{"a text cannot be a figure", func(q *telemetry.Question) { q.Watch = []string{"knob.model"} }, "watch knob.model: it is a text"},
		{"a chart", func(q *telemetry.Question) {
			q.Charts = []telemetry.Chart{{Group: "calls", Metrics: []string{"lab.writes"}}}
		}, "chart calls: lab.writes: lab.writes: no such name"},
		{"an answer that is no choice", func(q *telemetry.Question) {
			q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "choice", Choices: []string{"yes"}, Answer: `lab.reads > 0 ? "yes" : "no"`}}
		}, `prediction p: the answer "no" is none of yes`},
		{"a queue that is none", func(q *telemetry.Question) {
			q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "queue", Answer: `"recq"`}}
		}, `prediction p: the answer "recq" is none of client, sendq`},
		{"a number that is a text", func(q *telemetry.Question) {
			q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "number", Answer: "knob.model"}}
		}, "prediction p: knob.model is a text and not a number"},
		{"a tolerance", func(q *telemetry.Question) {
			q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "number", Answer: "1", Tolerance: "x10%"}}
		}, "tolerance"},
		{"a curve of a number", func(q *telemetry.Question) {
			q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "curve", Answer: "1"}}
		}, "prediction p: 1: a curve is one metric over time"},
		{"a curve of a formula", func(q *telemetry.Question) {
			q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "curve", Answer: "2 * lab.reads"}}
		}, "a curve is one metric over time"},
		{"a curve of a setting", func(q *telemetry.Question) {
			q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "curve", Answer: "ask.size"}}
		}, "a curve is one metric over time"},
		{"a curve of a window", func(q *telemetry.Question) {
			q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "curve", Answer: "quiet.lab.reads"}}
		}, "a curve is one metric over time"},
		{"a curve of a whole histogram", func(q *telemetry.Question) {
			q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "curve", Answer: "load"}}
		}, "load is a histogram"},
		{"no kind", func(q *telemetry.Question) { q.Predictions = []telemetry.Prediction{{ID: "p", Answer: "1"}} }, "of kind choice, number, queue or curve"},
		{"doubling forty times", func(q *telemetry.Question) {
			q.Derive = []telemetry.Formula{{ID: "d", Expr: "1 + 1"}}
			for i := range 40 {
				d := q.Derive[i].ID
				q.Derive = append(q.Derive, telemetry.Formula{ID: d + "d", Expr: d + " + " + d})
			}
		}, "too long with its derived metrics filled in"},
		{"a stranger's metric", func(q *telemetry.Question) {
			q.Metrics = append(q.Metrics, telemetry.Metric{Name: "load.late", Kind: telemetry.KindCounter})
		}, "metric load.late"},
		{"a knob of an odd type", func(q *telemetry.Question) { q.Knob["odd"] = []int{1} }, "knob.odd: []int"},
	} {
		q := question()
		tt.with(&q)
		if _, err := New(q, host); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %s", tt.why, err, tt.want)
		}
	}
}

func TestReplay(t *testing.T) {
	q := question()
	q.Checks = []telemetry.Formula{{ID: "c", Expr: "twice == 6"}}
	w := standard()
	live := judged(t, q, w)
	wrong := map[string]float64{"kernel.recvq": 1e9} // near the end; had it been heard, all before it would be late
	events := []telemetry.Event{
		{Kind: telemetry.KindRun, Run: &telemetry.Run{Question: q, Host: host}},
		{Kind: telemetry.KindBlock, Begin: &telemetry.Block{Start: begin, Seconds: 4}},
		{Kind: telemetry.KindBlock, Block: 1, Begin: &telemetry.Block{Start: 100, Seconds: 4}},
		{Kind: telemetry.KindSample, From: telemetry.FromJudge, T: 5.8, Values: wrong},
		{Kind: telemetry.KindSample, From: telemetry.FromLoad, T: 5.8, Block: 1, Values: wrong},
		{Kind: telemetry.KindFigures, From: telemetry.FromJudge, T: 5.8, Values: wrong},
	}
	events = append(events, w.events()...)
	again, err := Replay(events)
	if err != nil {
		t.Fatal(err)
	}
	same(t, again.Finish(), live.Finish())
	if _, err := Replay(events[1:]); err == nil {
		t.Error("a recording without its run was judged")
	}
	if _, err := Replay(nil); err == nil {
		t.Error("nothing was judged")
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"raeds", "reads", 1}, {"reads", "read", 1}, {"abc", "xyz", 3},
	} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
	if !slices.Contains(spaces, "lab") || nearest("zzzzzzzz", spaces) != ":" {
		t.Error("a name that is like none was given a neighbour")
	}
}

// A recording is a file that anybody may have written: whatever its clock says,
// it is judged or refused.
func FuzzClock(f *testing.F) {
	f.Add(2.0, 0.0, 4.0, 1.0, 3.0, 4.5)
	f.Add(-1.0, -5.0, -3.0, -9.0, 1e300, -2.0)
	f.Add(1e300, 1e300, 1e300, 0.0, 0.01, 1e300)
	f.Add(0.0, 0.0, 0.0, 0.0, 1e-9, math.Inf(-1))
	f.Fuzz(func(t *testing.T, start, warmup, seconds, from, to, now float64) {
		q := question()
		q.Windows[0].From, q.Windows[0].To = from, to
		q.Watch = []string{"quiet.load.p99", "quiet.kernel.recvq.mean", "quiet.seconds"}
		q.Checks = []telemetry.Formula{{ID: "c", Expr: "quiet.lab.reads > 0"}}
		q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "number", Answer: "lab.reads", Given: 1.0}}
		j, err := New(q, host)
		if err != nil {
			return
		}
		j.Begin(telemetry.Block{Start: start, Warmup: warmup, Seconds: seconds})
		for _, e := range standard().events() {
			e.T += now
			j.Add(e)
			j.Tick(e.T)
		}
		for name, v := range j.Finish().Metrics {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s = %v", name, v)
			}
		}
	})
}
