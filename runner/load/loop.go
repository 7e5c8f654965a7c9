//go:build linux

package load

import (
	"context"
	"math"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// clock reads CLOCK_MONOTONIC without a system call: the Go runtime's own clock
// is the same one, read in the vDSO, from another zero.
type clock struct {
	base time.Time
	zero time.Duration
}

func newClock() clock {
	var ts unix.Timespec
	base := time.Now()
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // fails for no valid clock
	return clock{base, time.Duration(ts.Nano())}
}

func (c clock) now() time.Duration { return c.zero + time.Since(c.base) }

// never is a time that does not come.
const never = time.Duration(math.MaxInt64)

// loop waits for sockets and for points in time. Its batches are small, so that
// no point in time has to wait for long.
type loop struct {
	clock
	epfd    int
	timerfd int
	quitfd  int // an eventfd, readable once the context has ended
	quit    bool
	mailfd  int        // an eventfd, readable once mail has come
	mail    chan Order // of those who may not touch anything here
	ordered func(Order)
	set     time.Duration // what timerfd is set to
	woken   time.Duration // when the last wait was over
	events  [64]unix.EpollEvent
	sockets []*socket // by descriptor
	timers  timers

	addr       netip.AddrPort
	queue      []*socket // they want to be connected, in this order
	connecting int
	losses     losses

	watching sync.WaitGroup // for the end of the context, and for orders
	closed   chan struct{}
}

func newLoop(ctx context.Context, addr netip.AddrPort, orders <-chan Order) (*loop, error) {
	l := &loop{clock: newClock(), epfd: -1, timerfd: -1, quitfd: -1, mailfd: -1, mail: make(chan Order, 64), addr: addr, closed: make(chan struct{})}
	if err := l.open(); err != nil {
		l.close()
		return nil, err
	}
	l.watching.Go(func() { l.attend(ctx, orders) })
	return l, nil
}

// attend wakes the loop for orders, and at the end of ctx.
func (l *loop) attend(ctx context.Context, orders <-chan Order) {
	one := []byte{1, 0, 0, 0, 0, 0, 0, 0} // eventfd(2): eight bytes, added
	for {
		select {
		case o := <-orders:
			select {
			case l.mail <- o:
				unix.Write(l.mailfd, one)
			default: // more than a plan may have anyway
			}
		case <-ctx.Done():
			unix.Write(l.quitfd, one)
			return
		case <-l.closed:
			return
		}
	}
}

func (l *loop) open() (err error) {
	if l.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	// Not the timeout of epoll_wait: that is in milliseconds, and that of
	// epoll_pwait2 is late by the thread's timer slack.
	if l.timerfd, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return os.NewSyscallError("timerfd_create", err)
	}
	if l.quitfd, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	if l.mailfd, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	for _, fd := range []int{l.timerfd, l.quitfd, l.mailfd} { // edges, so that nobody has to read them
		if err := l.control(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN|unix.EPOLLET); err != nil {
			return err
		}
	}
	return nil
}

// close closes the loop's own descriptors; the sockets are closed by their owners.
func (l *loop) close() {
	close(l.closed)
	l.watching.Wait()
	for _, fd := range []int{l.mailfd, l.quitfd, l.timerfd, l.epfd} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

func (l *loop) control(op, fd int, events uint32) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(l.epfd, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}))
}

// turn connects who waits for it and handles events, for which it waits until
// then, or until a timer is due.
func (l *loop) turn(until time.Duration) error {
	if l.connectSome() {
		until = 0
	}
	return l.handle(min(until, l.timers.next()))
}

// handle waits for events and handles one batch of them.
func (l *loop) handle(until time.Duration) error {
	n, err := l.wait(until)
	if err != nil {
		return err
	}
	l.woken = l.now()
	for _, e := range l.events[:n] { // none is stale: what one closes is nil, and none is opened here
		fd := int(e.Fd)
		if fd == l.quitfd {
			l.quit = true
		} else if fd == l.mailfd {
			l.obey()
		} else if fd < len(l.sockets) && l.sockets[fd] != nil {
			l.sockets[fd].event(e.Events)
		}
	}
	return nil
}

// obey does what was ordered.
func (l *loop) obey() {
	for {
		select {
		case o := <-l.mail:
			l.ordered(o)
		default:
			return
		}
	}
}

// wait looks first, without telling the Go scheduler: under load there is
// something nearly always, and a call that cannot block need not hand over its
// processor. One that blocks must, or the garbage collector waits for it.
func (l *loop) wait(until time.Duration) (int, error) {
	n, err := pollNow(l.epfd, l.events[:])
	if n == 0 && err == nil && until > l.now() {
		if err := l.setTimer(until); err != nil {
			return 0, err
		}
		n, err = unix.EpollWait(l.epfd, l.events[:], -1)
	}
	if err == unix.EINTR { // signal(7): never restarted
		return 0, nil
	}
	return n, os.NewSyscallError("epoll_wait", err)
}

// setTimer makes timerfd readable at t.
func (l *loop) setTimer(t time.Duration) error {
	if t == l.set {
		return nil
	}
	l.set = t
	var spec unix.ItimerSpec // zero: never
	if t != never {
		spec.Value = unix.NsecToTimespec(int64(t))
	}
	return os.NewSyscallError("timerfd_settime", unix.TimerfdSettime(l.timerfd, unix.TFD_TIMER_ABSTIME, &spec, nil))
}
