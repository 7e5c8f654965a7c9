package judge

import (
	"strings"
	"unicode"

	"socketlabs/labs/telemetry"
)

// trusting are the metrics that may make a block void or amber.
var trusting = []string{"load.late", "load.cpu", "kernel.cpu", "host.steal", "host.busy", "host.beside"}

// Needs says of which metrics a run's samples may matter to the values of some
// expressions: of those whose names stand in one of them, in what the run derives, or
// in what voids a block of a sweep. nil: of all, as the bottleneck is made of all.
func Needs(run telemetry.Run, exprs []string) func(metric string) bool {
	texts := append([]string{}, exprs...)
	derived := func(q telemetry.Question) {
		for _, f := range q.Derive {
			texts = append(texts, f.Expr)
		}
	}
	derived(run.Question)
	for _, a := range run.Arms {
		derived(a.Question)
	}
	if run.Sweep != nil {
		texts = append(texts, trusting...)
	}
	all := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.Join(texts, ";"))
	if strings.Contains(all, "bottleneck") || strings.ContainsAny(all, "\"'`") { // load["requests"] is load.requests
		return nil
	}
	return func(metric string) bool { return strings.Contains(all, metric) }
}
