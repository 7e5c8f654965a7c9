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
	var err error
	if len(c.out) > 0 {
		err = l.send(c, c.out)
	}
	if err == nil && len(c.out) == 0 && events&^unix.EPOLLOUT != 0 {
		err = l.drain(c, buf)
	}
	if err != nil {
		l.leave(c, err)
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
		if err := l.send(c, buf[:n]); err != nil {
			return err
		}
		if len(c.out) > 0 || n < len(buf) {
			return nil
		}
	}
	return nil
}

// send writes data once and keeps what the kernel has no room for. Nothing more
// is read until that has gone: back-pressure.
func (l *loop) send(c *conn, data []byte) error {
	r, _, err := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(c.fd), uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)), unix.MSG_NOSIGNAL, 0, 0)
	n := int(r)
	l.writes++
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
	case err != 0:
		return os.NewSyscallError("sendto", err)
	case n < len(data):
		m.ShortWrites.Inc()
	}
	rest := data[max(n, 0):]
	l.sent += len(data) - len(rest)
	if len(rest) == len(c.out) { // all went at once, as nearly always, or nothing could
		return nil
	}
	m.Pending.Add(len(rest) - len(c.out))
	c.out = append([]byte(nil), rest...) // nil of nothing
	return l.watch(c)
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
	l.conns = append(l.conns, make([]*conn, max(0, cfd+1-len(l.conns)))...) // room for it
	l.open++
	m.Open.Inc()
	l.deal()
	c := &conn{fd: cfd}
	l.conns[cfd] = c
	if err := l.watch(c); err != nil {
		l.leave(c, err)
	}
}

// leave closes it; any error but io.EOF is worth a line.
func (l *loop) leave(c *conn, err error) {
	if err != io.EOF {
		log.Print(err)
	}
	l.open--
	m.Open.Dec()
	m.Pending.Add(-len(c.out))
	l.conns[c.fd] = nil
	unix.Close(c.fd)
}

// stop takes who is still in the queue, closes the door, and lets every
// connection end as if its FIN had come: after SHUT_RD a read still returns the
// bytes that have arrived, and then 0.
func (l *loop) stop(quit int) error {
	for l.lfd >= 0 && sock.Wait(l.lfd, quit) == nil {
		if err := l.accept(); err != nil {
			return err
		}
	}
	for _, fd := range []int{l.lfd, l.timer} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	l.lfd, l.timer = -1, -1
	for _, c := range l.conns {
		if c != nil {
			unix.Shutdown(c.fd, unix.SHUT_RD)
		}
	}
	return l.control(unix.EPOLL_CTL_DEL, quit, 0)
}

// count adds up what happened since the last wait. Threads that write to one
// cache line with every request take it from each other's core each time.
func (l *loop) count() {
	m.Reads.Add(l.reads)
	m.Writes.Add(l.writes)
	m.Bytes.Add(l.sent)
	l.reads, l.writes, l.sent = 0, 0, 0
}
