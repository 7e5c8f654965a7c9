package judge

import (
	"math"
	"testing"
)

// calm is a run that meets any sensible objective and lights no signal.
func calm(change map[string]float64) Measured {
	m := Measured{Seconds: 2, Cores: 2, Ask: map[string]any{"model": "open", "rate": 1000.0}, Metrics: map[string]float64{
		"load.requests": 2000, "load.sent": 2000, "load.bytes_in": 128e3, "load.bytes_out": 128e3,
		"load.p50": 0.0002, "load.p99": 0.002, "load.heavy.count": 0,
		"kernel.cpu": 0.2, "kernel.switches": 2000, "kernel.threads.max": 8, "kernel.accept_queue.mean": 0, "host.busy.mean": 0.4,
		"lab.wakeups": 2000, "lab.lock_wait": 0,
	}}
	for k, v := range change {
		m.Metrics[k] = v
	}
	return m
}

func TestAdvise(t *testing.T) {
	late := func(more map[string]float64) map[string]float64 {
		out := map[string]float64{"load.p99": 0.2}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	for _, c := range []struct {
		rung      string
		change    map[string]float64
		next, why string
		because   string
	}{
		{"one", nil, "", "met", "the objective is met: nothing justifies another rung"},
		{"one", map[string]float64{"kernel.cpu": 2, "kernel.accept_queue.mean": 9}, "", "met", "even if signals are lit"},
		{"one", late(map[string]float64{"kernel.accept_queue.mean": 3}), "threads", "alone", "somebody waits while one client is served"},
		{"one", late(nil), "", "none", "nobody waits in line: the model is not the reason"},
		{"threads", late(map[string]float64{"kernel.threads.max": 1004}), "level", "threads", "a thread for each of 1,000 connections"},
		{"threads", late(map[string]float64{"kernel.switches": 4400}), "level", "threads", "more than one switch for a request"},
		{"threads", late(map[string]float64{"kernel.cpu": 1.9}), "", "host", "threads use every core already"},
		{"level", late(map[string]float64{"kernel.cpu": 1.9}), "loops", "core", "the loop's core is full and another is idle"},
		{"level", late(map[string]float64{"kernel.cpu": 1.9, "host.busy.mean": 1.9}), "", "host", "no core is idle: the machine is the limit"},
		{"loops", late(map[string]float64{"kernel.cpu": 2.9}), "", "host", "there is a loop for each core already"},
		{"level", late(map[string]float64{"lab.wakeups": 90000}), "edge", "wakeups", "woken for nothing, as with EPOLLOUT left armed"},
		{"level", late(map[string]float64{"load.heavy.count": 50}), "pool", "stall", "a heavy request beside cheap ones"},
		{"level", late(map[string]float64{"load.heavy.count": 50, "load.p50": 0.1}), "", "none", "all are slow, not the cheap ones behind the heavy"},
		{"pool", late(map[string]float64{"lab.lock_wait": 4e5}), "", "locks", "a lock is sharded, which is no rung"},
		{"level", late(map[string]float64{"load.bytes_out": 2000 * 1e6}), "zerocopy", "copying", "a megabyte for each request"},
		{"zerocopy", late(map[string]float64{"load.bytes_out": 2000 * 1e6}), "", "none", "it does not copy"},
	} {
		rung := Rung{ID: c.rung}
		a := Advise(rung, calm(c.change), Objective{P99: 0.01, Answered: 0.99})
		if a.Next != c.next || a.Why != c.why {
			t.Errorf("%s, %s: next %q because of %q, want %q because of %q", c.rung, c.because, a.Next, a.Why, c.next, c.why)
		}
		asked := 0
		for i, s := range a.Steps {
			if s.Asked {
				asked = i
			}
		}
		if why := a.Steps[asked].ID; why != a.Why && a.Why != "none" {
			t.Errorf("%s, %s: the last question was %q, the answer is %q", c.rung, c.because, why, a.Why)
		}
	}
}

func TestSignalsWithoutAValueAreNotLit(t *testing.T) {
	a := Advise(Rung{ID: "level"}, Measured{Seconds: 1, Cores: 2}, Objective{P99: 0.01})
	for _, s := range a.Signals {
		if s.Lit || s.Why == "" && s.ID != "stall" {
			t.Errorf("%s of an empty run: %+v", s.ID, s)
		}
	}
	if a.Met || len(a.Goals) != 1 || a.Goals[0].Why == "" {
		t.Errorf("an empty run meets the objective: %+v", a.Goals)
	}
}

func TestClimb(t *testing.T) {
	good, bad := calm(nil), calm(map[string]float64{"load.p99": 1})
	o := Objective{P99: 0.01}
	for _, c := range []struct {
		runs    map[string]Measured
		winner  string
		allowed string // rungs whose runs are justified
		why     string
	}{
		{map[string]Measured{"one": good, "level": good}, "one", "one", "the simplest that meets it wins"},
		{map[string]Measured{"one": bad, "threads": good, "level": good}, "threads", "one threads", "each rung needs a miss below it and no hit"},
		{map[string]Measured{"level": good}, "level", "", "nobody has tried anything simpler"},
		{map[string]Measured{"one": bad, "level": bad}, "", "one level", "no rung meets it"},
		{nil, "", "", "nothing was tried"},
	} {
		ladder, winner := Climb(c.runs, nil, o)
		allowed := ""
		last := 0
		for _, r := range ladder {
			if r.Cost < last {
				t.Errorf("%s costs less than the rung before", r.Rung.ID)
			}
			last = r.Cost
			if r.Justified {
				allowed += " " + r.Rung.ID
			}
		}
		if winner != c.winner || len(allowed) > 0 && allowed[1:] != c.allowed || allowed == "" && c.allowed != "" {
			t.Errorf("%s: winner %q, justified%s, want %q, %q", c.why, winner, allowed, c.winner, c.allowed)
		}
	}
}

func TestAnswered(t *testing.T) {
	for _, c := range []struct {
		ask  map[string]any
		want float64
		why  string
	}{
		{map[string]any{"model": "open", "rate": 2000.0}, 0.5, "of the schedule"},
		{map[string]any{"model": "open", "rate": 2000.0, "shape": "ramp"}, 0.8, "a ramp's rate is not its mean: of what was sent"},
		{map[string]any{"model": "closed"}, 0.8, "of what was sent"},
	} {
		m := calm(map[string]float64{"load.sent": 2500})
		m.Ask = c.ask
		if got, _ := m.answered(); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v: %v, want %v: %s", c.ask, got, c.want, c.why)
		}
	}
}

func TestRungOf(t *testing.T) {
	for _, c := range []struct {
		lab   string
		model any
		want  string
	}{{"blocking", "one", "one"}, {"blocking", "threads", "threads"}, {"epoll", nil, "level"}, {"errors", nil, ""}} {
		if r, ok := RungOf(c.lab, c.model); r.ID != c.want || ok != (c.want != "") {
			t.Errorf("%s %v is %q, want %q", c.lab, c.model, r.ID, c.want)
		}
	}
}
