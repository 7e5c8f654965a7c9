//go:build linux

package main_test

import (
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"socketlabs/labs/internal/labtest"
	"socketlabs/labs/internal/rpc"
)

func dial(s *labtest.Server) *rpc.Client { return &rpc.Client{ReadWriter: s.Dial()} }

// ask sends n calls at once and returns the answers by id.
func ask(t *testing.T, c *rpc.Client, n int, r rpc.Request) map[uint32]rpc.Response {
	t.Helper()
	calls := make([]rpc.Request, n)
	for i := range calls {
		calls[i] = r
		calls[i].ID = uint32(i) + 1
	}
	if err := c.Send(calls...); err != nil {
		t.Fatal(err)
	}
	answers := map[uint32]rpc.Response{}
	for range n {
		a, err := c.Receive()
		if err != nil {
			t.Fatalf("after %d of %d answers: %v", len(answers), n, err)
		}
		answers[a.ID] = a
	}
	if len(answers) != n {
		t.Errorf("%d different ids in %d answers", len(answers), n)
	}
	return answers
}

func work(d time.Duration) rpc.Request {
	return rpc.Request{Method: rpc.Work, Body: rpc.WorkBody(d)}
}

// crowd asks without a pause until end.
type crowd struct {
	stop           atomic.Bool
	clients        sync.WaitGroup
	answered, errs atomic.Int64
}

func start(t *testing.T, s *labtest.Server, clients int, d time.Duration) *crowd {
	c := &crowd{}
	for range clients {
		client := dial(s)
		c.clients.Go(func() {
			for !c.stop.Load() {
				for _, r := range ask(t, client, 4, work(d)) {
					c.answered.Add(1)
					if r.Status != rpc.OK {
						c.errs.Add(1)
					}
				}
			}
		})
	}
	return c
}

func (c *crowd) end() {
	c.stop.Store(true)
	c.clients.Wait()
}

func TestSplit(t *testing.T) {
	const n = 4000
	for _, percent := range []struct {
		knob  string
		share float64
	}{{"-share=5", 0.05}, {"-share=50", 0.5}, {"-share=100", 1}} {
		s := labtest.Start(t, "canary", percent.knob, "-min-calls=100000")
		got := 0
		for range 4 {
			for _, r := range ask(t, dial(s), n/4, rpc.Request{Method: rpc.Name}) {
				switch {
				case string(r.Body) == "new":
					got++
				case string(r.Body) != "old":
					t.Fatalf("%+v", r)
				}
			}
		}
		sigma := math.Sqrt(n * percent.share * (1 - percent.share))
		if d := math.Abs(float64(got) - n*percent.share); d > 4*sigma {
			t.Errorf("%s: the new version answered %d of %d, that is %.1f sigma", percent.knob, got, n, d/sigma)
		}
		m := s.Metrics()
		if m["new_micros"] < 0 || m["old_micros"] < 0 {
			t.Errorf("medians %v and %v", m["new_micros"], m["old_micros"])
		}
		if int(m["new_calls"]) != got || int(m["old_calls"]) != n-got || m["step"] != 1 || m["promotions"] != 0 {
			t.Errorf("%s: %d answered by the new version, the lab says %v", percent.knob, got, m)
		}
		s.HangUp()
		s.Stop()
	}
}

