//go:build ignore

package main

import (
	"encoding/binary"
	"io"
	"os"
)

// handle serves one connection to its end. The clock of an answer starts when the
// kernel received the request (socket(7), SO_TIMESTAMPNS), so that the wait in the
// receive queue is part of what is counted.
func handle(cfd int) error {
	if err := unix.SetsockoptInt(cfd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	buf, control := make([]byte, *bufSize), make([]byte, unix.CmsgSpace(16))
	for {
		n, controls, _, _, err := unix.Recvmsg(cfd, buf, control, 0)
		m.Reads.Inc()
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
			continue
		case err == unix.ECONNRESET: // a normal ending: count it
			m.Resets.Inc()
			return io.EOF
		case err != nil:
			return os.NewSyscallError("recvmsg", err)
		case n == 0: // FIN; everything before it has been answered
			return io.EOF
		}
		began := time.Now()
		if notes, err := unix.ParseSocketControlMessage(control[:controls]); err == nil && len(notes) > 0 {
			var at unix.Timespec
			if _, err := binary.Decode(notes[0].Data, binary.NativeEndian, &at); err == nil {
				began = time.Unix(at.Unix())
			}
		}
		wait(*work)
		if err := m.Reply(cfd, buf[:n]); err != nil {
			return err
		}
		observe(time.Since(began))
	}
}
