//go:build ignore

package main

// accept takes who waits in the queue, to the last: as long as more come, nobody
// else is served.
func accept(lfd int) error {
	for {
		cfd, _, err := unix.Accept4(lfd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch {
		case err == nil:
			m.Accepts.Inc()
			enter(cfd)
		case err == unix.EAGAIN: // nobody else waits
			return nil
		case err == unix.EINTR:
		case sock.Died(err):
			m.AcceptErrors.Inc()
		case sock.Exhausted(err): // left in the queue it would be reported for ever
			m.Emfile.Inc()
			spare.Refuse(lfd)
			return nil
		default:
			return os.NewSyscallError("accept4", err)
		}
	}
}