func TestDecides(t *testing.T) {
	const step, share, promotions, rollbacks = "step", "share", "promotions", "rollbacks"
	for _, c := range []struct {
		knobs string
		want  map[string]float64
		why   string
	}{
		{"-fault=none", map[string]float64{step: 4, share: 100, promotions: 2, rollbacks: 0}, "nothing is wrong"},
		{"-fault=errors -errors=0.5", map[string]float64{step: 0, share: 0, promotions: 0, rollbacks: 1}, "errors above the threshold"},
		{"-fault=errors -errors=0.5 -max-errors=1", map[string]float64{step: 4, share: 100, promotions: 2, rollbacks: 0}, "errors that the threshold allows"},
		{"-fault=slow -delay=40ms", map[string]float64{step: 0, share: 0, promotions: 0, rollbacks: 1}, "slower than the threshold"},
		{"-fault=slow -delay=40ms -max-slower=100", map[string]float64{step: 4, share: 100, promotions: 2, rollbacks: 0}, "slower, and allowed"},
		{"-fault=errors -errors=1 -min-calls=100000", map[string]float64{step: 1, share: 5, promotions: 0, rollbacks: 0}, "too few calls to say anything"},
	} {
		t.Run(c.knobs, func(t *testing.T) {
			s := labtest.Start(t, "canary", append([]string{"-step-time=100ms", "-min-calls=20", "-max-slower=4"}, strings.Fields(c.knobs)...)...)
			crowd := start(t, s, 8, 5*time.Millisecond)
			if c.want[step] == 1 {
				s.Wait("calls", func(m map[string]float64) bool { return m["new_errors"] > 20 })
			} else {
				s.Wait("a decision", func(m map[string]float64) bool { return m["step"] == 0 || m["step"] == 4 })
			}
			crowd.end()
			m := s.Metrics()
			for name, v := range c.want {
				if m[name] != v {
					t.Errorf("lab.%s is %v, want %v: %s", name, m[name], v, c.why)
				}
			}
			if c.want[rollbacks] == 1 {
				before := m["new_calls"]
				ask(t, dial(s), 500, rpc.Request{Method: rpc.Echo})
				if after := s.Metrics()["new_calls"]; after != before {
					t.Errorf("rolled back, and the new version gets %v calls", after-before)
				}
			}
			if e := crowd.errs.Load(); int64(m["new_errors"]+m["old_errors"]) != e || m["old_errors"] != 0 {
				t.Errorf("%d errors, the lab says %v of the new version and %v of the old one", e, m["new_errors"], m["old_errors"])
			}
			s.HangUp()
			s.Stop()
		})
	}
}

func TestPassesOn(t *testing.T) {
	s := labtest.Start(t, "canary", "-share=50", "-min-calls=100000")
	body := labtest.Bytes(1, rpc.MaxBody)
	for _, r := range ask(t, dial(s), 3, rpc.Request{Method: rpc.Echo, Body: body}) {
		if r.Status != rpc.OK || string(r.Body) != string(body) {
			t.Errorf("status %d, %d bytes", r.Status, len(r.Body))
		}
	}
	if r := ask(t, dial(s), 1, rpc.Request{Method: 99})[1]; r.Status != rpc.UnknownMethod {
		t.Errorf("%+v", r)
	}
	c := s.Dial()
	c.Write(make([]byte, 16))
	bad := rpc.Client{ReadWriter: c}
	if r, err := bad.Receive(); err != nil || r.Status != rpc.BadRequest {
		t.Errorf("%+v, %v", r, err)
	}
	labtest.ExpectEnd(t, c)
	gone := s.Dial()
	gone.Write(rpc.AppendRequest(nil, work(50*time.Millisecond)))
	labtest.Arrived(t, gone)
	labtest.Reset(gone) // its answer comes, and nobody is there
	time.Sleep(100 * time.Millisecond)
	ask(t, dial(s), 10, rpc.Request{Method: rpc.Echo, Body: []byte("still there")})
	s.HangUp()
	s.Stop()
}

func TestSIGTERM(t *testing.T) {
	s := labtest.Start(t, "canary", "-share=50")
	var clients []*rpc.Client
	for range 10 {
		c := s.Dial()
		client := &rpc.Client{ReadWriter: c}
		client.Send(work(100*time.Millisecond), work(100*time.Millisecond))
		labtest.Arrived(t, c)
		clients = append(clients, client)
	}
	s.Stop()
	for _, client := range clients {
		for range 2 {
			if r, err := client.Receive(); err != nil || r.Status != rpc.OK {
				t.Errorf("%+v, %v", r, err)
			}
		}
	}
	if m := s.Metrics(); m["open"] != 0 || m["old_calls"]+m["new_calls"] != 20 {
		t.Errorf("%v", m)
	}
}
