//go:build linux

package load

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// TestManners: what each kind is, is played by somebody.
func TestManners(t *testing.T) {
	for _, k := range labs.FaultKinds() {
		if _, ok := manners[k.Name]; ok == k.OnServer {
			t.Errorf("%s is in the table of manners: %v", k.Name, ok)
		}
	}
}

// TestChurn: each connection has its answer and is closed by the client, which
// therefore keeps the TIME_WAIT.
func TestChurn(t *testing.T) {
	t.Parallel()
	var served, ends atomic.Int64
	addr, _ := serve(t, func(c *net.TCPConn, _ int) {
		if n, err := io.Copy(c, c); err == nil && n == 1000 { // FIN after all of it
			ends.Add(1)
		}
		served.Add(1)
	})
	o := play(t, addr, misbehaving("churn", 0, 0, map[string]any{"connections": 4.0, "size": 1000.0, "pause": 0.02}))
	if n := served.Load(); n < 60 || n > 204 || ends.Load() < n-4 {
		t.Errorf("%d connections, %d of them whole: want about 200", n, ends.Load())
	}
	o.want(t, "fault_received", 60*1000, 204*1000)
	o.want(t, "fault_closed", 0, 0)
	o.want(t, "errors", 0, 0)
}

// states counts the sockets whose remote port is addr's by their state, as
// proc(5) numbers them: 02 is SYN_SENT, 04 FIN_WAIT1.
func states(t *testing.T, addr string) map[string]int {
	t.Helper()
	table, err := os.ReadFile("/proc/self/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprintf(":%04X", netip.MustParseAddrPort(addr).Port())
	count := map[string]int{}
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 3 && strings.HasSuffix(f[2], port) {
			count[f[3]]++
		}
	}
	return count
}

// TestFlood: all of them come, and at once, although the server accepts none.
func TestFlood(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	raw, _ := ln.(*net.TCPListener).SyscallConn()
	raw.Control(func(fd uintptr) { unix.Listen(int(fd), 10) })
	spec := misbehaving("flood", 0.2, 0, map[string]any{"connections": 300.0})
	var waiting atomic.Int64
	time.AfterFunc(900*time.Millisecond, func() { waiting.Store(int64(states(t, ln.Addr().String())["02"])) })
	o := play(t, ln.Addr().String(), spec)
	if n := waiting.Load(); n < 280 || n > 290 {
		t.Errorf("%d connections wait for the handshake at the same time: want the 289 others", n)
	}
	o.want(t, "misbehaving", 10, 12) // as many as the queue has room for
	o.want(t, "fault_sent", 0, 0)
	o.want(t, "errors", 0, 0) // that the others wait is the point
	for _, e := range o.of(telemetry.KindSample) {
		if at := e.T - o.start; at > 0.55 && e.Values["load.misbehaving"] < 10 {
			t.Errorf("after %.1f s of the run %g are there", at, e.Values["load.misbehaving"])
		}
	}
}

// collect reads connections to their ends and passes on what came.
func collect(each func(c *net.TCPConn, data []byte, err error)) func(*net.TCPConn, int) {
	return func(c *net.TCPConn, _ int) {
		var all bytes.Buffer
		_, err := all.ReadFrom(c)
		each(c, all.Bytes(), err)
	}
}

// TestHalfFrames: half of what was announced arrives, and then the end.
func TestHalfFrames(t *testing.T) {
	for _, c := range []struct {
		kind   string
		end    error
		closed bool // by the server
	}{
		{"truncated", nil, true},
		{"cut", unix.ECONNRESET, false},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			var right, wrong atomic.Int64
			addr, _ := serve(t, collect(func(_ *net.TCPConn, data []byte, err error) {
				if len(data) == 4+500 && binary.BigEndian.Uint32(data) == 1001 && errors.Is(err, c.end) {
					right.Add(1)
				} else if len(data) > 0 {
					wrong.Add(1)
					t.Logf("%d bytes, then %v", len(data), err)
				}
			}))
			o := play(t, addr, misbehaving(c.kind, 0, 0, map[string]any{"connections": 2.0, "size": 1001.0, "pause": 0.05}))
			if n := right.Load(); n < 16 || n > 42 || wrong.Load() > 2 {
				t.Errorf("%d half frames and %d others: want about 40", n, wrong.Load())
			}
			if n := o.value("fault_closed"); c.closed != (n > 0) {
				t.Errorf("%g were ended by the server", n)
			}
			o.want(t, "errors", 0, 0)
		})
	}
}

