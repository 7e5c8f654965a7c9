//go:build linux

package main_test

import (
	"strings"
	"testing"
	"time"

	"socketlabs/labs/internal/labtest"
)

// Without the drain loop it is not correct: that is the lesson. All tests run in
// parallel, since they wait for samples most of the time.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, knobs := range labtest.Modes(
		"-threads=1",
		"-threads=4 -armed -drain-cap=0 -buf=1048576 -pool=false", // one read may take all that is there
		"-threads=1 -oneshot -drain-cap=1 -buf=512 -max-events=1", // nobody reminds of what a wakeup leaves
		"-threads=4 -oneshot",
	) {
		t.Run(knobs, func(t *testing.T) {
			t.Parallel()
			labtest.Conformance(t, "epollet", strings.Fields(knobs)...)
		})
	}
}

func TestStall(t *testing.T) {
	t.Parallel()
	const size, buf = 10_000, 4096
	s := labtest.Start(t, "epollet", "-drain=false", "-buf=4096")
	c, data := s.Dial(), labtest.Bytes(1, size+1)
	c.Write(data[:size])
	labtest.Expect(t, c, data[:buf])
	labtest.ExpectSilence(t, c, 300*time.Millisecond)
	before := s.Counter("wakeups")
	c.Write(data[size:])
	labtest.Expect(t, c, data[buf:2*buf]) // an edge, and good for one read
	labtest.ExpectSilence(t, c, 300*time.Millisecond)
	if m := s.Metrics(); m["reads"] != 2 || int(m["wakeups"]) != before+1 {
		t.Errorf("%v reads, %v more wakeups: want 2 and 1", m["reads"], int(m["wakeups"])-before)
	}
	s.Stop() // even so, what has arrived is answered
	labtest.Expect(t, c, data[2*buf:])
	labtest.ExpectEnd(t, c)
}

// With one read more than the bytes need the receive queue is known to be empty.
func TestDrainCosts(t *testing.T) {
	t.Parallel()
	s := labtest.Start(t, "epollet", "-buf=4096")
	labtest.Echo(t, s.Dial(), labtest.Bytes(1, 10_000))
	if m := s.Metrics(); m["reads"] != 4 || m["again"] != 1 {
		t.Errorf("%v reads, %v EAGAIN; want 4 and 1", m["reads"], m["again"])
	}
	s.HangUp()
	s.Stop()
}

// Who stops for fairness is on a list: no edge comes for the rest.
func TestCap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		knob    string
		wakeups int
		why     string
	}{
		{"-drain-cap=2", 7, "accept, then five turns of two reads, and one that finds nothing"},
		{"-drain-cap=0", 2, "accept, then one turn for all"},
	} {
		t.Run(c.knob, func(t *testing.T) {
			t.Parallel()
			s := labtest.Start(t, "epollet", c.knob, "-buf=1024")
			labtest.Echo(t, s.Dial(), labtest.Bytes(1, 10*1024))
			s.Wait("the last read", func(m map[string]float64) bool { return m["again"] == 1 })
			if m := s.Metrics(); m["reads"] != 11 || int(m["wakeups"]) != c.wakeups {
				t.Errorf("%v reads, %v wakeups; want 11 and %d: %s", m["reads"], m["wakeups"], c.wakeups, c.why)
			}
			s.HangUp()
			s.Stop()
		})
	}
}

