//go:build linux

package load

import (
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// client is one well-behaved client: its connection, renewed now and then, and
// what it speaks.
type client struct {
	socket
	crowd  *crowd
	number int
	talk   protocol
	seal   *seal // nil: no TLS

	group     int64         // open: the number of its next group among all connections' groups
	free      time.Duration // since when it might send more
	usable    bool          // requests can be sent
	asked     int           // requests since the connection was opened
	leaving   bool          // no more of them; it is closed when all are answered
	dismissed bool          // the server has told that it ends the connection
}

func (c *client) meter() *meter { return c.crowd.meter }

// begin is called when the connection is open.
func (c *client) begin() {
	c.meter().reached = true
	if err := c.watch(unix.EPOLLIN); err != nil {
		c.lose(err)
		return
	}
	if c.crowd.tls == nil {
		c.enter()
		return
	}
	c.shake()
}

// enter is called when the connection can be used.
func (c *client) enter() {
	m := c.meter()
	m.connects++
	m.open++
	m.connect.Observe(c.loop.now() - c.dialed)
	c.usable, c.leaving, c.dismissed, c.asked = true, false, false, 0
	c.free = c.loop.woken
	c.talk.begin()
	c.crowd.joined()
	c.try()
}

// try sends all that may leave now, in as few calls as it takes, and what waited
// for a connection or belongs to a handshake.
func (c *client) try() {
	now := c.loop.now()
	for c.once(now) {
	}
	c.flush()
}

// once puts one group of requests behind what is to be sent, if one may leave now.
func (c *client) once(now time.Duration) bool {
	if !c.usable || c.leaving || c.dismissed {
		return false
	}
	due, ok := c.crowd.next(c, now)
	if ok {
		c.launch(due, now)
	}
	return ok
}

// launch takes a group of requests that is due since then.
func (c *client) launch(due, now time.Duration) {
	w := c.crowd
	c.meter().late.ObserveN(now-max(due, c.free), uint64(w.burst))
	if !w.open || w.omits {
		due = now
	}
	c.talk.ask(due, now)
	c.asked += w.burst
	c.leaving = c.leaving || w.renew > 0 && c.asked >= w.renew
}

// freed says that places become free of those taken until now. When there was no
// room before, that is since when it might send more.
func (c *client) freed(taken int) {
	if taken+c.crowd.burst > c.crowd.depth {
		c.free = c.loop.woken // the answer was there by then
	}
}

// flush writes until nothing is left or there is no room.
func (c *client) flush() {
	for c.state == connected {
		data := c.pending()
		if len(data) == 0 {
			c.arm(unix.EPOLLIN)
			return
		}
		n, err := c.send(data)
		if err == unix.EAGAIN {
			c.arm(unix.EPOLLIN | unix.EPOLLOUT)
			return
		}
		if err != nil {
			c.lose(err)
			return
		}
		c.meter().bytesOut += uint64(n)
		if c.seal != nil {
			c.seal.out.Next(n)
		} else {
			c.talk.wrote(n)
		}
	}
}

// pending returns the next bytes for the socket.
func (c *client) pending() []byte {
	switch {
	case c.seal != nil:
		return c.sealed()
	case c.usable:
		return c.talk.rest()
	}
	return nil
}

func (c *client) arm(events uint32) {
	if err := c.watch(events); err != nil {
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
	buf := c.crowd.buf
	n, err := c.recv(buf)
	switch {
	case err == unix.EAGAIN:
		return
	case err != nil:
		c.lose(err)
		return
	}
	c.meter().bytesIn += uint64(n)
	if c.seal != nil {
		c.unseal(buf[:n])
	} else {
		c.take(buf[:n])
	}
	c.proceed()
}

// take passes on what came. It says whether the connection still stands.
func (c *client) take(data []byte) bool {
	if err := c.talk.take(data); err != nil {
		c.meter().mismatches++
		c.crowd.say("warn", fmt.Sprintf("connection %d: %v", c.number, err))
		c.drop()
		return false
	}
	return true
}

// proceed does what has become possible: sends more, or leaves.
func (c *client) proceed() {
	c.try()
	if c.usable && c.leaving && c.talk.unanswered() == 0 {
		c.leave()
	}
}

// leave closes a connection that has served its time, and opens the next.
func (c *client) leave() {
	if c.seal != nil {
		c.farewell()
	}
	c.hangUp()
	if !c.crowd.over {
		c.connect()
	}
}

// lose ends a connection that failed; it is opened again after a pause.
func (c *client) lose(err error) {
	if !c.dismissed {
		c.meter().fail(err)
	}
	if errno := unix.Errno(0); err != io.EOF && !errors.As(err, &errno) {
		c.crowd.say("warn", fmt.Sprintf("connection %d: %v", c.number, err))
	}
	c.drop()
}

func (c *client) drop() {
	c.hangUp()
	if !c.crowd.over {
		c.reconnect(reopenPause)
	}
}

// hangUp closes the connection. What it has not answered is lost.
func (c *client) hangUp() {
	m := c.meter()
	if c.seal != nil {
		if !c.usable {
			c.loop.connecting--
		}
		c.seal.stop()
		c.seal = nil
	}
	if c.usable {
		m.open--
		c.usable, c.leaving = false, false
		c.talk.end()
	}
	c.close()
}

// oldest is since when a request is due that has no answer; never: there is none.
func (c *client) oldest(now time.Duration) time.Duration {
	oldest := c.talk.oldest()
	if c.crowd.open {
		if due := c.crowd.pace.due(c.group); due <= now {
			oldest = min(oldest, due)
		}
	}
	return oldest
}
