//go:build linux

package main_test

import (
	"testing"

	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) { labtest.Conformance(t, "buffers") }

func TestGranted(t *testing.T) {
	s := labtest.Start(t, "buffers", "-sndbuf=32768", "-rcvbuf=16384")
	labtest.Echo(t, s.Dial(), labtest.Bytes(1, 100))
	m := s.Metrics()
	if m["sndbuf_granted"] != 65536 || m["rcvbuf_granted"] != 32768 {
		t.Errorf("granted %g and %g bytes, want twice what was asked for", m["sndbuf_granted"], m["rcvbuf_granted"])
	}
}
