//go:build linux

// Package loop is the server of the epoll lesson for the labs that come after
// it: one thread, level-triggered, bounded in what it keeps for a connection. A
// lab says what its bytes mean; everything it is told, it is told on that thread.
package loop

import (
	"io"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/sock"
	"socketlabs/labs/telemetry"
)

// Counts is what every loop counts; a lab embeds it in its m.
type Counts struct {
	Accepts, AcceptErrors, Emfile, Reads, Writes, ShortWrites, Bytes telemetry.Counter
	Resets, BrokenPipes                                              telemetry.Counter
	Open, Pending                                                    telemetry.Gauge
}

// Config is what a lab decides.
type Config struct {
	Counts  *Counts
	Backlog int // 0: 1024
	Buf     int // bytes per read; 0: 4096
	MaxOut  int // bytes kept for a connection beyond which it is not read; 0: 64 KiB
	MaxIn   int // bytes that Receive may leave in Conn.In; more ends the connection. 0: 4 MiB

	// Accept, if not nil, sees a new connection first. It may Send and Finish.
	Accept func(c *Conn)
	// Receive is called when c.In has grown and takes from it with Conn.Take. An
	// error ends the connection at once; io.EOF without a line of log.
	Receive func(c *Conn) error
	// Closed, if not nil, is called after the last word of a connection.
	Closed func(c *Conn)
	// Stop, if not nil, is called at SIGTERM when the listener is closed, and
	// instead of ending every connection as if its FIN had come (Conn.Hurry).
	Stop func(l *Loop)
	// Tick, if not nil, is called about so often.
	Every time.Duration
	Tick  func(l *Loop, now time.Time)
}

// Loop serves one listener.
type Loop struct {
	Config
	epfd, lfd, wakefd int
	conns             []*Conn // by descriptor
	buf               []byte
	spare             *sock.Spare
	lingering         []*Conn // in the order in which their time ends
	stopping          bool

	mu     sync.Mutex
	posted []func() // mu guards
	ended  bool     // mu guards: wakefd is closed
}

// one is what an eventfd(2) takes.
var one = []byte{1, 0, 0, 0, 0, 0, 0, 0}

// New returns a loop that is not listening yet.
func New(c Config) (*Loop, error) {
	c.Backlog, c.Buf = orElse(c.Backlog, 1024), orElse(c.Buf, 4096)
	c.MaxOut, c.MaxIn = orElse(c.MaxOut, 64<<10), orElse(c.MaxIn, 4<<20)
	l := &Loop{Config: c, lfd: -1, buf: make([]byte, c.Buf), spare: sock.Reserve()}
	var err error
	if l.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if l.wakefd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, os.NewSyscallError("eventfd2", err)
	}
	return l, l.control(unix.EPOLL_CTL_ADD, l.wakefd, unix.EPOLLIN)
}

func orElse(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}

// Serve is a lab's whole serve: it listens on addr, announces that, and returns
// when quit was readable and every connection has ended.
func Serve(addr netip.AddrPort, quit int, c Config) error {
	l, err := New(c)
	if err != nil {
		return err
	}
	lfd, err := sock.Listen(addr, l.Backlog)
	if err != nil {
		return err
	}
	if err := l.Listen(lfd); err != nil {
		return err
	}
	lab.Listening(lfd)
	return l.Run(quit)
}

// Listen has the loop accept from lfd, which becomes non-blocking, and close it
// at the end.
func (l *Loop) Listen(lfd int) error {
	if err := unix.SetNonblock(lfd, true); err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	l.lfd = lfd
	return l.control(unix.EPOLL_CTL_ADD, lfd, unix.EPOLLIN)
}

