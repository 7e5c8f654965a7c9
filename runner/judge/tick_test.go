package judge

import (
	"math"
	"slices"
	"testing"
	"time"

	"socketlabs/labs/telemetry"
)

// said is what Tick said at one tick.
type said struct {
	derived, figures map[string]float64
	checks           []telemetry.Check
}

// follow adds a run tick by tick and returns what was said at each, by tenths
// of a second of the measured time.
func follow(t testing.TB, q telemetry.Question, w world) (*Judge, map[int]said) {
	t.Helper()
	j, err := New(q, host)
	if err != nil {
		t.Fatal(err)
	}
	j.Begin(telemetry.Block{Start: begin, Warmup: w.warmup, Seconds: w.seconds})
	out := map[int]said{}
	events := w.events()
	for i, e := range events {
		j.Add(e)
		if i+1 == len(events) || events[i+1].T != e.T {
			var s said
			s.derived, s.figures, s.checks = j.Tick(e.T)
			out[ticks(e.T-begin-w.warmup)] = s
		}
	}
	return j, out
}

func TestTick(t *testing.T) {
	q, w := question(), standard()
	w.warmup = 1
	w.values["load.requests"] = func(t float64) float64 { return math.Round(100 * (t + 1)) }
	q.Watch = []string{"load.requests", "kernel.recvq", "quiet.lab.reads", "reads_per_request", "load.p50 < 0.1", "kernel.cwnd"}
	q.Charts = []telemetry.Chart{{Group: "latency", Metrics: []string{"load.requests", "kernel.recvq", "load.coarse.p99", "load.p50", "load.count", "kernel.recvq.max", "twice"}}}
	_, at := follow(t, q, w)

	for _, tt := range []struct {
		tick int
		name string
		want float64 // NaN: absent
		why  string
	}{
		{-5, "load.requests", 50, "during the warm-up: since it began"},
		{0, "load.requests", 100, "at 0 the warm-up is over, and nothing measured"},
		{1, "load.requests", 10, "from here on the measured time"},
		{40, "load.requests", 400, ""},
		{42, "load.requests", 400, "nothing is measured after the end"},
		{17, "kernel.recvq", 17, "a gauge is its last value"},
		{10, "quiet.lab.reads", math.NaN(), "the window has not begun"},
		{20, "quiet.lab.reads", 300, "the window so far"},
		{35, "quiet.lab.reads", 600, "the window is over"},
		{20, "reads_per_request", 3, ""},
		{20, "load.p50 < 0.1", 1, "true is 1"},
		{20, "kernel.cwnd", math.NaN(), "nobody sent it"},
	} {
		expect(t, "figure", at[tt.tick].figures, tt.tick, tt.name, tt.want, tt.why)
	}
	for _, tt := range []struct {
		tick int
		name string
		want float64
		why  string
	}{
		{-5, "load.p50", 0.001, "charts begin with the load"},
		{5, "load.max", 0.010, "the second 0 to 1 has 10 ms"},
		{25, "load.max", 0.030, "the last second holds 20 and 30 ms"},
		{30, "load.max", 0.030, ""},
		{30, "load.p90", 0.001, ""},
		{30, "load.service.p99", 0.001, ""},
		{30, "load.late.p99", 0.00005, ""},
		{30, "load.coarse.p99", 0.032768, "the chart names it"},
		{30, "kernel.recvq.max", 30, ""},
		{-5, "load.count", 50, "half a second of warm-up has passed"},
		{25, "load.count", 100, "of one second, and no more"},
		{30, "reads_per_second", 300, "of the last second"},
		{5, "twice", 6, ""},
		{30, "load.requests", math.NaN(), "it is a sample itself"},
		{30, "kernel.recvq", math.NaN(), ""},
	} {
		expect(t, "derived", at[tt.tick].derived, tt.tick, tt.name, tt.want, tt.why)
	}
	if s := at[-10]; s.derived != nil || s.figures != nil {
		t.Errorf("before the load begins: %+v", s)
	}
}

