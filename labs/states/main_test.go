//go:build linux

package main_test

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) {
	labtest.Conformance(t, "states", "-first-close=client")
}

// state is what the client's kernel calls the connection.
func state(t *testing.T, c *net.TCPConn) int {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if err != nil {
		t.Fatal(err)
	}
	return int(info.State)
}

func TestLeak(t *testing.T) {
	for _, c := range []struct {
		knob   string
		leaked int
		client int // its state after its FIN
		why    string
	}{
		{"-leak=false", 0, unix.BPF_TCP_TIME_WAIT, "the server has closed too"},
		{"-leak=true", 1, unix.BPF_TCP_FIN_WAIT2, "the server's end is in CLOSE_WAIT"},
	} {
		t.Run(c.knob, func(t *testing.T) {
			s := labtest.Start(t, "states", c.knob)
			s.Metrics()
			before := len(s.Files())
			conn := s.Dial()
			labtest.Echo(t, conn, labtest.Bytes(1, 100))
			conn.CloseWrite()
			s.Wait("the end", func(m map[string]float64) bool { return m["open"] == 0 })
			time.Sleep(100 * time.Millisecond)
			got := state(t, conn)
			if got == unix.BPF_TCP_CLOSE { // TIME_WAIT is kept apart from the descriptor
				got = unix.BPF_TCP_TIME_WAIT
			}
			if n := s.Counter("leaked"); n != c.leaked || len(s.Files()) != before+c.leaked || got != c.client {
				t.Errorf("%d leaked, %d descriptors more, state %d: %s", n, len(s.Files())-before, got, c.why)
			}
			s.HangUp()
			s.Stop()
		})
	}
}

func TestFirstClose(t *testing.T) {
	s := labtest.Start(t, "states", "-first-close=server")
	c := s.Dial()
	labtest.Echo(t, c, labtest.Bytes(1, 100))
	labtest.ExpectEnd(t, c)
	if got := state(t, c); got != unix.BPF_TCP_CLOSE_WAIT {
		t.Errorf("the client's state is %d, want CLOSE_WAIT: the server closed first", got)
	}
	s.HangUp()
	s.Stop()
}

// listen(2): of a queue of backlog connections one more is taken, and the
// client's kernel sends its SYN again after a second.
func TestAcceptQueue(t *testing.T) {
	t.Parallel()
	const backlog = 4
	s := labtest.Start(t, "states", "-backlog=4", "-accept-delay=800ms")
	for range backlog + 1 {
		s.Dial()
	}
	begin := time.Now()
	late := s.Dial()
	if d := time.Since(begin); d < 900*time.Millisecond {
		t.Errorf("connected after %s: the queue was not full", d)
	}
	labtest.Echo(t, late, labtest.Bytes(1, 1000))
	if n := s.Counter("accepts"); n != backlog+2 {
		t.Errorf("%d accepts, want %d", n, backlog+2)
	}
	s.HangUp()
	s.Stop()
}

// Who is in the queue when SIGTERM comes is served.
func TestDelayEndsAtSIGTERM(t *testing.T) {
	s := labtest.Start(t, "states", "-accept-delay=60s")
	c, data := s.Dial(), labtest.Bytes(1, 1000)
	c.Write(data)
	labtest.Arrived(t, c)
	s.Stop()
	labtest.Expect(t, c, data)
}

func TestPorts(t *testing.T) {
	for _, c := range []struct {
		knob string
		out  bool
		why  string
	}{
		{"-first-close=client", true, "each port stays with the client, in TIME_WAIT"},
		{"-first-close=server", false, "TIME_WAIT is at the other end, and gives way to a new SYN"},
	} {
		t.Run(c.knob, func(t *testing.T) {
			s := labtest.Start(t, "states", "-ports=10", c.knob)
			s.Wait("30 attempts", func(m map[string]float64) bool { return m["connects"]+m["eaddrnotavail"] >= 30 })
			if n := s.Counter("eaddrnotavail"); (n > 0) != c.out {
				t.Errorf("lab.eaddrnotavail is %d: %s", n, c.why)
			}
			s.Stop()
		})
	}
}
