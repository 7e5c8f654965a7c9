//go:build linux

package main_test

import (
	"strings"
	"testing"
	"time"

	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) {
	for _, knobs := range labtest.Modes(
		"-drain=true",
		"-drain=false -buf=512",     // every wakeup leaves bytes behind
		"-max-events=1 -armed",      // nearly every wakeup is for nothing
		"-buf=1048576 -drain-cap=0", // one read may take all that is there
	) {
		t.Run(knobs, func(t *testing.T) {
			t.Parallel() // they wait for samples most of the time
			labtest.Conformance(t, "epoll", strings.Fields(knobs)...)
		})
	}
}

func TestDrainCosts(t *testing.T) {
	for _, c := range []struct {
		knob         string
		reads, again int
		why          string
	}{
		{"-drain=false", 3, 0, "10,000 bytes are three buffers, one wakeup each"},
		{"-drain=true", 4, 1, "one more read finds the queue empty"},
	} {
		t.Run(c.knob, func(t *testing.T) {
			s := labtest.Start(t, "epoll", c.knob, "-buf=4096")
			conn := s.Dial()
			labtest.Echo(t, conn, labtest.Bytes(1, 10_000))
			m := s.Metrics()
			if int(m["reads"]) != c.reads || int(m["again"]) != c.again {
				t.Errorf("%v reads, %v EAGAIN; want %d and %d: %s", m["reads"], m["again"], c.reads, c.again, c.why)
			}
			s.HangUp()
			s.Stop()
		})
	}
}

// Who is stopped at the cap is reported again.
func TestCap(t *testing.T) {
	for _, c := range []struct {
		knob                    string
		wakeups, longest, again int
		why                     string
	}{
		{"-drain-cap=2", 6, 2, 0, "accept, and five turns of two reads; then there is nothing to report"},
		{"-drain-cap=0", 2, 10, 1, "accept, and one turn for all"},
	} {
		t.Run(c.knob, func(t *testing.T) {
			s := labtest.Start(t, "epoll", c.knob, "-buf=1024")
			labtest.Echo(t, s.Dial(), labtest.Bytes(1, 10*1024))
			m := s.Metrics()
			if int(m["wakeups"]) != c.wakeups || int(m["longest_drain"]) != c.longest || int(m["again"]) != c.again {
				t.Errorf("%v wakeups, %v reads in a row, %v EAGAIN; want %d, %d and %d: %s",
					m["wakeups"], m["longest_drain"], m["again"], c.wakeups, c.longest, c.again, c.why)
			}
			s.HangUp()
			s.Stop()
		})
	}
}

func TestArmed(t *testing.T) {
	for _, c := range []struct {
		knob  string
		storm bool
		why   string
	}{
		{"-armed=false", false, "nothing happens, so nothing is reported"},
		{"-armed=true", true, "an idle socket is writable, and level-triggered epoll says so without end"},
	} {
		t.Run(c.knob, func(t *testing.T) {
			s := labtest.Start(t, "epoll", c.knob)
			s.Dial()
			s.Wait("the connection", func(m map[string]float64) bool { return m["open"] == 1 })
			before := s.Metrics()
			time.Sleep(300 * time.Millisecond)
			after := s.Metrics()
			wakeups := after["wakeups"] - before["wakeups"]
			if c.storm && wakeups < 1000 || !c.storm && wakeups != 0 {
				t.Errorf("%v wakeups: %s", wakeups, c.why)
			}
			if after["reads"] != before["reads"] || after["writes"] != before["writes"] {
				t.Error("there was nothing to read or write")
			}
			s.HangUp()
			s.Stop()
		})
	}
}

func TestBackPressure(t *testing.T) {
	s := labtest.Start(t, "epoll", "-buf=4096")
	c := s.Dial()
	sent := make(chan error, 1)
	data := labtest.Bytes(1, 32<<20)
	go func() {
		_, err := c.Write(data)
		sent <- err
	}()
	s.Stuck()
	before, after := s.Metrics(), s.Metrics()
	if n := after["pending"]; n == 0 || n > 4096 {
		t.Errorf("lab.pending is %v: it must be at most one buffer", n)
	}
	if after["wakeups"] != before["wakeups"] {
		t.Error("woken for bytes that it does not want to read")
	}
	labtest.Expect(t, c, data)
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if n := s.Counter("pending"); n != 0 {
		t.Errorf("lab.pending is %d after all was read", n)
	}
	s.HangUp()
	s.Stop()
}

// What nobody reads waits in the server, and still all of it arrives, FIN or not.
func TestWithoutBackPressure(t *testing.T) {
	s := labtest.Start(t, "epoll", "-back-pressure=false")
	c := s.Dial()
	data := labtest.Bytes(1, 32<<20)
	if _, err := c.Write(data); err != nil {
		t.Fatal(err)
	}
	s.Wait("megabytes of output", func(m map[string]float64) bool { return m["pending"] > 1<<20 })
	c.CloseWrite()
	labtest.Expect(t, c, data)
	labtest.ExpectEnd(t, c)
	s.HangUp()
	s.Stop()
}

// signal(7): epoll_wait fails with EINTR even under SA_RESTART.
func TestInterrupted(t *testing.T) {
	s := labtest.Start(t, "epoll")
	c := s.Dial()
	s.Wait("EINTR", func(m map[string]float64) bool {
		s.Interrupt()
		return m["interrupted"] >= 3
	})
	labtest.Echo(t, c, labtest.Bytes(1, 1000))
	s.HangUp()
	s.Stop()
}

func TestFiveThousand(t *testing.T) {
	s := labtest.Start(t, "epoll")
	labtest.Crowd(t, s, 5000)
	if n := len(s.Threads()); n > 50 {
		t.Errorf("%d threads for one loop", n)
	}
	s.HangUp()
	s.Stop()
}
