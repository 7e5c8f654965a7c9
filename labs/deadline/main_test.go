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
	for _, knobs := range []string{
		"-deadline=progress",
		"-deadline=none -buf=64",
		"-read-timeout=0 -write-timeout=0 -keepalive=1s -user-timeout=60s",
	} {
		t.Run(knobs, func(t *testing.T) { labtest.Conformance(t, "deadline", strings.Fields(knobs)...) })
	}
}

// A client sends a byte every 40 ms. Reading may wait for 500 ms, and at most
// for 1.2 s in all.
func TestDribbler(t *testing.T) {
	for _, c := range []struct {
		kind             string
		earliest, latest time.Duration // of the end
		why              string
	}{
		{"absolute", 450 * time.Millisecond, 1100 * time.Millisecond, "bytes do not move it"},
		{"progress", 1150 * time.Millisecond, labtest.Patience, "bytes move it up to the cap"},
		{"idle", 2 * time.Second, labtest.Patience, "bytes move it without end"},
		{"none", 2 * time.Second, labtest.Patience, "there is none"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			s := labtest.Start(t, "deadline", "-deadline="+c.kind, "-read-timeout=500ms", "-cap=1200ms")
			conn, begin := s.Dial(), time.Now()
			for time.Since(begin) < 2*time.Second && dribble(conn) {
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
			s := labtest.Start(t, "deadline", c.knob, "-read-timeout=100ms")
			labtest.ExpectEnd(t, s.Dial())
			m := s.Metrics()
			if (m["early"] > 0) != c.spin || m["timeouts"] != 1 {
				t.Errorf("%v polls for nothing, %v timeouts: %s", m["early"], m["timeouts"], c.why)
			}
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
	s := labtest.Start(t, "deadline", "-write-timeout=200ms", "-cap=500ms")
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

func TestDeadPeer(t *testing.T) {
	for _, c := range []struct {
		knob      string
		deaf, owe bool   // the client is gone; an answer is on its way to it
		found     string // the counter that finds it; none: it stays
		why       string
	}{
		{"-user-timeout=500ms", true, true, "etimedout", "the answer is not acknowledged"},
		{"-user-timeout=500ms", true, false, "", "nothing was sent that could be acknowledged"},
		{"-keepalive=1s", true, false, "etimedout", "the kernel asks, and is not answered"},
		{"-keepalive=1s", true, true, "", "the kernel does not ask while it sends again (tcp_keepalive_timer)"},
		{"-keepalive=1s", false, false, "", "the client's kernel answers"},
		{"-ping=300ms", true, false, "unanswered", "we ask, and are not answered"},
		{"-ping=300ms", true, true, "unanswered", "the same"},
		{"-ping=300ms", false, false, "unanswered", "its kernel answers, it does not"},
		{"-keepalive=0", true, true, "", "nobody looks"},
	} {
		t.Run(strings.Join([]string{c.knob, c.why}, " "), func(t *testing.T) {
			t.Parallel()
			s := labtest.Start(t, "deadline", c.knob, "-deadline=none")
			conn := s.Dial()
			s.Wait("the client", func(m map[string]float64) bool { return m["open"] == 1 })
			if c.deaf {
				deafen(t, conn)
			}
			if c.owe {
				conn.Write([]byte("anybody?"))
			}
			if c.found != "" {
				s.Wait(c.found, func(m map[string]float64) bool { return m[c.found] == 1 && m["open"] == 0 })
			} else {
				time.Sleep(4 * time.Second)
				if n := s.Counter("open"); n != 1 {
					t.Errorf("it was found: %s", c.why)
				}
			}
			unix.Kill(s.PID, unix.SIGTERM)
			if code := s.ExitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
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
		time.Sleep(2 * time.Second)
		if m := s.Metrics(); m["connects"]+m["connect_timeouts"]+m["etimedout"] != 0 {
			t.Errorf("the kernel gave up within two seconds: %v", m)
		}
		s.Stop() // a connect that waits does not hold up the end
	})
}
