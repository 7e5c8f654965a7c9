//go:build linux

package load

import (
	"time"

	"golang.org/x/sys/unix"
)

// client is one well-behaved connection.
type client struct {
	socket
	stream
	crowd  *crowd
	number int

	group    int64 // open: the number of its next group among all connections' groups
	answered int64 // requests, since it was opened
	flights  []flight
	first    int           // the oldest in flights, a ring
	flying   int           // of them
	free     time.Duration // since when it might send more
}

// flight is a group of requests that left in one write and is not answered.
type flight struct {
	due, sent time.Duration
	left      int // requests not answered
}

func (c *client) begin() {
	c.meter().connects++
	c.meter().open++
	c.meter().reached = true
	c.stream.begin(c.number)
	c.answered, c.first, c.flying = 0, 0, 0
	c.free = c.loop.woken
	if err := c.watch(unix.EPOLLIN); err != nil {
		c.lose(err)
		return
	}
	c.crowd.joined()
	c.try()
}

func (c *client) meter() *meter { return c.crowd.meter }

// inflight is how many requests are not answered.
func (c *client) inflight() int {
	return int(c.owed/c.crowd.size - c.answered)
}

// try sends all that may leave now.
func (c *client) try() {
	for c.once() {
	}
}

// once sends one group of requests, if one may leave now.
func (c *client) once() bool {
	if c.state != connected {
		return false
	}
	now := c.loop.now()
	due, ok := c.crowd.next(c, now)
	if ok {
		c.launch(due, now)
	}
	return ok
}

// launch sends a group of requests that is due since then.
func (c *client) launch(due, now time.Duration) {
	w, m := c.crowd, c.meter()
	m.late.ObserveN(now-max(due, c.free), uint64(w.burst))
	if !w.open {
		due = now
	}
	c.flights[(c.first+c.flying)%len(c.flights)] = flight{due, now, w.burst}
	c.flying++
	c.owed += int64(w.burst) * w.size
	m.sent += uint64(w.burst)
	m.inflight += w.burst
	c.flush()
}

// flush writes until nothing is left or there is no room.
func (c *client) flush() {
	for c.sent < c.owed {
		n, err := c.send(c.rest(c.crowd.pattern))
		if err == unix.EAGAIN {
			break
		}
		if err != nil {
			c.lose(err)
			return
		}
		c.sent += int64(n)
		c.meter().bytesOut += uint64(n)
	}
	want := uint32(unix.EPOLLIN)
	if c.sent < c.owed {
		want |= unix.EPOLLOUT
	}
	if err := c.watch(want); err != nil {
		c.lose(err)
	}
}

func (c *client) handle(events uint32) {
	if events&unix.EPOLLOUT != 0 {
		c.flush()
	}
	if events&^unix.EPOLLOUT != 0 && c.state == connected {
		c.receive()
	}
}

// receive reads once: level-triggered epoll reports the rest.
func (c *client) receive() {
	buf, m := c.crowd.buf, c.meter()
	n, err := c.recv(buf)
	switch {
	case err == unix.EAGAIN:
		return
	case err != nil:
		c.lose(err)
		return
	}
	m.bytesIn += uint64(n)
	if !c.accept(c.crowd.pattern, buf[:n]) {
		m.mismatches++
		c.crowd.say("warn", mismatch(c.number, c.got-int64(n), n))
		c.drop()
		return
	}
	c.settle(c.loop.now())
	c.try()
}

// settle counts the requests whose answers are complete.
func (c *client) settle(now time.Duration) {
	m := c.meter()
	for done := int(c.got/c.crowd.size - c.answered); done > 0; {
		f := &c.flights[c.first]
		n := min(done, f.left)
		m.response.ObserveN(now-f.due, uint64(n))
		m.service.ObserveN(now-f.sent, uint64(n))
		m.requests += uint64(n)
		m.inflight -= n
		c.answered += int64(n)
		done -= n
		if f.left -= n; f.left == 0 {
			c.first = (c.first + 1) % len(c.flights)
			c.flying--
		}
		c.free = c.loop.woken // the answer was there by then
	}
}

// lose ends a connection that failed; it is opened again after a pause.
func (c *client) lose(err error) {
	c.meter().fail(err)
	c.drop()
}

func (c *client) drop() {
	c.meter().open--
	c.meter().inflight -= c.inflight()
	c.owed, c.answered, c.flying = 0, 0, 0
	c.close()
	if !c.crowd.over {
		c.reconnect(reopenPause)
	}
}

// oldest is since when a request is due that has no answer; never: there is none.
func (c *client) oldest(now time.Duration) time.Duration {
	if c.flying > 0 {
		return c.flights[c.first].due
	}
	if c.crowd.open {
		if due := c.crowd.dueTime(c.group); due <= now {
			return due
		}
	}
	return never
}