// TestOversized: a length and nothing more, again when the server has refused it,
// and held for as long as it does not.
func TestOversized(t *testing.T) {
	for _, c := range []struct {
		why         string
		refuse      bool
		least, most int64
	}{{"refused", true, 10, 42}, {"waited for", false, 2, 2}} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			var came atomic.Int64
			addr, _ := serve(t, func(conn *net.TCPConn, _ int) {
				head := make([]byte, 8)
				if n, _ := io.ReadAtLeast(conn, head, 4); n == 4 && binary.BigEndian.Uint32(head) == 4294967295 {
					came.Add(1)
				}
				if !c.refuse {
					swallow(conn)
				}
			})
			o := play(t, addr, misbehaving("oversized", 0, 0, map[string]any{"connections": 2.0, "pause": 0.05}))
			n := came.Load()
			if n < c.least || n > c.most {
				t.Errorf("%d frames were announced: want %d to %d", n, c.least, c.most)
			}
			o.want(t, "fault_sent", 4*float64(n)-8, 4*float64(n)+8)
			o.want(t, "misbehaving", 0, 2)
		})
	}
}

// TestGarbage goes on for as long as the server listens, and is not expected back.
func TestGarbage(t *testing.T) {
	t.Parallel()
	var streams, got atomic.Int64
	addr, _ := serve(t, func(c *net.TCPConn, n int) {
		streams.Add(1)
		buf := make([]byte, 1000)
		for {
			k, err := c.Read(buf)
			got.Add(int64(k))
			if err != nil || n == 0 { // the first one is refused
				c.Write([]byte("error: what?"))
				return
			}
		}
	})
	o := play(t, addr, misbehaving("garbage", 0, 0, map[string]any{"size": 300.0, "pause": 0.05}))
	if n := got.Load(); streams.Load() != 2 || n < 10*300 || n > 21*300 {
		t.Errorf("%d connections sent %d bytes: want 2, and about 20 times 300", streams.Load(), n)
	}
	o.want(t, "mismatches", 0, 0)
	o.want(t, "fault_closed", 1, 1)
}

// TestBomb: each frame is small, and inflates to all that was asked for.
func TestBomb(t *testing.T) {
	t.Parallel()
	var frames atomic.Int64
	var size, inflated atomic.Int64
	addr, _ := serve(t, func(c *net.TCPConn, _ int) {
		for head := make([]byte, 4); ; {
			if _, err := io.ReadFull(c, head); err != nil {
				return
			}
			payload := make([]byte, binary.BigEndian.Uint32(head))
			if _, err := io.ReadFull(c, payload); err != nil {
				return
			}
			if frames.Add(1) == 1 {
				n, err := io.Copy(io.Discard, flate.NewReader(bytes.NewReader(payload)))
				if err != nil {
					t.Error(err)
				}
				size.Store(int64(len(payload)))
				inflated.Store(n)
			}
		}
	})
	play(t, addr, misbehaving("bomb", 0, 0, map[string]any{"size": 32e6, "pause": 0.2}))
	if n := frames.Load(); n < 2 || n > 6 {
		t.Errorf("%d frames: want about 5", n)
	}
	if inflated.Load() != 32e6 || size.Load() > 40000 {
		t.Errorf("%d bytes inflate to %d", size.Load(), inflated.Load())
	}
}

func TestDeflated(t *testing.T) {
	for _, size := range []int64{1, 1000, 1 << 20, 1<<20 + 1, 2 << 20, 3<<20 - 1, 3 << 20, 64<<20 + 7} {
		text := deflated(size)
		n, err := io.Copy(io.Discard, flate.NewReader(bytes.NewReader(text)))
		if n != size || err != nil || int64(len(text)) > size/900+100 {
			t.Errorf("%d bytes inflate to %d, %v: want %d", len(text), n, err, size)
		}
	}
}

