//go:build linux

package shim

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// ErrGone is what Start, Signal and Diag return when the shim has ended.
var ErrGone = errors.New("shim: the run's processes have been ended")

// How a run's processes are held together.
const (
	Namespaces = "namespaces" // a PID namespace: its end is the end of everything in it
	Subreaper  = "subreaper"  // the shim inherits orphans, finds them and ends them
)

// Limits bind every child, setrlimit(2); 0 leaves a limit as it is. Core files
// are never written.
type Limits struct {
	Memory int64 // bytes of RLIMIT_DATA: not RLIMIT_AS, because Go reserves address space
	Files  int   // descriptors
	// Processes and threads of the whole run. It binds neither root nor a
	// subreaper's children, whose processes the kernel counts with the user's other ones.
	Processes int
}

// Options of a Shim.
type Options struct {
	RunID string // the tag that all processes carry, for Sweep and for ps(1)
	// Net is "host" (or empty), or "own": a network namespace with only a loopback.
	Net    string
	Sysctl map[string]string // of the own network: "net.ipv4.tcp_fin_timeout": "5"
	Limits Limits
	// Capture lets processes open packet(7) sockets in the own network. They can
	// always do so as root.
	Capture bool
}

// Shim is a process that holds a run's processes. Its methods may be called from
// any goroutine.
type Shim struct {
	options  Options
	how, why string
	process  *os.Process
	control  *net.UnixConn

	asking  sync.Mutex    // guards the pair of a request and its reply
	replies chan answered // to whoever asks
	gone    chan struct{} // closed: nothing more comes from the shim
	ended   chan struct{} // closed: the shim was reaped
	clean   bool          // once ended: it left nothing

	mu      sync.Mutex
	last    int              // guards last and running
	running map[int]*Process // by the number that Start gave it
}

// PID of the shim. Every process of the run descends from it.
func (s *Shim) PID() int { return s.process.Pid }

// Isolation says how the run's processes are held: Namespaces or Subreaper.
func (s *Shim) Isolation() string { return s.how }

// Why says why it is not the best way that there is, and what to do about it;
// empty when it is.
func (s *Shim) Why() string { return s.why }

// Diag returns a NETLINK_SOCK_DIAG socket of the run's network, sock_diag(7).
// The caller closes it.
func (s *Shim) Diag() (int, error) {
	r, err := s.ask(request{Diag: true})
	if err != nil {
		return -1, fmt.Errorf("sock_diag: %w", err)
	}
	if len(r.fds) != 1 {
		closeAll(r.fds)
		return -1, errors.New("sock_diag: the shim sent no socket")
	}
	return r.fds[0], nil
}

// Close ends every process of the run with SIGKILL and waits until nothing is
// left. It may be called again.
func (s *Shim) Close() error {
	s.control.CloseWrite()
	if s.how == Namespaces {
		s.process.Kill() // its end waits for all others: pid_namespaces(7)
	}
	select {
	case <-s.ended:
	case <-time.After(2 * patience):
		s.process.Kill()
		<-s.ended
	}
	<-s.gone
	s.control.Close()
	if s.clean {
		return nil
	}
	return Sweep(func(id string) bool { return id == s.options.RunID })
}

// ask sends a request and waits for its reply.
func (s *Shim) ask(q request, fds ...int) (answered, error) {
	s.asking.Lock()
	defer s.asking.Unlock()
	if err := send(s.control, q, fds...); err != nil {
		if errors.Is(err, unix.EMSGSIZE) {
			return answered{}, err
		}
		return answered{}, ErrGone
	}
	select {
	case r := <-s.replies:
		return r, r.err()
	case <-s.gone:
		return answered{}, ErrGone
	}
}

// listen takes what the shim says until it ends. Whatever still ran then was
// ended with it.
func (s *Shim) listen() {
	for {
		var r reply
		fds, err := receive(s.control, &r)
		if err != nil {
			break
		}
		if r.Exit != nil {
			closeAll(fds)
			s.finish(r.ID, *r.Exit)
			continue
		}
		s.replies <- answered{r, fds}
	}
	<-s.ended
	for _, id := range s.unfinished() {
		s.finish(id, Status{Signal: unix.SIGKILL})
	}
	close(s.gone)
}

func (s *Shim) unfinished() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []int
	for id := range s.running {
		ids = append(ids, id)
	}
	return ids
}

// finish tells those who wait for the process how it ended.
func (s *Shim) finish(id int, status Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.running[id]; ok {
		delete(s.running, id)
		p.status = status
		close(p.done)
	}
}
