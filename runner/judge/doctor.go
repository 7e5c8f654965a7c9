package judge

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"socketlabs/labs/telemetry"
)

// Health is what the doctor says of a step or of one of its signals.
type Health string

const (
	Fine   Health = "ok"
	Look   Health = "look"   // worth a look; it explains little alone
	Sick   Health = "sick"   // here it hurts
	Unseen Health = "unseen" // it cannot be seen here
)

var grades = []Health{Unseen, Fine, Look, Sick} // the worse the later

func worse(a, b Health) Health {
	return grades[max(slices.Index(grades, a), slices.Index(grades, b))]
}

// Examination is a run looked at in the seven steps, so far or to its end.
type Examination struct {
	Run     string          `json:"run"`
	Phase   telemetry.Phase `json:"phase"`
	Seconds float64         `json:"seconds"` // examined, since load began; 0: nothing was measured yet
	PID     string          `json:"pid,omitempty"`
	Port    string          `json:"port,omitempty"`
	Steps   []DoctorStep    `json:"steps"`
	// Bottleneck is what the queues say; nil before there is a whole second.
	Bottleneck *telemetry.Bottleneck `json:"bottleneck,omitempty"`
}

// DoctorStep is one of the seven, in their order.
type DoctorStep struct {
	ID       string         `json:"id"` // load network sockets application locks disk dependency
	State    Health         `json:"state"`
	Why      string         `json:"why,omitempty"` // of unseen: waiting, uncounted
	Signals  []DoctorSignal `json:"signals"`
	Commands []string       `json:"commands"` // that show the same in a terminal; none before the server runs
}

// DoctorSignal is one piece of live evidence. Value is the one that its state follows
// from: the second worst of all seconds, so that one hiccup of the machine is no
// illness. The higher the worse.
type DoctorSignal struct {
	ID     string  `json:"id"`
	Metric string  `json:"metric"` // that shows it on a chart
	Unit   string  `json:"unit"`   // seconds, bytes, share, cores, threads, per second, or empty
	State  Health  `json:"state"`
	Now    float64 `json:"now"` // in the last whole second
	Value  float64 `json:"value"`
	// From and To are the longest time in a row that was that bad, in seconds
	// since load began.
	From float64 `json:"from"`
	To   float64 `json:"to"`
	// Bounds: at Look it is worth a look, at Sick it is sick; 0: never.
	Look float64 `json:"look,omitempty"`
	Sick float64 `json:"sick,omitempty"`
}

// Doctor examines the first block of a run. Events are added in their order;
// it has one owner, like a Judge.
type Doctor struct {
	judge *Judge
	run   string
	phase telemetry.Phase
	facts map[string]string
	own   bool // the run has a network of its own
	last  int  // tick of the kernel's last sample
	steps [][]gauge
}

// gauge is a signal that can be evaluated here.
type gauge struct {
	symptom
	node
}

// Add takes the next event. The error is for a recording that does not begin
// with its run.
func (d *Doctor) Add(e telemetry.Event) error {
	if d.judge == nil {
		return d.open(e)
	}
	switch {
	case e.Block != 0:
	case e.Kind == telemetry.KindState && e.State != nil && e.From == telemetry.FromRunner:
		d.phase = e.State.Phase
		if d.facts["pid"] == "" {
			d.facts = e.State.Facts
		}
	case e.Kind == telemetry.KindEnd && e.End != nil:
		d.phase = e.End.Phase
	case e.Kind == telemetry.KindBlock && e.Begin != nil && !d.judge.begun:
		d.judge.Begin(*e.Begin)
		d.judge.edges = nil // every second is looked at: keep all snapshots
	case e.Kind == telemetry.KindSample:
		if e.From == telemetry.FromKernel {
			d.last = max(d.last, ticks(e.T))
		}
		d.judge.Add(e)
	}
	return nil
}

// open takes a recording's first event, and finds out which signals its names
// allow.
func (d *Doctor) open(e telemetry.Event) error {
	if e.Run == nil {
		return fmt.Errorf("doctor: a recording begins with its run, not with %s", e.Kind)
	}
	q := e.Run.Question
	j, err := New(telemetry.Question{Warmup: q.Warmup, Seconds: q.Seconds, Ask: q.Ask, Knob: q.Knob, Metrics: q.Metrics}, e.Run.Host)
	if err != nil {
		return fmt.Errorf("doctor: %w", err)
	}
	d.judge, d.run = j, e.Run.ID
	if asked, ok := e.Run.Asked.(map[string]any); ok {
		d.own = asked["net"] == "own"
	}
	for _, s := range sevenSteps {
		var list []gauge
		for _, y := range s.symptoms {
			if n, err := j.words.compile(y.expr); err == nil {
				list = append(list, gauge{y, n})
			}
		}
		d.steps = append(d.steps, list)
	}
	return nil
}

