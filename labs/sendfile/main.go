//go:build linux

// Sendfile sends parts of a file, each client served by a thread on blocking
// calls, in five ways that differ in who copies the bytes. What the cheap ones
// cost is that the program never sees what it sends.
package main

import (
	"encoding/binary"
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
	way          = flag.String("copy", "sendfile", "how the bytes get from the file into the socket [readwrite|writev|splice|sendfile|zerocopy]")
	chunk        = flag.Int("chunk", 65536, "bytes that one call may put into the socket [4096..1048576 bytes]")
	backlog      = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
	readTimeout  = flag.Duration("read-timeout", 10*time.Second, "how long one read may wait, 0 for ever [0s..60s]")
	writeTimeout = flag.Duration("write-timeout", 10*time.Second, "how long one write may wait, 0 for ever [0s..60s]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	Accepts, AcceptErrors, Emfile, Requests, BadRequests telemetry.Counter
	Calls, Bytes, Completions, Copied                    telemetry.Counter
	Timeouts, Resets, BrokenPipes, Interrupted           telemetry.Counter
	Open                                                 telemetry.Gauge
}

// maxThreads are served at once; further clients wait for accept.
const maxThreads = 256

var (
	slots   = make(chan struct{}, maxThreads)
	threads sync.WaitGroup
	spare   = sock.Reserve()
)

// conns are the connections being served: see the blocking lesson.
var conns = struct {
	sync.Mutex // guards the others
	fds        map[int]bool
	stopping   bool
}{fds: map[int]bool{}}

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	if err := create(); err != nil {
		return err
	}
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
		}
		slots <- struct{}{}
		threads.Go(func() {
			runtime.LockOSThread() // a thread that ends with the connection
			handle(cfd)
			<-slots
		})
	}
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
		case sock.Exhausted(err):
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
	s := &sender{cfd: cfd}
	err := prepare(s)
	if err == nil {
		err = drain(s)
	}
	dismiss(s)
	if err != io.EOF {
		log.Print(err)
	}
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
			return ending("read", err)
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
			return ending(*way, err)
		default:
			m.Bytes.Add(n)
			at += n
		}
	}
	return settle(s)
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

// stop waits for SIGTERM and ends all reads that wait.
func stop(quit int) {
	sock.Wait(-1, quit)
	conns.Lock()
	defer conns.Unlock()
	conns.stopping = true
	for cfd := range conns.fds {
		unix.Shutdown(cfd, unix.SHUT_RD)
	}
}
