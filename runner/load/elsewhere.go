//go:build !linux

package load

import (
	"fmt"
	"io"

	"socketlabs/labs"
)

// Where there is no Linux nothing is run: the runner builds, so that recordings
// can be seen, and refuses before it comes here.

// Plan is what the runner writes down of one.
type Plan struct {
	Addr           string
	Start, Seconds float64
	Faults         []labs.Fault
}

// Order switches a fault.
type Order struct {
	On  *labs.Fault
	Off string
}

// NewPlan returns a plan that nobody carries out.
func NewPlan(labs.Spec, string, float64) Plan { return Plan{} }

// Idle says that there is nothing to do.
func (p Plan) Idle() bool { return true }

// Main says that there is no load generator here.
func Main(_ io.Reader, out io.Writer) int {
	fmt.Fprintln(out, "the load generator needs Linux")
	return 1
}