// Examine looks at everything that was added.
func (d *Doctor) Examine() Examination {
	x := Examination{Run: d.run, Phase: d.phase, PID: d.facts["pid"], Port: port(d.facts["addr"]), Steps: []DoctorStep{}}
	seconds := d.seconds()
	x.Seconds = float64(len(seconds))
	if n := len(seconds); n > 0 {
		b := d.judge.bottleneck(view{span: span{d.judge.start, seconds[n-1].to}, zero: d.judge.start, now: seconds[n-1].to, where: "the time so far"})
		x.Bottleneck = &b
	}
	for i, s := range sevenSteps {
		x.Steps = append(x.Steps, d.step(s, i, seconds, x))
	}
	return x
}

// seconds are the whole seconds since load began, as far as the kernel was heard.
func (d *Doctor) seconds() []view {
	var list []view
	if d.judge == nil || !d.judge.begun {
		return nil
	}
	j := d.judge
	for from := j.start; from+ticks(1) <= min(d.last, j.end); from += ticks(1) {
		s := span{from, from + ticks(1)}
		list = append(list, view{span: s, zero: j.start, now: s.to, where: "this second"})
	}
	return list
}

func (d *Doctor) step(s examStep, i int, seconds []view, x Examination) DoctorStep {
	out := DoctorStep{ID: s.id, State: Unseen, Signals: []DoctorSignal{}, Commands: stepCommands(s, x, d.own)}
	if len(seconds) == 0 || i >= len(d.steps) {
		out.Why = "waiting"
		return out
	}
	seen := s.needs == ""
	for _, g := range d.steps[i] {
		sig, ok := g.over(seconds, d.judge.start)
		if !ok {
			continue
		}
		seen = seen || sig.ID == s.needs
		out.State = worse(out.State, sig.State)
		out.Signals = append(out.Signals, sig)
	}
	if !seen && out.State != Sick {
		out.State, out.Why = Unseen, "uncounted"
	}
	return out
}

// over evaluates a signal in each of the seconds; false when it has no value in
// any of them.
func (g gauge) over(seconds []view, start int) (DoctorSignal, bool) {
	out := DoctorSignal{ID: g.id, Metric: g.metric, Unit: g.unit, Look: g.look, Sick: g.sick}
	values := make([]float64, len(seconds)) // NaN: none
	var known []float64
	for i, v := range seconds {
		values[i] = math.NaN()
		if n, err := g.eval(v); err == nil {
			values[i] = n.n
			known = append(known, n.n)
		}
	}
	if len(known) == 0 {
		return out, false
	}
	out.Now = values[len(values)-1]
	if math.IsNaN(out.Now) {
		out.Now = 0
	}
	slices.SortFunc(known, func(a, b float64) int { return cmp.Compare(b, a) })
	out.Value = known[min(1, len(known)-1)]
	out.State = g.health(out.Value)
	from, to := longestRun(values, func(v float64) bool {
		return slices.Index(grades, g.health(v)) >= slices.Index(grades, out.State)
	})
	out.From = float64(seconds[from].from-start) * telemetry.Tick.Seconds()
	out.To = float64(seconds[to].to-start) * telemetry.Tick.Seconds()
	return out, true
}

// longestRun returns the first and the last index of the longest run of values
// that are such.
func longestRun(values []float64, such func(float64) bool) (from, to int) {
	best := 0
	for i := 0; i < len(values); i++ {
		n := 0
		for i+n < len(values) && such(values[i+n]) {
			n++
		}
		if n > best {
			best, from, to = n, i, i+n-1
		}
		i += n
	}
	return from, to
}

// Holds judges a check over part of the run, in seconds since load began: the
// proof that somebody has marked there. The error is for an expression that
// this run's names do not allow.
func (d *Doctor) Holds(expr string, from, to float64) (telemetry.Check, error) {
	if d.judge == nil || !d.judge.begun {
		return telemetry.Check{}, errNotBegun
	}
	c, err := d.judge.words.compileCheck(telemetry.Formula{ID: "proof", Expr: expr})
	if err != nil {
		return telemetry.Check{}, err
	}
	s := span{d.judge.start + ticks(from), d.judge.start + ticks(to)}
	return c.judge(view{span: s, zero: d.judge.start, now: s.to, where: "the marked time"}), nil
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }
