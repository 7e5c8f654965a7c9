//go:build linux

package main_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) {
	labtest.Conformance(t, "deadline", "-keepalive=1s", "-user-timeout=60s")
}

// A client sends a byte every 40 ms. Reading may wait for 500 ms, and at most
// for 1 s in all.
func TestDribbler(t *testing.T) {
	for _, c := range []struct {
		kind             string
		earliest, latest time.Duration // of the end
		why              string
	}{
		{"absolute", 450 * time.Millisecond, 900 * time.Millisecond, "bytes do not move it"},
		{"progress", 950 * time.Millisecond, labtest.Patience, "bytes move it up to the cap"},
		{"idle", 1500 * time.Millisecond, labtest.Patience, "bytes move it without end"},
		{"none", 1500 * time.Millisecond, labtest.Patience, "there is none"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			s := labtest.Start(t, "deadline", "-deadline="+c.kind, "-read-timeout=500ms", "-total-timeout=1s")
			conn, begin := s.Dial(), time.Now()
			for time.Since(begin) < 1500*time.Millisecond && dribble(conn) {
				time.Sleep(40 * time.Millisecond)
			}
			if d := time.Since(begin); d < c.earliest || d > c.latest {
				t.Errorf("ended after %s: %s", d, c.why)
			}
			s.HangUp()
			s.Stop()
		})
	}
}

// dribble has one byte echoed, if the server still listens.
func dribble(c net.Conn) bool {
	c.Write([]byte{7})
	n, _ := c.Read(make([]byte, 1))
	return n == 1
}

// Whole requests begin a new deadline.
func TestRequests(t *testing.T) {
	t.Parallel()
	s := labtest.Start(t, "deadline", "-deadline=absolute", "-read-timeout=600ms", "-request=64")
	c := s.Dial()
	for i := range 8 {
		labtest.Echo(t, c, labtest.Bytes(uint64(i), 64))
		time.Sleep(150 * time.Millisecond)
	}
	if n := s.Counter("timeouts"); n != 0 {
		t.Errorf("lab.timeouts is %d, want 0", n)
	}
	s.HangUp()
	s.Stop()
}

func TestRounding(t *testing.T) {
	for _, c := range []struct {
		knob string
		spin bool
		why  string
	}{
		{"-floor=false", false, "what is left is rounded up: poll does not come back before its time"},
		{"-floor=true", true, "0.9 ms are poll(0), which comes back at once"},
	} {
		t.Run(c.knob, func(t *testing.T) {
			s := labtest.Start(t, "deadline", c.knob, "-read-timeout=900us")
			for range 20 {
				s.Dial()
			}
			s.Wait("the timeouts", func(m map[string]float64) bool { return m["timeouts"] == 20 })
			m := s.Metrics()
			if (m["early"] > 0) != c.spin {
				t.Errorf("%v polls for nothing, %v timeouts: %s", m["early"], m["timeouts"], c.why)
			}
			s.HangUp()
			s.Stop()
		})
	}
}

// signal(7): poll fails with EINTR under SA_RESTART too. It is no timeout, and
// moves none.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s := labtest.Start(t, "deadline", "-read-timeout=1s")
	c, begin := s.Dial(), time.Now()
	s.Wait("the client", func(m map[string]float64) bool { return m["open"] == 1 })
	for range 5 {
		s.Interrupt()
		s.Metrics()
	}
	if m := s.Metrics(); m["interrupted"] == 0 || m["open"] == 0 && time.Since(begin) < time.Second {
		t.Errorf("%v calls interrupted, %v open after %s", m["interrupted"], m["open"], time.Since(begin))
	}
	labtest.ExpectEnd(t, c)
	if d := time.Since(begin); d < 900*time.Millisecond || d > 3*time.Second {
		t.Errorf("ended after %s, want 1 s", d)
	}
	s.Stop()
}

