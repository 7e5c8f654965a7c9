//go:build linux

package load

import (
	"encoding/binary"
	"time"
)

type callState int

const (
	idle    callState = iota // nobody's
	queued                   // to be sent
	sent                     // and not answered
	resting                  // before a retry
)

// call is a place, and the call that has it.
type call struct {
	rpc      *rpc
	place    uint32
	state    callState
	heavy    bool
	turn     uint32        // attempts that this place has seen
	attempts int           // of this call
	due      time.Duration // it was meant to leave first
	left     time.Duration // it left last
	deadline time.Duration
	least    uint64 // add: the total that it must exceed
	timer    timer  // ends the wait for an answer, or a pause
}

// id is that of the attempt: from it place, heaviness and turn can be had back.
func (c *call) id() uint32 {
	id := c.turn << 1
	if c.heavy {
		id |= 1
	}
	return id*uint32(c.rpc.client.crowd.depth) + c.place
}

func (c *call) method() method { return c.rpc.methodOf(c.heavy) }

// settle counts what became of a call, which may be tried again.
func (r *rpc) settle(c *call, a answer) {
	m, now := r.client.meter(), r.client.loop.now()
	if now > c.deadline { // before its timer could tell
		m.expired++
		r.release(c)
		return
	}
	switch a.status {
	case statusOK:
		m.requests++
		if c.heavy {
			m.heavy.Observe(now - c.due)
		} else {
			m.response.Observe(now - c.due)
			m.service.Observe(now - c.left)
		}
		r.release(c)
	case statusBusy:
		m.busy++
		r.retry(c, time.Duration(binary.BigEndian.Uint32(a.payload))*time.Millisecond)
	case statusError, statusTimeout: // of the server's own making: ours is not over
		m.failed++
		r.retry(c, 0)
	default: // it would fail again
		m.failed++
		r.release(c)
	}
}

// retry tries a call again after at least that time, if it may, or gives it up.
func (r *rpc) retry(c *call, after time.Duration) {
	w := r.client.crowd
	if w.over || c.attempts > w.retries || c.method() == addMethod && !w.unsafe {
		r.release(c)
		return
	}
	at := r.client.loop.now() + after + w.pause(c.attempts)
	if at >= c.deadline { // it would be too late
		r.client.meter().expired++
		r.release(c)
		return
	}
	if !w.retry.spend() {
		r.release(c)
		return
	}
	r.enter(c, resting)
	r.client.loop.timers.start(&c.timer, at)
}

// ring is called when a call's pause is over, or its budget.
func (c *call) ring() {
	r := c.rpc
	m := r.client.meter()
	if c.state == resting {
		r.enqueue(c)
		if c.deadline != never {
			r.client.loop.timers.start(&c.timer, c.deadline)
		}
		r.client.flush()
		return
	}
	m.expired++
	if c.state == sent {
		m.inflight--
		r.late++
	}
	r.release(c)
	r.client.proceed()
}

// release makes a call's place free.
func (r *rpc) release(c *call) {
	r.client.loop.timers.stop(&c.timer)
	r.client.freed(r.taken())
	r.enter(c, idle)
	r.free = append(r.free, c)
}
