package content

import (
	"fmt"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// maxExpr is how long an expression may be.
const maxExpr = 1000

// lint asks the judge whether an expression about the whole run has a meaning for
// the experiment, whose names are known once its derived metrics are.
func (e *planned) lint(expr string, boolean bool) error {
	if e.Spec.Sweep == nil {
		return e.lintBlock(expr, boolean)
	}
	if err := tooLong(expr); err != nil {
		return err
	}
	l, err := e.listLinter()
	if err != nil {
		return err
	}
	return l.Lint(expr, boolean)
}

// lintBlock is lint for an expression about one block, which a run has one of
// unless it is a sweep.
func (e *planned) lintBlock(expr string, boolean bool) error {
	if err := tooLong(expr); err != nil {
		return err
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

func tooLong(expr string) error {
	if len(expr) > maxExpr {
		return fmt.Errorf("an expression has at most %d characters: give its parts names under derive", maxExpr)
	}
	return nil
}

// listLinter knows the names of a sweep.
func (e *planned) listLinter() (*judge.Linter, error) {
	if e.lists != nil {
		return e.lists, nil
	}
	steps, err := e.Spec.Steps(e.lab)
	if err != nil {
		return nil, err
	}
	var asked []telemetry.Question
	for _, step := range steps {
		asked = append(asked, step.Question(e.lab))
	}
	l, err := judge.NewSweepLinter(asked)
	if e.derived {
		e.lists = l
	}
	return l, err
}

// whole asks the judge for all of an experiment at once: that answers are of
// their prediction's kind, too.
func (d *draft) whole(e *planned) {
	if err := e.compile(); err != nil {
		d.file.fail(e.line, "experiment %s: %v", e.ID, err)
	}
}

func (e *planned) compile() error {
	if e.Spec.Sweep == nil {
		_, err := judge.New(e.Spec.Question(e.lab), telemetry.Host{})
		return err
	}
	l, err := e.listLinter()
	if err != nil {
		return err
	}
	for _, p := range e.Spec.Predictions {
		if err := l.Answer(p); err != nil {
			return err
		}
	}
	steps, err := e.Spec.Steps(e.lab)
	for _, step := range steps {
		if _, err := judge.New(step.Question(e.lab), telemetry.Host{}); err != nil {
			return err
		}
	}
	return err
}
