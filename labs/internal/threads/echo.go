//go:build linux

package threads

import (
	"io"
	"os"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// Echo reads and replies as labs/blocking does, and counts it; a lab embeds it
// in its m in the place of Counts.
type Echo struct {
	Counts
	Reads, Writes, ShortWrites, Bytes, Resets, BrokenPipes telemetry.Counter
}

// Read reads once what there is into buf. A normal ending is io.EOF: a FIN, when
// everything before it has been answered, or a reset.
func (e *Echo) Read(cfd int, buf []byte) (int, error) {
	for {
		n, err := unix.Read(cfd, buf)
		e.Reads.Inc()
		switch {
		case err == unix.EINTR:
			e.Interrupted.Inc()
		case err == unix.ECONNRESET:
			e.Resets.Inc()
			return 0, io.EOF
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// Reply writes all of data. It waits while the send buffer is full.
func (e *Echo) Reply(cfd int, data []byte) error {
	for len(data) > 0 {
		n, err := unix.Write(cfd, data)
		e.Writes.Inc()
		switch {
		case err == unix.EINTR:
			e.Interrupted.Inc()
			continue
		case err == unix.ECONNRESET:
			e.Resets.Inc()
			return io.EOF
		case err == unix.EPIPE: // the reset was noticed by an earlier call
			e.BrokenPipes.Inc()
			return io.EOF
		case err != nil:
			return os.NewSyscallError("write", err)
		}
		if n < len(data) {
			e.ShortWrites.Inc()
		}
		e.Bytes.Add(n)
		data = data[n:]
	}
	return nil
}
