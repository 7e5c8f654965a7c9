//go:build ignore

package main

// accept takes who waits in the queue, up to a batch: one wakeup serves them
// all. Whoever is left is reported again, after the connections that also have
// something to say. An error is the listener's own (accept(2)).
func accept(lfd int) error {
	for range 256 {
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
	return nil
}
