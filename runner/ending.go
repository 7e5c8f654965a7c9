package runner

import (
	"errors"

	"socketlabs/labs/telemetry"
)

// ending is why a run ends as it does, on its way up as an error.
type ending struct {
	phase  telemetry.Phase
	reason telemetry.Reason
}

func (e *ending) Error() string {
	text := string(e.phase) + ": " + e.reason.Code
	if e.reason.Line != "" {
		text += ": " + e.reason.Line
	}
	return text
}

var (
	errStopped = &ending{telemetry.Stopped, telemetry.Reason{Code: "stopped"}}
	errClosing = &ending{telemetry.Interrupted, telemetry.Reason{Code: "site-stopping"}}
	errTime    = &ending{telemetry.Failed, telemetry.Reason{Code: "time-limit"}}
)

// fails is the ending of a run that could not go on.
func fails(code, line string) *ending {
	return &ending{telemetry.Failed, telemetry.Reason{Code: code, Line: line}}
}

// endingOf turns what stopped a run into its ending.
func endingOf(err error) *ending {
	var e *ending
	switch {
	case err == nil:
		return &ending{phase: telemetry.Finished}
	case errors.As(err, &e):
		return e
	}
	return fails("runner-failed", err.Error())
}
