//go:build linux

package load

import (
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

const many = 1e12

func TestLoad(t *testing.T) {
	for _, c := range []struct {
		why  string
		load map[string]any
	}{
		{"ping-pong", closed(3, 64, 1, 1)},
		{"single bytes", closed(3, 1, 1, 1)},
		{"pipelined", closed(3, 100, 16, 1)},
		{"pipelined in bursts that do not divide the depth", closed(3, 100, 7, 3)},
		{"a burst larger than the depth", closed(3, 100, 1, 50)},
		{"more than one call reads or writes", closed(2, most+1, 1, 1)},
		{"larger than all socket buffers", closed(1, 16<<20, 1, 1)},
		{"more in flight than the buffers hold", closed(2, 1<<20, 20, 5)},
		{"a schedule", open(10, 64, 1000, 1)},
		{"a schedule of bursts", open(10, 64, 1000, 10)},
		{"a schedule that cannot be kept", open(1, 64, 1e6, 1)},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			addr, _ := serve(t, echo(same))
			o := play(t, addr, labs.Spec{Load: c.load, Seconds: 0.5})
			if o.err != nil {
				t.Fatal(o.err)
			}
			o.want(t, "requests", 1, many)
			o.want(t, "errors", 0, 0)
			o.want(t, "connects", c.load["connections"].(float64), c.load["connections"].(float64))
			requests, size := o.value("requests"), c.load["size"].(float64)
			if lost := o.value("sent") - requests - o.value("inflight"); lost != 0 {
				t.Errorf("%g requests are neither answered nor in flight", lost)
			}
			o.want(t, "bytes_in", requests*size, many)
			o.want(t, "bytes_out", o.value("bytes_in"), o.value("sent")*size)
			for _, name := range []string{"load", "load.service"} {
				if n := o.last.Hists[name].Count; float64(n) != requests {
					t.Errorf("%s has %d entries for %g requests", name, n, requests)
				}
			}
			if n := o.last.Hists["load.late"].Count; float64(n) != o.value("sent") {
				t.Errorf("load.late has %d entries for %g requests sent", n, o.value("sent"))
			}
		})
	}
}

// TestVerification has a server that does one thing wrong, somewhere on its way.
func TestVerification(t *testing.T) {
	at := func(place int, wrong func(data []byte, i int) []byte) func([]byte, int) []byte {
		return func(data []byte, from int) []byte {
			if i := place - from; i >= 0 && i < len(data) {
				return wrong(data, i)
			}
			return data
		}
	}
	cut := func(n int) func([]byte, int) []byte {
		return at(5000, func(d []byte, i int) []byte {
			n := min(n, len(d))
			i = min(i, len(d)-n)
			return append(d[:i:i], d[i+n:]...)
		})
	}
	for _, c := range []struct {
		why    string
		mangle func([]byte, int) []byte
	}{
		{"one bit", at(5000, func(d []byte, i int) []byte { d[i] ^= 1; return d })},
		{"a byte lost", cut(1)},
		{"a whole request lost", cut(64)},
		{"a whole buffer lost", cut(4096)},
		{"a byte doubled", at(5000, func(d []byte, i int) []byte { return append(d[:i+1:i+1], d[i:]...) })},
		{"an answer doubled", at(5000, func(d []byte, i int) []byte { return append(d[:len(d):len(d)], d...) })},
		{"two halves exchanged", at(5000, func(d []byte, i int) []byte { h := len(d) / 2; return append(d[h:len(d):len(d)], d[:h]...) })},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			addr, _ := serve(t, func(conn *net.TCPConn, number int) {
				if number == 0 {
					echo(c.mangle)(conn, number)
				} else {
					echo(same)(conn, number)
				}
			})
			o := play(t, addr, labs.Spec{Load: closed(1, 64, 256, 128), Seconds: 0.5})
			o.want(t, "mismatches", 1, 1)
			o.want(t, "errors", 1, 1)
			o.want(t, "connects", 2, 2) // and it goes on
			o.want(t, "open", 1, 1)
			if logs := o.of(telemetry.KindLog); len(logs) != 1 || !strings.Contains(logs[0].Text, "not what was sent") {
				t.Errorf("it said %+v", logs)
			}
		})
	}
}

// TestStrangersBytes: two connections that are mixed up are not each other's echo.
func TestStrangersBytes(t *testing.T) {
	var mu sync.Mutex // guards first
	var first *net.TCPConn
	addr, _ := serve(t, func(c *net.TCPConn, _ int) {
		mu.Lock()
		if first == nil {
			first = c
		}
		mu.Unlock()
		for buf := make([]byte, 64); ; {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			first.Write(buf[:n])
		}
	})
	o := play(t, addr, labs.Spec{Load: open(2, 64, 50, 1), Seconds: 0.5})
	o.want(t, "mismatches", 1, many)
}