// Run serves until quit is readable and every connection has ended.
func (l *Loop) Run(quit int) error {
	if err := l.control(unix.EPOLL_CTL_ADD, quit, unix.EPOLLIN); err != nil {
		return err
	}
	defer l.end()
	events, next := make([]unix.EpollEvent, 256), time.Now().Add(l.Every)
	for !l.stopping || l.Counts.Open.Value() > 0 {
		n, err := unix.EpollWait(l.epfd, events, l.timeout(next))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("epoll_wait", err)
		}
		for _, e := range events[:n] {
			if err := l.event(int(e.Fd), e.Events, quit); err != nil {
				return err
			}
		}
		if l.Tick == nil && len(l.lingering) == 0 {
			continue
		}
		now := time.Now()
		for len(l.lingering) > 0 && (l.lingering[0].closed || now.After(l.lingering[0].linger)) {
			l.lingering[0].fail(io.EOF)
			l.lingering = l.lingering[1:]
		}
		if l.Tick != nil && !now.Before(next) {
			next = now.Add(l.Every)
			l.Tick(l, now)
		}
	}
	return nil
}

// timeout is in milliseconds, rounded up: a wait of less than one is no poll.
func (l *Loop) timeout(next time.Time) int {
	switch {
	case l.Tick == nil && len(l.lingering) == 0:
		return -1
	case l.Tick == nil:
		next = l.lingering[0].linger
	}
	return int(max(0, (time.Until(next)+time.Millisecond-1)/time.Millisecond))
}

// event handles one event. Its connection may have been closed by an event
// before it in the same batch, and its number be a new connection's: that one
// reads EAGAIN.
func (l *Loop) event(fd int, events uint32, quit int) error {
	switch {
	case fd == l.lfd:
		return l.accept()
	case fd == quit:
		return l.stop(quit)
	case fd == l.wakefd:
		l.runPosted()
	case l.conns[fd] != nil:
		l.conns[fd].handle(events)
	}
	return nil
}

// accept takes one connection; level-triggered epoll reports the next.
func (l *Loop) accept() error {
	cfd, _, err := unix.Accept4(l.lfd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	switch {
	case err == nil:
		l.Counts.Accepts.Inc()
		l.enter(cfd)
	case err == unix.EINTR, err == unix.EAGAIN:
	case sock.Died(err):
		l.Counts.AcceptErrors.Inc()
	case sock.Exhausted(err):
		l.Counts.Emfile.Inc()
		l.spare.Refuse(l.lfd)
	default:
		return os.NewSyscallError("accept4", err)
	}
	return nil
}

// stop takes who is still in the queue, closes the door, and ends every
// connection after all that has arrived is answered.
func (l *Loop) stop(quit int) error {
	for sock.Wait(l.lfd, quit) == nil {
		if err := l.accept(); err != nil {
			return err
		}
	}
	// If another process holds the listener too, closing does not end the
	// registration, and the loop would spin (epoll(7), Questions and answers, 6).
	if err := l.control(unix.EPOLL_CTL_DEL, l.lfd, 0); err != nil {
		return err
	}
	unix.Close(l.lfd)
	l.lfd, l.stopping = -1, true
	if l.Stop != nil {
		l.Stop(l)
	} else {
		l.Each((*Conn).Hurry)
	}
	return l.control(unix.EPOLL_CTL_DEL, quit, 0)
}

// Each calls f with every connection.
func (l *Loop) Each(f func(c *Conn)) {
	for _, c := range l.conns {
		if c != nil {
			f(c)
		}
	}
}

// Post has f called on the loop's thread. It may be called from any thread; when
// Run has returned, nothing is called any more.
func (l *Loop) Post(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.posted = append(l.posted, f)
	if len(l.posted) == 1 && !l.ended { // wakefd may be somebody else's by then
		unix.Write(l.wakefd, one)
	}
}

func (l *Loop) runPosted() {
	unix.Read(l.wakefd, make([]byte, 8))
	l.mu.Lock()
	posted := l.posted
	l.posted = nil
	l.mu.Unlock()
	for _, f := range posted {
		f()
	}
}

func (l *Loop) control(op, fd int, events uint32) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(l.epfd, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}))
}

func (l *Loop) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.spare.Close()
	for _, fd := range []int{l.epfd, l.wakefd} {
		unix.Close(fd)
	}
}
