//go:build linux

package load

import (
	"io"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// How connections are opened. A connect(2) that blocks would wait 127 s for a
// server whose accept queue is full (tcp(7), tcp_syn_retries).
const (
	maxConnecting  = 128             // at once
	connectTime    = 3 * time.Second // for one
	reopenPause    = 100 * time.Millisecond
	maxReopenPause = 1600 * time.Millisecond // doubled from reopenPause with each failure
)

type socketState int

const (
	shut socketState = iota
	waiting
	connecting
	connected
)

// socket is one connection of ours, open or not, and what its owner does when
// something happens to it. It stays at its place in memory.
type socket struct {
	loop      *loop
	state     socketState
	fd        int
	source    byte          // last byte of the loopback address it comes from; 0: the system's choice
	rcvbuf    int           // SO_RCVBUF, set before connect(2) so that it bounds the window; 0: the system's
	recvFlags int           // of recv(2), beside MSG_DONTWAIT
	dialed    time.Duration // when connect(2) was called
	events    uint32        // what epoll watches, beside errors
	added     bool          // epoll watches
	// timer ends the attempt to connect, or the pause before it.
	timer    timer
	failures int // to connect, in a row

	rogue bool // it is not one of the load's own
	rush  bool // it connects however many others do

	opened func()              // it is connected
	failed func(err error)     // it could not be; the next attempt follows by itself
	ready  func(events uint32) // epoll_wait(2) says so
}

// connect asks for a connection; those who ask first are connected first.
func (s *socket) connect() {
	s.loop.timers.stop(&s.timer)
	s.state = waiting
	s.loop.queue = append(s.loop.queue, s)
}

// reconnect asks for a connection after a pause.
func (s *socket) reconnect(pause time.Duration) {
	s.timer.fire = s.connect
	s.loop.timers.start(&s.timer, s.loop.now()+pause)
}

// connectSome begins with some of those who wait, and says whether there are
// more that need not wait any longer.
func (l *loop) connectSome() bool {
	done := 0
	for done < len(l.queue) && done < 32 && l.mayDial(l.queue[done]) {
		s := l.queue[done]
		l.queue[done] = nil
		done++
		if s.state == waiting { // it may have been closed, or be in the queue twice
			s.dial()
		}
	}
	l.queue = l.queue[done:]
	return len(l.queue) > 0 && l.mayDial(l.queue[0])
}

func (l *loop) mayDial(s *socket) bool { return s.rush || l.connecting < maxConnecting }

// counts counts the socket among those that connect, n times.
func (s *socket) counts(n int) {
	if !s.rush {
		s.loop.connecting += n
	}
}

func (s *socket) dial() {
	s.state, s.fd, s.added = connecting, -1, false
	s.counts(+1)
	err := s.begin()
	switch err {
	case nil:
		s.establish()
	case unix.EINPROGRESS:
		if err := s.watch(unix.EPOLLOUT); err != nil {
			s.fail(err)
			return
		}
		s.timer.fire = func() { s.fail(unix.ETIMEDOUT) }
		s.loop.timers.start(&s.timer, s.loop.now()+connectTime)
	default:
		s.fail(err)
	}
}

// begin makes the socket and begins to connect it.
func (s *socket) begin() (err error) {
	family, sa := unix.AF_INET, unix.Sockaddr(nil)
	if a := s.loop.addr; a.Addr().Is4() {
		sa = &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}
	} else {
		family, sa = unix.AF_INET6, &unix.SockaddrInet6{Addr: a.Addr().As16(), Port: int(a.Port())}
	}
	if s.fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	for len(s.loop.sockets) <= s.fd {
		s.loop.sockets = append(s.loop.sockets, nil)
	}
	s.loop.sockets[s.fd] = s
	if err := unix.SetsockoptInt(s.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	if s.rcvbuf > 0 {
		if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, s.rcvbuf); err != nil {
			return err
		}
	}
	if s.source > 0 {
		if err := s.bind(); err != nil {
			return err
		}
	}
	s.dialed = s.loop.now()
	return unix.Connect(s.fd, sa)
}

// bind gives the socket its own address, and leaves the port to connect(2): each
// pair of addresses has all ports (ip(7), IP_BIND_ADDRESS_NO_PORT).
func (s *socket) bind() error {
	if err := unix.SetsockoptInt(s.fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return err
	}
	return unix.Bind(s.fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, s.source}})
}

// event passes on what epoll says; of a socket that connects, it is the outcome.
func (s *socket) event(events uint32) {
	if s.state == connected {
		s.ready(events)
		return
	}
	errno, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		s.fail(err)
	case errno != 0:
		s.fail(unix.Errno(errno))
	default:
		s.establish()
	}
}

func (s *socket) establish() {
	s.loop.timers.stop(&s.timer)
	s.counts(-1)
	s.state, s.failures = connected, 0
	if !s.rogue && len(s.loop.losses) > 0 {
		s.lose(s.loop.losses.share()) // lossy has told of its errors
	}
	s.opened()
}

// fail ends an attempt to connect; the next follows after a pause.
func (s *socket) fail(err error) {
	s.close()
	s.reconnect(min(reopenPause<<min(s.failures, 8), maxReopenPause))
	s.failures++
	s.failed(err)
}

// close closes the socket, whatever its state, and ends its attempts.
func (s *socket) close() {
	s.loop.timers.stop(&s.timer)
	if s.state == connecting {
		s.counts(-1)
	}
	if (s.state == connecting || s.state == connected) && s.fd >= 0 {
		s.loop.sockets[s.fd] = nil
		unix.Close(s.fd) // epoll(7) forgets it with that
	}
	s.state = shut
}

// watch sets what epoll waits for.
func (s *socket) watch(events uint32) error {
	if s.added && events == s.events {
		return nil
	}
	op := unix.EPOLL_CTL_MOD
	if !s.added {
		op = unix.EPOLL_CTL_ADD
	}
	s.added, s.events = true, events
	return s.loop.control(op, s.fd, events)
}

// recv reads what there is: unix.EAGAIN when there is nothing yet, io.EOF at
// the end.
func (s *socket) recv(buf []byte) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(s.fd), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), uintptr(unix.MSG_DONTWAIT|s.recvFlags), 0, 0)
	switch {
	case errno != 0:
		return 0, errno
	case n == 0:
		return 0, io.EOF
	}
	return int(n), nil
}

// send writes what there is room for: unix.EAGAIN when there is none.
func (s *socket) send(data []byte) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(s.fd), uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// pollNow is epoll_wait(2) without waiting.
func pollNow(epfd int, events []unix.EpollEvent) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
