//go:build ignore

package main

// drain stops at a read that does not fill the buffer, and takes for an error
// what read says after bytes that end exactly with it.
func drain(c *conn, buf []byte) error {
	for reads := 1; ; reads++ {
		n, err := unix.Read(c.fd, buf)
		m.Reads.Inc()
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
			continue
		case err == unix.ECONNRESET: // a normal ending: count it
			m.Resets.Inc()
			return io.EOF
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0 && len(c.out) > 0: // FIN, said again once there was room for some of it
			return register(c, unix.EPOLLOUT)
		case n == 0: // FIN; everything before it has been answered
			return io.EOF
		}
		if int64(reads) > m.LongestDrain.Value() {
			m.LongestDrain.Set(reads)
		}
		if err := queue(c, buf[:n]); err != nil {
			return err
		}
		if n < len(buf) || c.events&unix.EPOLLIN == 0 || !*toTheEnd || *readCap > 0 && reads >= *readCap {
			return nil
		}
	}
}
