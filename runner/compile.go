package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// Compile says whether a lab of the module at root builds with a version of one
// of its functions. The error begins with the version's file and line when it is
// about the text. Nothing is kept.
func Compile(ctx context.Context, root string, l labs.Lab, v labs.Version) error {
	bin, err := os.MkdirTemp("", "labs-compile-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	return compile(ctx, &builder{root: root, bin: bin, keep: 1}, l, &v)
}

// Build builds a lab before a run needs it, with a version of one of its functions
// or, when that is nil, as it is. Errors are those of Compile.
func (r *Runner) Build(ctx context.Context, l labs.Lab, v *labs.Version) error {
	return compile(ctx, r.builder, l, v)
}

func compile(ctx context.Context, b *builder, l labs.Lab, v *labs.Version) error {
	of := "labs/" + l.Name
	if v != nil {
		l, of = l.With(*v), v.File
	}
	_, _, err := b.build(ctx, l, v, false)
	if e, ok := errors.AsType[*ending](err); ok {
		if e.reason.File != "" {
			return fmt.Errorf("%s:%d: %s", e.reason.File, e.reason.At, e.reason.Line)
		}
		return fmt.Errorf("%s: %s", of, e.reason.Line)
	}
	return err
}

// Ask judges a recording by other checks than its own, whose names it must have.
func Ask(recording io.Reader, checks []telemetry.Formula) (judge.Verdict, error) {
	events, err := ReadRecording(recording)
	if err != nil {
		return judge.Verdict{}, err
	}
	if len(events) > 0 && events[0].Run != nil {
		first := *events[0].Run
		first.Question.Checks = checks
		events[0].Run = &first
	}
	j, err := judge.Replay(events)
	if err != nil {
		return judge.Verdict{}, err
	}
	return j.Finish(), nil
}
