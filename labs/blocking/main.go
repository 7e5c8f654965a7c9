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
	bufSize      = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	backlog      = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
	readTimeout  = flag.Duration("read-timeout", 10*time.Second, "how long one read may wait, 0 for ever [0s..60s]")
	writeTimeout = flag.Duration("write-timeout", 10*time.Second, "how long one write may wait, 0 for ever [0s..60s]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	Accepts, AcceptErrors, Emfile, Reads, Writes, ShortWrites, Bytes telemetry.Counter
	Timeouts, Resets, BrokenPipes, Interrupted                       telemetry.Counter
	Open                                                             telemetry.Gauge
}

// maxThreads are served at once; further clients wait for accept. The Go
// runtime aborts a process that has 10,000 threads.
const maxThreads = 3000

var (
	slots   = make(chan struct{}, maxThreads)
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
	lab.Listening(lfd)
	go stop(quit)
	for {
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
		default:
			slots <- struct{}{}
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
	rcv := unix.NsecToTimeval(readTimeout.Nanoseconds())
	snd := unix.NsecToTimeval(writeTimeout.Nanoseconds())
	return os.NewSyscallError("setsockopt", errors.Join(
		unix.SetsockoptTimeval(cfd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &rcv),
		unix.SetsockoptTimeval(cfd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &snd)))
}

// drain reads and answers until the connection ends. A normal ending is io.EOF.
func drain(cfd int, buf []byte) error {
	for {
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
	}
}

// reply writes all of data. A blocking write is short only when a signal or
// SO_SNDTIMEO ends it after its first bytes (signal(7)).
func reply(cfd int, data []byte) error {
	for len(data) > 0 {
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
