//go:build linux

// Epoll is an echo server on one thread: a level-triggered epoll loop over
// non-blocking sockets. What it costs is that the server remembers for each
// connection where it was.
package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"log"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/sock"
	"socketlabs/labs/telemetry"
)

var (
	toTheEnd  = flag.Bool("drain", true, "read until EAGAIN, not once per wakeup")
	readCap   = flag.Int("drain-cap", 16, "reads in a row that one connection gets, 0 without end [0..1000000]")
	armed     = flag.Bool("armed", false, "leave EPOLLOUT registered when there is nothing to send")
	pressed   = flag.Bool("back-pressure", true, "read no more while output waits; without it, output waits without end")
	bufSize   = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	maxEvents = flag.Int("max-events", 256, "events per epoll_wait [1..4096]")
	backlog   = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	Accepts, AcceptErrors, Emfile, Reads, Writes, ShortWrites, Bytes telemetry.Counter
	Wakeups, Again, Resets, BrokenPipes, Interrupted                 telemetry.Counter
	Open, Pending, LongestDrain                                      telemetry.Gauge
}

// conn is what a thread of its own would have remembered on its stack.
type conn struct {
	fd     int
	out    []byte // read and not yet sent; under back-pressure at most one buffer
	events uint32 // what epoll watches
}

