//go:build linux

// Sendfile sends parts of a file, each client served by a thread on blocking
// calls, in five ways that differ in who copies the bytes. What the cheap ones
// cost is that the program never sees what it sends.
package main

import (
	"encoding/binary"
	"flag"
	"io"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/threads"
	"socketlabs/labs/telemetry"
)

var (
	way          = flag.String("copy", "sendfile", "how the bytes get from the file into the socket [readwrite|writev|splice|sendfile|zerocopy]")
	chunk        = flag.Int("chunk", 65536, "bytes that one call may put into the socket [4096..1048576 bytes]")
	readTimeout  = flag.Duration("read-timeout", 10*time.Second, "how long one read may wait, 0 for ever [0s..60s]")
	writeTimeout = flag.Duration("write-timeout", 10*time.Second, "how long one write may wait, 0 for ever [0s..60s]")
	backlog      = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	threads.Counts
	Requests, BadRequests, Timeouts, Resets, BrokenPipes telemetry.Counter
	Calls, Bytes, Completions, Copied                    telemetry.Counter
}

// maxThreads are served at once; further clients wait for accept.
const maxThreads = 256

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	if err := create(); err != nil {
		return err
	}
	return threads.Serve(addr, quit, threads.Config{Counts: &m.Counts, Backlog: *backlog, Most: maxThreads, Handle: handle})
}

// handle serves one connection to its end.
func handle(cfd int) error {
	s := &sender{cfd: cfd}
	err := prepare(s)
	if err == nil {
		err = drain(s)
	}
	dismiss(s)
	return err
}

// drain reads and answers requests until the connection ends. A normal ending is io.EOF.
func drain(s *sender) error {
	request := make([]byte, 8)
	for have := 0; ; {
		n, err := unix.Read(s.cfd, request[have:])
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
			continue
		case err != nil:
			return failed("read", err)
		case n == 0: // FIN; everything before it has been answered
			return io.EOF
		}
		if have += n; have < len(request) {
			continue
		}
		have = 0
		size := binary.BigEndian.Uint64(request)
		if size > fileSize {
			m.BadRequests.Inc()
			return io.EOF
		}
		m.Requests.Inc()
		if err := reply(s, int(size)); err != nil {
			return err
		}
	}
}

// reply sends the first size bytes of the file. A blocking call is short only
// when a signal or SO_SNDTIMEO ends it after its first bytes (signal(7)).
func reply(s *sender, size int) error {
	for at := 0; at < size; {
		n, err := send(s, at, min(size-at, *chunk))
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
		case err == unix.ENOBUFS && s.lent != s.freed: // too much is lent (optmem_max)
			if err := settle(s); err != nil {
				return err
			}
		case err != nil:
			return failed(*way, err)
		default:
			m.Bytes.Add(n)
			at += n
		}
	}
	return settle(s)
}
