//go:build linux

package shim

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Command is what to start.
type Command struct {
	Path string   // with a slash; relative to Dir
	Args []string // after the program's name
	Env  []string // KEY=value, beside PATH, HOME, LANG, TMPDIR, GOTRACEBACK and the run's tag
	Dir  string   // empty: the parent's
}

// Status is how a process ended.
type Status struct {
	Code   int            `json:"code"`
	Signal syscall.Signal `json:"signal,omitempty"` // that ended it; 0: it exited with Code
}

// OK says that it exited with 0.
func (s Status) OK() bool { return s == Status{} }

func (s Status) String() string {
	if s.Signal != 0 {
		return "signal " + unix.SignalName(s.Signal)
	}
	return fmt.Sprintf("exit status %d", s.Code)
}

// Process is a child of the shim. Whoever started it reads Stdout and Stderr to
// their ends (they end when every process that inherited them has ended) and
// closes all three.
type Process struct {
	PID            int // as the parent's /proc has it
	Stdin          io.WriteCloser
	Stdout, Stderr io.ReadCloser

	shim   *Shim
	id     int
	done   chan struct{}
	status Status // once done is closed
}

// Start starts a process. It has only its three standard streams open, a process
// group of its own, and the shim's limits before its first instruction. The error wraps the
// errno of execve(2), or is ErrGone.
func (s *Shim) Start(c Command) (*Process, error) {
	p, theirs, err := s.newProcess()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	defer closeFiles(theirs)
	c.Env = merge(basic(), c.Env, []string{tag + s.options.RunID})
	start := &start{ID: p.id, Command: c, Limits: s.limits()}
	r, err := s.ask(request{Start: start}, descriptors(theirs)...)
	if err != nil {
		s.forget(p)
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	p.PID = r.PID
	return p, nil
}

// newProcess makes a process's pipes and returns the ends that it gets.
func (s *Shim) newProcess() (*Process, []*os.File, error) {
	var files []*os.File
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			closeFiles(files)
			return nil, nil, err
		}
		files = append(files, r, w)
	}
	p := &Process{Stdin: files[1], Stdout: files[2], Stderr: files[4], shim: s, done: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	p.id = s.last
	s.running[p.id] = p
	return p, []*os.File{files[0], files[3], files[5]}, nil
}

func (s *Shim) forget(p *Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, p.id)
	p.Stdin.Close()
	p.Stdout.Close()
	p.Stderr.Close()
}

// limits that can bind here: a subreaper's children share RLIMIT_NPROC with
// everything else that the user runs.
func (s *Shim) limits() Limits {
	l := s.options.Limits
	if s.how == Subreaper {
		l.Processes = 0
	}
	return l
}

// Wait returns how the process ended, once it has. What was ended by the end of
// the shim has signal SIGKILL.
func (p *Process) Wait() Status {
	<-p.done
	return p.status
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Signal sends it a signal; os.ErrProcessDone when it has ended.
func (p *Process) Signal(sig syscall.Signal) error {
	select {
	case <-p.done:
		return os.ErrProcessDone
	default:
	}
	_, err := p.shim.ask(request{Signal: &signalling{p.id, sig}})
	if err == unix.ESRCH {
		return os.ErrProcessDone
	}
	return err
}

// merge joins environments; what comes later counts.
func merge(envs ...[]string) []string {
	var out []string
	for _, kv := range slices.Concat(envs...) {
		name, _, _ := strings.Cut(kv, "=")
		out = slices.DeleteFunc(out, func(old string) bool { return strings.HasPrefix(old, name+"=") })
		out = append(out, kv)
	}
	return out
}

func descriptors(files []*os.File) []int {
	var fds []int
	for _, f := range files {
		fds = append(fds, int(f.Fd()))
	}
	return fds
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
