package runner

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"socketlabs/labs"
)

// Answer is what somebody says of a mystery: its name, and the time of one
// metric that proves it, in seconds since load began.
type Answer struct {
	Fault  string  `json:"fault"`
	Metric string  `json:"metric"`
	From   float64 `json:"from"`
	To     float64 `json:"to"`
}

// Marks are what an answer is worth.
type Marks struct {
	Right   bool   `json:"right"`
	Fault   string `json:"fault"` // that it was
	Stage   string `json:"stage"` // where it hurt
	Proved  bool   `json:"proved"`
	Why     string `json:"why,omitempty"` // of no proof: short, outside, metric, absent
	Runs    int    `json:"runs"`          // that it took
	Naming  int    `json:"naming"`        // points, of 50
	Proof   int    `json:"proof"`         // of 30
	Economy int    `json:"economy"`       // of 20: each run after the first costs 5
	Points  int    `json:"points"`        // of 100

	Proofs []labs.Proof `json:"proofs"` // what would have proved it
}

// The points of an answer.
const (
	pointsNaming  = 50
	pointsProof   = 30
	pointsEconomy = 20
	pointsRun     = 5
	leastProof    = 0.5 // seconds: shorter is a glance
	// MostPoints are those of an answer with nothing wanting.
	MostPoints = pointsNaming + pointsProof + pointsEconomy
)

// ErrAnswer is of an answer that says nothing.
var ErrAnswer = errors.New("runner: no answer to a mystery")

// Mark judges an answer to a mystery by one of its runs, of which there were so
// many. The proof counts by itself: whoever marks the right place and gives it
// the wrong name has seen it.
func (p *Patient) Mark(m labs.Mystery, a Answer, runs int) (Marks, error) {
	out := Marks{Fault: m.ID, Stage: m.Stage, Right: a.Fault == m.ID, Runs: runs, Proofs: m.Proofs}
	if !slices.Contains(labs.MysteryIDs(), a.Fault) {
		return out, fmt.Errorf("%w: %q is no fault: there are %s", ErrAnswer, a.Fault, strings.Join(labs.MysteryIDs(), ", "))
	}
	x, err := p.Examine()
	if err != nil {
		return out, err
	}
	out.Why = p.unproved(m, a, x.Seconds)
	out.Proved = out.Why == ""
	if out.Right {
		out.Naming, out.Economy = pointsNaming, max(0, pointsEconomy-pointsRun*max(0, runs-1))
	}
	if out.Proved {
		out.Proof = pointsProof
	}
	out.Points = out.Naming + out.Proof + out.Economy
	return out, nil
}

// Tries is how many runs of that name count against thrift. A void one was disturbed,
// and costs nothing.
func Tries(runs []Summary, name string) (n int) {
	for _, sum := range runs {
		if sum.Experiment == name && sum.Trust != "void" {
			n++
		}
	}
	return n
}

// unproved says why an answer's window proves nothing; empty when it does.
func (p *Patient) unproved(m labs.Mystery, a Answer, examined float64) string {
	switch {
	case a.To-a.From < leastProof-1e-9:
		return "short"
	case a.From < 0 || a.To > examined+1+1e-9: // the last second may not be whole
		return "outside"
	}
	why := "metric"
	for _, proof := range m.Proofs {
		if proof.Metric != a.Metric {
			continue
		}
		why = "absent"
		if c, err := p.Holds(proof.Expr, a.From, a.To); err == nil && c.Pass {
			return ""
		}
	}
	return why
}
