//go:build linux

package shim

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Open starts a shim. Where the kernel refuses namespaces it takes a subreaper
// instead, and Why says so; a network of its own cannot be had without them.
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
	case o.RunID == "" || strings.ContainsAny(o.RunID, "\x00\n"):
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
		Sys:   attributes(flags, s.options.Capture),
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
func attributes(flags uintptr, capture bool) *syscall.SysProcAttr {
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
		if capture {
			sys.AmbientCaps = append(sys.AmbientCaps, unix.CAP_NET_RAW)
		}
	}
	return sys
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