// A client that does not read stops the server's reading, and that it reads on
// is due to EPOLLOUT: registered once, or by epoll_ctl each time.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		knob   string
		rearms bool
	}{
		{"-armed=false", true},
		{"-armed=true", false},
		{"-oneshot -threads=4", true}, // bytes that it does not want must not come back with each epoll_ctl
	} {
		t.Run(c.knob, func(t *testing.T) {
			t.Parallel()
			s := labtest.Start(t, "epollet", append(strings.Fields(c.knob), "-buf=4096")...)
			conn := s.Dial()
			sent := make(chan error, 1)
			data := labtest.Bytes(1, 32<<20)
			go func() {
				_, err := conn.Write(data)
				sent <- err
			}()
			s.Stuck()
			before, after := s.Metrics(), s.Metrics()
			if n := after["pending"]; n <= 3*4096 || n > 4*4096 {
				t.Errorf("lab.pending is %v: the ring of four buffers must have no room for one more", n)
			}
			if after["wakeups"]-before["wakeups"] > 1 {
				t.Error("woken for bytes that it does not want to read")
			}
			labtest.Expect(t, conn, data)
			if err := <-sent; err != nil {
				t.Error(err)
			}
			s.Wait("an empty ring", func(m map[string]float64) bool { return m["pending"] == 0 })
			if n := s.Counter("rearms"); (n > 0) != c.rearms {
				t.Errorf("%d times epoll_ctl", n)
			}
			s.HangUp()
			s.Stop()
		})
	}
}

// A ring has memory only while it holds bytes; the pool makes that cheap.
func TestPool(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		knob   string
		reused bool
	}{
		{"-pool=true", true},
		{"-pool=false", false},
	} {
		t.Run(c.knob, func(t *testing.T) {
			t.Parallel()
			s := labtest.Start(t, "epollet", c.knob)
			conn, data := s.Dial(), labtest.Bytes(1, 16<<20)
			go conn.Write(data)
			for at, step := 0, 4<<20; at < len(data); at += step {
				s.Wait("output that waits", func(m map[string]float64) bool { return m["pending"] > 0 || at > 0 })
				labtest.Expect(t, conn, data[at:at+step])
			}
			s.Wait("an empty ring", func(m map[string]float64) bool { return m["pending"] == 0 })
			if n := s.Counter("allocs"); (n == 1) != c.reused {
				t.Errorf("%d buffers for one connection", n)
			}
			s.HangUp()
			s.Stop()
		})
	}
}

// A socket with nothing to send is writable, and edge-triggered epoll says so once.
func TestArmed(t *testing.T) {
	t.Parallel()
	s := labtest.Start(t, "epollet", "-armed")
	s.Dial()
	s.Wait("the connection", func(m map[string]float64) bool { return m["open"] == 1 && m["again"] == 1 })
	before := s.Counter("wakeups")
	time.Sleep(300 * time.Millisecond)
	if after := s.Counter("wakeups"); after != before {
		t.Errorf("%d wakeups for nothing", after-before)
	}
	s.HangUp()
	s.Stop()
}

func TestOneshot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		knob string
		meet bool
		why  string
	}{
		{"-oneshot=false", true, "bytes that come while a thread works wake another one"},
		{"-oneshot=true", false, "a connection is off until its thread has done with it"},
	} {
		t.Run(c.knob, func(t *testing.T) {
			t.Parallel()
			s := labtest.Start(t, "epollet", "-threads=4", "-drain-cap=0", c.knob) // a turn that is cut short is no end of a wakeup
			conn := s.Dial()
			data, end := labtest.Bytes(2, 64_000), time.Now().Add(labtest.Patience)
			for round := 0; round < 5 || c.meet && time.Now().Before(end); round++ {
				go func() {
					for at := 0; at < len(data); at += 64 {
						conn.Write(data[at : at+64])
					}
				}()
				labtest.Expect(t, conn, data)
				if s.Counter("overlaps") > 0 {
					break
				}
			}
			m := s.Metrics()
			if (m["overlaps"] > 0) != c.meet {
				t.Errorf("threads met %v times in %v wakeups: %s", m["overlaps"], m["wakeups"], c.why)
			}
			if once := m["rearms"] >= 0.9*m["wakeups"]; once == c.meet {
				t.Errorf("%v times epoll_ctl in %v wakeups", m["rearms"], m["wakeups"])
			}
			s.HangUp()
			s.Stop()
		})
	}
}
