package runner

import (
	"context"
	"log/slog"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

const tag = "SOCKETLABS_RUN"

func (r *Run) execute(ctx context.Context, binary string) (judge.Verdict, error) {
	return judge.Verdict{}, fails("runner-failed", "execution comes with the next commit")
}

func host(log *slog.Logger) (telemetry.Host, error) { return telemetry.Host{}, nil }

// Child comes with execution.
func Child() {}
