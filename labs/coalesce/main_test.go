//go:build linux

package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"socketlabs/labs/internal/labtest"
	"socketlabs/labs/internal/sock"
)

func message(seed uint64, n int) []byte {
	return sock.AppendFrame(nil, labtest.Bytes(seed, n))
}

func messages(count, n int) []byte {
	var all []byte
	for i := range count {
		all = append(all, message(uint64(i), n)...)
	}
	return all
}

var everyWay = []string{
	"-write=each", "-write=each -nodelay=false", "-write=more", "-write=writev", "-write=writev -nodelay=false -buf=64",
	"-write=buffer", "-write=buffer -flush-bytes=1000 -flush-time=100ms",
}

func TestEcho(t *testing.T) {
	for _, knobs := range everyWay {
		t.Run(knobs, func(t *testing.T) {
			s := labtest.Start(t, "coalesce", strings.Fields(knobs)...)
			c := s.Dial()
			labtest.Echo(t, c, messages(5000, 40))
			labtest.Echo(t, c, messages(20, 64<<10))
			for _, b := range message(1, 30) {
				c.Write([]byte{b})
			}
			labtest.Expect(t, c, message(1, 30))
			labtest.Echo(t, c, message(1, 0))
			if n := s.Counter("messages"); n != 5022 {
				t.Errorf("%d messages, want 5022", n)
			}
			go func() {
				c.Write(messages(100, 5000))
				c.CloseWrite()
			}()
			labtest.Expect(t, c, messages(100, 5000)) // FIN means no more requests, not no more answers
			labtest.ExpectEnd(t, c)
			gone := s.Dial()
			gone.Write(messages(1000, 500))
			labtest.Reset(gone)
			big := s.Dial()
			big.Write(append(message(1, 10), 255, 255, 255, 255))
			if data, err := io.ReadAll(big); err != nil || !bytes.Contains(data, []byte("error: too large")) || !bytes.HasPrefix(data, message(1, 10)) {
				t.Errorf("%q, %v", data, err)
			}
			s.HangUp()
			s.Wait("the end", func(m map[string]float64) bool { return m["open"] == 0 })
			if m := s.Metrics(); m["held_bytes"] != 0 || m["pending"] != 0 || m["too_large"] != 1 {
				t.Errorf("%v", m)
			}
			s.Stop()
		})
	}
}

// Nagle's algorithm holds the payload back until the header is acknowledged, and
// the client acknowledges the header when it answers, or after 40 ms.
func TestNagle(t *testing.T) {
	for _, c := range []struct {
		knobs   string
		stalled bool
		why     string
	}{
		{"-write=each -nodelay=false", true, "write, write, read"},
		{"-write=each -nodelay=true", false, "nothing is held back"},
		{"-write=more -nodelay=false", false, "one segment of two calls"},
		{"-write=writev -nodelay=false", false, "one segment of one call"},
		{"-write=buffer -nodelay=false", false, "so is the buffer's"},
	} {
		s := labtest.Start(t, "coalesce", strings.Fields(c.knobs)...)
		conn := s.Dial()
		var times []time.Duration
		for i := range 15 {
			began := time.Now()
			labtest.Echo(t, conn, message(uint64(i), 64))
			times = append(times, time.Since(began))
		}
		slices.Sort(times)
		if p50 := times[len(times)/2]; (p50 > 30*time.Millisecond) != c.stalled {
			t.Errorf("p50 %s with %s: %s", p50, c.knobs, c.why)
		}
		s.HangUp()
		s.Stop()
	}
}

