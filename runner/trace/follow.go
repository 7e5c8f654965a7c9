//go:build linux

package trace

import (
	"fmt"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// start starts a program that is traced from its first instruction on.
func (t *tracer) start(who, path string, args, env []string, stdout *os.File) (pid int, err error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	pidfd := -1
	attr := &syscall.ProcAttr{Env: env, Files: []uintptr{null.Fd(), stdout.Fd(), os.Stderr.Fd()},
		Sys: &syscall.SysProcAttr{Ptrace: true, Pdeathsig: unix.SIGKILL, PidFD: &pidfd}}
	pid, err = syscall.ForkExec(path, args, attr)
	if err != nil {
		return 0, err
	}
	t.mu.Lock()
	t.started[pid] = pidfd
	t.mu.Unlock()
	var ws unix.WaitStatus
	if _, err := wait(pid, &ws); err != nil || !ws.Stopped() {
		return 0, fmt.Errorf("ptrace: it did not stop at its first instruction: %v %v", ws, err)
	}
	t.threads[pid] = &thread{who: who, pid: pid}
	if err := unix.PtraceSetOptions(pid, options); err != nil {
		return 0, os.NewSyscallError("ptrace", err)
	}
	t.symbols[who] = readSymbols(path, t.plan.Root)
	return pid, os.NewSyscallError("ptrace", unix.PtraceSyscall(pid, 0))
}

func wait(pid int, ws *unix.WaitStatus) (int, error) {
	for {
		got, err := unix.Wait4(pid, ws, unix.WALL, nil)
		if err != unix.EINTR {
			return got, err
		}
	}
}

// follow lets the threads go on from stop to stop until none is left, or done.
func (t *tracer) follow(done func() bool) {
	for len(t.threads) > 0 && !done() {
		var ws unix.WaitStatus
		tid, err := wait(-1, &ws)
		if err != nil {
			return
		}
		if !ws.Stopped() {
			t.gone(tid, ws)
			continue
		}
		if sig, on := t.stopped(tid, ws); on {
			unix.PtraceSyscall(tid, int(sig)) // ESRCH: it was killed meanwhile, and wait says so
		}
	}
}

// stopped handles a stop. It returns the signal to go on with, and whether to.
func (t *tracer) stopped(tid int, ws unix.WaitStatus) (sig syscall.Signal, on bool) {
	th := t.threads[tid]
	if th == nil { // a new thread may stop before its parent tells of it
		t.threads[tid] = &thread{waiting: true}
		return 0, false
	}
	switch sig := ws.StopSignal(); {
	case sig == callStop:
		t.call(tid, th)
		return 0, true
	case sig == unix.SIGTRAP && ws.TrapCause() > 0:
		t.born(tid, th, ws.TrapCause())
		return 0, true
	case sig == unix.SIGSTOP && th.waiting: // as every new one begins
		th.waiting = false
		return 0, true
	default:
		return sig, true
	}
}

// born takes what a thread started under the same name.
func (t *tracer) born(tid int, th *thread, event int) {
	if event == unix.PTRACE_EVENT_EXEC && t.zero == 0 { // it was a script on the way to the server
		t.held = slices.DeleteFunc(t.held, func(e Event) bool { return e.PID == th.pid })
	}
	if event != unix.PTRACE_EVENT_CLONE && event != unix.PTRACE_EVENT_FORK && event != unix.PTRACE_EVENT_VFORK {
		return
	}
	msg, err := unix.PtraceGetEventMsg(tid)
	if err != nil {
		return
	}
	child, seen := t.threads[int(msg)]
	if !seen {
		child = &thread{waiting: true}
		t.threads[int(msg)] = child
	}
	child.who, child.pid = th.who, th.pid
	if event != unix.PTRACE_EVENT_CLONE {
		child.pid = int(msg)
	}
	if seen {
		child.waiting = false
		unix.PtraceSyscall(int(msg), 0)
	}
}

// gone forgets a thread that has ended. What it was in the middle of never returned.
func (t *tracer) gone(tid int, ws unix.WaitStatus) {
	if th := t.threads[tid]; th != nil && th.pending != nil {
		t.keep(*th.pending, th)
	}
	delete(t.threads, tid)
	if t.over.Load() { // its own children too: only this thread reaps, so that these are still they
		for other := range t.threads {
			unix.Kill(other, unix.SIGKILL)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if fd, ok := t.started[tid]; ok {
		unix.Close(fd)
		delete(t.started, tid)
		t.exits[tid] = fmt.Sprintf("exit status %d", ws.ExitStatus())
		if ws.Signaled() {
			t.exits[tid] = "signal " + unix.SignalName(ws.Signal())
		}
	}
}
