package judge

import (
	"testing"

	"socketlabs/labs/telemetry"
)

func TestSlowReadsWhatABusyMachineCouldFake(t *testing.T) {
	q := telemetry.Question{
		Windows: []telemetry.Window{{Name: "held", From: 0, To: 1}},
		Derive: []telemetry.Formula{
			{ID: "calls", Expr: "(lab.reads + lab.writes) / load.requests"},
			{ID: "cores", Expr: "kernel.cpu / seconds"},
			{ID: "goodput", Expr: "load.requests / (ask.rate * seconds)"},
			{ID: "per_mean", Expr: "1 / load.mean"},
		},
	}
	for expr, want := range map[string]bool{
		"load.p99 >= 0.5":                            true,
		"load.p99 < 0.5":                             false,
		"0.5 < load.p99":                             true,
		"load.requests > 100":                        false,
		"load.requests < 100":                        true,
		"held.load.requests == 0":                    true,
		"load.requests != 0":                         false,
		"load.errors == 0":                           false,
		"load.errors > 0":                            true,
		"kernel.recvq.min == 64":                     true,
		"kernel.accept_queue.max == 0":               false,
		"lab.reads > 10":                             false,
		"lab.queue.mean > knob.threads":              true,
		"lab.pending.max < 10":                       false,
		"calls > 1.8":                                false,
		"cores > 0.7":                                true,
		"cores < 0.7":                                false,
		"goodput < 0.5":                              true,
		"goodput > 0.5":                              false,
		"per_mean < 10":                              true,
		"per_mean > 10":                              false,
		"!(load.p99 < 0.5)":                          true,
		"not (load.p99 > 0.5)":                       false,
		"lab.reads > 10 && load.p50 > 0.03":          true,
		"load.p50 > 0.01 && load.p50 < 0.02":         true,
		"load.service.p99 < 0.5 * load.p99":          true,
		"abs(load.requests / ask.rate - 1) < 0.02":   false,
		"max(load.p50, 0.01) > 0.03":                 true,
		"held.load.requests < load.requests / 20":    true,
		"-load.p99 < -0.5":                           true,
		"load.p50 > 1 ? lab.reads > 1 : lab.reads>2": true,
	} {
		q.Checks = []telemetry.Formula{{ID: "check", Expr: expr}}
		if got, err := Slow(q); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", expr, got, err, want)
		}
	}
	q.Checks = []telemetry.Formula{{ID: "check", Expr: "load.p99 >"}}
	if _, err := Slow(q); err == nil {
		t.Error("a check that is none is read")
	}
}
