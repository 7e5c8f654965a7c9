//go:build linux

package load

import (
	"encoding/binary"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// TestRetries has a server that fails in one way, always or every other time.
func TestRetries(t *testing.T) {
	busy := []byte{0, 0, 0, 0}
	for _, c := range []struct {
		why   string
		with  map[string]any
		fails func(n int64) (status, []byte) // request n of all, from 0
		check func(t *testing.T, o outcome)
	}{
		{"without retries an error is the end", nil, every(1, statusError, nil), func(t *testing.T, o outcome) {
			o.want(t, "retries", 0, 0)
			o.want(t, "requests", 0, 0)
			o.want(t, "failed", o.value("sent"), o.value("sent"))
		}},
		{"as often as allowed and no more", map[string]any{"retries": 3.0, "backoff": 0}, every(1, statusError, nil), func(t *testing.T, o outcome) {
			calls := o.value("sent") - o.value("retries")
			o.want(t, "retries", 3*calls-3, 3*calls)
			o.want(t, "requests", 0, 0)
		}},
		{"every other time: each call succeeds once", map[string]any{"retries": 3.0, "backoff": 0}, every(2, statusBusy, busy), func(t *testing.T, o outcome) {
			n := o.value("requests")
			o.want(t, "refused", n-1, n+1)
			o.want(t, "retries", n-1, n+1)
			o.want(t, "failed", 0, 0)
		}},
		{"the retry budget", map[string]any{"retries": 10.0, "backoff": 0, "retry-share": 0.1}, every(1, statusBusy, busy), func(t *testing.T, o outcome) {
			calls := o.value("sent") - o.value("retries")
			o.want(t, "retries", 0.1*calls-2, 0.1*calls)
		}},
		{"no retry budget at all", map[string]any{"retries": 10.0, "backoff": 0, "retry-share": 0.0}, every(1, statusBusy, busy), func(t *testing.T, o outcome) {
			o.want(t, "retries", 0, 0)
		}},
		{"what is not idempotent is not tried again", map[string]any{"method": "add", "retries": 3.0, "backoff": 0}, every(1, statusError, nil), func(t *testing.T, o outcome) {
			o.want(t, "retries", 0, 0)
		}},
		{"unless one is careless", map[string]any{"method": "add", "retries": 3.0, "backoff": 0, "unsafe": true}, every(1, statusError, nil), func(t *testing.T, o outcome) {
			o.want(t, "retries", 3, many)
		}},
		{"a bad request stays bad", map[string]any{"retries": 3.0, "backoff": 0}, every(1, statusBadRequest, nil), func(t *testing.T, o outcome) {
			o.want(t, "retries", 0, 0)
			o.want(t, "failed", 1, many)
		}},
		{"backoff doubles: 50 and 100 ms", map[string]any{"retries": 2.0, "backoff": 0.05, "jitter": false}, every(1, statusError, nil), func(t *testing.T, o outcome) {
			o.want(t, "sent", 3, 3*4) // 150 ms each call
		}},
		{"busy says when", map[string]any{"retries": 10.0, "backoff": 0}, every(1, statusBusy, []byte{0, 0, 0, 200}), func(t *testing.T, o outcome) {
			o.want(t, "retries", 1, 2)
		}},
		{"a timeout of the server's own", map[string]any{"retries": 1.0, "backoff": 0}, every(2, statusTimeout, nil), func(t *testing.T, o outcome) {
			o.want(t, "failed", 1, many)
			o.want(t, "expired", 0, 0)
			o.want(t, "retries", 1, many)
		}},
		{"a timeout before the budget ran out", map[string]any{"retries": 1.0, "backoff": 0, "budget": 5}, every(2, statusTimeout, nil), func(t *testing.T, o outcome) {
			o.want(t, "failed", 1, many)
			o.want(t, "expired", 0, 0)
			o.want(t, "retries", 1, many)
		}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			var n, total atomic.Int64
			addr, _ := serve(t, callServer(func(r request, send func(status, []byte)) {
				if s, payload := c.fails(n.Add(1) - 1); s != statusOK {
					send(s, payload)
				} else if r.method == addMethod {
					send(s, binary.BigEndian.AppendUint64(nil, uint64(total.Add(1))))
				} else {
					send(s, r.payload)
				}
			}))
			o := play(t, addr, calling(closed(1, 64, 1, 1), c.with, 0.5))
			o.want(t, "errors", 0, 0)
			o.want(t, "lost", 0, 0)
			left := o.value("sent") - o.value("inflight")
			for _, name := range []string{"requests", "refused", "failed", "expired"} {
				left -= o.value(name)
			}
			if left != 0 {
				t.Errorf("%g requests are unaccounted for: %v", left, o.last.Values)
			}
			c.check(t, o)
		})
	}
}

