//go:build linux

// Buffers is an echo server on blocking calls that may ask the kernel for socket
// buffers of a size of its own. What that costs is the kernel's own tuning: it
// grows no buffer that somebody has asked for.
package main

import (
	"flag"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/threads"
	"socketlabs/labs/telemetry"
)

var (
	sndbuf  = flag.Int("sndbuf", 0, "send buffer to ask for with SO_SNDBUF, 0 to leave it to the kernel [0..16777216 bytes]")
	rcvbuf  = flag.Int("rcvbuf", 0, "receive buffer to ask for with SO_RCVBUF, 0 to leave it to the kernel [0..16777216 bytes]")
	bufSize = flag.Int("buf", 65536, "bytes per read [64..1048576 bytes]")
	backlog = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name. The
// gauges are what getsockopt(2) says of the connection that looked last.
var m struct {
	threads.Echo
	SndbufGranted, RcvbufGranted telemetry.Gauge
}

const maxThreads = 3000 // are served at once; the Go runtime aborts at 10,000 threads

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	return threads.Serve(addr, quit, threads.Config{Counts: &m.Counts, Backlog: *backlog, Most: maxThreads, Handle: handle})
}

// handle serves one connection to its end.
func handle(cfd int) error {
	if err := tune(cfd); err != nil {
		return err
	}
	return drain(cfd, make([]byte, *bufSize))
}

// tune asks for what was wished for. A buffer that was asked for keeps its size
// for good (Documentation/networking/ip-sysctl.rst, tcp_wmem); the others grow.
func tune(cfd int) error {
	for option, size := range map[int]int{unix.SO_SNDBUF: *sndbuf, unix.SO_RCVBUF: *rcvbuf} {
		if size == 0 {
			continue
		}
		if err := unix.SetsockoptInt(cfd, unix.SOL_SOCKET, option, size); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return look(cfd)
}

// look asks what the kernel has made of it: twice the wish, for its own
// bookkeeping (socket(7), SO_SNDBUF).
func look(cfd int) error {
	for option, granted := range map[int]*telemetry.Gauge{unix.SO_SNDBUF: &m.SndbufGranted, unix.SO_RCVBUF: &m.RcvbufGranted} {
		size, err := unix.GetsockoptInt(cfd, unix.SOL_SOCKET, option)
		if err != nil {
			return os.NewSyscallError("getsockopt", err)
		}
		granted.Set(size)
	}
	return nil
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
	}
}
