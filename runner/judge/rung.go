package judge

import "math"

// Rung is a server of the ladder and what it costs.
type Rung struct {
	ID    string `json:"id"`
	Lab   string `json:"lab"`
	Model string `json:"model,omitempty"` // knob -model, where the lab has rungs of its own
	// Duties is what whoever takes this server has to get right, by name: the
	// words are the reader's. Its length is the rung's cost in points.
	Duties []string `json:"duties"`
}

// Cost is in points: one for each duty.
func (r Rung) Cost() int { return len(r.Duties) }

// Rungs are the ladder's, the cheapest first.
func Rungs() []Rung {
	loop := []string{"limits", "pieces", "interest", "handler"}
	with := func(more ...string) []string { return append(append([]string{}, loop...), more...) }
	return []Rung{
		{ID: "one", Lab: "blocking", Model: "one", Duties: []string{"limits"}},
		{ID: "zerocopy", Lab: "sendfile", Duties: []string{"limits", "unseen"}},
		{ID: "threads", Lab: "blocking", Model: "threads", Duties: []string{"limits", "stacks", "locks"}},
		{ID: "level", Lab: "epoll", Duties: loop},
		{ID: "edge", Lab: "epollet", Duties: with("exhaust", "fairness")},
		{ID: "pool", Lab: "workers", Duties: with("queue", "order", "locks")},
		{ID: "loops", Lab: "reuseport", Duties: with("spread", "queued", "split")},
		{ID: "uring", Lab: "uring", Duties: with("lent", "lifetime", "forbidden")},
	}
}

// RungOf finds the rung that a lab with that -model is; false for a lab that is
// none.
func RungOf(lab string, model any) (Rung, bool) {
	for _, r := range Rungs() {
		if r.Lab == lab && (r.Model == "" || model == r.Model || model == nil && r.Model == "one") {
			return r, true
		}
	}
	return Rung{}, false
}

// Objective is what a server has to do. Zero fields ask for nothing.
type Objective struct {
	P99      float64 `json:"p99"`      // seconds, at most
	Answered float64 `json:"answered"` // share of what was asked for, at least
}

// Goal is one part of an objective beside what was measured.
type Goal struct {
	ID    string  `json:"id"` // p99, answered
	Value float64 `json:"value"`
	Bound float64 `json:"bound"`
	Met   bool    `json:"met"`
	Why   string  `json:"why,omitempty"` // why there is no value
}

// Measured is a run as far as a rung is judged by it.
type Measured struct {
	Metrics map[string]float64 // of the measured window, as telemetry.End has them
	Ask     map[string]any     // every setting of the load
	Seconds float64
	Cores   int
}

// Signal is something that may justify another rung: a measured value and the
// bound from which on it does.
type Signal struct {
	ID    string  `json:"id"`
	Value float64 `json:"value"`
	Bound float64 `json:"bound"`
	Lit   bool    `json:"lit"`
	Why   string  `json:"why,omitempty"` // why there is no value
}

// signal is how one is made: a value, or why there is none. Bounds are where
// the chapter puts them (70 % of a core), where measurements put them (a thread
// for each connection wakes twice for each request), or round numbers that a
// healthy server stays far below; none is a law.
type signal struct {
	id    string
	bound float64
	value func(Measured) (float64, string)
}

var absent = "not measured in this run"

// signals in the order in which the tree asks for them.
func signals() []signal {
	return []signal{
		{"copying", 64 << 10, func(m Measured) (float64, string) {
			return m.per(m.Metrics["load.bytes_in"]+m.Metrics["load.bytes_out"], "load.requests")
		}},
		{"waiting", 1, func(m Measured) (float64, string) { return m.metric("kernel.accept_queue.mean") }},
		{"threads", 500, func(m Measured) (float64, string) { return m.metric("kernel.threads.max") }},
		{"switches", 1.5, func(m Measured) (float64, string) {
			return m.per(m.Metrics["kernel.switches"], "load.requests")
		}},
		{"locks", 0.05, func(m Measured) (float64, string) {
			wait, why := m.metric("lab.lock_wait")
			return wait / 1e6 / m.Seconds, why
		}},
		{"stall", 20, func(m Measured) (float64, string) {
			heavy, why := m.metric("load.heavy.count")
			if why != "" || heavy == 0 {
				return 0, "the load has no heavy requests beside cheap ones"
			}
			return m.Metrics["load.p99"] / m.Metrics["load.p50"], ""
		}},
		{"wakeups", 2, func(m Measured) (float64, string) {
			if _, why := m.metric("lab.wakeups"); why != "" {
				return 0, why
			}
			return m.per(m.Metrics["lab.wakeups"], "load.requests")
		}},
		{"cpu", 0.7, func(m Measured) (float64, string) {
			cpu, why := m.metric("kernel.cpu")
			return cpu / m.Seconds, why
		}},
		{"idle", 0.5, func(m Measured) (float64, string) {
			busy, why := m.metric("host.busy.mean")
			return float64(m.Cores) - busy, why
		}},
	}
}

func (m Measured) metric(name string) (float64, string) {
	v, ok := m.Metrics[name]
	if !ok {
		return 0, absent
	}
	return v, ""
}

// per is a counter for each one of another.
func (m Measured) per(sum float64, name string) (float64, string) {
	n := m.Metrics[name]
	if n == 0 {
		return 0, "no request was answered"
	}
	return sum / n, ""
}

// lights evaluates all signals.
func (m Measured) lights() (list []Signal, lit map[string]bool) {
	lit = map[string]bool{}
	for _, s := range signals() {
		v, why := s.value(m)
		if why == "" && (math.IsNaN(v) || math.IsInf(v, 0)) {
			v, why = 0, absent
		}
		on := why == "" && v >= s.bound
		lit[s.id] = on
		list = append(list, Signal{s.id, v, s.bound, on, why})
	}
	return list, lit
}

// goals compares the run with the objective.
func (m Measured) goals(o Objective) (list []Goal, met bool) {
	met = true
	add := func(id string, bound, value float64, why string, ok bool) {
		if bound == 0 {
			return
		}
		ok = ok && why == ""
		list = append(list, Goal{id, value, bound, ok, why})
		met = met && ok
	}
	p99, why := m.metric("load.p99")
	add("p99", o.P99, p99, why, p99 <= o.P99)
	share, why := m.answered()
	add("answered", o.Answered, share, why, share >= o.Answered)
	return list, met
}

// answered is the share of the requests that were due and got their answer: of
// an open loop's schedule; of a closed loop, which asks only when it was
// answered, of what was sent.
func (m Measured) answered() (float64, string) {
	n, why := m.metric("load.requests")
	due := m.Metrics["load.sent"]
	if rate, ok := m.Ask["rate"].(float64); ok && m.Ask["model"] == "open" && m.Ask["shape"] != "ramp" && m.Ask["shape"] != "steps" {
		due = rate * m.Seconds
	}
	if why == "" && due == 0 {
		return 0, "nothing was asked"
	}
	return min(n/due, 1), why
}
