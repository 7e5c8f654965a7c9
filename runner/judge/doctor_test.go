package judge

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

// patient is a run of so many seconds whose samples at, given the time in
// seconds since load began, makes.
func patient(t *testing.T, seconds float64, asked map[string]any, at func(t float64) map[string]float64) *Doctor {
	t.Helper()
	var d Doctor
	metrics := []telemetry.Metric{}
	for _, m := range []struct {
		name string
		kind telemetry.MetricKind
	}{{"lab.wakeups", telemetry.KindCounter}, {"lab.reads", telemetry.KindCounter}, {"lab.lock_wait", telemetry.KindCounter}, {"lab.held_bytes", telemetry.KindGauge}} {
		metrics = append(metrics, telemetry.Metric{Name: m.name, Kind: m.kind})
	}
	add := func(e telemetry.Event) {
		t.Helper()
		if err := d.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	add(telemetry.Event{Kind: telemetry.KindRun, Run: &telemetry.Run{ID: "r", Asked: asked, Host: telemetry.Host{Cores: 2}, Question: telemetry.Question{Seconds: seconds, Metrics: metrics}}})
	add(telemetry.Event{Kind: telemetry.KindState, From: telemetry.FromRunner, State: &telemetry.State{Phase: telemetry.Running, Facts: map[string]string{"pid": "4321", "addr": "127.0.0.1:9000"}}})
	add(telemetry.Event{Kind: telemetry.KindBlock, Begin: &telemetry.Block{Start: 1, Seconds: seconds}})
	for tick := 0; tick <= ticks(seconds); tick++ {
		now := float64(tick) / 10
		for _, from := range []string{telemetry.FromLab, telemetry.FromLoad, telemetry.FromKernel, telemetry.FromHost} {
			values := map[string]float64{}
			for name, v := range at(now) {
				if space(name) == from {
					values[name] = v
				}
			}
			add(telemetry.Event{T: 1 + now, Kind: telemetry.KindSample, From: from, Values: values})
		}
	}
	return &d
}

func signalOf(t *testing.T, x Examination, step, id string) DoctorSignal {
	t.Helper()
	for _, s := range x.Steps {
		if i := slices.IndexFunc(s.Signals, func(g DoctorSignal) bool { return g.ID == id }); s.ID == step && i >= 0 {
			return s.Signals[i]
		}
	}
	t.Fatalf("no signal %s in step %s: %+v", id, step, x.Steps)
	return DoctorSignal{}
}

func TestSignals(t *testing.T) {
	after := func(when, now, v float64) float64 { // v from then on
		if now > when {
			return v
		}
		return 0
	}
	tests := []struct {
		why, step, id string
		at            func(t float64) map[string]float64
		state         Health
		from, to      float64
	}{
		{"bytes that nobody reads from 2 s on", "sockets", "recvq",
			func(t float64) map[string]float64 { return map[string]float64{"kernel.recvq": after(2, t, 5000)} }, Sick, 2, 6},
		{"a queue that is empty once in each second is no standing queue", "sockets", "recvq",
			func(t float64) map[string]float64 {
				return map[string]float64{"kernel.recvq": 5000 * float64(min(1, ticks(t)%10))}
			}, Fine, 0, 6},
		{"one bad second is a hiccup", "sockets", "recvq",
			func(t float64) map[string]float64 {
				return map[string]float64{"kernel.recvq": after(2, t, 5000) - after(3, t, 5000)}
			}, Fine, 0, 6},
		{"a quarter of a second of every second", "sockets", "window",
			func(t float64) map[string]float64 { return map[string]float64{"kernel.rwnd_limited": t / 4} }, Look, 0, 6},
		{"small bytes, and the window is open: Nagle", "sockets", "held-back",
			func(t float64) map[string]float64 {
				return map[string]float64{"kernel.notsent": 64, "kernel.rwnd_limited": 0}
			}, Sick, 0, 6},
		{"as small, but the peer's window is closed", "sockets", "held-back",
			func(t float64) map[string]float64 {
				return map[string]float64{"kernel.notsent": 64, "kernel.rwnd_limited": t}
			}, Fine, 0, 6},
		{"listen(2) takes one more than it is told: not full", "sockets", "accept-full",
			func(t float64) map[string]float64 {
				return map[string]float64{"kernel.accept_queue": 1, "kernel.backlog": 1}
			}, Fine, 0, 6},
		{"full", "sockets", "accept-full",
			func(t float64) map[string]float64 {
				return map[string]float64{"kernel.accept_queue": 2, "kernel.backlog": 1}
			}, Sick, 0, 6},
		{"each wakeup finds something", "load", "idle-wakeups",
			func(t float64) map[string]float64 {
				return map[string]float64{"lab.wakeups": 9000 * t, "lab.reads": 9000 * t}
			}, Fine, 0, 6},
		{"hardly any does", "load", "idle-wakeups",
			func(t float64) map[string]float64 {
				return map[string]float64{"lab.wakeups": 9000 * t, "lab.reads": 50 * t}
			}, Sick, 0, 6},
		{"two threads wait all the time", "locks", "lock-wait",
			func(t float64) map[string]float64 { return map[string]float64{"lab.lock_wait": 2e6 * t} }, Sick, 0, 6},
		{"answers in a buffer while clients wait", "application", "held",
			func(t float64) map[string]float64 { return map[string]float64{"lab.held_bytes": 200, "load.oldest": t} }, Sick, 1, 6},
		{"answers in a buffer for the sake of company", "application", "held",
			func(t float64) map[string]float64 {
				return map[string]float64{"lab.held_bytes": 200, "load.oldest": 0.01}
			}, Fine, 0, 6},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			x := patient(t, 6, nil, test.at).Examine()
			g := signalOf(t, x, test.step, test.id)
			if g.State != test.state || g.From != test.from || g.To != test.to {
				t.Errorf("%+v, want %s from %v to %v", g, test.state, test.from, test.to)
			}
			if step := stepOf(x, test.step); test.state == Sick && step.State != Sick {
				t.Errorf("the step is %s", step.State)
			}
		})
	}
}

