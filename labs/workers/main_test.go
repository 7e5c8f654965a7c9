//go:build linux

package main_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"socketlabs/labs/internal/labtest"
	"socketlabs/labs/internal/rpc"
)

// call is a request without a budget.
func call(method rpc.Method, id uint32, body []byte) []byte {
	return labtest.Call(method, id, 0, body)
}

// work is the body of a work call.
func work(d time.Duration) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(d.Microseconds()))
}

type answer struct {
	id     uint32
	status rpc.Status
	body   string
}

func read(t *testing.T, c net.Conn) answer {
	t.Helper()
	head := make([]byte, rpc.ResponseHeader)
	if _, err := io.ReadFull(c, head); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint32(head[6:]))
	if _, err := io.ReadFull(c, body); err != nil {
		t.Fatal(err)
	}
	return answer{binary.BigEndian.Uint32(head), rpc.Status(binary.BigEndian.Uint16(head[4:])), string(body)}
}

func expect(t *testing.T, c net.Conn, want answer) {
	t.Helper()
	if got := read(t, c); got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
}

func end(s *labtest.Server) {
	s.HangUp()
	s.Wait("the last connection to be closed", func(m map[string]float64) bool {
		return m["open"] == 0 && m["busy"] == 0 && m["queue"] == 0
	})
	s.Stop()
}

func TestCalls(t *testing.T) {
	for _, threads := range []string{"-threads=0", "-threads=2"} {
		t.Run(threads, func(t *testing.T) {
			s := labtest.Start(t, "workers", threads, "-work=compute")
			c := s.Dial()
			for _, x := range []struct {
				request []byte
				want    answer
			}{
				{call(rpc.Echo, 1, []byte("body")), answer{1, rpc.OK, "body"}},
				{call(rpc.Work, 2, append(work(1000), "rest"...)), answer{2, rpc.OK, string(work(1000)) + "rest"}},
				{call(rpc.Name, 3, nil), answer{3, rpc.OK, "workers"}},
				{call(rpc.Add, 4, work(1)), answer{4, rpc.UnknownMethod, ""}},
				{call(rpc.Work, 5, []byte("abc")), answer{5, rpc.BadRequest, ""}},
				{call(rpc.Work, 6, make([]byte, 64<<10+1)), answer{6, rpc.BadRequest, ""}},
				{call(rpc.Echo, 7, make([]byte, 1<<20)), answer{7, rpc.OK, string(make([]byte, 1<<20))}},
			} {
				c.Write(x.request)
				expect(t, c, x.want)
			}
			for _, b := range call(rpc.Echo, 8, []byte("byte by byte")) {
				c.Write([]byte{b})
				time.Sleep(time.Millisecond)
			}
			expect(t, c, answer{8, rpc.OK, "byte by byte"})
			c.Write(make([]byte, rpc.RequestHeader)) // version 0
			if got := read(t, c); got.id != 0 || got.status != rpc.BadRequest {
				t.Errorf("the answer to no call is %+v", got)
			}
			labtest.ExpectEnd(t, c)
			end(s)
		})
	}
}

func TestPipelined(t *testing.T) {
	const calls = 5000
	s := labtest.Start(t, "workers", "-threads=4", "-queue=1024")
	c := s.Dial()
	go func() {
		for id := range uint32(calls) {
			method := rpc.Echo
			if id%50 == 0 {
				method = rpc.Work
			}
			c.Write(call(method, id, work(0)))
		}
		c.CloseWrite()
	}()
	seen := map[uint32]bool{}
	for range calls {
		got := read(t, c)
		if got.status != rpc.OK || seen[got.id] {
			t.Fatalf("%+v, seen before: %t", got, seen[got.id])
		}
		seen[got.id] = true
	}
	labtest.ExpectEnd(t, c)
	end(s)
}

func TestHeadOfLine(t *testing.T) {
	const d = time.Second
	for _, c := range []struct {
		knob string
		held bool
		why  string
	}{
		{"-threads=0", true, "the loop itself works, and looks at nobody meanwhile"},
		{"-threads=1", false, "the thread works, the loop goes on"},
	} {
		t.Run(c.knob, func(t *testing.T) {
			s := labtest.Start(t, "workers", c.knob)
			heavy, cheap := s.Dial(), s.Dial()
			cheap.Write(call(rpc.Echo, 1, nil))
			expect(t, cheap, answer{1, rpc.OK, ""})
			heavy.Write(call(rpc.Work, 1, work(d)))
			heavy.Write(call(rpc.Echo, 2, nil)) // on the same connection
			labtest.Arrived(t, heavy)
			time.Sleep(50 * time.Millisecond)
			cheap.Write(call(rpc.Echo, 2, nil))
			began := time.Now()
			expect(t, cheap, answer{2, rpc.OK, ""})
			if held := time.Since(began) > d/2; held != c.held {
				t.Errorf("the cheap call took %s: %s", time.Since(began), c.why)
			}
			first, second := answer{2, rpc.OK, ""}, answer{1, rpc.OK, string(work(d))}
			if c.held {
				first, second = second, first
			}
			expect(t, heavy, first)
			expect(t, heavy, second)
			end(s)
		})
	}
}