func TestWriteTimeout(t *testing.T) {
	t.Parallel()
	s := labtest.Start(t, "deadline", "-write-timeout=200ms", "-total-timeout=500ms")
	c := s.Dial()
	go c.Write(labtest.Bytes(1, 64<<20)) // nobody reads the answer; ends when the server does
	s.Wait("the timeout", func(m map[string]float64) bool { return m["timeouts"] == 1 && m["open"] == 0 })
	s.HangUp()
	s.Stop()
}

// deafen has a client's kernel drop every segment: it is as good as gone.
func deafen(t *testing.T, c *net.TCPConn) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	raw.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Three clients: one is gone and owed an answer, one is gone, and one is well
// and says nothing.
func TestDeadPeer(t *testing.T) {
	for _, c := range []struct {
		knob                  string
		etimedout, unanswered float64
		why                   string
	}{
		{"-user-timeout=500ms", 1, 0, "only the answer is missed: nothing else was sent"},
		{"-keepalive=1s", 1, 0, "the kernel does not ask while it sends again, and the third client's kernel answers"},
		{"-ping=300ms", 0, 3, "nobody answers us, whatever the kernels do"},
		{"-ping=0", 0, 0, "nobody looks"},
	} {
		t.Run(c.knob, func(t *testing.T) {
			t.Parallel()
			s := labtest.Start(t, "deadline", c.knob, "-deadline=none")
			owed, gone := s.Dial(), s.Dial()
			s.Dial()
			s.Wait("the clients", func(m map[string]float64) bool { return m["open"] == 3 })
			deafen(t, owed)
			deafen(t, gone)
			owed.Write([]byte("anybody?"))
			s.Wait("who is found", func(m map[string]float64) bool {
				return m["etimedout"] >= c.etimedout && m["unanswered"] >= c.unanswered
			})
			time.Sleep(time.Second)
			m := s.Metrics()
			if m["etimedout"] != c.etimedout || m["unanswered"] != c.unanswered || m["open"] != 3-c.etimedout-c.unanswered {
				t.Errorf("%v ETIMEDOUT, %v unanswered, %v open: %s", m["etimedout"], m["unanswered"], m["open"], c.why)
			}
			s.Stop()
		})
	}
}

func TestPingAnswered(t *testing.T) {
	t.Parallel()
	s := labtest.Start(t, "deadline", "-ping=300ms")
	c := s.Dial()
	for range 3 {
		labtest.Expect(t, c, []byte{0})
		labtest.Echo(t, c, []byte("here"))
	}
	if m := s.Metrics(); m["unanswered"] != 0 || m["pings"] < 3 {
		t.Errorf("%v pings, %v unanswered", m["pings"], m["unanswered"])
	}
	s.HangUp()
	s.Stop()
}

func TestConnect(t *testing.T) {
	for _, c := range []struct {
		knobs        string
		seen, unseen string
		why          string
	}{
		{"-upstream=live", "connects", "connect_timeouts", "somebody answers"},
		{"-upstream=mute -connect-timeout=100ms", "connect_timeouts", "connects", "nobody answers, and we wait no longer"},
	} {
		t.Run(c.knobs, func(t *testing.T) {
			s := labtest.Start(t, "deadline", strings.Fields(c.knobs)...)
			s.Wait(c.seen, func(m map[string]float64) bool { return m[c.seen] >= 3 })
			if n := s.Counter(c.unseen); n != 0 {
				t.Errorf("lab.%s is %d: %s", c.unseen, n, c.why)
			}
			labtest.Echo(t, s.Dial(), labtest.Bytes(1, 1000))
			s.HangUp()
			s.Stop()
		})
	}
	t.Run("without a budget", func(t *testing.T) {
		t.Parallel()
		s := labtest.Start(t, "deadline", "-upstream=mute", "-connect-timeout=0")
		time.Sleep(time.Second)
		if m := s.Metrics(); m["connects"]+m["connect_timeouts"]+m["etimedout"] != 0 {
			t.Errorf("the kernel gave up within a second: %v", m)
		}
		s.Stop() // a connect that waits does not hold up the end
	})
}
