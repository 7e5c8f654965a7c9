//go:build linux

package loop

import (
	"errors"
	"io"
	"log"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Conn is one connection. Its methods but Post belong to the loop's thread.
type Conn struct {
	FD   int
	In   []byte // what has arrived and was not taken
	Data any    // the lab's own

	loop   *Loop
	out    []byte    // to be sent
	events uint32    // what epoll watches
	held   int       // answers that are still to come
	ended  bool      // nothing more is received: FIN, or Finish
	linger time.Time // after Finish: until when the client may take its time to leave
	closed bool
}

// Take removes the first n bytes of c.In.
func (c *Conn) Take(n int) {
	c.In = c.In[n:]
	if len(c.In) == 0 {
		c.In = nil
	}
}

// Send sends data, now or when there is room. While more than MaxOut bytes
// wait, the connection is not read: back-pressure.
func (c *Conn) Send(data []byte) {
	if c.closed {
		return
	}
	if len(c.out) == 0 {
		n, err := c.write(data)
		if err != nil {
			c.fail(err)
			return
		}
		data = data[n:]
	}
	if len(data) > 0 {
		c.loop.Counts.Pending.Add(len(data))
		c.out = append(c.out, data...)
	}
	c.update()
}

// Pending is how many bytes wait to be sent.
func (c *Conn) Pending() int { return len(c.out) }

// Hold says that an answer will be sent later: until Release the connection
// outlives its FIN.
func (c *Conn) Hold() { c.held++ }

// Release takes one Hold back.
func (c *Conn) Release() {
	c.held--
	c.update()
}

// lingerTime is how long a client has to leave after the last word that it got.
const lingerTime = time.Second

// Finish receives no more, and ends the connection when all is sent. close(2)
// with unread bytes would send RST, which destroys that answer on its way: so FIN
// goes first, and what still comes is read and forgotten (RFC 9112, 9.6).
func (c *Conn) Finish() {
	if c.closed || !c.linger.IsZero() {
		return
	}
	c.ended, c.linger = true, time.Now().Add(lingerTime)
	c.loop.lingering = append(c.loop.lingering, c)
	c.update()
}

// Hurry ends the connection as if its FIN had come: what has arrived is still
// read, and answered.
func (c *Conn) Hurry() { unix.Shutdown(c.FD, unix.SHUT_RD) }

// Post has f called on the loop's thread; unlike the other methods, it may be
// called from any thread.
func (c *Conn) Post(f func()) { c.loop.Post(f) }

// Closed says whether the connection is over.
func (c *Conn) Closed() bool { return c.closed }

func (l *Loop) enter(cfd int) {
	c := l.list(cfd)
	if l.Accept != nil {
		l.Accept(c)
	}
	c.update()
}

func (l *Loop) list(cfd int) *Conn {
	for len(l.conns) <= cfd {
		l.conns = append(l.conns, nil)
	}
	l.Counts.Open.Inc()
	c := &Conn{FD: cfd, loop: l}
	l.conns[cfd] = c
	return c
}

// handle does what an event allows. EPOLLERR and EPOLLHUP need no branch: the
// call that they lead to says what happened.
func (c *Conn) handle(events uint32) {
	err := c.flush()
	if err == nil && c.events&unix.EPOLLIN != 0 && events&^unix.EPOLLOUT != 0 {
		err = c.read()
	} else if err == nil && events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 && len(c.out) == 0 {
		err = io.EOF // both directions are over, and whoever computes an answer computes it in vain
	}
	if err != nil {
		c.fail(err)
		return
	}
	c.update()
}

// read reads once: level-triggered epoll reports the rest.
func (c *Conn) read() error {
	n, err := unix.Read(c.FD, c.loop.buf)
	c.loop.Counts.Reads.Inc()
	switch {
	case err == unix.EINTR, err == unix.EAGAIN:
		return nil
	case err == unix.ECONNRESET:
		c.loop.Counts.Resets.Inc()
		return io.EOF
	case err != nil:
		return os.NewSyscallError("read", err)
	case n == 0 && c.ended: // it leaves after its last word
		return io.EOF
	case n == 0: // FIN; answers may still be due
		c.ended = true
		return nil
	case c.ended:
		return nil
	}
	c.In = append(c.In, c.loop.buf[:n]...)
	if err := c.loop.Receive(c); err != nil {
		return err
	}
	if len(c.In) > c.loop.MaxIn {
		return errors.New("more bytes wait for the rest of their message than one may have")
	}
	return nil
}

// flush sends what waits.
func (c *Conn) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	n, err := c.write(c.out)
	c.loop.Counts.Pending.Add(-n)
	if c.out = c.out[n:]; len(c.out) == 0 {
		c.out = nil
	}
	return err
}

// write writes once.
func (c *Conn) write(data []byte) (n int, err error) {
	if len(data) == 0 {
		return 0, nil
	}
	n, err = unix.Write(c.FD, data)
	c.loop.Counts.Writes.Inc()
	switch {
	case err == unix.EINTR, err == unix.EAGAIN:
		return 0, nil
	case err == unix.ECONNRESET:
		c.loop.Counts.Resets.Inc()
		return 0, io.EOF
	case err == unix.EPIPE:
		c.loop.Counts.BrokenPipes.Inc()
		return 0, io.EOF
	case err != nil:
		return 0, os.NewSyscallError("write", err)
	}
	if n < len(data) {
		c.loop.Counts.ShortWrites.Inc()
	}
	c.loop.Counts.Bytes.Add(n)
	return n, nil
}

// update closes the connection if it is over, or watches what it waits for.
func (c *Conn) update() {
	if c.closed {
		return
	}
	if c.ended && len(c.out) == 0 && c.held == 0 {
		if c.linger.IsZero() {
			c.close()
			return
		}
		unix.Shutdown(c.FD, unix.SHUT_WR)
	}
	want := uint32(0)
	if (!c.ended || !c.linger.IsZero()) && len(c.out) <= c.loop.MaxOut {
		want |= unix.EPOLLIN
	}
	if len(c.out) > 0 {
		want |= unix.EPOLLOUT
	}
	op := unix.EPOLL_CTL_MOD
	if c.events == 0 {
		op = unix.EPOLL_CTL_ADD
	}
	// Registered without an event, a dead connection would still be reported
	// (EPOLLHUP) for as long as its answer takes: it waits outside.
	switch {
	case want == c.events:
		return
	case want == 0:
		op = unix.EPOLL_CTL_DEL
	}
	c.events = want
	if err := c.loop.control(op, c.FD, want); err != nil {
		c.fail(err)
	}
}

// fail ends the connection with what waits in it.
func (c *Conn) fail(err error) {
	if c.closed {
		return
	}
	if err != io.EOF {
		log.Print(err)
	}
	c.close()
}

func (c *Conn) close() {
	l := c.loop
	c.closed = true
	l.Counts.Open.Dec()
	l.Counts.Pending.Add(-len(c.out))
	c.out, c.In = nil, nil
	l.conns[c.FD] = nil
	unix.Close(c.FD)
	if l.Closed != nil {
		l.Closed(c)
	}
}
