package judge

import (
	"testing"

	"socketlabs/labs/telemetry"
)

func TestNeeds(t *testing.T) {
	run := telemetry.Run{Question: telemetry.Question{Derive: []telemetry.Formula{{ID: "short", Expr: "lab.reads - load.requests"}}}}
	sweep := run
	sweep.Sweep = &telemetry.Sweeping{}
	arms := telemetry.Run{Arms: []telemetry.Arm{{}, {Question: run.Question}}}
	for _, tt := range []struct {
		why, expr, metric string
		run               telemetry.Run
		want              bool
	}{
		{"named", "load.service.p99", "load.service", telemetry.Run{}, true},
		{"in a window", "flood.kernel.recvq.max / 2", "kernel.recvq", telemetry.Run{}, true},
		{"spaces do not count", "load . requests", "load.requests", telemetry.Run{}, true},
		{"another", "load.service.p99", "load.requests", telemetry.Run{}, false},
		{"what is derived may be asked for by its name", "short", "lab.reads", run, true},
		{"of any arm", "short", "lab.reads", arms, true},
		{"it may void a block of a sweep", "load.requests[0]", "load.late", sweep, true},
		{"and of one block nobody asks for its trust", "load.requests", "load.late", run, false},
		{"the bottleneck looks at every queue", "bottleneck", "kernel.sendq", telemetry.Run{}, true},
		{"written as an index", `load["requests"]`, "load.requests", telemetry.Run{}, true},
	} {
		needs := Needs(tt.run, []string{"seconds", tt.expr})
		if got := needs == nil || needs(tt.metric); got != tt.want {
			t.Errorf("%s: %s of %s: %v", tt.why, tt.metric, tt.expr, got)
		}
	}
}
