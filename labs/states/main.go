//go:build linux

// States is an echo server that shows what a TCP connection is before accept and
// after close: it can close first, forget to close, and leave its queue alone.
// What it costs is a descriptor for every connection that nobody closes, and a
// port for a minute on the side that closes first.
package main

import (
	"flag"
	"io"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/threads"
	"socketlabs/labs/telemetry"
)

var (
	firstClose  = flag.String("first-close", "client", "who closes: the client when it likes, or the server after its first answer [client|server]")
	leak        = flag.Bool("leak", false, "do not close what the client has closed")
	acceptDelay = flag.Duration("accept-delay", 0, "how long to do something else before the first accept [0s..60s]")
	ports       = flag.Int("ports", 0, "connect out too, again and again, from that many local ports, 0 not at all [0..1000]")
	bufSize     = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	backlog     = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	threads.Echo
	Connects, Eaddrnotavail telemetry.Counter
	Leaked                  telemetry.Gauge
}

const maxThreads = 3000 // are served at once; the Go runtime aborts at 10,000 threads

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	var dialing sync.WaitGroup
	err := threads.Serve(addr, quit, threads.Config{
		Counts: &m.Counts, Backlog: *backlog, Most: maxThreads, Keep: *leak, Handle: handle,
		Before: func() {
			if *ports > 0 {
				dialing.Go(func() { dial(quit) })
			}
			sleep(*acceptDelay, quit) // the kernel completes handshakes by itself, until the queue is full
		},
	})
	if err == nil {
		dialing.Wait()
	}
	return err
}

// sleep waits for d or SIGTERM, and says whether it was d.
func sleep(d time.Duration, quit int) bool {
	n, _ := unix.Poll([]unix.PollFd{{Fd: int32(quit), Events: unix.POLLIN}}, int(d.Milliseconds()))
	return n == 0
}

// handle serves one connection to its end. Until close(2) a connection that the
// client has closed stays in CLOSE_WAIT (RFC 9293, 3.3.2), and no timer ends it.
func handle(cfd int) error {
	err := drain(cfd, make([]byte, *bufSize))
	if *leak {
		m.Leaked.Inc()
	}
	return err
}

// drain reads and answers until the connection ends. A normal ending is io.EOF.
func drain(cfd int, buf []byte) error {
	for {
		n, err := m.Read(cfd, buf)
		if err != nil {
			return err
		}
		if err := m.Reply(cfd, buf[:n]); err != nil {
			return err
		}
		if *firstClose == "server" {
			return io.EOF
		}
	}
}
