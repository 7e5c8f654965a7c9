package judge

import (
	"encoding/json"
	"math"
	"testing"

	"socketlabs/labs/telemetry"
)

// queued is a question of a lab that has workers.
func queued() telemetry.Question {
	return telemetry.Question{
		Seconds: 4, Ask: map[string]any{"model": "open", "connections": 4.0, "depth": 2.0, "burst": 1.0, "rate": 1000.0, "size": 64.0},
		Knob: map[string]any{"queue": 100.0, "threads": 2.0},
		Metrics: []telemetry.Metric{
			{Name: "lab.accepts", Kind: telemetry.KindCounter}, {Name: "lab.worked", Kind: telemetry.KindCounter},
			{Name: "lab.queue", Kind: telemetry.KindGauge}, {Name: "lab.busy", Kind: telemetry.KindGauge},
			{Name: "lab.pending", Kind: telemetry.KindGauge}, {Name: "lab.bytes", Kind: telemetry.KindCounter},
		},
	}
}

type gauged = map[string]func(t float64) float64

func pathAt(v float64) func(float64) float64 { return func(float64) float64 { return v } }

// flow is a counter that grows by so much a second.
func flow(v float64) func(float64) float64 { return func(t float64) float64 { return v * t } }

// between has a level only in a part of the time.
func between(from, to, v float64) func(float64) float64 {
	return func(t float64) float64 {
		if t > from && t <= to {
			return v
		}
		return 0
	}
}

// keepsUp is a server of 1000 requests a second that keeps up.
func keepsUp() gauged {
	return gauged{
		"load.backlog": pathAt(1), "load.sent": flow(1000), "load.requests": flow(1000), "load.inflight": pathAt(1),
		"load.bytes_out": flow(64000), "load.bytes_in": flow(64000), "load.fault_sent": pathAt(0), "load.fault_received": pathAt(0),
		"kernel.recvq": pathAt(32), "kernel.sendq": pathAt(256), "kernel.notsent": pathAt(0), "kernel.accept_queue": pathAt(0), "kernel.backlog": pathAt(8),
		"kernel.client_recvq": pathAt(0), "kernel.client_sendq": pathAt(64), "kernel.rwnd_limited": pathAt(0), "kernel.retransmits": pathAt(0),
		"kernel.cpu": flow(0.5), "kernel.cwnd": pathAt(10), "kernel.established": pathAt(4),
		"lab.accepts": pathAt(4), "lab.queue": pathAt(0), "lab.busy": pathAt(1), "lab.worked": flow(1000), "lab.pending": pathAt(0), "lab.bytes": flow(64000),
	}
}

// measuredBy returns the judge of a run in which some levels are different; a nil
// one is told by nobody.
func measuredBy(t testing.TB, q telemetry.Question, other gauged) *Judge {
	t.Helper()
	w := world{seconds: q.Seconds, values: keepsUp()}
	for name, f := range other {
		if w.values[name] = f; f == nil {
			delete(w.values, name)
		}
	}
	j, err := New(q, host)
	if err != nil {
		t.Fatal(err)
	}
	j.Begin(telemetry.Block{Start: begin, Seconds: q.Seconds})
	for _, e := range w.events() {
		j.Add(e)
	}
	return j
}

