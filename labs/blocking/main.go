//go:build linux

// Blocking is an echo server on blocking calls: it serves one client at a time,
// or each client on an operating system thread of its own. What it costs is
// that somebody waits in read(2) for every client that is silent.
package main

import (
	"errors"
	"flag"
	"io"
	"log"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/sock"
	"socketlabs/labs/telemetry"
)

var (
	model        = flag.String("model", "one", "one client at a time, or one thread for each [one|threads]")
	most         = flag.Int("max-connections", 3000, "threads: clients served at once, others wait to be accepted [1..3000]")
	bounded      = flag.String("timeouts", "call", "what a timeout bounds: nothing, one call, a whole request and answer, time without progress [none|call|deadline|idle]")
	readTimeout  = flag.Duration("read-timeout", 10*time.Second, "how long reading may wait, 0 for ever [0s..60s]")
	writeTimeout = flag.Duration("write-timeout", 10*time.Second, "how long writing may wait, 0 for ever [0s..60s]")
	request      = flag.Int("request", 0, "deadline: bytes of a request, 0 for all that a connection sends [0..1048576 bytes]")
	bufSize      = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	backlog      = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	Accepts, AcceptErrors, Emfile, Reads, Writes, ShortWrites, Bytes telemetry.Counter
	Timeouts, Resets, BrokenPipes, Interrupted                       telemetry.Counter
	Open                                                             telemetry.Gauge
}

var (
	slots   chan struct{} // the Go runtime aborts a process that has 10,000 threads
	threads sync.WaitGroup
	spare   = sock.Reserve()
)

// conns are the connections being served. SIGTERM ends their reads from another
// thread, and shutdown(2) of a number that was closed and given out again would
// hit a stranger: so they are closed under the same lock.
var conns = struct {
	sync.Mutex // guards the others
	fds        map[int]bool
	stopping   bool
}{fds: map[int]bool{}}

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	lfd, err := sock.Listen(addr, *backlog)
	if err != nil {
		return err
	}
	slots = make(chan struct{}, *most)
	lab.Listening(lfd)
	go stop(quit)
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
		case *model == "one":
			handle(cfd)
			<-slots
		default:
			threads.Go(func() {
				runtime.LockOSThread() // a thread that ends with the connection
				handle(cfd)
				<-slots
			})
		}
	}
}

// accept returns the next connection, io.EOF at SIGTERM. What befell a single
// connection is counted; other errors are the listener's own (accept(2)).
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

// handle serves one connection to its end.
func handle(cfd int) {
	enter(cfd)
	defer leave(cfd)
	err := timeouts(cfd)
	if err == nil {
		err = drain(cfd, make([]byte, *bufSize))
	}
	if err != io.EOF {
		log.Print(err)
	}
}

// timeouts bounds each single call: a client that sends one byte in time begins
// the next full read-timeout with it (socket(7), SO_RCVTIMEO).
func timeouts(cfd int) error {
	if *bounded != "call" {
		return nil
	}
	return os.NewSyscallError("setsockopt", errors.Join(
		timeout(cfd, unix.SO_RCVTIMEO, *readTimeout), timeout(cfd, unix.SO_SNDTIMEO, *writeTimeout)))
}

func timeout(cfd, option int, d time.Duration) error {
	tv := unix.NsecToTimeval(d.Nanoseconds()) // rounds up: 0 would be for ever
	return unix.SetsockoptTimeval(cfd, unix.SOL_SOCKET, option, &tv)
}

// after is when d will have passed. The zero time is never, or is left to the
// timeout of the call.
func after(d time.Duration) (until time.Time) {
	if d > 0 && (*bounded == "deadline" || *bounded == "idle") {
		until = time.Now().Add(d)
	}
	return until
}

// bound lets the next call wait until then and no longer. SO_RCVTIMEO knows
// durations only, so that a deadline costs one more system call each time.
func bound(cfd, option int, until time.Time) error {
	if until.IsZero() {
		return nil
	}
	left := time.Until(until)
	if left <= 0 {
		m.Timeouts.Inc()
		return io.EOF
	}
	return os.NewSyscallError("setsockopt", timeout(cfd, option, left))
}

// drain reads and answers until the connection ends. A normal ending is io.EOF.
func drain(cfd int, buf []byte) error {
	until, left := after(*readTimeout), *request
	for {
		if err := bound(cfd, unix.SO_RCVTIMEO, until); err != nil {
			return err
		}
		n, err := unix.Read(cfd, buf)
		m.Reads.Inc()
		switch {
		case err == unix.EINTR: // signal(7): with SO_RCVTIMEO even under SA_RESTART
			m.Interrupted.Inc()
			continue
		case err == unix.EAGAIN: // SO_RCVTIMEO expired
			m.Timeouts.Inc()
			return io.EOF
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
		left -= n
		if *bounded == "idle" || *request > 0 && left <= 0 { // bytes of a request do not move its deadline
			until, left = after(*readTimeout), *request
		}
	}
}

// reply writes all of data. A blocking write is short only when a signal or
// SO_SNDTIMEO ends it after its first bytes (signal(7)).
func reply(cfd int, data []byte) error {
	until := after(*writeTimeout)
	for len(data) > 0 {
		if err := bound(cfd, unix.SO_SNDTIMEO, until); err != nil {
			return err
		}
		n, err := unix.Write(cfd, data)
		m.Writes.Inc()
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
			continue
		case err == unix.EAGAIN: // SO_SNDTIMEO expired and not a byte was taken
			m.Timeouts.Inc()
			return io.EOF
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
		if *bounded == "idle" {
			until = after(*writeTimeout)
		}
		m.Bytes.Add(n)
		data = data[n:]
	}
	return nil
}

// enter lists the connection, so that stop finds it.
func enter(cfd int) {
	conns.Lock()
	defer conns.Unlock()
	m.Open.Inc()
	conns.fds[cfd] = true
	if conns.stopping {
		unix.Shutdown(cfd, unix.SHUT_RD)
	}
}

// leave closes it.
func leave(cfd int) {
	conns.Lock()
	defer conns.Unlock()
	m.Open.Dec()
	delete(conns.fds, cfd)
	unix.Close(cfd)
}

// stop waits for SIGTERM and ends all reads that wait. After SHUT_RD a read
// still returns the bytes that have arrived, and then 0 as for a FIN.
func stop(quit int) {
	sock.Wait(-1, quit)
	conns.Lock()
	defer conns.Unlock()
	conns.stopping = true
	for cfd := range conns.fds {
		unix.Shutdown(cfd, unix.SHUT_RD)
	}
}
