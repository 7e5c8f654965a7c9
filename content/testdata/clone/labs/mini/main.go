// Package main is a server for the tests of package content. It is read, and
// never built.
package main

import (
	"flag"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/telemetry"
)

var (
	drainAll = flag.Bool("drain", true, "read until EAGAIN")
	buf      = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	threads  = flag.Int("threads", 1, "threads on one epoll [1..16]")
	trigger  = flag.String("trigger", "edge", "what epoll reports [edge|level]")
	patience = flag.Duration("read-timeout", 0, "how long a read may sleep [0..60s]")
)

var m struct {
	Wakeups, Reads, Bytes telemetry.Counter
	Open                  telemetry.Gauge
}

func main() { lab.Main(nil, &m) }

// drain reads c until the kernel has nothing left: a < b, and && stay text.
func drain(c int, b []byte) error {
	for {
		n, err := unix.Read(c, b)
		m.Reads.Inc()
		if err == unix.EAGAIN && n < len(b) { /* empty:
			two lines */
			return nil
		}
		m.Bytes.Add(n)
		_ = `raw
for`
	}
}
