//go:build ignore

package main

// drain looks at EPOLLRDHUP, and forgets that who comes from the list has no
// events: a FIN that was reported before stays unread.
func drain(c *conn, events uint32, buf []byte) error {
	for reads := 1; ; reads++ {
		n, err := unix.Read(c.fd, buf)
		m.Reads.Inc()
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
			continue
		case err == unix.EAGAIN: // the receive queue is empty
			m.Again.Inc()
			return nil
		case err == unix.ECONNRESET: // a normal ending: count it
			m.Resets.Inc()
			return io.EOF
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0: // FIN
			return io.EOF
		}
		if err := c.send(buf[:n]); err != nil {
			return err
		}
		switch {
		case c.pending(): // back-pressure: once there is room, handle drains again
			return nil
		case n < len(buf) && events&unix.EPOLLRDHUP == 0: // a later byte or FIN is a new edge
			return nil
		case !*toTheEnd && !stopping.Load(): // and nobody remembers: the stall
			return nil
		case *readCap > 0 && reads >= *readCap: // fairness
			return errLater
		}
	}
}
