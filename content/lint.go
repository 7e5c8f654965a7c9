package content

import (
	"fmt"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// lint asks the judge whether an expression has a meaning for an experiment.
func lint(q telemetry.Question, expr string, boolean bool) (err error) {
	defer func() { // until the judge is written
		if r := recover(); r != nil && fmt.Sprint(r) == "todo" {
			err = nil
		} else if r != nil {
			panic(r)
		}
	}()
	return judge.Lint(q, expr, boolean)
}
