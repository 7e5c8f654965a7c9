//go:build linux

package load

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"
	"unicode/utf8"
)

// rpc calls methods of a server that answers in any order.
//
// A connection has as many places as its depth, and a call has one until nobody
// waits for it any more, retries included. Each attempt has an id of its own,
// from which its place, its method and its payload follow: so the answer to a
// call that was given up is verified too.
type rpc struct {
	client *client
	base   int64
	calls  []*call // by place
	free   []*call
	queue  []*call // those to be sent
	counts [resting + 1]int

	out    bytes.Buffer
	in     inbox
	goaway bool
	late   int    // answers that may still come to calls that were given up
	total  uint64 // the largest answer to add
	want   []byte // scratch
}

func newRPC(c *client) *rpc { return &rpc{client: c} }

func (r *rpc) begin() {
	s := stream{base: r.base}
	s.begin(r.client.number)
	r.base = s.base
	r.goaway, r.late, r.total = false, 0, 0
}

func (r *rpc) ask(due, now time.Duration) {
	w := r.client.crowd
	for range w.burst {
		c := r.vacant()
		c.heavy = w.heavy > 0 && rand.Float64() < w.heavy
		c.attempts, c.due, c.deadline = 0, due, never
		w.retry.earn()
		r.enqueue(c)
		if w.budget > 0 {
			c.deadline = due + w.budget
			r.client.loop.timers.start(&c.timer, c.deadline)
		}
	}
}

// vacant returns a place that is idle.
func (r *rpc) vacant() *call {
	if n := len(r.free); n > 0 {
		c := r.free[n-1]
		r.free = r.free[:n-1]
		return c
	}
	c := &call{rpc: r, place: uint32(len(r.calls))}
	c.timer.fire = c.ring
	r.calls = append(r.calls, c)
	r.counts[idle]++
	return c
}

func (r *rpc) enter(c *call, s callState) {
	r.counts[c.state]--
	r.counts[s]++
	c.state = s
}

func (r *rpc) enqueue(c *call) {
	r.enter(c, queued)
	r.queue = append(r.queue, c)
}

func (r *rpc) rest() []byte {
	done := 0
	for ; done < len(r.queue) && r.out.Len() < most && !r.goaway; done++ {
		if c := r.queue[done]; c.state == queued { // it may have been given up, or be here twice
			r.send(c)
		}
	}
	r.queue = append(r.queue[:0], r.queue[done:]...)
	return r.out.Bytes()
}

// send makes the request of a call's next attempt.
func (r *rpc) send(c *call) {
	m, now := r.client.meter(), r.client.loop.now()
	left := uint32(0)
	if c.deadline != never {
		if c.deadline <= now {
			return // its timer tells
		}
		left = uint32((c.deadline - now + time.Millisecond - 1) / time.Millisecond)
	}
	r.enter(c, sent)
	c.turn++
	c.left, c.least = now, r.total
	if c.attempts++; c.attempts > 1 {
		m.retries++
	}
	m.sent++
	m.inflight++
	n := r.length(c.method())
	r.out.Grow(callHeader + n)
	b := appendCall(r.out.AvailableBuffer(), c.method(), c.id(), left, n)
	r.out.Write(r.payload(b, c.id(), c.method()))
}

func (r *rpc) methodOf(heavy bool) method {
	if heavy {
		return workMethod
	}
	return r.client.crowd.method
}

// length is how long the payload of a request is.
func (r *rpc) length(m method) int {
	switch m {
	case nameMethod:
		return 0
	case echoMethod:
		return r.client.crowd.size
	}
	return max(4, r.client.crowd.size)
}

// payload adds that of a request to dst.
func (r *rpc) payload(dst []byte, id uint32, m method) []byte {
	w, n := r.client.crowd, r.length(m)
	from := len(dst)
	dst = w.pattern.append(dst, r.base+int64(id)*int64(w.size), n)
	switch m {
	case workMethod:
		binary.BigEndian.PutUint32(dst[from:], uint32(w.work.Microseconds()))
	case addMethod:
		binary.BigEndian.PutUint32(dst[from:], 1)
	}
	return dst
}

func (r *rpc) wrote(n int) { r.out.Next(n) }

func (r *rpc) take(data []byte) error {
	most := r.client.crowd.size + room
	return r.in.each(data, func(data []byte) (int, error) {
		a, n, err := decodeAnswer(data, most)
		if n > 0 {
			err = r.answered(a)
		}
		return n, err
	})
}

// answered deals with one answer.
func (r *rpc) answered(a answer) error {
	if a.status == statusGoaway {
		r.client.meter().goaways++
		r.goaway, r.client.leaving = true, true
		return nil
	}
	depth := uint32(r.client.crowd.depth)
	place, turn := a.id%depth, a.id/depth
	if int(place) >= len(r.calls) || turn>>1 == 0 || turn>>1 > r.calls[place].turn {
		return fmt.Errorf("an answer to call %d came, which was not made", a.id)
	}
	c := r.calls[place]
	waits := c.state == sent && c.id() == a.id
	if !waits && r.late == 0 {
		return fmt.Errorf("a second answer to call %d came", a.id)
	}
	least := c.least
	if !waits { // it was given up
		r.late--
		least = 0
	}
	if a.status == statusOK {
		if err := r.verify(a, turn&1 == 1, least); err != nil {
			return err
		}
	}
	if !waits {
		return nil
	}
	r.client.meter().inflight--
	r.settle(c, a)
	return nil
}

// verify says what is wrong with the payload of an answer.
func (r *rpc) verify(a answer, heavy bool, least uint64) error {
	switch m := r.methodOf(heavy); m {
	case nameMethod:
		if !utf8.Valid(a.payload) {
			return fmt.Errorf("the answer to call %d is no text", a.id)
		}
	case addMethod:
		if len(a.payload) != 8 {
			return fmt.Errorf("the answer to call %d has %d bytes: a total has 8", a.id, len(a.payload))
		}
		total := binary.BigEndian.Uint64(a.payload)
		if total <= least {
			return fmt.Errorf("the answer to call %d is the total %d: it was %d before", a.id, total, least)
		}
		r.total = max(r.total, total)
	default:
		if r.want = r.payload(r.want[:0], a.id, m); !bytes.Equal(a.payload, r.want) {
			return fmt.Errorf("the answer to call %d is not what was sent", a.id)
		}
	}
	return nil
}

func (r *rpc) taken() int { return len(r.calls) - r.counts[idle] }

func (r *rpc) unanswered() int {
	if r.goaway { // what is queued goes to the next connection
		return r.counts[sent]
	}
	return r.counts[sent] + r.counts[queued]
}

func (r *rpc) oldest() time.Duration {
	oldest := never
	for _, c := range r.calls {
		if c.state != idle {
			oldest = min(oldest, c.due)
		}
	}
	return oldest
}

func (r *rpc) end() {
	r.out.Reset()
	r.in.data = nil
	for _, c := range r.calls {
		if c.state == sent {
			r.client.meter().lost++
			r.client.meter().inflight--
			r.retry(c, 0)
		}
	}
}
