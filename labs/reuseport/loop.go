//go:build linux

package main

import (
	"io"
	"log"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/sock"
)

// fairness is how many reads in a row one connection gets. Level-triggered
// epoll reports the rest again.
const fairness = 16

// patience is how long, in milliseconds, a loop waits without letting the Go
// scheduler know. After 10 ms it would be sent a signal, to take turns.
const patience = 8

// conn is with one loop as long as it lives.
type conn struct {
	fd     int
	out    []byte // read and not yet sent, at most one buffer
	events uint32 // what epoll watches
}

// loop is a whole server. It shares the port with the others and nothing else,
// not even a counter of what happens with every request: see count.
type loop struct {
	number, lfd, epfd, timer int
	conns                    []*conn // by descriptor
	open                     int
	reads, writes, sent      int // since the last count
}

// run is the loop of the lesson on epoll.
func (l *loop) run(quit int) error {
	events, buf := make([]unix.EpollEvent, *maxEvents), make([]byte, *bufSize)
	for l.lfd >= 0 || l.timer >= 0 || l.open > 0 {
		n, err := l.wait(events)
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
			case l.lfd:
				err = l.accept()
			case l.timer:
				err = l.shut()
			case quit:
				stopping = true
			default:
				l.handle(l.conns[fd], e.Events, buf)
			}
			if err != nil {
				return err
			}
		}
		if stopping {
			if err := l.stop(quit); err != nil {
				return err
			}
		}
		l.count()
	}
	return nil
}

// wait is epoll_wait(2), at first as a raw system call, as all that happens for
// each request is one.
//
// unix.EpollWait, Read and Write tell the Go scheduler that the thread may
// sleep. It then takes away what the thread needs to go on running Go, watches
// for that every 20 µs, and has to give it back: as much as a tenth of a request,
// for calls that do not sleep, or that a busy server soon wakes. A raw call keeps
// it, and that is a trap: the garbage collector stops all goroutines, and waits
// for this one until the call returns. The signal by which it asks interrupts the
// call, but a loop that makes the same call anew is never seen to stop. Hence the
// other kind of call after an interruption, and when patience is over; and hence
// a P for each loop (serve).
func (l *loop) wait(events []unix.EpollEvent) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(l.epfd), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), patience, 0, 0)
	if errno != 0 || n == 0 {
		return unix.EpollWait(l.epfd, events, -1)
	}
	return int(n), nil
}

// accept takes one connection; the listener is level-triggered too and reports
// the next. What befell a single connection is counted; an error is the
// listener's own (accept(2)).
func (l *loop) accept() error {
	spare.RLock()
	cfd, _, err := unix.Accept4(l.lfd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	spare.RUnlock()
	switch {
	case err == nil:
		m.Accepts.Inc()
		l.enter(cfd)
	case err == unix.EINTR:
		m.Interrupted.Inc()
	case err == unix.EAGAIN: // it left before its turn
		m.Again.Inc()
	case sock.Died(err):
		m.AcceptErrors.Inc()
	case sock.Exhausted(err): // left in the queue it would be reported for ever
		m.Emfile.Inc()
		spare.Lock()
		spare.Refuse(l.lfd)
		spare.Unlock()
	default:
		return os.NewSyscallError("accept4", err)
	}
	return nil
}

// handle does what an event allows. EPOLLERR and EPOLLHUP need no branch: they
// come unasked, and the write or read that they lead to says what happened.
func (l *loop) handle(c *conn, events uint32, buf []byte) {
	err := l.flush(c)
	if err == nil && len(c.out) == 0 && events&^unix.EPOLLOUT != 0 {
		err = l.drain(c, buf)
	}
	if err != nil {
		if err != io.EOF {
			log.Print(err)
		}
		l.leave(c)
	}
}

// drain reads and answers what has arrived, up to the first read that does not
// fill its buffer: that one has emptied the queue. The end of the connection is
// io.EOF; nil is that there is no more now, or no room for its answer.
func (l *loop) drain(c *conn, buf []byte) error {
	for range fairness {
		r, _, err := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(c.fd), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0, 0, 0)
		n := int(r)
		l.reads++
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
		case err != 0:
			return os.NewSyscallError("recvfrom", err)
		case n == 0: // FIN; everything before it has been answered
			return io.EOF
		}
		if err := l.reply(c, buf[:n]); err != nil {
			return err
		}
		if len(c.out) > 0 || n < len(buf) {
			return nil
		}
	}
	return nil
}

// reply sends data. What the kernel has no room for is kept, and nothing more
// is read until it has gone: back-pressure.
func (l *loop) reply(c *conn, data []byte) error {
	n, err := l.send(c, data)
	if err != nil || n == len(data) {
		return err
	}
	m.Pending.Add(len(data) - n)
	c.out = append(c.out, data[n:]...)
	return l.watch(c)
}

// flush sends what reply had to keep.
func (l *loop) flush(c *conn) error {
	if len(c.out) == 0 {
		return nil
	}
	n, err := l.send(c, c.out)
	m.Pending.Add(-n)
	c.out = c.out[n:]
	if err != nil || len(c.out) > 0 {
		return err
	}
	c.out = nil
	return l.watch(c)
}

// send writes once: level-triggered epoll reports when there is room again.
func (l *loop) send(c *conn, data []byte) (n int, err error) {
	r, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(c.fd), uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)), unix.MSG_NOSIGNAL, 0, 0)
	l.writes++
	switch {
	case errno == unix.EINTR:
		m.Interrupted.Inc()
		return 0, nil
	case errno == unix.EAGAIN: // the send queue is full
		m.Again.Inc()
		return 0, nil
	case errno == unix.ECONNRESET:
		m.Resets.Inc()
		return 0, io.EOF
	case errno == unix.EPIPE: // the reset was noticed by an earlier call
		m.BrokenPipes.Inc()
		return 0, io.EOF
	case errno != 0:
		return 0, os.NewSyscallError("sendto", errno)
	}
	if n = int(r); n < len(data) {
		m.ShortWrites.Inc()
	}
	l.sent += n
	return n, nil
}

// watch registers what c waits for: room while it has bytes to send, and bytes
// otherwise.
func (l *loop) watch(c *conn) error {
	want := uint32(unix.EPOLLIN)
	if len(c.out) > 0 {
		want = unix.EPOLLOUT
	}
	if want == c.events {
		return nil
	}
	op := unix.EPOLL_CTL_MOD
	if c.events == 0 {
		op = unix.EPOLL_CTL_ADD
	}
	c.events = want
	return l.control(op, c.fd, want)
}

func (l *loop) control(op, fd int, events uint32) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(l.epfd, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}))
}

// enter lists the connection and has it watched.
func (l *loop) enter(cfd int) {
	for len(l.conns) <= cfd {
		l.conns = append(l.conns, nil)
	}
	l.open++
	m.Open.Inc()
	l.deal()
	c := &conn{fd: cfd}
	l.conns[cfd] = c
	if err := l.watch(c); err != nil {
		log.Print(err)
		l.leave(c)
	}
}

// leave closes it.
func (l *loop) leave(c *conn) {
	l.open--
	m.Open.Dec()
	m.Pending.Add(-len(c.out))
	l.conns[c.fd] = nil
	unix.Close(c.fd)
}

// count adds up what happened since the last wait. Threads that write to one
// cache line with every request take it from each other's core each time.
func (l *loop) count() {
	m.Reads.Add(l.reads)
	m.Writes.Add(l.writes)
	m.Bytes.Add(l.sent)
	l.reads, l.writes, l.sent = 0, 0, 0
}
