//go:build linux

// Errors is an echo server that meets the errors of the error map: it provokes
// one of them for real, again and again, and counts it as what it means. What it
// costs is one place that knows every errno.
package main

import (
	"errors"
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
	failure = flag.String("failure", "none", "what to provoke [none|eintr|eagain|econnreset|etimedout|epipe|sigpipe|econnrefused|emfile|eaddrinuse|eaddrnotavail]")
	every   = flag.Duration("every", 50*time.Millisecond, "how long to pause between two of them [1ms..10s]")
	reserve = flag.Bool("reserve", true, "hold a descriptor back to refuse with when there is no other")
	bufSize = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	backlog = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	Accepts, AcceptErrors, Reads, Writes, ShortWrites, Bytes telemetry.Counter
	Eintr, Eagain, Econnreset, Etimedout, Epipe, Sigpipe     telemetry.Counter
	Econnrefused, Emfile, Eaddrinuse, Eaddrnotavail          telemetry.Counter
	Resets, BrokenPipes                                      telemetry.Counter // of clients
	Open                                                     telemetry.Gauge
}

// verdict is what to do about an error.
type verdict int

const (
	again  verdict = iota // call once more
	later                 // wait until it can be done
	ended                 // the connection is over; the server is well
	scarce                // of something that runs out here: give some back, or refuse
	setup                 // of how we were started: end, and say so
	fault                 // of the program
)

const maxThreads = 3000 // are served at once; the Go runtime aborts at 10,000 threads

var (
	slots   = make(chan struct{}, maxThreads)
	threads sync.WaitGroup
	spare   *sock.Spare
)

func main() {
	if os.Getenv(victim) != "" {
		die()
	}
	lab.Main(serve, &m)
}

func serve(addr netip.AddrPort, quit int) error {
	lfd, err := sock.Listen(addr, *backlog)
	if err != nil {
		return err
	}
	lab.Listening(lfd)
	if *reserve {
		spare = sock.Reserve()
	}
	if *failure == "emfile" {
		if err := emfile(); err != nil {
			return err
		}
	}
	threads.Go(func() { provoke(lfd, quit) })
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

// meaning counts an error and says what to do about it. It is the error map.
func meaning(err error) verdict {
	switch err {
	case unix.EINTR: // a signal came first; nothing was done
		m.Eintr.Inc()
		return again
	case unix.EAGAIN: // not now
		m.Eagain.Inc()
		return later
	case unix.ECONNRESET: // the peer has thrown away what it had not read
		m.Econnreset.Inc()
		return ended
	case unix.EPIPE: // the end was known before this call
		m.Epipe.Inc()
		return ended
	case unix.ETIMEDOUT: // nothing is acknowledged: is anybody there?
		m.Etimedout.Inc()
		return ended
	case errKilled: // EPIPE, to whom SIGPIPE is not ignored
		m.Sigpipe.Inc()
		return ended
	case unix.ECONNREFUSED: // the host is there, the server is not
		m.Econnrefused.Inc()
		return later
	case unix.EMFILE: // our limit of descriptors
		m.Emfile.Inc()
		return scarce
	case unix.EADDRNOTAVAIL: // every local port is taken for that peer
		m.Eaddrnotavail.Inc()
		return scarce
	case unix.EADDRINUSE: // somebody listens there already, maybe we
		m.Eaddrinuse.Inc()
		return setup
	}
	return fault
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
		case sock.Died(err):
			m.AcceptErrors.Inc()
			continue
		}
		switch meaning(err) {
		case again, later:
		case scarce:
			if spare != nil { // or else it stays in the queue, and we are back at once
				spare.Refuse(lfd)
			}
		default:
			return -1, os.NewSyscallError("accept4", err)
		}
	}
}

// handle serves one connection to its end.
func handle(cfd, quit int) {
	m.Open.Inc()
	if err := drain(cfd, quit, make([]byte, *bufSize)); err != io.EOF {
		log.Print(err)
	}
	m.Open.Dec()
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
		if err == nil && n == 0 { // FIN; everything before it has been answered
			return io.EOF
		}
		if err == nil {
			err = reply(cfd, buf[:n])
		} else {
			err = failed("read", err)
		}
		if err != nil {
			return err
		}
	}
}

// reply writes all of data.
func reply(cfd int, data []byte) error {
	for len(data) > 0 {
		n, err := unix.Write(cfd, data)
		m.Writes.Inc()
		if err != nil {
			if err := failed("write", err); err != nil {
				return err
			}
			continue
		}
		if n < len(data) {
			m.ShortWrites.Inc()
		}
		m.Bytes.Add(n)
		data = data[n:]
	}
	return nil
}

// failed does what an error on a connection means: nil is to go on.
func failed(call string, err error) error {
	switch meaning(err) {
	case again, later:
		return nil
	case ended:
		if errors.Is(err, unix.ECONNRESET) {
			m.Resets.Inc()
		} else if errors.Is(err, unix.EPIPE) {
			m.BrokenPipes.Inc()
		}
		return io.EOF
	}
	return os.NewSyscallError(call, err)
}
