//go:build ignore

package main

// send has the file's pages go into the socket, and does not count the call.
func send(s *sender, at, size int) (n int, err error) {
	offset := int64(at)
	switch *way {
	case "writev": // fewer calls, the same copies
		var pieces [][]byte
		for from := 0; from < size; from += piece {
			p := s.buf[from:min(from+piece, size)]
			if _, err := pread(p, offset+int64(from)); err != nil {
				return 0, err
			}
			pieces = append(pieces, p)
		}
		m.Calls.Inc()
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
	case "readwrite", "sendfile": // the file's pages go into the socket, and no byte comes to us
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
