//go:build linux

package load

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

func misbehaving(kind string, at, length float64, with map[string]any) labs.Spec {
	return labs.Spec{Faults: []labs.Fault{{ID: "f", Kind: kind, At: at, For: length, With: with}}, Seconds: 1}
}

// TestIdleIsFirst: a server for one client at a time is held up by a silent one
// that is there from the beginning, and served its load when it has left.
func TestIdleIsFirst(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	defer work.Wait()
	defer ln.Close()
	var mu sync.Mutex // guards sizes
	var sizes []int64
	work.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			n, _ := io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c})
			c.Close()
			mu.Lock()
			sizes = append(sizes, n)
			mu.Unlock()
		}
	})
	spec := misbehaving("idle", 0, 0.5, nil)
	spec.Load = closed(1, 64, 1, 1)
	o := play(t, ln.Addr().String(), spec)
	o.want(t, "requests", 1, many)
	o.want(t, "fault_sent", 0, 0)
	o.want(t, "misbehaving", 0, 0)
	if most := o.last.Hists["load"].Max; most < 0.4 || most > 0.9 {
		t.Errorf("the longest response took %.3f s: want the 0.5 s of the fault", most)
	}
	for _, e := range o.of(telemetry.KindSample)[:3] {
		if e.Values["load.misbehaving"] != 1 || e.Values["load.requests"] != 0 {
			t.Errorf("while it was silent: %v", e.Values)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(sizes) == 0 || sizes[0] != 0 {
		t.Errorf("the connections in the order of accept sent %v bytes: want the silent one first", sizes)
	}
}

// TestToTheEnd: what a fault holds up is not let through by the fault's end.
func TestToTheEnd(t *testing.T) {
	left := make(chan struct{}) // by the first client
	addr, _ := serve(t, func(c *net.TCPConn, number int) {
		if number == 0 {
			swallow(c)
			close(left)
			return
		}
		<-left
		echo(same)(c, number)
	})
	spec := misbehaving("idle", 0, 0, nil)
	spec.Load = closed(1, 64, 1, 1)
	o := play(t, addr, spec)
	o.want(t, "requests", 0, 0)
	o.want(t, "misbehaving", 1, 1)
	o.want(t, "oldest", 0.6, 1.1)
	if f := o.of(telemetry.KindFault); len(f) != 2 || f[1].Fault.On {
		t.Errorf("faults: %+v", f)
	}
}

// TestIdleIsEnded: a silent client that the server has enough of stays away.
func TestIdleIsEnded(t *testing.T) {
	var accepted atomic.Int64
	addr, _ := serve(t, func(*net.TCPConn, int) { accepted.Add(1) })
	o := play(t, addr, misbehaving("idle", 0.1, 0, map[string]any{"connections": 3.0}))
	o.want(t, "fault_closed", 3, 3)
	o.want(t, "errors", 0, 0)
	o.want(t, "misbehaving", 0, 0)
	if n := accepted.Load(); n != 3 {
		t.Errorf("%d connections came", n)
	}
}

// TestSlowReader takes little, so that the server's writes get stuck.
func TestSlowReader(t *testing.T) {
	var stuck atomic.Bool
	addr, _ := serve(t, func(c *net.TCPConn, _ int) {
		buf := make([]byte, 64<<10)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			c.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
			if _, err := c.Write(buf[:n]); errors.Is(err, unix.ECONNRESET) {
				return
			} else if err != nil {
				stuck.Store(true)
				return
			}
		}
	})
	o := play(t, addr, misbehaving("slow-reader", 0, 0, map[string]any{"size": 32 << 20, "chunk": 1000, "pause": 0.02}))
	o.want(t, "fault_received", 1000, 51*1000)
	o.want(t, "fault_sent", 64<<10, 32<<20-1)
	o.want(t, "mismatches", 0, 0)
	if !stuck.Load() {
		t.Error("the server could write all the time")
	}
}

// TestSlowReaderFinishes takes all there is, one step after the other.
func TestSlowReaderFinishes(t *testing.T) {
	addr, _ := serve(t, echo(same))
	o := play(t, addr, misbehaving("slow-reader", 0, 0, map[string]any{"size": 5500, "chunk": 1000, "pause": 0.02}))
	o.want(t, "fault_received", 5500, 5500)
	o.want(t, "misbehaving", 1, 1)
}

func TestSlowWriter(t *testing.T) {
	var reads, bytes atomic.Int64
	addr, _ := serve(t, echo(func(d []byte, _ int) []byte {
		reads.Add(1)
		bytes.Add(int64(len(d)))
		return d
	}))
	o := play(t, addr, misbehaving("slow-writer", 0.1, 0, map[string]any{"connections": 2.0, "size": 11, "chunk": 2, "pause": 0.05}))
	o.want(t, "fault_sent", 22, 22)
	o.want(t, "fault_received", 22, 22)
	if r, b := reads.Load(), bytes.Load(); r < 8 || r > 12 || b != 22 { // a server that is late reads two at once
		t.Errorf("the server read %d times and %d bytes: want 6 steps of each", r, b)
	}
}