// TestBlackhole: what the server answers is sent again and again, and in the end
// TCP gives up; one that sends nothing is found by keepalive.
func TestBlackhole(t *testing.T) {
	for _, c := range []struct {
		why  string
		size float64
		set  func(fd int)
	}{
		{"an answer is not acknowledged", 64, func(fd int) {
			unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 300)
		}},
		{"nobody is there", 0, func(fd int) {
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
			unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 1)
			unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 1)
			unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 1)
		}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			var got, lost atomic.Int64
			addr, _ := serve(t, func(conn *net.TCPConn, _ int) {
				raw, _ := conn.SyscallConn()
				raw.Control(func(fd uintptr) { c.set(int(fd)) })
				buf := make([]byte, 4096)
				for {
					n, err := conn.Read(buf)
					got.Add(int64(n))
					if errors.Is(err, unix.ETIMEDOUT) {
						lost.Add(1)
					}
					if err != nil {
						return
					}
					conn.Write(buf[:n])
				}
			})
			spec := misbehaving("blackhole", 0, 0, map[string]any{"connections": 3.0, "size": c.size})
			spec.Seconds = 3
			o := play(t, addr, spec)
			if got.Load() != 3*int64(c.size) || lost.Load() != 3 {
				t.Errorf("%d bytes came, %d connections timed out: want %g and 3", got.Load(), lost.Load(), 3*c.size)
			}
			o.want(t, "fault_received", 0, 0)
			o.want(t, "misbehaving", 3, 3) // they do not hear that it was ended
			o.want(t, "errors", 0, 0)
		})
	}
}

// TestBlackholeEnds: with the fault's end the connection is closed for good.
func TestBlackholeEnds(t *testing.T) {
	t.Parallel()
	ended := make(chan time.Time, 1)
	addr, _ := serve(t, func(c *net.TCPConn, _ int) {
		swallow(c)
		ended <- time.Now()
	})
	o := play(t, addr, misbehaving("blackhole", 0, 0.3, nil))
	select {
	case at := <-ended:
		if late := time.Since(at); late < 300*time.Millisecond {
			t.Errorf("it was closed only at the end of the run, %v before now", late)
		}
	case <-time.After(5 * time.Second):
		t.Error("it was not closed")
	}
	if n := states(t, addr)["04"]; n > 0 {
		t.Errorf("the kernel still sends %d FIN that nobody may hear the answer of", n)
	}
	o.want(t, "misbehaving", 0, 0)
}

// TestLoss: the server has to send again while the fault is on, and not after it;
// connections that are opened later have it too, other faults' have not.
func TestLoss(t *testing.T) {
	t.Parallel()
	again := func(t *testing.T, spec labs.Spec) (retransmits int64, o outcome) {
		var sum, ended atomic.Int64
		addr, _ := serve(t, func(c *net.TCPConn, n int) {
			echo(same)(c, n)
			raw, _ := c.SyscallConn()
			raw.Control(func(fd uintptr) {
				if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
					sum.Add(int64(info.Total_retrans))
				}
			})
			ended.Add(1)
		})
		o = play(t, addr, spec)
		for end := time.Now().Add(5 * time.Second); ended.Load() < 4 && time.Now().Before(end); time.Sleep(time.Millisecond) {
		}
		return sum.Load(), o
	}
	spec := misbehaving("loss", 0, 0, map[string]any{"share": 0.2})
	spec.Load = closed(4, 64, 1, 1)
	lossy, o := again(t, spec)
	if n := o.value("requests"); lossy < 5 || n < 20 {
		t.Errorf("with loss: %d segments sent again for %g requests", lossy, n)
	}
	if most := o.last.Hists["load"].Max; most < 0.1 {
		t.Errorf("the longest response took %.3f s: want a retransmission timeout, 0.2 s", most)
	}
	spec.Faults[0].At, spec.Faults[0].For = -0.5, 0.1 // over before load begins
	spec.Warmup = 0.5
	if clean, o := again(t, spec); clean > lossy || o.value("requests") < 1000 {
		t.Errorf("after the loss: %d segments sent again for %g requests", clean, o.value("requests"))
	}
}