func TestQueueIsFull(t *testing.T) {
	s := labtest.Start(t, "workers", "-threads=1", "-queue=2")
	c, long, short := s.Dial(), time.Second, 10*time.Millisecond
	c.Write(call(rpc.Work, 0, work(long)))
	s.Wait("the thread to be busy", func(m map[string]float64) bool { return m["busy"] == 1 })
	for id := range uint32(4) {
		c.Write(call(rpc.Work, id+1, work(short)))
	}
	for _, id := range []uint32{3, 4} { // at once, before the others' answers
		got := read(t, c)
		if ms := binary.BigEndian.Uint32([]byte(got.body)); got.id != id || got.status != rpc.Busy || ms == 0 || ms > 1000 {
			t.Errorf("%+v: want call %d refused for a while", got, id)
		}
	}
	expect(t, c, answer{0, rpc.OK, string(work(long))})
	for id := range uint32(2) {
		expect(t, c, answer{id + 1, rpc.OK, string(work(short))})
	}
	if m := s.Metrics(); m["refused"] != 2 || m["handed"] != 3 || m["worked"] != 3 {
		t.Errorf("%v", m)
	}
	end(s)
}

func TestLocks(t *testing.T) {
	const calls, threads, d = 300, 8, 2 * time.Millisecond
	for _, c := range []struct {
		knobs       string
		least, most int
		why         string
	}{
		{"-lock=none", 0, 0, "nothing is shared"},
		{"-lock=one", calls / 2, calls, "who works has the lock, and seven others want it"},
		{"-lock=sharded -shards=1024", 0, calls / 5, "calls at the same time rarely want the same shard"},
	} {
		t.Run(c.knobs, func(t *testing.T) {
			s := labtest.Start(t, "workers", append(strings.Fields(c.knobs), fmt.Sprintf("-threads=%d", threads), fmt.Sprintf("-queue=%d", calls))...)
			conn, began := s.Dial(), time.Now()
			for id := range uint32(calls) {
				conn.Write(call(rpc.Work, id, work(d)))
			}
			for range calls {
				if got := read(t, conn); got.status != rpc.OK {
					t.Fatalf("%+v", got)
				}
			}
			took := time.Since(began)
			m := s.Metrics()
			if n := int(m["contended"]); n < c.least || n > c.most {
				t.Errorf("%d of %d locks were taken, want %d to %d: %s", n, calls, c.least, c.most, c.why)
			}
			if want := float64(min(c.most, 1) * calls); m["guarded"] != want {
				t.Errorf("%v rows were counted under a lock, want %v: %s", m["guarded"], want, c.why)
			}
			if c.least > 0 && (took < calls*d || m["lock_wait"] < 3e6*took.Seconds()) {
				t.Errorf("%s, %.2f s waited: nobody may work beside another", took, m["lock_wait"]/1e6)
			}
			end(s)
		})
	}
}

// What it costs to give a call away: work of no time, one call after the other.
func TestHandOff(t *testing.T) {
	const calls = 2000
	run := func(threads string) float64 {
		s := labtest.Start(t, "workers", threads)
		c := s.Dial()
		before := switches(t, s)
		for id := range uint32(calls) {
			c.Write(call(rpc.Work, id, work(0)))
			read(t, c)
		}
		n := switches(t, s) - before
		end(s)
		return float64(n) / calls
	}
	if alone, pool := run("-threads=0"), run("-threads=2"); pool < alone+0.5 {
		t.Errorf("%.1f voluntary context switches a call with a pool, %.1f without", pool, alone)
	}
}

var voluntary = regexp.MustCompile(`(?m)^voluntary_ctxt_switches:\s*(\d+)`)

func switches(t *testing.T, s *labtest.Server) (n int) {
	for _, tid := range s.Threads() {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/status", s.PID, tid))
		if err != nil {
			t.Fatal(err)
		}
		of, _ := strconv.Atoi(string(voluntary.FindSubmatch(status)[1]))
		n += of
	}
	return n
}

func TestStopDrainsTheQueue(t *testing.T) {
	s := labtest.Start(t, "workers", "-threads=1")
	c := s.Dial()
	for id := range uint32(4) {
		c.Write(call(rpc.Work, id, work(100*time.Millisecond)))
	}
	labtest.Arrived(t, c)
	s.Stop()
	for id := range uint32(4) {
		expect(t, c, answer{id, rpc.OK, string(work(100 * time.Millisecond))})
	}
	labtest.ExpectEnd(t, c)
}

func TestNobodyWaitsAnyMore(t *testing.T) {
	s := labtest.Start(t, "workers", "-threads=2")
	for i := range 20 {
		c := s.Dial()
		c.Write(call(rpc.Work, 1, append(work(5*time.Millisecond), bytes.Repeat([]byte("x"), 1000*i)...)))
		labtest.Arrived(t, c)
		labtest.Reset(c)
	}
	s.Wait("their work to be done in vain", func(m map[string]float64) bool { return m["worked"] == 20 })
	c := s.Dial()
	c.Write(call(rpc.Work, 1, work(0)))
	expect(t, c, answer{1, rpc.OK, string(work(0))})
	end(s)
}