// TestCoordinatedOmission: a server that stops for half a second at a rate of
// 1,000 makes 500 requests late, the first by the whole stall and the last by
// nothing. One in a hundred of 1,500 is 15, so p99 is 485 ms. Of those 500 only
// the four in flight, one for each connection, had left when it stopped.
func TestCoordinatedOmission(t *testing.T) {
	var gate sync.RWMutex
	addr, _ := serve(t, func(c *net.TCPConn, number int) {
		echo(func(d []byte, _ int) []byte {
			gate.RLock()
			defer gate.RUnlock()
			return d
		})(c, number)
	})
	timer := time.AfterFunc(700*time.Millisecond, func() {
		gate.Lock()
		time.Sleep(500 * time.Millisecond)
		gate.Unlock()
	})
	defer timer.Stop()
	o := play(t, addr, labs.Spec{Load: open(4, 64, 1000, 1), Seconds: 1.5})
	response, service := o.last.Hists["load"], o.last.Hists["load.service"]
	if p := response.Quantile(.99); p < 0.45 || p > 0.9 {
		t.Errorf("response p99 is %.3f s: want about 0.485", p)
	}
	if p := service.Quantile(.99); p > 0.25 {
		t.Errorf("service p99 is %.3f s: want much less than 0.5", p)
	}
	backlog, oldest := 0.0, 0.0
	for _, e := range o.of(telemetry.KindSample) {
		backlog, oldest = max(backlog, e.Values["load.backlog"]), max(oldest, e.Values["load.oldest"])
	}
	if backlog < 250 || oldest < 0.25 {
		t.Errorf("backlog rose to %g and the oldest to %.3f s: want about 400 and 0.4", backlog, oldest)
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		why  string
		load map[string]any
		due  float64
	}{
		{"one by one", open(20, 64, 2000, 1), 2000},
		{"in bursts", open(20, 64, 2000, 10), 2000},
		{"slower than one each tick", open(3, 64, 5, 1), 5},
		{"a burst that is never complete twice", open(3, 64, 100, 100), 100},
	} {
		t.Run(c.why, func(t *testing.T) {
			addr, _ := serve(t, echo(same))
			o := play(t, addr, labs.Spec{Load: c.load, Seconds: 1})
			o.want(t, "sent", 0.6*c.due, c.due) // on a machine that held us up at the end
			o.want(t, "requests", 0.6*c.due, c.due)
			for i, e := range o.of(telemetry.KindSample) {
				sum := e.Values["load.sent"] + e.Values["load.backlog"]
				if e.T < o.last.T && sum < c.due*(e.T-o.start)-1e-3 || sum > c.due {
					t.Errorf("sample %d: %g were due", i, sum)
				}
			}
			if sum := o.value("sent") + o.value("backlog"); sum != c.due {
				t.Errorf("%g were due: want %g", sum, c.due)
			}
		})
	}
}

// TestBurst: what leaves in one write arrives in one read.
func TestBurst(t *testing.T) {
	var reads, odd atomic.Int64
	addr, _ := serve(t, func(c *net.TCPConn, _ int) {
		for buf := make([]byte, 64<<10); ; {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			reads.Add(1)
			if n%(16*64) != 0 {
				odd.Add(1)
			}
			c.Write(buf[:n])
		}
	})
	for _, load := range []map[string]any{closed(2, 64, 1, 16), open(2, 64, 3200, 16)} {
		play(t, addr, labs.Spec{Load: load, Seconds: 0.3})
	}
	if reads.Load() < 10 || odd.Load() != 0 {
		t.Errorf("%d of %d reads were parts of bursts", odd.Load(), reads.Load())
	}
}

// TestDepth has a server that reads and never answers.
func TestDepth(t *testing.T) {
	var bytes atomic.Int64
	addr, stop := serve(t, func(c *net.TCPConn, _ int) { bytes.Add(swallow(c)) })
	o := play(t, addr, labs.Spec{Load: closed(3, 100, 5, 1), Seconds: 0.5})
	stop()
	if n := bytes.Load(); n != 3*5*100 {
		t.Errorf("%d bytes were sent: want 3 connections times 5 requests of 100", n)
	}
	o.want(t, "inflight", 15, 15)
	o.want(t, "requests", 0, 0)
	o.want(t, "oldest", 0.3, 0.6)
	o.want(t, "backlog", 0, 0)
}

