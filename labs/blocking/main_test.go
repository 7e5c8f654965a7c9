//go:build linux

package main_test

import (
	"strings"
	"testing"
	"time"

	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) {
	t.Run("one", func(t *testing.T) { labtest.ConformanceAlone(t, "blocking", "-model=one") })
	for _, knobs := range []string{
		"-model=threads",
		"-model=threads -buf=64",
		"-model=threads -read-timeout=0 -write-timeout=0", // SHUT_RD alone ends the reads
	} {
		t.Run(knobs, func(t *testing.T) { labtest.Conformance(t, "blocking", strings.Fields(knobs)...) })
	}
}

func TestHeadOfLine(t *testing.T) {
	s := labtest.Start(t, "blocking", "-model=one")
	silent := s.Dial()
	s.Wait("the silent client", func(m map[string]float64) bool { return m["open"] == 1 })
	good := s.Dial() // succeeds: the kernel shakes hands
	data := labtest.Bytes(1, 64)
	good.Write(data)
	labtest.ExpectSilence(t, good, 500*time.Millisecond)
	if n := s.Counter("accepts"); n != 1 {
		t.Errorf("%d accepts, want 1", n)
	}
	silent.Close()
	labtest.Expect(t, good, data)
	s.HangUp()
	s.Stop()
}

func TestTimeouts(t *testing.T) {
	t.Run("read", func(t *testing.T) {
		s := labtest.Start(t, "blocking", "-read-timeout=100ms")
		labtest.ExpectEnd(t, s.Dial())
		if n := s.Counter("timeouts"); n != 1 {
			t.Errorf("lab.timeouts is %d, want 1", n)
		}
		s.Stop()
	})
	t.Run("write", func(t *testing.T) {
		s := labtest.Start(t, "blocking", "-write-timeout=100ms", "-buf=1048576")
		c := s.Dial()
		go c.Write(labtest.Bytes(1, 64<<20)) // nobody reads the answer; ends when the server does
		s.Wait("the timeout", func(m map[string]float64) bool { return m["timeouts"] == 1 && m["open"] == 0 })
		if s.Counter("short_writes") == 0 {
			t.Error("the timeout came in the middle of a write, which was not short")
		}
		s.HangUp()
		s.Stop()
	})
	t.Run("none", func(t *testing.T) {
		s := labtest.Start(t, "blocking", "-read-timeout=0")
		c := s.Dial()
		labtest.ExpectSilence(t, c, 300*time.Millisecond)
		labtest.Echo(t, c, labtest.Bytes(1, 64))
		s.HangUp()
		s.Stop()
	})
}

// Each call has the whole timeout: one byte in time keeps a client for ever.
func TestDribbler(t *testing.T) {
	t.Parallel()
	s := labtest.Start(t, "blocking", "-read-timeout=1s")
	c := s.Dial()
	begin := time.Now()
	for _, b := range labtest.Bytes(1, 8) {
		labtest.Echo(t, c, []byte{b})
		time.Sleep(300 * time.Millisecond)
	}
	if d := time.Since(begin); d < 2*time.Second {
		t.Fatalf("%s in all: this shows nothing", d)
	}
	if n := s.Counter("timeouts"); n != 0 {
		t.Errorf("lab.timeouts is %d, want 0", n)
	}
	s.HangUp()
	s.Stop()
}

// signal(7): read fails with EINTR under SA_RESTART if the socket has a
// timeout, and is restarted by the kernel if it has none.
func TestInterrupted(t *testing.T) {
	for _, c := range []struct {
		knob string
		seen bool
	}{
		{"-read-timeout=10s", true},
		{"-read-timeout=0", false},
	} {
		t.Run(c.knob, func(t *testing.T) {
			s := labtest.Start(t, "blocking", c.knob)
			conn := s.Dial()
			s.Wait("the client", func(m map[string]float64) bool { return m["open"] == 1 })
			for range 5 {
				s.Interrupt()
				s.Metrics()
			}
			if n := s.Counter("interrupted"); (n > 0) != c.seen {
				t.Errorf("lab.interrupted is %d", n)
			}
			labtest.Echo(t, conn, labtest.Bytes(1, 1000))
			s.HangUp()
			s.Stop()
		})
	}
}

// signal(7): a write that has queued some bytes returns their number.
func TestShortWrite(t *testing.T) {
	s := labtest.Start(t, "blocking", "-buf=1048576", "-write-timeout=60s")
	c, data := s.Dial(), labtest.Bytes(1, 32<<20)
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(data)
		sent <- err
	}()
	s.Stuck()
	s.Wait("a short write", func(m map[string]float64) bool {
		s.Interrupt()
		return m["short_writes"] > 0
	})
	labtest.Expect(t, c, data)
	if err := <-sent; err != nil {
		t.Error(err)
	}
	s.HangUp()
	s.Stop()
}

func TestThousandThreads(t *testing.T) {
	s := labtest.Start(t, "blocking", "-model=threads")
	before := len(s.Threads())
	labtest.Crowd(t, s, 1000)
	if n := len(s.Threads()); n < 1000 {
		t.Errorf("%d threads for 1000 clients", n)
	}
	s.HangUp()
	s.Wait("all to leave", func(m map[string]float64) bool { return m["open"] == 0 })
	if n := len(s.Threads()); n > before+50 {
		t.Errorf("%d threads are left, there were %d", n, before)
	}
	s.Stop()
}
