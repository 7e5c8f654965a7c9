//go:build linux

package main_test

import (
	"testing"
	"time"

	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) {
	labtest.Conformance(t, "errors", "-failure=none")
}

// errnos are the counters of the error map.
var errnos = []string{"eintr", "eagain", "econnreset", "etimedout", "epipe", "sigpipe", "econnrefused", "emfile", "eaddrinuse", "eaddrnotavail"}

func TestProvoked(t *testing.T) {
	for _, failure := range errnos {
		if failure == "emfile" {
			continue // is the clients' doing
		}
		t.Run(failure, func(t *testing.T) {
			t.Parallel()
			s := labtest.Start(t, "errors", "-failure="+failure, "-every=1ms")
			c := s.Dial()
			s.Wait(failure, func(m map[string]float64) bool { return m[failure] >= 2 })
			m := s.Metrics()
			for _, other := range errnos {
				if other != failure && m[other] != 0 {
					t.Errorf("lab.%s is %v", other, m[other])
				}
			}
			labtest.Echo(t, c, labtest.Bytes(1, 10_000)) // it still serves
			s.HangUp()
			s.Stop()
			if m := s.Metrics(); m["resets"]+m["broken_pipes"] != 0 {
				t.Error("that was no client of ours")
			}
		})
	}
}

func TestNothingProvoked(t *testing.T) {
	s := labtest.Start(t, "errors")
	labtest.Echo(t, s.Dial(), labtest.Bytes(1, 10_000))
	s.HangUp()
	s.Stop()
	m := s.Metrics()
	for _, name := range errnos {
		if m[name] != 0 {
			t.Errorf("lab.%s is %v", name, m[name])
		}
	}
}

func TestDescriptors(t *testing.T) {
	const clients = 15
	for _, c := range []struct {
		knob string
		spin bool
		why  string
	}{
		{"-reserve=true", false, "who can not be served is refused, once"},
		{"-reserve=false", true, "the connection stays in the queue, and poll says so at once"},
	} {
		t.Run(c.knob, func(t *testing.T) {
			s := labtest.Start(t, "errors", "-failure=emfile", c.knob)
			first := s.Dial()
			for range clients - 1 {
				s.Dial()
			}
			s.Wait("EMFILE", func(m map[string]float64) bool { return m["emfile"] > 0 })
			time.Sleep(300 * time.Millisecond)
			n := s.Counter("emfile")
			if c.spin && n < 1000 || !c.spin && n > clients {
				t.Errorf("lab.emfile is %d with %d clients: %s", n, clients, c.why)
			}
			labtest.Echo(t, first, labtest.Bytes(1, 1000))
			s.HangUp()
			s.Wait("all to leave", func(m map[string]float64) bool { return m["open"] == 0 })
			labtest.Echo(t, s.Dial(), labtest.Bytes(2, 1000))
			s.HangUp()
			s.Stop()
		})
	}
}