func TestManyConnections(t *testing.T) {
	addr, _ := serve(t, echo(same))
	o := play(t, addr, labs.Spec{Load: open(2000, 64, 2000, 1), Warmup: 1, Seconds: 1})
	o.want(t, "open", 2000, 2000)
	o.want(t, "errors", 0, 0)
	o.want(t, "requests", 2000, 4000)
}

// TestServerEnds counts how connections end, and that load goes on.
func TestServerEnds(t *testing.T) {
	for _, c := range []struct {
		why   string
		errno string
		end   func(*net.TCPConn)
	}{
		{"with FIN", "eof", func(c *net.TCPConn) {}},
		{"with RST", "econnreset", func(c *net.TCPConn) { c.SetLinger(0) }},
	} {
		t.Run(c.why, func(t *testing.T) {
			addr, _ := serve(t, func(conn *net.TCPConn, _ int) {
				buf := make([]byte, 64)
				for range 3 {
					if _, err := conn.Read(buf); err != nil {
						return
					}
					conn.Write(buf)
				}
				conn.Read(buf)
				c.end(conn)
			})
			o := play(t, addr, labs.Spec{Load: closed(2, 64, 1, 1), Seconds: 1})
			o.want(t, "errno."+c.errno, 4, 24) // at most one each 100 ms
			o.want(t, "errors", o.value("errno."+c.errno), o.value("errno."+c.errno))
			o.want(t, "connects", 4, 24)
			o.want(t, "requests", 3*o.value("errors"), 3*o.value("connects"))
			if o.of(telemetry.KindLog) == nil {
				t.Error("it said nothing")
			}
		})
	}
}

func TestServerGone(t *testing.T) {
	addr, stop := serve(t, echo(same))
	timer := time.AfterFunc(600*time.Millisecond, stop)
	defer timer.Stop()
	o := play(t, addr, labs.Spec{Load: closed(2, 64, 1, 1), Seconds: 1})
	if o.err != nil {
		t.Errorf("a server that ends in between ended the load: %v", o.err)
	}
	o.want(t, "errno.econnrefused", 1, many)
	o.want(t, "open", 0, 0)
}

func TestNobodyListens(t *testing.T) {
	addr, stop := serve(t, echo(same))
	stop()
	for _, spec := range []labs.Spec{
		{Load: closed(2, 64, 1, 1), Seconds: 30},
		{Faults: []labs.Fault{{ID: "f", Kind: "idle"}}, Seconds: 30},
	} {
		o := play(t, addr, spec)
		if o.err == nil || !strings.Contains(o.err.Error(), "connect "+addr+": connection refused") {
			t.Errorf("got %v", o.err)
		}
	}
}

// TestFullAcceptQueue: a server with a backlog of 0 that never accepts has
// room for one; connect(2) of the others gets no answer at all.
func TestFullAcceptQueue(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: sa.(*unix.SockaddrInet4).Port}).String()
	o := play(t, addr, labs.Spec{Load: closed(20, 64, 1, 1), Seconds: 4})
	if o.err != nil {
		t.Error(o.err)
	}
	o.want(t, "open", 1, 3)
	o.want(t, "errno.etimedout", 10, 40) // each once after 3 s
	o.want(t, "requests", 0, 0)
}

// TestFileLimit: without descriptors the rest of the load goes on.
func TestFileLimit(t *testing.T) {
	addr, _ := serve(t, echo(same))
	p := start(t, NewPlan(labs.Spec{Load: closed(100, 64, 1, 1), Seconds: 1}, addr, soon()), "LOAD_TEST_FILES=50")
	o := p.wait(t)
	o.want(t, "errno.emfile", 1, many)
	o.want(t, "open", 10, 50)
	o.want(t, "requests", 100, many)
}

// TestAllocations: a steady load allocates nothing for a request.
func TestAllocations(t *testing.T) {
	addr, _ := serve(t, echo(same))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	o := play(t, addr, labs.Spec{Load: closed(4, 64, 1, 1), Seconds: 1})
	runtime.ReadMemStats(&after)
	per := float64(after.Mallocs-before.Mallocs) / o.value("requests")
	if o.value("requests") < 2000 {
		t.Skipf("only %g requests on this busy machine", o.value("requests"))
	}
	if per > 0.5 {
		t.Errorf("%.2f allocations a request", per)
	}
}

// TestNothingIsLeft: no descriptor stays open after a run.
func TestNothingIsLeft(t *testing.T) {
	addr, stop := serve(t, echo(same))
	stop()
	count := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := count()
	play(t, addr, labs.Spec{Load: closed(50, 64, 1, 1), Faults: []labs.Fault{{ID: "f", Kind: "reset"}}, Seconds: 0.1})
	if after := count(); after != before {
		t.Errorf("%d descriptors before and %d after", before, after)
	}
}
