//go:build linux

package shim

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
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

// Open starts a shim. Where the kernel refuses namespaces it takes a subreaper
// instead, and Why says so; a network of its own can not be had without them.
func Open(o Options) (*Shim, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	var refused error
	for _, flags := range isolations(o.Net == "own") {
		s, err := open(o, flags)
		if err == nil {
			s.why = remedy(refused)
			return s, nil
		}
		if !refusal(err) {
			return nil, err
		}
		refused = err
	}
	return nil, fmt.Errorf("a network of its own for run %s: %w: %s", o.RunID, refused, remedy(refused))
}

func (o Options) check() error {
	switch {
	case o.Net != "" && o.Net != "host" && o.Net != "own":
		return fmt.Errorf("shim: net %q: there are host and own", o.Net)
	case o.Net != "own" && len(o.Sysctl) > 0:
		return errors.New("shim: sysctl: only a network of its own can be changed: use net: own")
	case strings.ContainsAny(o.RunID, "\x00\n"):
		return fmt.Errorf("shim: run id %q", o.RunID)
	}
	return nil
}

// isolations lists the ways to hold a run as flags of clone(2), the best first;
// 0 is a subreaper.
func isolations(own bool) []uintptr {
	flags := []uintptr{unix.CLONE_NEWPID | unix.CLONE_NEWUSER}
	if os.Geteuid() == 0 {
		flags = []uintptr{unix.CLONE_NEWPID, unix.CLONE_NEWPID | unix.CLONE_NEWUSER}
	}
	if !own {
		return append(flags, 0)
	}
	for i := range flags {
		flags[i] |= unix.CLONE_NEWNET
	}
	return flags
}

// refusal says whether the kernel, or what guards it, does not grant namespaces.
func refusal(err error) bool {
	for _, errno := range []syscall.Errno{unix.EPERM, unix.EACCES, unix.ENOSPC, unix.EINVAL, unix.ENOSYS, unix.EUSERS} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// remedy says what to do about a refusal.
func remedy(refused error) string {
	switch {
	case refused == nil:
		return ""
	case errors.Is(refused, unix.ENOSPC):
		return "namespaces are refused (no space left): raise the sysctl user.max_user_namespaces"
	}
	return fmt.Sprintf("namespaces are refused (%v): allow user namespaces, on Ubuntu with sysctl kernel.apparmor_restrict_unprivileged_userns=0, in a container with its seccomp profile", errno(refused))
}

func errno(err error) error {
	var e syscall.Errno
	if errors.As(err, &e) {
		return e
	}
	return err
}

// open starts the shim with these flags of clone(2) and sets its network up.
func open(o Options, flags uintptr) (*Shim, error) {
	s := &Shim{
		options: o, how: Namespaces,
		replies: make(chan answered, 1), gone: make(chan struct{}), ended: make(chan struct{}),
		running: map[int]*Process{},
	}
	if flags == 0 {
		s.how = Subreaper
	}
	if err := s.spawn(flags); err != nil {
		return nil, err
	}
	go s.listen()
	setup := &setup{Subreaper: s.how == Subreaper, Own: o.Net == "own", Sysctl: o.Sysctl}
	if _, err := s.ask(request{Setup: setup}); err != nil {
		s.Close()
		return nil, fmt.Errorf("shim: %w", err)
	}
	return s, nil
}

// spawn starts the process, on a thread that lives as long as it does.
func (s *Shim) spawn(flags uintptr) error {
	ours, theirs, err := socketpair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		ours.Close()
		return err
	}
	defer null.Close()
	attr := &os.ProcAttr{
		Env:   append(basic(), tag+s.options.RunID),
		Files: []*os.File{null, null, os.Stderr, theirs},
		Sys:   attributes(flags),
	}
	started := make(chan error)
	go s.hold(attr, started)
	if err := <-started; err != nil {
		ours.Close()
		return fmt.Errorf("shim: %w", err)
	}
	s.control = ours
	return nil
}

// hold starts the shim and waits for its end. PDEATHSIG tells of the death of
// the parent's thread, not of its process (prctl(2), golang/go#27505), so the
// thread is locked and ends with the goroutine.
func (s *Shim) hold(attr *os.ProcAttr, started chan<- error) {
	runtime.LockOSThread()
	defer close(s.ended)
	args := []string{os.Args[0], "shim", "init", s.options.RunID}
	process, err := os.StartProcess(self, args, attr)
	s.process = process
	started <- err
	if err == nil {
		state, err := process.Wait()
		s.clean = s.how == Namespaces || err == nil && state.Success()
	}
}

// attributes of the shim's process. A subreaper must live a little longer than
// its parent, to end its children; it learns from its end of the control socket.
func attributes(flags uintptr) *syscall.SysProcAttr {
	sys := &syscall.SysProcAttr{Setsid: true, Cloneflags: flags}
	if flags != 0 {
		sys.Pdeathsig = unix.SIGKILL
	}
	if flags&unix.CLONE_NEWUSER == 0 {
		return sys
	}
	uid, gid := os.Geteuid(), os.Getegid()
	sys.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
	sys.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
	if flags&unix.CLONE_NEWNET != 0 {
		// For lo, sysctls and TCP_CONGESTION of the own network, as root has them.
		sys.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN}
	}
	return sys
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

// basic is the environment of every process of a run.
func basic() []string {
	env := []string{"GOTRACEBACK=single"}
	for _, name := range []string{"PATH", "HOME", "LANG", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