func TestWhatCannotBeSeenIsSaid(t *testing.T) {
	d := patient(t, 2, nil, func(float64) map[string]float64 { return map[string]float64{"kernel.cpu": 0} })
	x := d.Examine()
	if len(x.Steps) != 7 || x.Seconds != 2 || x.PID != "4321" || x.Port != "9000" {
		t.Fatalf("%+v", x)
	}
	for _, id := range []string{"disk", "dependency"} {
		if s := stepOf(x, id); s.State != Unseen || s.Why != "uncounted" {
			t.Errorf("%s: %s, %q: this server does not count it", id, s.State, s.Why)
		}
	}
	for _, s := range new(Doctor).Examine().Steps {
		if s.State != Unseen || s.Why != "waiting" || len(s.Commands) > 0 {
			t.Errorf("before the run: %+v", s)
		}
	}
	if err := new(Doctor).Add(telemetry.Event{Kind: telemetry.KindSample}); err == nil {
		t.Error("a recording without its run is taken")
	}
}

// The commands are this run's: copied, they work.
func TestCommandsNameTheRun(t *testing.T) {
	none := func(float64) map[string]float64 { return nil }
	for _, test := range []struct {
		why   string
		asked map[string]any
		want  string
	}{
		{"the host's network", nil, "ss -ti 'sport = :9000'"},
		{"a network of the run's own", map[string]any{"net": "own"}, "nsenter -t 4321 -n -- ss -ti 'sport = :9000'"},
	} {
		var all []string
		for _, s := range patient(t, 1, test.asked, none).Examine().Steps {
			if len(s.Commands) == 0 {
				t.Errorf("%s: step %s has no command", test.why, s.ID)
			}
			all = append(all, s.Commands...)
		}
		if text := strings.Join(all, "\n"); !slices.Contains(all, test.want) || strings.Contains(text, "{") || !strings.Contains(text, "-p 4321") {
			t.Errorf("%s: %s", test.why, text)
		}
	}
}

func TestHoldsLooksAtTheMarkedTimeOnly(t *testing.T) {
	d := patient(t, 4, nil, func(t float64) map[string]float64 {
		return map[string]float64{"kernel.close_wait": 10 * t, "lab.wakeups": 0}
	})
	for _, test := range []struct {
		from, to float64
		pass     bool
	}{{2, 4, true}, {1.5, 2, true}, {0, 1, false}, {5, 6, false}} {
		c, err := d.Holds("kernel.close_wait.min >= 15", test.from, test.to)
		if err != nil || c.Pass != test.pass {
			t.Errorf("from %v to %v: %+v, %v", test.from, test.to, c, err)
		}
	}
	if _, err := d.Holds("lab.no_such > 1", 0, 1); err == nil {
		t.Error("a metric that nobody has is judged")
	}
	if _, err := new(Doctor).Holds("kernel.cpu > 1", 0, 1); err == nil {
		t.Error("a run that has not begun is judged")
	}
}

func stepOf(x Examination, id string) DoctorStep {
	return x.Steps[slices.IndexFunc(x.Steps, func(s DoctorStep) bool { return s.ID == id })]
}

// The words of steps and signals are looked up by their ids.
func TestIDsAreUnique(t *testing.T) {
	steps, signals := DoctorIDs()
	if got := fmt.Sprint(steps); got != "[load network sockets application locks disk dependency]" {
		t.Error(got)
	}
	slices.Sort(signals)
	if len(slices.Compact(slices.Clone(signals))) != len(signals) {
		t.Errorf("a signal stands twice in %v", signals)
	}
}
