package runner

import (
	"fmt"
	"os"
	"path"
	"reflect"
	"slices"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// Overlay is two recordings laid over each other. They were run one after the
// other, so there are ratios and no verdicts.
type Overlay struct {
	A       Side                   `json:"a"`
	B       Side                   `json:"b"`
	Differ  []Otherwise            `json:"differ"` // what else differs than the figures
	Metrics []telemetry.Difference `json:"metrics"`
	Source  []FileDiff             `json:"source"` // of the lab, where its code differs and both are known
}

// At is a run, and of several blocks one, counted from 0.
type At struct {
	ID    string
	Block int
}

func (a At) String() string {
	if a.Block == 0 {
		return a.ID
	}
	return fmt.Sprintf("%s, block %d", a.ID, a.Block+1)
}

// Side is one of the two.
type Side struct {
	ID         string `json:"id"`
	Block      int    `json:"block,omitempty"` // from 0
	Label      string `json:"label,omitempty"` // of its block, where there are several
	Experiment string `json:"experiment"`
	Trust      string `json:"trust"`

	Units *judge.Units `json:"-"` // of what it measured
}

// Otherwise is something that the two runs do not share, which may be why their
// figures differ: host, lab, code, knob.NAME or load.NAME, seconds.
type Otherwise struct {
	What string `json:"what"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// Overlay compares the recordings of two runs that have ended, or two blocks of
// them, also of one run. ErrNoRun, ErrRunning.
func (r *Runner) Overlay(a, b At) (Overlay, error) {
	one, err := r.ended(a)
	if err != nil {
		return Overlay{}, err
	}
	other, err := r.ended(b)
	if err != nil {
		return Overlay{}, err
	}
	catalog, err := r.Catalog()
	if err != nil {
		return Overlay{}, err
	}
	o := Overlay{A: one.side(), B: other.side(), Differ: differ(one, other), Source: []FileDiff{}}
	o.A.Units, o.B.Units = one.units(catalog), other.units(catalog)
	for _, expr := range watched(one, other) {
		o.Metrics = append(o.Metrics, beside(expr, one.judge, other.judge))
	}
	if one.head.Code != other.head.Code && one.head.Lab == other.head.Lab {
		o.Source = r.versions.diff(one.head.Lab, one.head.Code, other.head.Code)
	}
	return o, nil
}

// past is a recording that has been read.
type past struct {
	at    At
	head  telemetry.Run // of its block's arm, where there are several
	label string
	trust string
	judge *judge.Judge
}

func (p past) side() Side {
	return Side{ID: p.at.ID, Block: p.at.Block, Label: p.label, Experiment: p.head.Experiment, Trust: p.trust}
}

// units are those of what the recording holds, as far as its lab is here.
func (p past) units(of *labs.Catalog) *judge.Units {
	lab, _ := of.Lab(p.head.Lab)
	return judge.NewUnits(p.head.Question, labs.Spec{Load: p.head.Question.Ask}.Units(lab))
}

// ended reads the recording of a run that has ended.
func (r *Runner) ended(at At) (past, error) {
	if _, live := r.Live(at.ID); live {
		return past{}, fmt.Errorf("%s: %w", at.ID, ErrRunning)
	}
	file, err := r.Recording(at.ID)
	if err != nil {
		return past{}, fmt.Errorf("%s: %w", at.ID, err)
	}
	f, err := os.Open(file)
	if err != nil {
		return past{}, fmt.Errorf("%s: %w", at.ID, ErrNoRun)
	}
	defer f.Close()
	events, err := ReadRecording(f)
	if err != nil {
		return past{}, err
	}
	blocks, err := judge.ReplayBlocks(events)
	if err != nil {
		return past{}, err
	}
	if at.Block < 0 || at.Block >= len(blocks) {
		return past{}, fmt.Errorf("%s: it has blocks 1 to %d: %w", at, len(blocks), ErrNoRun)
	}
	b := blocks[at.Block]
	p := past{at: at, head: *events[0].Run, judge: b.Judge}
	if last := events[len(events)-1]; last.End != nil {
		p.trust = last.End.Trust
	}
	if len(p.head.Arms) > 0 {
		p.label, p.trust = b.Label, b.Trust
	}
	if b.Arm < len(p.head.Arms) {
		arm := p.head.Arms[b.Arm]
		p.head.Lab, p.head.Code, p.head.Question = arm.Lab, arm.Code, arm.Question
	}
	return p, nil
}

// differ lists what the two runs do not share.
func differ(a, b past) []Otherwise {
	out := []Otherwise{}
	add := func(what string, x, y any) {
		if !reflect.DeepEqual(x, y) {
			out = append(out, Otherwise{what, text(x), text(y)})
		}
	}
	h, g := a.head.Host, b.head.Host
	add("host", machine(h), machine(g))
	add("lab", a.head.Lab, b.head.Lab)
	add("code", a.head.Code, b.head.Code)
	add("command", path.Join(a.head.Command...), path.Join(b.head.Command...))
	for space, sides := range map[string][2]map[string]any{
		"knob.": {a.head.Question.Knob, b.head.Question.Knob}, "load.": {a.head.Question.Ask, b.head.Question.Ask},
	} {
		for name, x := range sides[0] {
			if y, both := sides[1][name]; both {
				add(space+name, x, y)
			}
		}
	}
	add("seconds", a.head.Question.Seconds, b.head.Question.Seconds)
	rank := []string{"host", "lab", "code", "command"}
	slices.SortFunc(out, func(x, y Otherwise) int {
		i, k := slices.Index(rank, x.What), slices.Index(rank, y.What)
		switch {
		case i >= 0 && k >= 0:
			return i - k
		case i >= 0:
			return -1
		case k >= 0:
			return 1
		case x.What < y.What:
			return -1
		}
		return 1
	})
	return out
}

// machine names what must be equal for figures to be comparable.
func machine(h telemetry.Host) string {
	return fmt.Sprintf("%s, %d × %s, Linux %s, %s", h.Name, h.Cores, h.CPU, h.Kernel, h.Go)
}

func text(v any) string {
	if s, ok := v.(string); ok && len(s) == 64 { // a hash
		return s[:12]
	}
	return fmt.Sprint(v)
}

// watched are the expressions that either run watches, those of b first.
func watched(a, b past) []string {
	var out []string
	for _, expr := range slices.Concat(b.head.Question.Watch, a.head.Question.Watch, []string{"load.requests", "load.p50", "load.p99", "kernel.cpu"}) {
		if !slices.Contains(out, expr) {
			out = append(out, expr)
		}
	}
	return out
}

// beside is an expression in both runs: a ratio without an interval.
func beside(expr string, a, b *judge.Judge) telemetry.Difference {
	d := telemetry.Difference{Expr: expr, Better: judge.Better(expr)}
	d.A, d.B = number(a, expr), number(b, expr)
	if d.A != nil && d.B != nil && *d.A > 0 && *d.B > 0 {
		ratio := *d.B / *d.A
		d.Ratio = &ratio
	}
	return d
}

func number(j *judge.Judge, expr string) *float64 {
	v, err := j.Value(expr)
	if n, ok := v.(float64); ok && err == nil {
		return &n
	}
	return nil
}