func TestBottleneck(t *testing.T) {
	saw := func(t float64) float64 { return math.Mod(math.Round(10*t), 3) * 50 }
	for _, tt := range []struct {
		why          string
		other        gauged
		stage, cause string
		confidence   string
	}{
		{"it keeps up: 32 bytes in a queue that passes 64,000 a second wait half a millisecond", nil, "none", "nothing-stands", "high"},
		{"a queue that drains absorbs bursts (RFC 8289, 3.1)", gauged{"lab.queue": saw}, "none", "nothing-stands", "high"},
		{"a queue that does not drain is the workers' trouble", gauged{"lab.queue": pathAt(50)}, "workers", "workers-busy", "high"},
		{"everything before it fills up too", gauged{"lab.queue": pathAt(100), "kernel.recvq": pathAt(1e6), "load.backlog": pathAt(5000)}, "workers", "workers-busy", "high"},
		{"Recv-Q: the application, which is at work", gauged{"kernel.recvq": pathAt(1e6), "kernel.cpu": flow(1)}, "recvq", "app-busy", "high"},
		{"Recv-Q: the application, which does nothing", gauged{"kernel.recvq": pathAt(1e6), "kernel.cpu": pathAt(0)}, "recvq", "app-stopped", "high"},
		{"a listener's Recv-Q is its accept queue", gauged{"kernel.accept_queue": pathAt(9), "kernel.recvq": pathAt(640)}, "accept", "not-accepting", "high"},
		{"it accepts, too slowly", gauged{"kernel.accept_queue": pathAt(9), "lab.accepts": flow(10)}, "accept", "accept-slow", "high"},
		{"the peer's window is shut", gauged{"kernel.sendq": pathAt(4e6), "kernel.notsent": pathAt(4e6), "kernel.rwnd_limited": flow(1), "lab.pending": pathAt(60000)}, "sendq", "peer-window", "high"},
		{"the congestion window is full", gauged{"kernel.sendq": pathAt(4e6), "kernel.notsent": pathAt(3e6)}, "sendq", "congestion", "high"},
		{"it has room, and still the kernel waits: Nagle", gauged{"kernel.sendq": pathAt(500), "kernel.notsent": pathAt(400)}, "sendq", "held-back", "high"},
		{"all was sent and nothing comes back", gauged{"kernel.sendq": pathAt(5000), "load.bytes_in": pathAt(0), "lab.bytes": pathAt(0)}, "sendq", "unacknowledged", "high"},
		{"an ACK may be delayed by 40 ms, and that is no queue", gauged{"kernel.client_sendq": pathAt(0.04 * 64000)}, "none", "nothing-stands", "high"},
		{"it may not be by a second", gauged{"kernel.client_sendq": pathAt(64000)}, "client_sendq", "unacknowledged", "high"},
		{"the client may not send more before it has answers", gauged{"load.backlog": flow(500), "load.inflight": pathAt(8)}, "client", "in-flight-full", "high"},
		{"it may, and does not", gauged{"load.backlog": flow(500)}, "client", "load-late", "high"},
		{"half a second is the least", gauged{"lab.queue": between(1, 1.4, 50)}, "none", "nothing-stands", "high"},
		{"and counts, though not for sure", gauged{"lab.queue": between(1, 1.5, 50)}, "workers", "workers-busy", "low"},
		{"a second is more", gauged{"lab.queue": between(1, 2, 50)}, "workers", "workers-busy", "medium"},
		{"of two in turn the longer one", gauged{"lab.queue": between(0, 2.5, 50), "kernel.recvq": between(2.5, 4, 1e6)}, "workers", "workers-busy", "medium"},
		{"what nobody tells of is no evidence", gauged{"lab.queue": nil, "lab.pending": nil}, "none", "nothing-stands", "high"},
	} {
		b := measuredBy(t, queued(), tt.other).Bottleneck(0, 4)
		if b.Stage != tt.stage || b.Cause != tt.cause || b.Confidence != tt.confidence {
			t.Errorf("%s: %s, %s, %s; want %s, %s, %s\n%+v", tt.why, b.Stage, b.Cause, b.Confidence, tt.stage, tt.cause, tt.confidence, b)
		}
	}
}

func TestBottleneckSaysWhenAndWhatElse(t *testing.T) {
	j := measuredBy(t, queued(), gauged{"kernel.rtt": pathAt(0.0002), "kernel.retransmits": flow(3), "lab.queue": between(1, 3.5, 100), "load.backlog": between(1, 3.5, 900), "kernel.recvq": between(0, 1, 1e6)})
	b := j.Bottleneck(0, 4)
	if b.From != 1 || b.To != 3.5 || b.Held != 2.5 || b.Of != 4 {
		t.Errorf("from %g to %g, %g of %g; want 1 to 3.5, 2.5 of 4", b.From, b.To, b.Held, b.Of)
	}
	if len(b.Others) != 1 || b.Others[0] != "recvq" || len(b.Behind) != 1 || b.Behind[0] != "client" {
		t.Errorf("others %v, behind %v; want recvq, client", b.Others, b.Behind)
	}
	values := map[string]float64{}
	for _, e := range b.Evidence {
		values[e.Code+" "+e.Metric] = e.Value
	}
	for name, want := range map[string]float64{
		"least lab.queue": 100, "mean lab.queue": 100, "limit lab.queue": 100, "out lab.queue": 1000, "wait lab.queue": 0.1, "busy lab.busy": 1,
	} {
		if got, ok := values[name]; !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %g (%v), want %g: Little's law with 1000 a second", name, got, ok, want)
		}
	}
}

func TestBottleneckInExpressions(t *testing.T) {
	q := queued()
	q.Windows = []telemetry.Window{{Name: "later", From: 2.5, To: 4}}
	q.Predictions = []telemetry.Prediction{
		{ID: "whole", Kind: "queue", Answer: "bottleneck", Given: "workers"},
		{ID: "late", Kind: "queue", Answer: "later.bottleneck", Given: "workers"},
		{ID: "asked", Kind: "choice", Choices: []string{"yes", "no"}, Answer: `bottleneck == "workers" ? "yes" : "no"`, Given: "no"},
	}
	v := measuredBy(t, q, gauged{"lab.queue": between(0, 2.5, 50)}).Finish()
	for i, want := range []struct {
		answer string
		right  bool
	}{{"workers", true}, {"none", false}, {"yes", false}} {
		if g := v.Guesses[i]; g.Answer != want.answer || g.Right != want.right {
			t.Errorf("%s: %v (%v) %s, want %s (%v)", g.ID, g.Answer, g.Right, g.Why, want.answer, want.right)
		}
	}
	if err := Lint(q, `bottleneck == "accept" && seconds > 1`, true); err == nil {
		t.Error("a text beside a text cannot be shown on a scale, and is no check")
	}
	q.Windows = append(q.Windows, telemetry.Window{Name: "bottleneck", From: 0, To: 1})
	if _, err := New(q, host); err == nil {
		t.Error("a window may not take the word")
	}
}

func TestStages(t *testing.T) {
	j := measuredBy(t, queued(), gauged{"kernel.rtt": pathAt(0.0002), "kernel.retransmits": flow(3), "lab.queue": flow(10), "kernel.recvq": flow(1000), "load.backlog": flow(5)})
	want := map[string]telemetry.Stage{
		"client":       {Level: ref(10), In: ref(1005), Out: ref(1000)},
		"client_sendq": {Level: ref(64), In: ref(64000), Out: ref(64000)},
		"link":         {Level: ref(256), In: ref(64000), Out: ref(64000), RTT: ref(0.0002), Again: ref(3)},
		"recvq":        {Level: ref(2000), In: ref(64000), Out: ref(63000)},
		"accept":       {Level: ref(0), In: ref(0), Out: ref(0), Limit: ref(9)}, // one more than the backlog
		"parser":       {Absent: "no-gauge"},
		"workers":      {Level: ref(20), In: ref(1010), Out: ref(1000), Limit: ref(100)},
		"out":          {Level: ref(0), In: ref(64000), Out: ref(64000)},
		"sendq":        {Level: ref(256), In: ref(64000), Out: ref(64000)},
	}
	for i, s := range j.Stages(2) {
		w := want[s.ID]
		if s.Absent != w.Absent || !alike(s.Level, w.Level) || !alike(s.In, w.In) || !alike(s.Out, w.Out) || !alike(s.Limit, w.Limit) || !alike(s.RTT, w.RTT) || !alike(s.Again, w.Again) {
			got, _ := json.Marshal(s)
			expected, _ := json.Marshal(w)
			t.Errorf("stage %d: %s, want %s", i, got, expected)
		}
	}
}

// Bytes whose rest has not come are in the parser, and it is not to blame for them;
// for what it could take it is.
func TestStagesOfAParser(t *testing.T) {
	for gauge, want := range map[string]string{"unfinished": "none", "unparsed": "parser"} {
		q := queued()
		q.Metrics = append(q.Metrics, telemetry.Metric{Name: "lab." + gauge, Kind: telemetry.KindGauge})
		j := measuredBy(t, q, gauged{"lab." + gauge: pathAt(5e4)})
		for _, s := range j.Stages(2) {
			if s.ID == "parser" && (!alike(s.Level, ref(5e4)) || !alike(s.Out, ref(64000)) || s.Absent != "") {
				t.Errorf("%s: %+v", gauge, s)
			}
		}
		if got := j.Bottleneck(0, q.Seconds).Stage; got != want {
			t.Errorf("%s: the bottleneck is %s, want %s", gauge, got, want)
		}
	}
}

func TestStagesThatARunCanNotShow(t *testing.T) {
	closed, none := queued(), queued()
	closed.Ask["model"], none.Ask = "closed", nil
	for _, tt := range []struct {
		q           telemetry.Question
		stage, want string
		other       gauged
	}{
		{closed, "client", "closed-loop", nil},
		{none, "client", "no-load", nil},
		{queued(), "client", "", nil},
		{queued(), "client_sendq", "not-recorded", gauged{"kernel.client_sendq": nil}},
		{queued(), "workers", "not-recorded", gauged{"lab.queue": nil}}, // a server of somebody else's
		{queued(), "link", "", nil},
		{queued(), "link", "not-recorded", gauged{"kernel.sendq": nil}},
		{queued(), "parser", "no-gauge", nil},
	} {
		for _, s := range measuredBy(t, tt.q, tt.other).Stages(2) {
			if s.ID == tt.stage && (s.Absent != tt.want || (s.Absent == "") != (s.Level != nil)) {
				t.Errorf("%s: %q, want %q", s.ID, s.Absent, tt.want)
			}
		}
	}
}

// A recording that does not hold the path gives the one that would be in it.
func TestPaths(t *testing.T) {
	q := queued()
	q.Seconds = 3.5
	paths := measuredBy(t, q, gauged{"lab.queue": pathAt(50)}).Paths()
	if len(paths) != 4 || paths[0].T != begin+1 || paths[3].T != begin+3.5 {
		t.Fatalf("%d, from %g to %g; want 4, from %g to %g", len(paths), paths[0].T, paths[len(paths)-1].T, begin+1.0, begin+3.5)
	}
	if v := paths[3].Path.Verdict; v.Stage != "workers" || v.Held != 3.5 {
		t.Errorf("%+v", v)
	}
	if got := new(Judge).Paths(); got != nil {
		t.Errorf("before a block has begun: %v", got)
	}
}

func BenchmarkPath(b *testing.B) {
	q := queued()
	q.Seconds = 60
	j := measuredBy(b, q, gauged{"lab.queue": pathAt(50), "kernel.recvq": pathAt(1e6)})
	for b.Loop() {
		j.Path(begin + 60)
	}
}

func ref(v float64) *float64 { return &v }

func alike(a, b *float64) bool {
	return a == nil && b == nil || a != nil && b != nil && math.Abs(*a-*b) < 1e-6*max(1, math.Abs(*b))
}
