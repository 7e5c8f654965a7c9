package labs

import (
	"errors"
	"fmt"
	"path"

	"socketlabs/labs/telemetry"
)

// Plan says which blocks one run has: each executes an arm with fresh processes.
// An experiment is a plan of one block.
type Plan struct {
	Name  string `json:"name"` // LESSON/ID: a label
	Kind  string `json:"kind"` // experiment, comparison, sweep
	Arms  []Arm  `json:"arms"`
	Order []int  `json:"order"` // the arm of each block
	// Round is how many blocks make a round, at whose end the void ones among
	// them are repeated. 0: all of them.
	Round   int                  `json:"round,omitempty"`
	Compare *telemetry.Comparing `json:"compare,omitempty"` // arm 1 against arm 0
	Sweep   *telemetry.Sweeping  `json:"sweep,omitempty"`   // what the arms step through
}

// Arm is one of the things that a plan's blocks execute.
type Arm struct {
	Label string `json:"label"` // an experiment, or a swept value
	Spec  Spec   `json:"spec"`
}

// The kinds of a Plan.
const (
	Single     = "experiment"
	Comparison = "comparison"
	Sweep      = "sweep"
)

// Bounds of every plan.
const (
	MaxBlocks      = 40
	MaxPlanSeconds = 600
	// blockSeconds is what a block takes beside its load: its processes start,
	// get ready, and end.
	blockSeconds = 0.6
)

// One is the plan of one experiment.
func One(s Spec) Plan {
	return Plan{Name: s.Name, Kind: Single, Arms: []Arm{{Label: path.Base(s.Name), Spec: s}}, Order: []int{0}}
}

// Interleaved is the plan that compares b with a in rounds of A B B A, so that
// what drifts with time meets both alike.
func Interleaved(name string, a, b Arm, rounds int, what telemetry.Comparing) Plan {
	p := Plan{Name: name, Kind: Comparison, Arms: []Arm{a, b}, Round: 4, Compare: &what}
	for range rounds {
		p.Order = append(p.Order, 0, 1, 1, 0)
	}
	return p
}

// Seconds is how long the plan takes when no block is repeated and the machine
// and the labs are ready.
func (p Plan) Seconds() float64 {
	sum := 0.0
	for _, arm := range p.Order {
		sum += blockSeconds + p.Arms[arm].Spec.Warmup + p.Arms[arm].Spec.Seconds
	}
	return sum
}

// Repeats is how many void blocks are repeated at most.
func (p Plan) Repeats() int { return len(p.Order) / 3 }

// Rounds returns the blocks of each round, as indexes into Order.
func (p Plan) Rounds() [][]int {
	size := p.Round
	if size <= 0 {
		size = len(p.Order)
	}
	var out [][]int
	for at := range p.Order {
		if at%size == 0 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], at)
	}
	return out
}

// Check says what is wrong with the plan's form. Its specs are checked by who
// runs them.
func (p Plan) Check() error {
	if len(p.Arms) == 0 || len(p.Order) == 0 {
		return fmt.Errorf("%s: a plan has at least one arm and one block", p.Name)
	}
	if len(p.Order) > MaxBlocks {
		return fmt.Errorf("%s: %d blocks are too many for one run: at most %d; take fewer rounds or values", p.Name, len(p.Order), MaxBlocks)
	}
	for _, arm := range p.Order {
		if arm < 0 || arm >= len(p.Arms) {
			return fmt.Errorf("%s: a block of arm %d: there are %d", p.Name, arm, len(p.Arms))
		}
	}
	if s := p.Seconds(); len(p.Order) > 1 && s > MaxPlanSeconds {
		return fmt.Errorf("%s: its blocks take %.0f s together, and a run has at most %d s; take fewer or shorter ones", p.Name, s, MaxPlanSeconds)
	}
	if p.Compare != nil && len(p.Arms) != 2 {
		return errors.New(p.Name + ": two arms are compared")
	}
	return nil
}