func TestCalls(t *testing.T) {
	for _, c := range []struct {
		how           string
		alone, merged int // calls for 100 messages one at a time, and for 100 in one read
		why           string
	}{
		{"each", 200, 200, "header and payload"},
		{"more", 200, 200, "the kernel merges segments, not calls"},
		{"writev", 100, 1, "one for each read"},
		{"buffer", 100, 1, "one for each time that the buffer is emptied"},
	} {
		s := labtest.Start(t, "coalesce", "-write="+c.how)
		conn := s.Dial()
		for i := range 100 {
			labtest.Echo(t, conn, message(uint64(i), 10))
		}
		alone := s.Counter("writes")
		labtest.Echo(t, conn, messages(100, 10))
		if merged := s.Counter("writes") - alone; alone != c.alone || merged != c.merged {
			t.Errorf("%s: %d calls one at a time, %d at once: %+v", c.how, alone, merged, c)
		}
		s.HangUp()
		s.Stop()
	}
}

// Without a timer only the next message looks at the clock: the last answer is
// never sent.
func TestTail(t *testing.T) {
	for _, timer := range []bool{true, false} {
		s := labtest.Start(t, "coalesce", "-write=buffer", "-flush-time=100ms", fmt.Sprintf("-timer=%v", timer))
		c := s.Dial()
		labtest.Echo(t, c, message(1, 50)) // the first one finds its time over
		c.Write(message(2, 50))
		if timer {
			labtest.Expect(t, c, message(2, 50))
		} else {
			labtest.ExpectSilence(t, c, 200*time.Millisecond)
			if n := s.Counter("held_bytes"); n != 54 {
				t.Errorf("%d bytes are held, want 54", n)
			}
			c.Write(message(3, 50))
			labtest.Expect(t, c, slices.Concat(message(2, 50), message(3, 50)))
			c.Write(message(4, 50))
			c.CloseWrite()
			labtest.ExpectEnd(t, c)
			if n := s.Counter("lost_bytes"); n != 54 {
				t.Errorf("%d bytes are lost, want 54", n)
			}
		}
		s.HangUp()
		s.Stop()
	}
}

func TestFullBufferDoesNotWait(t *testing.T) {
	s := labtest.Start(t, "coalesce", "-write=buffer", "-flush-bytes=1000", "-flush-time=1s")
	c := s.Dial()
	began := time.Now()
	labtest.Echo(t, c, messages(10, 96))
	if d := time.Since(began); d > 900*time.Millisecond {
		t.Errorf("full, and sent after %s", d)
	}
	c.Write(message(1, 96))
	labtest.Expect(t, c, message(1, 96))
	if d := time.Since(began); d < 900*time.Millisecond {
		t.Errorf("not full, and sent after %s", d)
	}
	if m := s.Metrics(); m["full_flushes"] != 1 || m["timed_flushes"] != 1 {
		t.Errorf("%v", m)
	}
	s.HangUp()
	s.Stop()
}

// What the buffer holds goes out at SIGTERM, timer or not.
func TestSIGTERM(t *testing.T) {
	for _, knobs := range append(everyWay, "-write=buffer -timer=false -flush-time=1s") {
		s := labtest.Start(t, "coalesce", strings.Fields(knobs)...)
		conns := make([]net.Conn, 10)
		for i := range conns {
			c := s.Dial()
			c.Write(messages(20, 33))
			labtest.Arrived(t, c)
			conns[i] = c
		}
		s.Stop()
		for _, c := range conns {
			labtest.Expect(t, c, messages(20, 33))
			labtest.ExpectEnd(t, c)
		}
	}
}

func TestSlowReader(t *testing.T) {
	for _, knobs := range []string{"-write=each", "-write=writev", "-write=buffer"} {
		s := labtest.Start(t, "coalesce", strings.Fields(knobs)...)
		before := s.RSS()
		c, data := s.Dial(), bytes.Repeat(messages(100, 1000), 300)
		c.SetReadBuffer(64 << 10)
		sent := make(chan error, 1)
		go func() {
			_, err := c.Write(data)
			sent <- err
		}()
		s.Stuck()
		if grown := s.RSS() - before; grown > int64(len(data))*2/3 {
			t.Errorf("the server grew by %d bytes for %d that are not read, with %s", grown, len(data), knobs)
		}
		labtest.Expect(t, c, data)
		if err := <-sent; err != nil {
			t.Error(err)
		}
		s.HangUp()
		s.Stop()
	}
}
