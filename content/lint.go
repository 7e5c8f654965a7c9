package content

import (
	"fmt"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// maxExpr is how long an expression may be.
const maxExpr = 1000

// lint asks the judge whether an expression has a meaning for the experiment,
// whose names are known once its derived metrics are.
func (e *planned) lint(expr string, boolean bool) error {
	if len(expr) > maxExpr {
		return fmt.Errorf("an expression has at most %d characters: give its parts names under derive", maxExpr)
	}
	if e.linter != nil {
		return e.linter.Lint(expr, boolean)
	}
	l, err := judge.NewLinter(e.Spec.Question(e.lab))
	if err != nil {
		return err
	}
	if e.derived {
		e.linter = l
	}
	return l.Lint(expr, boolean)
}

// whole asks the judge for all of an experiment at once: that answers are of
// their prediction's kind, too.
func (d *draft) whole(e *planned) {
	if _, err := judge.New(e.Spec.Question(e.lab), telemetry.Host{}); err != nil {
		d.file.fail(e.line, "experiment %s: %v", e.ID, err)
	}
}
