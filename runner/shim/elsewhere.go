//go:build !linux

package shim

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// Where there is no Linux no process is held: the runner builds, so that
// recordings can be seen, and Open says why nothing runs.
var errElsewhere = errors.New("runs need Linux: recordings can be seen everywhere")

// ErrGone is what Start and Signal return.
var ErrGone = errElsewhere

// Limits, Options, Shim, Command, Status and Process are as on Linux, for the
// runner's sake.
type (
	Limits struct {
		Memory           int64
		Files, Processes int
	}
	Options struct {
		RunID, Net string
		Capture    bool
		Sysctl     map[string]string
		Limits     Limits
	}
	Shim    struct{}
	Command struct {
		Path      string
		Args, Env []string
		Dir       string
	}
	Status struct {
		Code   int
		Signal syscall.Signal
	}
	Process struct {
		PID            int
		Stdin          io.WriteCloser
		Stdout, Stderr io.ReadCloser
	}
)

func Open(Options) (*Shim, error)               { return nil, errElsewhere }
func (s *Shim) Isolation() string               { return "" }
func (s *Shim) Why() string                     { return "" }
func (s *Shim) Diag() (int, error)              { return -1, errElsewhere }
func (s *Shim) Close() error                    { return nil }
func (s *Shim) Start(Command) (*Process, error) { return nil, errElsewhere }
func (s Status) OK() bool                       { return s == Status{} }
func (s Status) String() string                 { return "" }
func (p *Process) Wait() Status                 { return Status{} }
func (p *Process) Done() <-chan struct{}        { return nil }
func (p *Process) Signal(syscall.Signal) error  { return errElsewhere }
func Sweep(func(string) bool) error             { return nil }
func Main()                                     { os.Exit(1) }
