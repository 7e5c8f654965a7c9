package main

import (
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// Differences are printed in the units of what is compared, also of what is derived.
func TestDifferencesHaveUnits(t *testing.T) {
	a, b, many := 0.0000582, 0.0000291, 5904.0
	units := judge.NewUnits(telemetry.Question{Derive: []telemetry.Formula{{ID: "cost", Expr: "kernel.cpu / load.requests"}}}, nil)
	var out strings.Builder
	printDifferences(&out, []telemetry.Difference{{Expr: "cost", A: &a, B: &b}, {Expr: "kernel.recvq.max", A: &many}, {Expr: "load.requests", A: &many, B: &many}}, units, units)
	for _, want := range []string{"58.2 µs → 29.1 µs", "5.77 KiB → –", "5,904 → 5,904"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
}
