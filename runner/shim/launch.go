//go:build linux

package shim

import (
	"encoding/json"
	"io"
	"math"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A child begins as this program once more, the launcher: it sets the limits on
// itself and executes the command in its place. The shim is not bound by them.

// place is what the launcher does before it executes.
type place struct {
	Dir    string `json:"dir,omitempty"`
	Limits Limits `json:"limits"`
}

// report is what the launcher writes to descriptor 3 when it fails; execve
// closes the descriptor otherwise.
type report struct {
	What  string        `json:"what"`
	Errno syscall.Errno `json:"errno"`
}

// fork starts the launcher with these descriptors. It must run on the thread that
// stays as long as the shim does, for the death signal.
func fork(s start, fds []int) (pid, pidfd int, err error) {
	where, err := json.Marshal(place{s.Command.Dir, s.Limits})
	if err != nil {
		return 0, -1, err
	}
	args := append([]string{os.Args[0], "shim", "exec", string(where), s.Command.Path}, s.Command.Args...)
	attr := &syscall.ProcAttr{
		Env: s.Command.Env,
		Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL, PidFD: &pidfd},
	}
	for _, fd := range fds {
		attr.Files = append(attr.Files, uintptr(fd))
	}
	pid, err = syscall.ForkExec(self, args, attr)
	return pid, pidfd, os.NewSyscallError("fork", err)
}

// launched waits until the launcher has executed the command, or returns why not.
func launched(failed io.Reader) error {
	data, err := io.ReadAll(failed)
	if err != nil || len(data) == 0 {
		return err
	}
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		return err
	}
	return os.NewSyscallError(r.What, r.Errno)
}

// launch becomes the command. It never returns.
func launch(where string, argv []string) {
	// Whatever else was left open by whoever started the parent stays behind.
	unix.CloseRange(ctrlFD, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	unix.CloseOnExec(ctrlFD) // before Linux 5.11
	what, errno := become(where, argv)
	data, _ := json.Marshal(report{what, errno})
	unix.Write(ctrlFD, data)
	syscall.Exit(127)
}

// become executes argv; it returns only what failed. Nothing is allocated once
// the limits are set, because the limit on memory may be below what Go has here.
func become(where string, argv []string) (what string, errno syscall.Errno) {
	var at place
	if err := json.Unmarshal([]byte(where), &at); err != nil {
		return "launch", unix.EINVAL
	}
	if at.Dir != "" {
		if err := unix.Chdir(at.Dir); err != nil {
			_, errno = failure(err)
			return "chdir " + at.Dir, errno
		}
	}
	args, err1 := syscall.SlicePtrFromStrings(argv)
	env, err2 := syscall.SlicePtrFromStrings(os.Environ())
	if err1 != nil || err2 != nil {
		return "execve", unix.EINVAL
	}
	limits := at.Limits.table()
	for i := range limits {
		if errno := limits[i].set(); errno != 0 {
			return limits[i].name, errno
		}
	}
	_, _, errno = syscall.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(args[0])),
		uintptr(unsafe.Pointer(&args[0])), uintptr(unsafe.Pointer(&env[0])))
	runtime.KeepAlive(args)
	runtime.KeepAlive(env)
	return "execve", errno
}

type rlimit struct {
	name     string
	resource int
	value    unix.Rlimit
}

// table lists the limits to set; the one on memory comes last.
func (l Limits) table() []rlimit {
	list := []rlimit{{"RLIMIT_CORE", unix.RLIMIT_CORE, unix.Rlimit{}}}
	for _, r := range []struct {
		name     string
		resource int
		value    int64
	}{
		{"RLIMIT_NOFILE", unix.RLIMIT_NOFILE, int64(l.Files)},
		{"RLIMIT_NPROC", unix.RLIMIT_NPROC, int64(l.Processes)},
		{"RLIMIT_DATA", unix.RLIMIT_DATA, l.Memory},
	} {
		if r.value > 0 {
			list = append(list, rlimit{r.name, r.resource, atMost(r.resource, uint64(r.value))})
		}
	}
	return list
}

// atMost is v, or the hard limit that there is already.
func atMost(resource int, v uint64) unix.Rlimit {
	was := unix.Rlimit{Max: math.MaxUint64}
	unix.Prlimit(0, resource, nil, &was)
	v = min(v, was.Max)
	return unix.Rlimit{Cur: v, Max: v}
}

// set is prlimit(2) itself: the wrappers have Go put the limit on descriptors
// back when it executes a program.
func (r *rlimit) set() syscall.Errno {
	_, _, errno := syscall.RawSyscall6(unix.SYS_PRLIMIT64, 0, uintptr(r.resource), uintptr(unsafe.Pointer(&r.value)), 0, 0, 0)
	return errno
}
