//go:build linux

// Package threads is the server of labs/blocking as a package, for the labs
// whose lesson is another: it accepts, and serves each connection on a thread of
// its own.
package threads

import (
	"io"
	"log"
	"net/netip"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/sock"
	"socketlabs/labs/telemetry"
)

// Counts is what a server counts; a lab embeds it in its m.
type Counts struct {
	Accepts, AcceptErrors, Emfile, Interrupted telemetry.Counter
	Open                                       telemetry.Gauge
}

// Config says what to do with connections.
type Config struct {
	Counts  *Counts
	Backlog int
	Flags   int    // of accept4(2), besides SOCK_CLOEXEC
	Most    int    // are served at once; further clients wait to be accepted
	Keep    bool   // connections are not closed, which is a fault worth looking at
	Before  func() // comes before the first accept; nil: nothing

	// Handle serves one connection to its end. io.EOF is a normal ending; any
	// other error is logged.
	Handle func(cfd int) error
}

// server is a listener and whom it serves.
type server struct {
	Config
	lfd, quit int
	spare     *sock.Spare
	work      sync.WaitGroup

	mu       sync.Mutex // guards the others
	fds      map[int]bool
	stopping bool
}

// Serve listens at addr until quit is readable and nobody is left in the queue.
// Then it ends the reading of every connection, so that Handle finds a FIN after
// what has arrived, and waits for all of them.
func Serve(addr netip.AddrPort, quit int, c Config) error {
	lfd, err := sock.Listen(addr, c.Backlog)
	if err != nil {
		return err
	}
	s := &server{Config: c, lfd: lfd, quit: quit, spare: sock.Reserve(), fds: map[int]bool{}}
	defer s.spare.Close()
	lab.Listening(lfd)
	if c.Before != nil {
		c.Before()
	}
	go s.stop()
	slots := make(chan struct{}, c.Most)
	for {
		slots <- struct{}{}
		cfd, err := s.accept()
		switch {
		case err == io.EOF:
			unix.Close(lfd)
			s.work.Wait()
			return nil
		case err != nil:
			return err
		}
		s.work.Go(func() {
			runtime.LockOSThread() // a thread that ends with the connection
			s.serve(cfd)
			<-slots
		})
	}
}

// accept returns the next connection, io.EOF at SIGTERM.
func (s *server) accept() (cfd int, err error) {
	for {
		if err := sock.Wait(s.lfd, s.quit); err != nil {
			return -1, err
		}
		cfd, _, err := unix.Accept4(s.lfd, s.Flags|unix.SOCK_CLOEXEC)
		switch {
		case err == nil:
			s.Counts.Accepts.Inc()
			return cfd, nil
		case err == unix.EINTR:
			s.Counts.Interrupted.Inc()
		case sock.Died(err):
			s.Counts.AcceptErrors.Inc()
		case sock.Exhausted(err): // left in the queue it would be reported for ever
			s.Counts.Emfile.Inc()
			s.spare.Refuse(s.lfd)
		default:
			return -1, os.NewSyscallError("accept4", err)
		}
	}
}

func (s *server) serve(cfd int) {
	s.enter(cfd)
	if err := s.Handle(cfd); err != io.EOF {
		log.Print(err)
	}
	s.leave(cfd)
}

// enter lists the connection, so that stop finds it.
func (s *server) enter(cfd int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Counts.Open.Inc()
	s.fds[cfd] = true
	if s.stopping {
		unix.Shutdown(cfd, unix.SHUT_RD)
	}
}

// leave closes it.
func (s *server) leave(cfd int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Counts.Open.Dec()
	delete(s.fds, cfd)
	if !s.Keep {
		unix.Close(cfd)
	}
}

// stop waits for SIGTERM and ends all reads that wait.
func (s *server) stop() {
	sock.Wait(-1, s.quit)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	for cfd := range s.fds {
		unix.Shutdown(cfd, unix.SHUT_RD)
	}
}
