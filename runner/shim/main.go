//go:build linux

package shim

import (
	"errors"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a subreaper looks for what is left of its run.
const patience = 5 * time.Second

// Main is the shim's process: a program whose arguments begin with "shim" calls
// it before anything else. It never returns.
func Main() {
	runtime.LockOSThread() // no_new_privs and death signals belong to threads
	if len(os.Args) > 4 && os.Args[2] == "exec" {
		launch(os.Args[3], os.Args[4:])
	}
	c, err := control(ctrlFD)
	if err != nil {
		os.Stderr.WriteString("shim: it is started by labs, not by hand\n")
		os.Exit(2)
	}
	k := &keeper{control: c, children: map[int]int{}}
	syscall.Exit(k.keep()) // now: under the race detector os.Exit takes a second
}

// keeper is what the shim's process does, all of it on one thread, so that
// nothing is signalled after it was reaped.
type keeper struct {
	control   *net.UnixConn
	subreaper bool
	children  map[int]int // their numbers, by PID in this namespace
}

type asked struct {
	request
	fds []int
}

// keep serves requests and reaps children until the control socket ends. It
// returns the shim's exit code: 1 when something of the run may be left.
func (k *keeper) keep() (code int) {
	unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	// Caught, not ignored: what is ignored stays so in children, signal(7).
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGQUIT)
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	requests := make(chan asked)
	go k.read(requests)
	for {
		select {
		case q, ok := <-requests:
			if !ok {
				return k.finish()
			}
			k.answer(q)
		case <-ended:
			k.reap()
		}
	}
}

func (k *keeper) read(requests chan<- asked) {
	defer close(requests)
	for {
		var q request
		fds, err := receive(k.control, &q)
		if err != nil {
			return
		}
		requests <- asked{q, fds}
	}
}

func (k *keeper) answer(q asked) {
	defer closeAll(q.fds)
	var r reply
	var fds []int
	var err error
	switch {
	case q.Setup != nil:
		err = k.setup(*q.Setup)
	case q.Start != nil:
		r.PID, err = k.start(*q.Start, q.fds)
	case q.Signal != nil:
		err = k.signal(*q.Signal)
	case q.Diag:
		fds, err = diag()
	}
	r.What, r.Errno = failure(err)
	send(k.control, r, fds...)
	closeAll(fds)
}

// failure takes an error apart, for the reply.
func failure(err error) (what string, errno syscall.Errno) {
	if err == nil {
		return "", 0
	}
	if !errors.As(err, &errno) {
		errno = unix.EINVAL
	}
	return strings.TrimSuffix(strings.TrimSuffix(err.Error(), errno.Error()), ": "), errno
}

func (k *keeper) setup(s setup) error {
	k.subreaper = s.Subreaper
	if s.Subreaper {
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			return os.NewSyscallError("prctl", err)
		}
	}
	if !s.Own {
		return nil
	}
	if err := loopbackUp(); err != nil {
		return err
	}
	return setSysctls(s.Sysctl)
}

// start starts a child through the launcher and returns its PID as /proc has it.
func (k *keeper) start(s start, stdio []int) (pid int, err error) {
	if len(stdio) != 3 {
		return 0, os.NewSyscallError("recvmsg", unix.EBADMSG)
	}
	failed, w, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer failed.Close()
	inner, pidfd, err := fork(s, append(stdio, int(w.Fd())))
	w.Close()
	if err != nil {
		return 0, err
	}
	defer unix.Close(pidfd)
	if err := launched(failed); err != nil {
		wait(inner)
		return 0, err
	}
	pid, err = outerPID(pidfd)
	if err != nil {
		unix.Kill(inner, unix.SIGKILL)
		wait(inner)
		return 0, err
	}
	k.children[inner] = s.ID
	return pid, nil
}

// outerPID returns the PID of a child that was not reaped as /proc has it, which
// is the parent's /proc.
func outerPID(pidfd int) (int, error) {
	info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(pidfd))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(info)) {
		if v, ok := strings.CutPrefix(line, "Pid:"); ok {
			return strconv.Atoi(strings.TrimSpace(v))
		}
	}
	return 0, os.NewSyscallError("pidfd", unix.ENOTSUP)
}

// signal sends a signal to a child that was not reaped.
func (k *keeper) signal(s signalling) error {
	for pid, id := range k.children {
		if id == s.ID {
			return unix.Kill(pid, s.Signal)
		}
	}
	return unix.ESRCH
}

// reap takes every child that has ended, and orphans too. It returns ECHILD when
// there are no others.
func (k *keeper) reap() error {
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, unix.WNOHANG, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid == 0 {
			return err
		}
		if id, ok := k.children[pid]; ok {
			delete(k.children, pid)
			send(k.control, reply{ID: id, Exit: status(ws)})
		}
	}
}

func status(ws unix.WaitStatus) *Status {
	if ws.Signaled() {
		return &Status{Signal: ws.Signal()}
	}
	return &Status{Code: ws.ExitStatus()}
}

func wait(pid int) {
	for {
		if _, err := unix.Wait4(pid, nil, 0, nil); err != unix.EINTR {
			return
		}
	}
}

// finish ends what runs. In a PID namespace the kernel does it when init exits.
// A subreaper ends its children, whose own children become its children, until
// it has none. A child's PID is not given away before it is reaped here.
func (k *keeper) finish() (code int) {
	if !k.subreaper {
		return 0
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		for _, pid := range childrenOf(os.Getpid()) {
			unix.Kill(pid, unix.SIGKILL)
		}
		if k.reap() == unix.ECHILD {
			return 0
		}
	}
	return 1
}

// diag opens a socket for sock_diag(7) in the network of the shim.
func diag() ([]int, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	return []int{fd}, nil
}
