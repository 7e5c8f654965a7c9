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
	for _, knobs := range labtest.Modes(
		"-model=threads",
		"-model=threads -buf=512",
		"-model=threads -read-timeout=0 -write-timeout=0", // SHUT_RD alone ends the reads
		"-model=threads -timeouts=deadline",
	) {
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

// A client sends a byte every 40 ms; reading may wait for 500 ms.
func TestWhatIsBounded(t *testing.T) {
	for _, c := range []struct {
		knobs            string
		earliest, latest time.Duration // of the end
		why              string
	}{
		{"-timeouts=call", 1200 * time.Millisecond, labtest.Patience, "each call gets its byte in time"},
		{"-timeouts=idle", 1200 * time.Millisecond, labtest.Patience, "each byte is progress"},
		{"-timeouts=none", 1200 * time.Millisecond, labtest.Patience, "there is no timeout"},
		{"-timeouts=deadline", 450 * time.Millisecond, 1100 * time.Millisecond, "bytes do not move it"},
		{"-timeouts=deadline -request=8", 1200 * time.Millisecond, labtest.Patience, "each request of eight bytes has its own"},
		{"-timeouts=deadline -request=64", 450 * time.Millisecond, 1100 * time.Millisecond, "the first request never ends"},
	} {
		t.Run(c.knobs, func(t *testing.T) {
			t.Parallel()
			s := labtest.Start(t, "blocking", append(strings.Fields(c.knobs), "-read-timeout=500ms")...)
			conn, begin := s.Dial(), time.Now()
			for time.Since(begin) < 1200*time.Millisecond {
				conn.Write([]byte{7})
				if n, _ := conn.Read(make([]byte, 1)); n == 0 {
					break
				}
				time.Sleep(40 * time.Millisecond)
			}
			if d := time.Since(begin); d < c.earliest || d > c.latest {
				t.Errorf("ended after %s: %s", d, c.why)
			}
			if n, want := s.Counter("timeouts"), c.latest < labtest.Patience; (n == 1) != want {
				t.Errorf("lab.timeouts is %d: %s", n, c.why)
			}
			s.HangUp()
			s.Stop()
		})
	}
}

// An idle timeout and a deadline end a connection that says nothing, and an
// answer that nobody takes.
func TestNoProgress(t *testing.T) {
	for _, kind := range []string{"deadline", "idle"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := labtest.Start(t, "blocking", "-model=threads", "-timeouts="+kind, "-read-timeout=200ms", "-write-timeout=200ms")
			labtest.ExpectEnd(t, s.Dial())
			c := s.Dial()
			go c.Write(labtest.Bytes(1, 64<<20))
			s.Wait("two timeouts", func(m map[string]float64) bool { return m["timeouts"] == 2 && m["open"] == 0 })
			s.HangUp()
			s.Stop()
		})
	}
}

func TestMaxConnections(t *testing.T) {
	s := labtest.Start(t, "blocking", "-model=threads", "-max-connections=2")
	first := s.Dial()
	s.Dial()
	s.Wait("two clients", func(m map[string]float64) bool { return m["open"] == 2 })
	third, data := s.Dial(), labtest.Bytes(1, 64)
	third.Write(data)
	labtest.ExpectSilence(t, third, 300*time.Millisecond)
	first.Close()
	labtest.Expect(t, third, data)
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
