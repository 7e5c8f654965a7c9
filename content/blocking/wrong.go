//go:build ignore

package main

// drain lets its clients save up: what came above least in one read-timeout
// counts in the next ones too, for it never begins a new count.
func drain(cfd int, buf []byte) error {
	const least = 256
	began, got := time.Now(), 0
	for {
		n, err := unix.Read(cfd, buf)
		m.Reads.Inc()
		switch {
		case err == unix.EINTR: // signal(7): with SO_RCVTIMEO even under SA_RESTART
			m.Interrupted.Inc()
			continue
		case err == unix.EAGAIN: // SO_RCVTIMEO expired
			m.Timeouts.Inc()
			return io.EOF
		case err == unix.ECONNRESET: // a normal ending: count it
			m.Resets.Inc()
			return io.EOF
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0: // FIN; everything before it has been answered
			return io.EOF
		}
		if err := reply(cfd, buf[:n]); err != nil {
			return err
		}
		got += n
		if time.Since(began) < *readTimeout {
			continue
		}
		if got < least {
			m.Timeouts.Inc()
			return io.EOF
		}
	}
}