func expect(t *testing.T, what string, got map[string]float64, tick int, name string, want float64, why string) {
	t.Helper()
	v, ok := got[name]
	if ok == math.IsNaN(want) || ok && math.Abs(v-want) > 0.01*math.Abs(want) {
		t.Errorf("tick %d: %s %s = %v, %v; want %v (%s)", tick, what, name, v, ok, want, why)
	}
}

func TestTickSaysNothingTwice(t *testing.T) {
	j, _ := follow(t, question(), standard())
	if d, f, c := j.Tick(begin + 5); d != nil || f != nil || c != nil {
		t.Errorf("nothing came, and it said %v %v %v", d, f, c)
	}
	fresh, _ := New(question(), host)
	fresh.Add(telemetry.Event{Kind: telemetry.KindSample, From: "lab", T: 1, Values: map[string]float64{"lab.reads": 1}})
	if d, f, c := fresh.Tick(1); d != nil || f != nil || c != nil {
		t.Errorf("before the block's clock is known it said %v %v %v", d, f, c)
	}
}

func TestChecksWhenDue(t *testing.T) {
	q, w := question(), standard()
	q.Derive = append(q.Derive, telemetry.Formula{ID: "calm", Expr: "late.lab.wakeups"})
	q.Windows = append(q.Windows, telemetry.Window{Name: "endless", From: 1, To: 9})
	q.Checks = []telemetry.Formula{
		{ID: "early", Expr: "load.requests > 1"},
		{ID: "turns", Expr: "load.requests < 300"},
		{ID: "window", Expr: "quiet.load.requests == 200"},
		{ID: "derived", Expr: "calm == 0"},
		{ID: "endless", Expr: "endless.lab.reads > 1"},
		{ID: "silent", Expr: "kernel.cwnd.max > 1"},
		{ID: "appears", Expr: "kernel.rtt.max > 1"},
	}
	w.values["kernel.rtt"] = func(t float64) float64 {
		if t < 3.45 {
			return math.NaN()
		}
		return 2
	}
	_, at := follow(t, q, w)
	var got []string
	for k := 0; k <= 43; k++ {
		for _, c := range at[k].checks {
			got = append(got, (time.Duration(k)*telemetry.Tick).String()+" "+c.ID+map[bool]string{true: " holds", false: " fails"}[c.Pass])
		}
	}
	want := []string{
		"2s early holds",     // half of the measured time has passed
		"2s turns holds",     //
		"3s turns fails",     // it has changed
		"3s window holds",    // the window that it names is over
		"3.5s appears holds", // it has a value
		"4s derived holds",   // so is the one that a derived metric names
		"4s endless holds",   // a window ends with the run
	} // and silent, which has no value, is not said before the end
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// The snapshots that are let go must not be missed: a judge that follows the run
// with its clock known and one that learns it at the end, and so keeps all, agree.
func TestForgettingLosesNothing(t *testing.T) {
	q, w := question(), standard()
	w.warmup, w.seconds = 2, 8
	q.Windows = append(q.Windows, telemetry.Window{Name: "odd", From: 0.3, To: 6.7})
	w.lost = func(s string, t float64) bool { return math.Abs(t-6.7) < 0.15 || math.Abs(t-0.3) < 0.05 }
	short := judged(t, q, w)
	long, _ := New(q, host)
	for _, e := range w.events() {
		long.Add(e)
	}
	long.Begin(telemetry.Block{Start: begin, Warmup: w.warmup, Seconds: w.seconds})
	for _, window := range []string{"", "quiet.", "late.", "odd."} {
		for _, shape := range []string{"count", "p50", "p99", "max", "mean"} {
			expr := window + "load." + shape
			a, errA := short.Value(expr)
			b, errB := long.Value(expr)
			if a != b || errA != nil || errB != nil {
				t.Errorf("%s: %v, %v with everything kept; %v, %v without", expr, b, errB, a, errA)
			}
		}
	}
	if n, all := len(short.words.tracks["load"].snaps), len(long.words.tracks["load"].snaps); n > ring+len(short.edges)+1 || n >= all {
		t.Errorf("%d of %d snapshots were kept", n, all)
	}
}

// What is asked twice may have changed in between.
func TestValueWhileItRuns(t *testing.T) {
	j, _ := New(question(), host)
	j.Begin(telemetry.Block{Start: begin, Seconds: 4})
	events := standard().events()
	half := slices.IndexFunc(events, func(e telemetry.Event) bool { return e.T > begin+2.05 })
	for i, part := range [][]telemetry.Event{events[:half], events[half:]} {
		for _, e := range part {
			j.Add(e)
		}
		want := float64(200 * (i + 1))
		for _, expr := range []string{"load.count", "load.requests"} {
			if v, err := j.Value(expr); v != want {
				t.Errorf("%s = %v, %v; want %v", expr, v, err, want)
			}
		}
	}
}

// busy is a question and a run of a minute with the metrics of a real one.
func busy() (telemetry.Question, world) {
	q, w := question(), standard()
	w.warmup, w.seconds = 0, 60
	q.Watch = []string{"load.requests", "kernel.recvq", "reads_per_request", "load.p50", "load.p99", "load.coarse.p99"}
	q.Charts = []telemetry.Chart{{Group: "latency", Metrics: []string{"load.p50", "load.p99", "load.max", "load.coarse.p99", "kernel.rss.max"}}}
	q.Checks = []telemetry.Formula{
		{ID: "a", Expr: "quiet.kernel.recvq.min == ask.connections * (ask.size - knob.buf)"},
		{ID: "b", Expr: "load.requests > 100 && load.p50 < 0.1 && load.p99 > 0"},
		{ID: "c", Expr: "reads_per_request > ceil(ask.size / knob.buf)"},
		{ID: "d", Expr: "quiet.load.p99 < 1"},
	}
	q.Predictions = []telemetry.Prediction{{ID: "p", Kind: "number", Answer: "reads_per_request", Given: 3.0, Tolerance: "10%"}}
	for _, m := range telemetry.Catalogue() {
		if w.values[m.Name] == nil && m.Kind != telemetry.KindHistogram && space(m.Name) != "host" {
			w.values[m.Name] = func(t float64) float64 { return 1 + t }
		}
	}
	w.observe["load"] = func(h *telemetry.Histogram, t float64) {
		for i := range 1000 {
			h.Observe(time.Duration(50+i*i) * time.Microsecond)
		}
	}
	return q, w
}

// BenchmarkTick is one tick at the end of a minute: four samples and what is
// said of them.
func BenchmarkTick(b *testing.B) {
	q, w := busy()
	events := w.events()
	j, err := New(q, host)
	if err != nil {
		b.Fatal(err)
	}
	j.Begin(telemetry.Block{Start: begin, Seconds: 120})
	for _, e := range events {
		j.Add(e)
	}
	last := events[len(events)-4:]
	end := last[0].T
	for i := 0; b.Loop(); i++ {
		if i%500 == 0 { // the judge must not grow beyond what a run can bring
			b.StopTimer()
			j, _ = New(q, host)
			j.Begin(telemetry.Block{Start: begin, Seconds: 120})
			for _, e := range events {
				j.Add(e)
			}
			end = last[0].T
			b.StartTimer()
		}
		end += 0.1
		for _, e := range last {
			e.T = end
			j.Add(e)
		}
		j.Tick(end)
	}
}

func BenchmarkFinish(b *testing.B) {
	q, w := busy()
	events := w.events()
	for b.Loop() {
		b.StopTimer()
		j, err := New(q, host)
		if err != nil {
			b.Fatal(err)
		}
		j.Begin(telemetry.Block{Start: begin, Seconds: 60})
		for _, e := range events {
			j.Add(e)
		}
		b.StartTimer()
		j.Finish()
	}
}