// every fails each k-th request.
func every(k int64, s status, payload []byte) func(int64) (status, []byte) {
	return func(n int64) (status, []byte) {
		if n%k == 0 {
			return s, payload
		}
		return statusOK, nil
	}
}

// TestRetriedFromTheFirst: the response time of a call that was retried counts
// from its first attempt, the service time from its last.
func TestRetriedFromTheFirst(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	addr, _ := serve(t, callServer(func(r request, send func(status, []byte)) {
		if n.Add(1)%2 == 1 {
			send(statusBusy, []byte{0, 0, 0, 100})
			return
		}
		send(statusOK, r.payload)
	}))
	o := playUntil(t, addr, calling(closed(1, 64, 1, 1), map[string]any{"retries": 1.0, "backoff": 0}, 0), "requests", 3)
	response, service := o.last.Hists["load"], o.last.Hists["load.service"]
	if response.Count < 2 || response.Min < 0.1 || service.Quantile(.5) > 0.05 {
		t.Errorf("%d responses from %g s on, service p50 %g s", response.Count, response.Min, service.Quantile(.5))
	}
}

// TestLostCalls: what was in flight on a connection that ended is tried again on
// the next one, if that is allowed.
func TestLostCalls(t *testing.T) {
	for _, c := range []struct {
		why     string
		with    map[string]any
		retried bool
	}{
		{"echo", map[string]any{"retries": 5.0, "backoff": 0.01}, true},
		{"add", map[string]any{"method": "add", "retries": 5.0, "backoff": 0.01}, false},
		{"add without care", map[string]any{"method": "add", "retries": 5.0, "backoff": 0.01, "unsafe": true}, true},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			var total atomic.Uint64
			addr, _ := serve(t, func(conn *net.TCPConn, number int) {
				callServer(func(r request, send func(status, []byte)) {
					if r.number < 50 {
						obliging(&total)(r, send)
					} else if r.number == 55 {
						conn.CloseWrite()
					}
				})(conn, number)
			})
			o := playUntil(t, addr, calling(closed(1, 64, 8, 1), c.with, 0), "lost", 16)
			o.want(t, "lost", 8, many)
			lost := o.value("lost")
			if c.retried {
				o.want(t, "retries", lost-8, lost)
				calls := o.value("sent") - o.value("retries")
				o.want(t, "requests", calls-8, calls) // nobody's call is lost in the end
			} else {
				o.want(t, "retries", 0, 0)
				o.want(t, "requests", o.value("sent")-lost-8, o.value("sent")-lost)
			}
		})
	}
}

// TestRetryBudget: savings are bounded, and a share of 1 is no bound.
func TestRetryBudget(t *testing.T) {
	spent := func(b *retryBudget, tries int) (n int) {
		for range tries {
			if b.spend() {
				n++
			}
		}
		return n
	}
	b := retryBudget{share: 0.1}
	if n := spent(&b, 5); n != 0 {
		t.Errorf("%d retries before any call", n)
	}
	for range 1000 {
		b.earn()
	}
	if n := spent(&b, 100); n != maxRetrySavings {
		t.Errorf("%d retries were saved", n)
	}
	b = retryBudget{share: 1}
	if n := spent(&b, 100); n != 100 {
		t.Errorf("%d of 100 without a budget", n)
	}
}

func TestPause(t *testing.T) {
	s := callSettings{backoff: 10 * time.Millisecond}
	for i, want := range []time.Duration{10, 20, 40, 80} {
		if d := s.pause(i + 1); d != want*time.Millisecond {
			t.Errorf("after %d attempts: %v", i+1, d)
		}
	}
	s.jitter = true
	var sum time.Duration
	for range 1000 {
		d := s.pause(2)
		if d < 0 || d >= 20*time.Millisecond {
			t.Fatalf("a pause of %v", d)
		}
		sum += d
	}
	if mean := sum / 1000; mean < 8*time.Millisecond || mean > 12*time.Millisecond {
		t.Errorf("the mean of full jitter is %v: want 10 ms", mean)
	}
}
