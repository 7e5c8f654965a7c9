//go:build linux

package main

import (
	"math"
	"os"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/sock"
)

// arm has the kernel accept, one connection after the other, until it says that
// it stops.
func arm() {
	e := r.next(opAccept, lfd)
	e.ioprio, e.how = multishotAccept, unix.SOCK_CLOEXEC
}

// poll has the kernel say once when fd is readable.
func poll(fd int) { r.next(opPollAdd, fd).how = unix.POLLIN }

// accept takes one connection, or learns why there is none. What befell a single
// connection is counted; an error is the listener's own (accept(2)).
func accept(e cqe) error {
	err := unix.Errno(-e.res)
	switch {
	case e.res >= 0 && int(e.res) >= limit(): // it goes by the limit of when it was armed
		m.Emfile.Inc()
		unix.Close(int(e.res))
	case e.res >= 0:
		m.Accepts.Inc()
		enter(int(e.res))
	case sock.Exhausted(err): // even if nobody is in the queue
		if !closing {
			poll(lfd)
			return nil
		}
	case sock.Died(err):
		m.AcceptErrors.Inc()
	case err != unix.ECANCELED:
		return os.NewSyscallError("accept4", err)
	}
	switch {
	case e.flags&hasMore != 0:
		return nil
	case closing:
		return shut()
	}
	arm()
	return nil
}

// limit is how many descriptors the process may have now.
func limit() int {
	var files unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &files) != nil {
		return math.MaxInt
	}
	return int(min(files.Cur, math.MaxInt))
}

// admit takes the first in the queue, for whom there was no descriptor.
func admit() error {
	if closing {
		return shut()
	}
	if err := take(); err != nil {
		return err
	}
	arm()
	return nil
}

// take accepts without the ring.
func take() error {
	cfd, _, err := unix.Accept4(lfd, unix.SOCK_CLOEXEC)
	switch {
	case err == nil:
		m.Accepts.Inc()
		enter(cfd)
	case err == unix.EINTR:
		m.Interrupted.Inc()
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

// stop has the kernel accept no more; shut follows when it says so.
func stop() {
	closing = true
	e := r.next(opCancel, lfd)
	e.flags, e.how, e.data = skipSuccess, cancelFD|cancelAll, 0
}

// shut takes who is still in the queue, closes the door, and lets every
// connection end as if its FIN had come: after SHUT_RD the bytes that have
// arrived are still received, and then 0.
func shut() error {
	for sock.Wait(lfd, quitfd) == nil {
		if err := take(); err != nil {
			return err
		}
	}
	unix.Close(lfd)
	lfd = -1
	for _, c := range conns {
		if c != nil {
			unix.Shutdown(c.fd, unix.SHUT_RD)
			watch(c)
		}
	}
	return nil
}