var (
	epfd  int
	conns []*conn // by descriptor
	spare = sock.Reserve()
)

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	lfd, err := listen(addr, quit)
	if err != nil {
		return err
	}
	events, buf := make([]unix.EpollEvent, *maxEvents), make([]byte, *bufSize)
	for lfd >= 0 || m.Open.Value() > 0 {
		n, err := unix.EpollWait(epfd, events, -1)
		if err == unix.EINTR { // signal(7): never restarted, SA_RESTART or not
			m.Interrupted.Inc()
			continue
		}
		if err != nil {
			return os.NewSyscallError("epoll_wait", err)
		}
		m.Wakeups.Inc()
		stopping := false
		for _, e := range events[:n] { // each descriptor once at most: none is stale when its turn comes
			switch fd := int(e.Fd); fd {
			case lfd:
				err = accept(lfd)
			case quit:
				stopping = true
			default:
				handle(conns[fd], e.Events, buf)
			}
		}
		if stopping {
			err = stop(lfd, quit)
			lfd = -1
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// listen makes the listener and the epoll that watches it and quit.
func listen(addr netip.AddrPort, quit int) (lfd int, err error) {
	if lfd, err = sock.Listen(addr, *backlog); err != nil {
		return -1, err
	}
	if err := unix.SetNonblock(lfd, true); err != nil {
		return -1, os.NewSyscallError("fcntl", err)
	}
	if epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return -1, os.NewSyscallError("epoll_create1", err)
	}
	lab.Listening(lfd)
	return lfd, errors.Join(control(unix.EPOLL_CTL_ADD, lfd, unix.EPOLLIN), control(unix.EPOLL_CTL_ADD, quit, unix.EPOLLIN))
}

// accept takes one connection; the listener is level-triggered too and reports
// the next. An error is the listener's own (accept(2)).
func accept(lfd int) error {
	cfd, _, err := unix.Accept4(lfd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	switch {
	case err == nil:
		m.Accepts.Inc()
		enter(cfd)
	case err == unix.EAGAIN, err == unix.EINTR: // it left, or is reported again
	case sock.Died(err):
		m.AcceptErrors.Inc()
	case sock.Exhausted(err): // left in the queue it would be reported for ever
		m.Emfile.Inc()
		spare.Refuse(lfd)
	default:
		return os.NewSyscallError("accept4", err)
	}
	return nil
}

// handle does what an event allows. EPOLLERR and EPOLLHUP need no branch: they
// come unasked, and the write or read that they lead to says what happened.
func handle(c *conn, events uint32, buf []byte) {
	var err error
	if len(c.out) > 0 {
		err = send(c, c.out)
	}
	if err == nil && c.events&unix.EPOLLIN != 0 && events&^unix.EPOLLOUT != 0 {
		err = drain(c, buf)
	}
	if err != nil {
		leave(c, err)
	}
}

// drain reads and answers what has arrived. The end of the connection is
// io.EOF; nil is that there is no more now, no room for its answer, or that
// others wait: level-triggered epoll reports the rest again.
func drain(c *conn, buf []byte) error {
	for reads := 1; ; reads++ {
		n, err := unix.Read(c.fd, buf)
		m.Reads.Inc()
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
			continue
		case err == unix.EAGAIN: // the receive queue is empty
			m.Again.Inc()
			return nil
		case err == unix.ECONNRESET: // a normal ending: count it
			m.Resets.Inc()
			return io.EOF
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0 && len(c.out) > 0: // FIN, said again once there was room for some of it
			return register(c, unix.EPOLLOUT)
		case n == 0: // FIN; everything before it has been answered
			return io.EOF
		}
		if int64(reads) > m.LongestDrain.Value() {
			m.LongestDrain.Set(reads)
		}
		if err := queue(c, buf[:n]); err != nil {
			return err
		}
		if c.events&unix.EPOLLIN == 0 || !*toTheEnd || *readCap > 0 && reads >= *readCap {
			return nil
		}
	}
}

// queue sends data, behind what waits already.
func queue(c *conn, data []byte) error {
	if len(c.out) == 0 {
		return send(c, data)
	}
	m.Pending.Add(len(data))
	c.out = append(c.out, data...)
	return watch(c)
}

// send writes data, which is new or all of c.out, once and keeps what the kernel
// has no room for.
func send(c *conn, data []byte) error {
	n, err := unix.Write(c.fd, data)
	m.Writes.Inc()
	switch {
	case err == unix.EINTR:
		m.Interrupted.Inc()
	case err == unix.EAGAIN: // the send queue is full
		m.Again.Inc()
	case err == unix.ECONNRESET:
		m.Resets.Inc()
		return io.EOF
	case err == unix.EPIPE: // the reset was noticed by an earlier call
		m.BrokenPipes.Inc()
		return io.EOF
	case err != nil:
		return os.NewSyscallError("write", err)
	case n < len(data):
		m.ShortWrites.Inc()
	}
	rest := data[max(n, 0):]
	m.Bytes.Add(len(data) - len(rest))
	if len(rest) == len(c.out) { // all went at once, as nearly always, or nothing could
		return nil
	}
	m.Pending.Add(len(rest) - len(c.out))
	if len(c.out) == 0 {
		rest = bytes.Clone(rest) // the buffer is the thread's
	} else if len(rest) == 0 {
		rest = nil // and its memory goes
	}
	c.out = rest
	return watch(c)
}

// watch registers what c waits for: room while it has bytes to send, and bytes
// otherwise: not to read while output waits is back-pressure. There is room
// nearly always, so EPOLLOUT must go when it is idle.
func watch(c *conn) error {
	want := uint32(unix.EPOLLIN)
	if len(c.out) > 0 {
		want = unix.EPOLLOUT
		if !*pressed {
			want |= unix.EPOLLIN
		}
	} else if *armed {
		want |= unix.EPOLLOUT
	}
	return register(c, want)
}

func register(c *conn, want uint32) error {
	if want == c.events {
		return nil
	}
	op := unix.EPOLL_CTL_MOD
	if c.events == 0 {
		op = unix.EPOLL_CTL_ADD
	}
	c.events = want
	return control(op, c.fd, want)
}

func control(op, fd int, events uint32) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(epfd, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}))
}

// enter lists the connection and has it watched.
func enter(cfd int) {
	conns = append(conns, make([]*conn, max(0, cfd+1-len(conns)))...) // room for it
	m.Open.Inc()
	c := &conn{fd: cfd}
	conns[cfd] = c
	if err := watch(c); err != nil {
		leave(c, err)
	}
}

// leave closes it; any error but io.EOF is worth a line.
func leave(c *conn, err error) {
	if err != io.EOF {
		log.Print(err)
	}
	m.Open.Dec()
	m.Pending.Add(-len(c.out))
	conns[c.fd] = nil
	unix.Close(c.fd)
}

// stop takes who is still in the queue, closes the door, and lets every
// connection end as if its FIN had come: after SHUT_RD a read still returns the
// bytes that have arrived, and then 0.
func stop(lfd, quit int) error {
	for sock.Wait(lfd, quit) == nil {
		if err := accept(lfd); err != nil {
			return err
		}
	}
	unix.Close(lfd)
	for _, c := range conns {
		if c != nil {
			unix.Shutdown(c.fd, unix.SHUT_RD)
		}
	}
	return control(unix.EPOLL_CTL_DEL, quit, 0)
}
