//go:build linux

// States is an echo server that shows what a TCP connection is before accept and
// after close: it can close first, forget to close, and leave its queue alone.
// What it costs is a descriptor for every connection that nobody closes, and a
// port for a minute on the side that closes first.
package main

import (
	"flag"
	"io"
	"log"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/sock"
	"socketlabs/labs/telemetry"
)

var (
	firstClose  = flag.String("first-close", "client", "who closes: the client when it likes, or the server after its first answer [client|server]")
	leak        = flag.Bool("leak", false, "do not close what the client has closed")
	backlog     = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
	acceptDelay = flag.Duration("accept-delay", 0, "how long to do something else before the first accept [0s..60s]")
	ports       = flag.Int("ports", 0, "connect out too, again and again, from that many local ports, 0 not at all [0..1000]")
	bufSize     = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	Accepts, AcceptErrors, Emfile, Reads, Writes, ShortWrites, Bytes telemetry.Counter
	Resets, BrokenPipes, Interrupted, Connects, Eaddrnotavail        telemetry.Counter
	Open, Leaked                                                     telemetry.Gauge
}

const maxThreads = 3000 // are served at once; the Go runtime aborts at 10,000 threads

var (
	slots   = make(chan struct{}, maxThreads)
	threads sync.WaitGroup
	spare   = sock.Reserve()
)

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	lfd, err := sock.Listen(addr, *backlog)
	if err != nil {
		return err
	}
	lab.Listening(lfd)
	if *ports > 0 {
		threads.Go(func() { dial(quit) })
	}
	sleep(*acceptDelay, quit) // the kernel completes handshakes by itself, until the queue is full
	for {
		slots <- struct{}{} // while there is none, clients wait to be accepted
		cfd, err := accept(lfd, quit)
		switch {
		case err == io.EOF: // SIGTERM, and nobody is left in the queue
			unix.Close(lfd)
			threads.Wait()
			return nil
		case err != nil:
			return err
		}
		threads.Go(func() {
			handle(cfd, quit)
			<-slots
		})
	}
}

// sleep waits for d or SIGTERM, and says whether it was d.
func sleep(d time.Duration, quit int) bool {
	n, _ := unix.Poll([]unix.PollFd{{Fd: int32(quit), Events: unix.POLLIN}}, int(d.Milliseconds()))
	return n == 0
}

// accept returns the next connection, io.EOF at SIGTERM.
func accept(lfd, quit int) (cfd int, err error) {
	for {
		if err := sock.Wait(lfd, quit); err != nil {
			return -1, err
		}
		cfd, _, err := unix.Accept4(lfd, unix.SOCK_CLOEXEC)
		switch {
		case err == nil:
			m.Accepts.Inc()
			return cfd, nil
		case err == unix.EINTR:
			m.Interrupted.Inc()
		case sock.Died(err):
			m.AcceptErrors.Inc()
		case sock.Exhausted(err): // left in the queue it would be reported for ever
			m.Emfile.Inc()
			spare.Refuse(lfd)
		default:
			return -1, os.NewSyscallError("accept4", err)
		}
	}
}

// handle serves one connection to its end. Until close(2) a connection that the
// client has closed stays in CLOSE_WAIT (RFC 9293, 3.3.2), and no timer ends it.
func handle(cfd, quit int) {
	m.Open.Inc()
	err := drain(cfd, quit, make([]byte, *bufSize))
	if err != io.EOF {
		log.Print(err)
	}
	m.Open.Dec()
	if *leak {
		m.Leaked.Inc()
		return
	}
	unix.Close(cfd)
}

// drain reads and answers until the connection ends. A normal ending is io.EOF.
func drain(cfd, quit int, buf []byte) error {
	for {
		if err := sock.Wait(cfd, quit); err != nil {
			return err
		}
		n, err := unix.Read(cfd, buf)
		m.Reads.Inc()
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
			continue
		case err == unix.ECONNRESET: // a normal ending: count it
			m.Resets.Inc()
			return io.EOF
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0: // FIN; everything before it has been answered
			return io.EOF
		}
		if err := reply(cfd, buf[:n]); err != nil {
			return err
		}
		if *firstClose == "server" {
			return io.EOF
		}
	}
}

// reply writes all of data.
func reply(cfd int, data []byte) error {
	for len(data) > 0 {
		n, err := unix.Write(cfd, data)
		m.Writes.Inc()
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
			continue
		case err == unix.ECONNRESET:
			m.Resets.Inc()
			return io.EOF
		case err == unix.EPIPE: // the reset was noticed by an earlier call
			m.BrokenPipes.Inc()
			return io.EOF
		case err != nil:
			return os.NewSyscallError("write", err)
		}
		if n < len(data) {
			m.ShortWrites.Inc()
		}
		m.Bytes.Add(n)
		data = data[n:]
	}
	return nil
}
