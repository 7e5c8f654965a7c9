//go:build linux

package trace

import "golang.org/x/sys/unix"

// older are the calls that this architecture has besides the common ones.
var older = map[uint64]call{
	unix.SYS_EPOLL_WAIT: {"epoll_wait", "fpii"}, unix.SYS_EPOLL_CREATE: {"epoll_create", "i"}, unix.SYS_POLL: {"poll", "pii"}, unix.SYS_SELECT: {"select", "ipppp"},
	unix.SYS_OPEN: {"open", "sx"}, unix.SYS_PIPE: {"pipe", "p"}, unix.SYS_DUP2: {"dup2", "fi"}, unix.SYS_EVENTFD: {"eventfd", "i"}, unix.SYS_STAT: {"stat", "sp"}, unix.SYS_NEWFSTATAT: {"newfstatat", "isp"}, unix.SYS_ACCESS: {"access", "si"},
}

var olderQuiet = map[uint64]string{unix.SYS_ARCH_PRCTL: "arch_prctl", unix.SYS_TIME: "time", unix.SYS_FORK: "fork", unix.SYS_VFORK: "vfork", unix.SYS_READLINK: "readlink"}

// epollEvent is where an epoll_event has its data, and how long it is: it is
// packed on this architecture only, epoll_ctl(2).
const epollData, epollSize = 4, 12

// registers of a stopped thread that lead to its callers: the return address of
// a function without a frame, and the frame pointer.
func (m memory) registers(sp uint64) (back, frame uint64, err error) {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(m.tid, &regs); err != nil {
		return 0, 0, err
	}
	back, err = m.word(sp)
	return back, regs.Rbp, err
}