// What it sends ahead leaves at once, and is part of what it sends.
func TestSlowWriterAhead(t *testing.T) {
	var first, bytes atomic.Int64
	addr, _ := serve(t, echo(func(d []byte, _ int) []byte {
		first.CompareAndSwap(0, int64(len(d)))
		bytes.Add(int64(len(d)))
		return d
	}))
	o := play(t, addr, misbehaving("slow-writer", 0.1, 0, map[string]any{"size": 1005, "ahead": 1000, "chunk": 2, "pause": 0.05}))
	o.want(t, "fault_sent", 1005, 1005)
	o.want(t, "fault_received", 1005, 1005)
	if f, b := first.Load(), bytes.Load(); f < 1000 || b != 1005 { // the first step may come with it
		t.Errorf("the first read brought %d bytes, all reads %d: want 1000 or a step more, and 1005", f, b)
	}
}

func TestReset(t *testing.T) {
	var resets, whole atomic.Int64
	addr, _ := serve(t, func(c *net.TCPConn, _ int) {
		got := 0
		for buf := make([]byte, 4096); ; {
			n, err := c.Read(buf)
			got += n
			if errors.Is(err, unix.ECONNRESET) {
				resets.Add(1)
			}
			if err != nil {
				break
			}
		}
		if got == 3000 {
			whole.Add(1)
		}
	})
	o := play(t, addr, misbehaving("reset", 0, 0, map[string]any{"connections": 2.0, "size": 3000, "pause": 0.1}))
	sent := o.value("fault_sent") / 3000
	if r := resets.Load(); r < 6 || r > 22 || whole.Load() < r-2 || float64(r) < sent-2 {
		t.Errorf("%d resets, %d after all bytes, %g sent: want about 20", r, whole.Load(), sent)
	}
	o.want(t, "errors", 0, 0)
}

func TestHalfClose(t *testing.T) {
	for _, c := range []struct {
		why      string
		answer   func(all []byte) []byte
		received float64
		errno    string
	}{
		{"all is answered after the FIN", func(all []byte) []byte { return all }, 2 * 300000, ""},
		{"the answer is cut off", func(all []byte) []byte { return all[:1000] }, 2 * 1000, "eof"},
	} {
		t.Run(c.why, func(t *testing.T) {
			var fins atomic.Int64
			addr, _ := serve(t, func(conn *net.TCPConn, _ int) {
				all, err := io.ReadAll(conn)
				if err == nil {
					fins.Add(1)
				}
				conn.Write(c.answer(all))
			})
			o := play(t, addr, misbehaving("half-close", 0.1, 0, map[string]any{"connections": 2.0, "size": 300000}))
			if n := fins.Load(); n != 2 {
				t.Errorf("the server saw %d FINs", n)
			}
			o.want(t, "fault_sent", 2*300000, 2*300000)
			o.want(t, "fault_received", c.received, c.received)
			o.want(t, "fault_closed", 2, 2)
			if c.errno == "" {
				o.want(t, "errors", 0, 0)
			} else {
				o.want(t, "errno."+c.errno, 2, 2)
			}
		})
	}
}

// TestWrongAnswers: a client that misbehaves verifies what it gets all the same.
func TestWrongAnswers(t *testing.T) {
	addr, _ := serve(t, echo(func(d []byte, _ int) []byte { d[0] ^= 1; return d }))
	o := play(t, addr, misbehaving("half-close", 0, 0, nil))
	o.want(t, "mismatches", 1, 1)
	o.want(t, "errors", 1, 1)
}

// TestFaultsTogether: every kind, one after the other, beside a load that does not suffer.
func TestFaultsTogether(t *testing.T) {
	addr, _ := serve(t, echo(same))
	spec := labs.Spec{Load: open(5, 64, 500, 1), Seconds: 1}
	kinds := 0
	for i, k := range labs.FaultKinds() {
		if k.Name == "loss" { // the load would suffer
			continue
		}
		if !k.OnServer {
			kinds++
		}
		at := float64(i) / 20
		spec.Faults = append(spec.Faults, labs.Fault{ID: k.Name, Kind: k.Name, At: at, For: 0.2, With: map[string]any{"connections": 5.0}})
	}
	spec.Faults = append(spec.Faults, labs.Fault{ID: "late", Kind: "idle", At: 1}, labs.Fault{ID: "short", Kind: "idle", At: 0.5, For: 1e-6})
	o := play(t, addr, spec)
	o.want(t, "errors", 0, 0)
	o.want(t, "misbehaving", 0, 0)
	o.want(t, "requests", 450, 500)
	balance := map[string]int{}
	for _, e := range o.of(telemetry.KindFault) {
		if balance[e.Fault.ID]++; e.Fault.On != (balance[e.Fault.ID] == 1) {
			t.Errorf("fault %s was switched %v", e.Fault.ID, e.Fault.On)
		}
	}
	if len(balance) != kinds+1 {
		t.Errorf("faults: %v: want %d and the short one", balance, kinds)
	}
}
