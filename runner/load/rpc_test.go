//go:build linux

package load

import (
	"encoding/binary"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// calling is a load of calls.
func calling(load, with map[string]any, seconds float64) labs.Spec {
	load["client"] = "rpc"
	return labs.Spec{Load: load, Client: with, Seconds: seconds}
}

// request is one call as a server sees it.
type request struct {
	number  int // on its connection
	method  method
	id      uint32
	budget  uint32
	payload []byte
}

// callServer hands every request to answer, with a function that sends.
func callServer(answer func(r request, send func(status, []byte))) func(*net.TCPConn, int) {
	return func(conn *net.TCPConn, _ int) {
		var mu sync.Mutex // guards writing
		var in inbox
		n := 0
		for buf := make([]byte, 64<<10); ; {
			k, err := conn.Read(buf)
			if err != nil {
				return
			}
			in.each(buf[:k], func(data []byte) (int, error) {
				if len(data) < callHeader || len(data) < callHeader+int(binary.BigEndian.Uint32(data[12:])) {
					return 0, nil
				}
				size := callHeader + int(binary.BigEndian.Uint32(data[12:]))
				r := request{n, method(binary.BigEndian.Uint16(data[2:])), binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:]), append([]byte(nil), data[callHeader:size]...)}
				n++
				answer(r, func(s status, payload []byte) {
					id := r.id
					if s == statusGoaway {
						id = 0
					}
					mu.Lock()
					defer mu.Unlock()
					conn.Write(appendAnswer(nil, id, s, payload))
				})
				return size, nil
			})
		}
	}
}

// obliging does what it is asked; total is of add.
func obliging(total *atomic.Uint64) func(request, func(status, []byte)) {
	return func(r request, send func(status, []byte)) {
		switch r.method {
		case workMethod:
			us := binary.BigEndian.Uint32(r.payload)
			time.AfterFunc(time.Duration(us)*time.Microsecond, func() { send(statusOK, r.payload) })
		case addMethod:
			send(statusOK, binary.BigEndian.AppendUint64(nil, total.Add(uint64(binary.BigEndian.Uint32(r.payload)))))
		case nameMethod:
			send(statusOK, []byte("peer 1.0"))
		default:
			send(statusOK, r.payload)
		}
	}
}

func TestCalls(t *testing.T) {
	for _, c := range []struct {
		why  string
		load map[string]any
		with map[string]any
	}{
		{"echo", closed(3, 64, 1, 1), nil},
		{"echo of one byte", closed(3, 1, 8, 1), nil},
		{"many in flight in bursts", closed(3, 100, 16, 3), nil},
		{"larger than a read", closed(2, 300<<10, 2, 1), nil},
		{"work", closed(3, 64, 8, 1), map[string]any{"method": "work", "work": 0.002}},
		{"add", closed(3, 1, 8, 1), map[string]any{"method": "add"}},
		{"name", closed(3, 64, 8, 1), map[string]any{"method": "name"}},
		{"a budget that is enough", closed(3, 64, 8, 1), map[string]any{"budget": 10.0, "retries": 3.0}},
		{"a schedule", open(10, 64, 1000, 1), nil},
		{"a schedule with many in flight", func() map[string]any { l := open(2, 64, 1000, 1); l["depth"] = 50.0; return l }(), map[string]any{"method": "work", "work": 0.02}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			var total atomic.Uint64
			addr, _ := serve(t, callServer(obliging(&total)))
			o := playUntil(t, addr, calling(c.load, c.with, 0), "requests", 100)
			if o.err != nil {
				t.Fatal(o.err)
			}
			o.want(t, "requests", 1, many)
			for _, name := range []string{"errors", "lost", "refused", "failed", "expired", "retries", "goaways"} {
				o.want(t, name, 0, 0)
			}
			if left := o.value("sent") - o.value("requests") - o.value("inflight"); left != 0 {
				t.Errorf("%g requests are neither answered nor in flight", left)
			}
			if c.why == "a schedule with many in flight" { // each waits for nobody
				inflight := 0.0
				for _, e := range o.of(telemetry.KindSample) {
					inflight = max(inflight, e.Values["load.inflight"])
				}
				if inflight < 10 {
					t.Errorf("at most %g were in flight: want about 20", inflight)
				}
			}
		})
	}
}

// TestAnyOrder: what comes first is what is short, and each class has its histogram.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, callServer(obliging(nil)))
	o := playUntil(t, addr, calling(closed(2, 64, 20, 1), map[string]any{"heavy": 0.2, "work": 0.1}, 0), "requests", 300)
	o.want(t, "errors", 0, 0)
	light, heavy := o.last.Hists["load"], o.last.Hists["load.heavy"]
	if n := float64(light.Count + heavy.Count); n != o.value("requests") || heavy.Count == 0 {
		t.Errorf("%d light and %d heavy calls", light.Count, heavy.Count)
	}
	if light.Quantile(.5) > 0.05 || heavy.Min < 0.1 {
		t.Errorf("p50 %g s and %g s: want the heavy ones alone to take 0.1", light.Quantile(.5), heavy.Min)
	}
	// Of the calls that are still in flight most are heavy: they take longer.
	made, flying := o.value("requests")+o.value("inflight"), o.value("inflight")
	if least, most := float64(heavy.Count)/made, (float64(heavy.Count)+flying)/made; most < 0.1 || least > 0.3 {
		t.Errorf("%g to %g of the calls were heavy", least, most)
	}
}

