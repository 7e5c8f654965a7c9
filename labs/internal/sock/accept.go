//go:build linux

package sock

import (
	"io"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Wait sleeps until lfd has a connection to accept. It returns io.EOF once quit
// is readable and no connection is left in the queue, which is when a server
// that is to end may close lfd: shutdown(2) of a listener, the shorter way to
// wake accept(2), resets whoever is queued. A negative lfd waits for quit alone.
func Wait(lfd, quit int) error {
	fds := []unix.PollFd{{Fd: int32(lfd), Events: unix.POLLIN}, {Fd: int32(quit), Events: unix.POLLIN}}
	for {
		_, err := unix.Poll(fds, -1)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return os.NewSyscallError("poll", err)
		case fds[0].Revents == 0:
			return io.EOF
		}
		return nil
	}
}

// Died says that accept4 failed with the fate of the one connection that was
// first in the queue; the next may be well (accept(2), Error handling).
func Died(err error) bool {
	return slices.Contains([]error{
		unix.ECONNABORTED, unix.ENETDOWN, unix.EPROTO, unix.ENOPROTOOPT, unix.EHOSTDOWN,
		unix.ENONET, unix.EHOSTUNREACH, unix.EOPNOTSUPP, unix.ENETUNREACH, unix.EPERM,
	}, err)
}

// Exhausted says that accept4 failed for want of descriptors or memory. The
// connection stays in the queue and lfd readable: who does nothing spins.
func Exhausted(err error) bool {
	return slices.Contains([]error{unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM}, err)
}

// Spare is one descriptor held back for the day when there is no other.
type Spare struct{ fd int }

// Reserve opens a spare.
func Reserve() *Spare {
	s := &Spare{fd: -1}
	s.open()
	return s
}

// Refuse takes one connection from the queue in the spare's place and closes
// it, so that its client learns at once. If not even that can be done, it pauses.
func (s *Spare) Refuse(lfd int) {
	s.Close()
	cfd, _, err := unix.Accept4(lfd, unix.SOCK_CLOEXEC)
	if err == nil {
		unix.Close(cfd)
	} else if Exhausted(err) {
		time.Sleep(10 * time.Millisecond)
	}
	s.open()
}

func (s *Spare) open() {
	fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		s.fd = fd
	}
}

// Close gives the descriptor back.
func (s *Spare) Close() {
	if s.fd >= 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
}
