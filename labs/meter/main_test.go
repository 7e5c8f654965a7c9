//go:build linux

package main_test

import (
	"testing"

	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) { labtest.Conformance(t, "meter") }

// The answer takes 12 ms; its bucket ends at 2^14 µs. The last bucket begins at
// 2^19 µs and ends at a minute.
func TestPercentiles(t *testing.T) {
	s := labtest.Start(t, "meter", "-work=12ms")
	c := s.Dial()
	for range 20 {
		labtest.Echo(t, c, labtest.Bytes(1, 64))
	}
	m := s.Metrics()
	if m["p50"] != 16384 || m["widest"] != 11344 {
		t.Errorf("p50 is %v µs, the widest bucket %v %%; want 16384 and 11344", m["p50"], m["widest"])
	}
	s.HangUp()
	s.Stop()
}
