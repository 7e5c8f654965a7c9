package judge

import (
	"fmt"
	"slices"
	"strconv"

	"socketlabs/labs/telemetry"
)

// Capacity is what a sweep says of how much a server carries: for each server a
// curve of throughput against response time.
type Capacity struct {
	Setting   string  `json:"setting"`   // "load.rate"
	Objective string  `json:"objective"` // an expression over a block
	Curves    []Curve `json:"curves"`
}

// Curve is one server's steps, in order of the swept value.
type Curve struct {
	Server string  `json:"server"` // empty: the experiment's
	Lab    string  `json:"lab"`
	Client string  `json:"client"` // what the load speaks; curves of different clients are no rivals
	Steps  []Point `json:"steps"`
	Knee   *Knee   `json:"knee"`
	Break  *Break  `json:"break"`
	Law    Law     `json:"law"`
}

// Point is one block of a curve. Times are in seconds; nil is no value.
type Point struct {
	Value string   `json:"value"`
	At    *float64 `json:"at"`    // Value as a number
	Block int      `json:"block"` // its number in the run; -1: it has not ended

	Trust  string            `json:"trust"` // green, amber, void; empty: it did not end
	Doubts []telemetry.Doubt `json:"doubts,omitempty"`

	Offered    *float64 `json:"offered"`    // open loop: requests a second that were asked for
	Throughput *float64 `json:"throughput"` // answers a second
	Bytes      *float64 `json:"bytes"`      // that came in, a second
	Mean       *float64 `json:"mean"`
	P50        *float64 `json:"p50"`
	P99        *float64 `json:"p99"`
	CPU        *float64 `json:"cpu"`    // of the server for each answer
	Errors     *float64 `json:"errors"` //
	// Oldest is the longest that a request waited that was not answered yet. It
	// is Starved when that is half of the measured time: the quantiles know only
	// of those that were answered.
	Oldest  *float64 `json:"oldest"`
	Starved bool     `json:"starved,omitempty"`

	Met *bool  `json:"met"` // the objective; nil: nothing to judge
	Why string `json:"why,omitempty"`
}

// UsualObjective is what is asked when nobody says: the p99 of the response time below so many seconds,
// and nobody left without an answer for half of the block.
func UsualObjective(p99 float64) string {
	return fmt.Sprintf("load.p99 < %s && load.oldest.max < seconds / 2", strconv.FormatFloat(p99, 'f', -1, 64))
}

// swept is one block of a sweep.
type swept struct {
	step  telemetry.Step
	arm   telemetry.Arm
	block *Block // nil: it has not ended
}

// goal says whether a block met the objective; the error says why nobody knows.
type goal func(Block, telemetry.Question) (bool, error)

// capacity sorts steps into curves and finds on each the knee, the break and the law.
func capacity(objective string, met goal, blocks []swept) Capacity {
	out := Capacity{Objective: objective, Curves: []Curve{}}
	models := map[string]any{}
	for _, b := range blocks {
		out.Setting = b.step.Setting
		i := slices.IndexFunc(out.Curves, func(c Curve) bool { return c.Server == b.step.Server })
		if i < 0 {
			i = len(out.Curves)
			client, _ := b.arm.Question.Ask["client"].(string)
			out.Curves = append(out.Curves, Curve{Server: b.step.Server, Lab: b.arm.Lab, Client: client})
			models[b.step.Server] = b.arm.Question.Ask["model"]
		}
		out.Curves[i].Steps = append(out.Curves[i].Steps, b.measure(met))
	}
	for i := range out.Curves {
		c := &out.Curves[i]
		c.Steps = ordered(c.Steps)
		if c.Law = lawful(out.Setting, models[c.Server]); c.Law.Why == "" {
			c.Law = FitLaw(loadsOf(c.Steps))
		}
		if c.Steps[0].At != nil {
			c.Knee, c.Break = knee(c.Steps), breaks(c.Steps)
		}
	}
	return out
}

// measure reads a block's step off what the block amounts to.
func (b swept) measure(met goal) Point {
	s := Point{Value: b.step.Value, Block: -1}
	if n, err := strconv.ParseFloat(b.step.Value, 64); err == nil {
		s.At = &n
	}
	if b.block == nil {
		return s
	}
	q, m := b.arm.Question, b.block.Metrics
	s.Block, s.Trust, s.Doubts = b.block.Number, b.block.Trust, b.block.Doubts
	if rate, ok := q.Ask["rate"].(float64); ok && q.Ask["model"] == "open" {
		s.Offered = &rate
	}
	s.Throughput, s.Bytes = ratio(m, "load.requests", q.Seconds), ratio(m, "load.bytes_in", q.Seconds)
	s.Mean, s.P50, s.P99 = metric(m, "load.mean"), metric(m, "load.p50"), metric(m, "load.p99")
	s.CPU = ratio(m, "kernel.cpu", m["load.requests"])
	s.Errors, s.Oldest = metric(m, "load.errors"), metric(m, "load.oldest.max")
	s.Starved = s.Oldest != nil && *s.Oldest >= q.Seconds/2
	if s.Trust == "void" {
		return s
	}
	ok, err := met(*b.block, q)
	if err != nil {
		s.Why = err.Error()
		return s
	}
	s.Met = &ok
	return s
}

func metric(m map[string]float64, name string) *float64 {
	if n, ok := m[name]; ok {
		return &n
	}
	return nil
}

func ratio(m map[string]float64, name string, by float64) *float64 {
	n, ok := m[name]
	if !ok || by <= 0 {
		return nil
	}
	n /= by
	return &n
}

// counted are the settings that are a number of clients or of workers, which the
// law is about.
var counted = []string{"load.connections", "load.depth", "knob.threads", "knob.listeners"}

// lawful says why the law is not for this sweep. Under open load N is the rate's
// doing: how many requests are under way follows from how fast they are answered.
func lawful(setting string, model any) Law {
	switch {
	case !slices.Contains(counted, setting):
		return Law{Why: "setting"}
	case model == "open":
		return Law{Why: "open"}
	}
	return Law{}
}

func loadsOf(steps []Point) []Load {
	var out []Load
	for _, s := range steps {
		if s.counts() && s.At != nil && s.Throughput != nil {
			out = append(out, Load{*s.At, *s.Throughput})
		}
	}
	return out
}
