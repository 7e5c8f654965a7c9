//go:build linux

package trace

import "golang.org/x/sys/unix"

// older are the calls that this architecture has besides the common ones.
var older = map[uint64]call{unix.SYS_FSTATAT: {"fstatat", "isp"}}

var olderQuiet = map[uint64]string{}

// epollEvent is where an epoll_event has its data, and how long it is.
const epollData, epollSize = 8, 16

// ntPRSTATUS names the general registers, elf.h.
const ntPRSTATUS = 1

// registers of a stopped thread that lead to its callers: the return address of
// a function without a frame, and the frame pointer.
func (m memory) registers(uint64) (back, frame uint64, err error) {
	var regs unix.PtraceRegsArm64
	if err := unix.PtraceGetRegSetArm64(m.tid, ntPRSTATUS, &regs); err != nil {
		return 0, 0, err
	}
	return regs.Regs[30], regs.Regs[29], nil
}
