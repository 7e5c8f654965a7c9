//go:build linux

package main

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// errLate is the error of a wait whose time has come.
var errLate = errors.New("too late")

// deadline is by when something must be done. Progress moves next, never
// beyond end. A zero time is never.
type deadline struct {
	next, end time.Time
	budget    time.Duration
}

// begin starts the clock of a request, an answer or a connect. What the kinds
// of deadline differ in is how far progress may move them.
func begin(budget time.Duration) (d deadline) {
	if *kind == "none" || budget == 0 {
		return d
	}
	d = deadline{budget: budget}
	switch *kind {
	case "absolute":
		d.end = time.Now().Add(budget)
	case "progress":
		d.end = time.Now().Add(*most)
	}
	d.next = sooner(time.Now().Add(budget), d.end)
	return d
}

// progress is called when n bytes have moved. One in time is as good as a
// thousand: who wants a least rate has to look at n.
func (d *deadline) progress(n int) {
	if d.budget > 0 && n > 0 {
		d.next = sooner(time.Now().Add(d.budget), d.end)
	}
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// await polls until fd is ready, or until then: errLate. While something is to
// be read, SIGTERM ends it too: io.EOF.
func await(fd int, events int16, until time.Time, quit int) error {
	fds := []unix.PollFd{{Fd: int32(fd), Events: events}, {Fd: int32(quit), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, timeout(until))
		m.Polls.Inc()
		switch {
		case err == unix.EINTR: // no time is over: what is left is computed again
			m.Interrupted.Inc()
		case err != nil:
			return os.NewSyscallError("poll", err)
		case n == 0 && time.Now().Before(until): // the clock decides, not poll
			m.Early.Inc()
		case n == 0:
			return errLate
		case fds[0].Revents != 0: // POLLERR and POLLHUP too: the call that follows says what
			return nil
		default:
			return io.EOF
		}
	}
}

// timeout is what is left in poll's milliseconds. Rounded up: 0.9 ms are one,
// and poll(0) would come back at once, again and again.
func timeout(until time.Time) int {
	if until.IsZero() {
		return -1
	}
	left := max(0, time.Until(until))
	if !*floor {
		left += time.Millisecond - 1
	}
	return int(left / time.Millisecond)
}