// TestWrongAnswersToCalls has a server that does one thing wrong, once.
func TestWrongAnswersToCalls(t *testing.T) {
	for _, c := range []struct {
		why    string
		method string
		wrong  func(r request) []byte // the whole answer
		says   string
	}{
		{"one bit", "echo", func(r request) []byte { r.payload[9] ^= 1; return appendAnswer(nil, r.id, 0, r.payload) }, "not what was sent"},
		{"a byte less", "echo", func(r request) []byte { return appendAnswer(nil, r.id, 0, r.payload[1:]) }, "not what was sent"},
		{"an answer to nobody", "echo", func(r request) []byte { return appendAnswer(nil, r.id+1000, 0, r.payload) }, "not made"},
		{"an answer to call 0", "echo", func(r request) []byte { return appendAnswer(nil, 0, 0, r.payload) }, "not made"},
		{"an answer twice", "echo", func(r request) []byte {
			a := appendAnswer(nil, r.id, 0, r.payload)
			return append(a, a...)
		}, "a second answer"},
		{"a status that there is not", "echo", func(r request) []byte { return appendAnswer(nil, r.id, 7, nil) }, "status 7"},
		{"busy without a time", "echo", func(r request) []byte { return appendAnswer(nil, r.id, statusBusy, nil) }, "busy"},
		{"too long", "echo", func(r request) []byte { return appendAnswer(nil, r.id, 0, make([]byte, 64+room+1)) }, "the most"},
		{"a total of four bytes", "add", func(r request) []byte { return appendAnswer(nil, r.id, 0, []byte("1234")) }, "a total has 8"},
		{"a total that falls", "add", func(r request) []byte { return appendAnswer(nil, r.id, 0, binary.BigEndian.AppendUint64(nil, 2)) }, "it was"},
		{"a name that is no text", "name", func(r request) []byte { return appendAnswer(nil, r.id, 0, []byte{0xff, 0xfe}) }, "no text"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			var broken atomic.Bool
			var total atomic.Uint64
			addr, _ := serve(t, func(conn *net.TCPConn, number int) {
				callServer(func(r request, send func(status, []byte)) {
					if r.number == 5 && broken.CompareAndSwap(false, true) {
						conn.Write(c.wrong(r))
						return
					}
					obliging(&total)(r, send)
				})(conn, number)
			})
			o := playUntil(t, addr, calling(closed(1, 64, 1, 1), map[string]any{"method": c.method}, 0), "requests", 8)
			o.want(t, "mismatches", 1, 1)
			o.want(t, "errors", 1, 1)
			o.want(t, "connects", 2, 2)
			o.want(t, "requests", 6, many) // and it goes on
			if logs := o.of(telemetry.KindLog); len(logs) != 1 || !strings.Contains(logs[0].Text, c.says) {
				t.Errorf("it said %+v: want %q", logs, c.says)
			}
		})
	}
}

// TestBudget: a call ends with its budget, the server is told what is left, and
// what it answers too late is verified and does not count.
func TestBudget(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex // guards budgets
	var budgets []uint32
	addr, _ := serve(t, callServer(func(r request, send func(status, []byte)) {
		mu.Lock()
		budgets = append(budgets, r.budget)
		mu.Unlock()
		time.AfterFunc(150*time.Millisecond, func() { send(statusOK, r.payload) })
	}))
	o := playUntil(t, addr, calling(closed(1, 64, 4, 1), map[string]any{"budget": 0.05, "retries": 3.0}, 0), "expired", 24)
	o.want(t, "expired", 24, many)
	o.want(t, "requests", 0, 0)
	o.want(t, "errors", 0, 0)
	o.want(t, "retries", 0, 0)
	mu.Lock()
	defer mu.Unlock()
	for _, b := range budgets {
		if b < 1 || b > 50 {
			t.Errorf("the server was told that %d ms were left of 50", b)
		}
	}
}

// TestBudgetShrinks: a retry has what the attempts before it have left, and what
// would come too late is not tried.
func TestBudgetShrinks(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex // guards budgets
	var budgets []float64
	addr, _ := serve(t, callServer(func(r request, send func(status, []byte)) {
		mu.Lock()
		budgets = append(budgets, float64(r.budget))
		mu.Unlock()
		send(statusBusy, []byte{0, 0, 0, 80})
	}))
	o := playUntil(t, addr, calling(closed(1, 64, 1, 1), map[string]any{"budget": 0.2, "retries": 10.0, "backoff": 0}, 0), "expired", 3)
	o.want(t, "retries", 1, 2*o.value("expired")+2)
	mu.Lock()
	defer mu.Unlock()
	for i, b := range budgets {
		if first := b > 120; first && (b < 150 || b > 200) || !first && (i == 0 || b > budgets[i-1]-79) {
			t.Fatalf("the server was told %v ms: want about 200, 120, 40", budgets)
		}
	}
}

// TestGoaway: nothing more is sent on the connection, all that is in flight is
// answered, and the next connection is opened at once.
func TestGoaway(t *testing.T) {
	t.Parallel()
	var after atomic.Int64
	addr, _ := serve(t, func(conn *net.TCPConn, number int) {
		var gone atomic.Bool
		callServer(func(r request, send func(status, []byte)) {
			if gone.Load() {
				after.Add(1)
			}
			time.AfterFunc(20*time.Millisecond, func() { send(statusOK, r.payload) })
			if r.number == 10 {
				send(statusGoaway, nil)
				time.AfterFunc(10*time.Millisecond, func() { gone.Store(true) })
			}
		})(conn, number)
	})
	o := playUntil(t, addr, calling(closed(2, 64, 4, 1), nil, 0), "goaways", 6)
	o.want(t, "goaways", 6, many)
	o.want(t, "connects", o.value("goaways"), o.value("goaways")+2)
	o.want(t, "lost", 0, 0)
	o.want(t, "errors", 0, 0)
	o.want(t, "requests", 10*o.value("goaways"), many)
	if n := after.Load(); n != 0 {
		t.Errorf("%d requests came after the goaway", n)
	}
}