// filter is how many instructions the filter of a socket has.
func (s *socket) filter(t *testing.T) (n uint32) {
	t.Helper()
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(s.fd), unix.SOL_SOCKET, unix.SO_GET_FILTER, 0, uintptr(unsafe.Pointer(&n)), 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	return n
}

// TestWhoLoses: the load's own connections, also those that are opened later.
func TestWhoLoses(t *testing.T) {
	addr, _ := serve(t, func(c *net.TCPConn, _ int) { swallow(c) })
	l, err := newLoop(t.Context(), netip.MustParseAddrPort(addr), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	sockets := [3]socket{{}, {}, {rogue: true}}
	open := func(s *socket) {
		s.loop, s.opened, s.ready, s.failed = l, func() {}, func(uint32) {}, func(err error) { t.Error(err) }
		s.connect()
		for end := l.now() + 5*time.Second; s.state != connected && l.now() < end; {
			l.turn(l.now() + 10*time.Millisecond)
		}
		t.Cleanup(s.close)
	}
	want := func(when string, n ...uint32) {
		t.Helper()
		for i := range n {
			if got := sockets[i].filter(t); got != n[i] {
				t.Errorf("%s: the filter of socket %d has %d instructions, want %d", when, i, got, n[i])
			}
		}
	}
	lossy := func(share float64, on bool) {
		t.Helper()
		if err := l.lossy(share, on); err != nil {
			t.Error(err)
		}
	}
	open(&sockets[0])
	want("before", 0)
	lossy(0.5, true)
	open(&sockets[1])
	open(&sockets[2])
	want("during the loss", 4, 4, 0)
	lossy(1, true)
	want("while everything is lost", 1, 1, 0)
	lossy(1, false)
	want("when half is lost again", 4, 4, 0)
	lossy(0.5, false)
	want("after it", 0, 0, 0)
}

func TestShares(t *testing.T) {
	for _, c := range []struct {
		list losses
		want float64
	}{{nil, 0}, {losses{0.5}, 0.5}, {losses{0.5, 0.5}, 0.75}, {losses{1, 0.1}, 1}} {
		if got := c.list.share(); got != c.want {
			t.Errorf("%v: %g, want %g", c.list, got, c.want)
		}
	}
}

// TestFramed: beside a load of length-prefixed frames, clients that misbehave
// send frames too.
func TestFramed(t *testing.T) {
	frames := Plan{Load: map[string]any{"client": "frames"}, Client: map[string]any{"codec": "length"}}
	for _, c := range []struct {
		why  string
		plan Plan
		want dialect
	}{
		{"no load", Plan{}, dialect{echo: true}},
		{"echo", Plan{Load: map[string]any{"client": "echo"}}, dialect{echo: true}},
		{"frames", frames, dialect{echo: true, frames: true}},
		{"other frames", Plan{Load: frames.Load, Client: map[string]any{"codec": "tlv"}}, dialect{}},
		{"frames in TLS", Plan{Load: frames.Load, Client: map[string]any{"codec": "length", "tls": "1.3"}}, dialect{}},
		{"calls", Plan{Load: map[string]any{"client": "rpc"}}, dialect{}},
	} {
		if got := dialectOf(c.plan); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.why, got, c.want)
		}
	}
	f := fault{kind: "slow-writer", size: 300, connections: 1, dialect: dialect{echo: true, frames: true}}
	l := &loop{clock: newClock()}
	g := newGang(l, &meter{}, f, 0, newPattern(), make([]byte, most))
	r := &g.rogues[0]
	r.stream.begin(0)
	var sent []byte
	for int64(len(sent)) < g.total() {
		sent = append(sent, r.part(int64(len(sent)), min(7, g.total()-int64(len(sent))))...)
	}
	r.sent = g.total()
	if len(sent) != 304 || binary.BigEndian.Uint32(sent) != 300 {
		t.Fatalf("%d bytes: % x …", len(sent), sent[:8])
	}
	for i := range 304 {
		if !r.answers(sent[i : i+1]) {
			t.Fatalf("byte %d is not taken for what was sent", i)
		}
	}
	if r.answers(sent[:1]) {
		t.Error("more came back than was sent")
	}
}
