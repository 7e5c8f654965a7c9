//go:build ignore

package main

// accept returns the next connection, io.EOF at SIGTERM. When there is no
// descriptor for it and none in reserve, it looks again after a pause: nothing
// tells this thread that another has closed one.
func accept(lfd, quit int) (cfd int, err error) {
	const pause = 10 * time.Millisecond
	for {
		if err := sock.Wait(lfd, quit); err != nil {
			return -1, err
		}
		cfd, _, err := unix.Accept4(lfd, unix.SOCK_CLOEXEC)
		switch {
		case err == nil:
			m.Accepts.Inc()
			return cfd, nil
		case sock.Died(err):
			m.AcceptErrors.Inc()
			continue
		}
		switch meaning(err) {
		case again, later:
		case scarce:
			if spare != nil {
				spare.Refuse(lfd)
			} else {
				time.Sleep(pause)
			}
		default:
			return -1, os.NewSyscallError("accept4", err)
		}
	}
}
