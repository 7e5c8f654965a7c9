// Package judge says what measurements mean: it turns samples and expressions
// into values, checks and predictions. It is pure: it starts nothing, reads no
// files and no clock, and a recording judged again gives the same results.
package judge

import "socketlabs/labs/telemetry"

// Judge follows one block of a run.
type Judge struct{}

// New compiles the question's expressions. The error names the expression, what
// is wrong with it, and what would be right.
func New(q telemetry.Question, host telemetry.Host) (*Judge, error) { panic("todo") }

// Begin sets the block's clock. Samples before it are kept as the base of
// counters.
func (j *Judge) Begin(b telemetry.Block) { panic("todo") }

// Add takes a sample; other events are ignored. Samples come in order of T.
func (j *Judge) Add(e telemetry.Event) { panic("todo") }

// Tick returns what there is to say at time t (on the grid): a sample with the
// quantiles and derived metrics of the last second (From judge; nil when there is
// nothing new), the figures of the watched expressions over the measured time so
// far, and the checks whose result is new or has changed. A check is judged
// during the run once half of the measured time has passed and it has a value.
func (j *Judge) Tick(t float64) (derived, figures map[string]float64, checks []telemetry.Check) {
	panic("todo")
}

// Verdict is what a finished block amounts to.
type Verdict struct {
	Checks  []telemetry.Check
	Guesses []telemetry.Guess
	Metrics map[string]float64
	Doubts  []telemetry.Doubt
	Trust   string // green, amber, void
}

// Finish judges the measured window.
func (j *Judge) Finish() Verdict { panic("todo") }

// Value evaluates an expression over the measured window, for a placeholder of
// the prose: float64, string or bool. The error says why there is no value.
func (j *Judge) Value(expr string) (any, error) { panic("todo") }

// Replay returns the judge of a recording, every event of it added.
func Replay(events []telemetry.Event) (*Judge, error) { panic("todo") }

// Lint checks an expression's syntax, names and kinds against a question
// without running anything. boolean says that it must be a check: comparisons
// joined by &&.
func Lint(q telemetry.Question, expr string, boolean bool) error { panic("todo") }
