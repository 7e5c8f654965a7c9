//go:build ignore

package main

// send sends up to size bytes from at, and returns how many the socket has taken.
func send(s *sender, at, size int) (n int, err error) {
	offset := int64(at)
	switch *way {
	case "readwrite": // into our memory and out again: two copies
		if size, err = pread(s.buf[:size], offset); err != nil {
			return 0, err
		}
		m.Calls.Inc()
		return unix.Write(s.cfd, s.buf[:size])
	case "writev": // two calls, and still two copies of every byte
		var pieces [][]byte
		for from := 0; from < size; from += piece {
			pieces = append(pieces, s.buf[from:min(from+piece, size)])
		}
		m.Calls.Inc()
		n, err := unix.Preadv(file, pieces, offset)
		if err != nil {
			return 0, err
		}
		m.Calls.Inc()
		if n < size { // the file ends here
			return unix.Write(s.cfd, s.buf[:n])
		}
		return unix.Writev(s.cfd, pieces)
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
	case "sendfile": // the same in one call, with a pipe inside the kernel
		m.Calls.Inc()
		return unix.Sendfile(s.cfd, file, &offset, size)
	default: // zerocopy: our own memory is lent to the kernel until it says otherwise
		m.Calls.Inc()
		n, err := unix.SendmsgN(s.cfd, mapping[at:at+size], nil, nil, unix.MSG_ZEROCOPY)
		if err == nil {
			s.lent++
		}
		return n, err
	}
}
