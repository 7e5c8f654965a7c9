//go:build linux

package trace

import (
	"bytes"
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Options of a traced thread: a stop that is a call's can be told from SIGTRAP,
// its threads and children are traced too, and nothing outlives the tracer.
const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK |
	unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_EXITKILL

// callStop is the signal of a stop at a call, with PTRACE_O_TRACESYSGOOD.
const callStop = unix.SIGTRAP | 0x80

// What an info is about: linux/ptrace.h.
const (
	atEntry = 1
	atExit  = 2
)

// info is struct ptrace_syscall_info of Linux 5.3, the same on every architecture.
type info struct {
	Op   uint8
	_    [3]uint8
	Arch uint32
	IP   uint64
	SP   uint64
	A    [8]uint64 // entry: number and six arguments; exit: result, is it an error
}

// infoOf asks what a thread that stopped at a call is doing.
func infoOf(tid int) (info, error) {
	var in info
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(in), uintptr(unsafe.Pointer(&in)), 0, 0)
	if errno != 0 {
		return in, errno
	}
	return in, nil
}

// result of a call that returns: -1 and an errno, or what it returns.
func (in info) result() (int64, unix.Errno) {
	v := int64(in.A[0])
	if in.A[1]&0xff != 0 {
		return -1, unix.Errno(-v)
	}
	return v, 0
}

// memory of a stopped thread.
type memory struct{ tid int }

// read returns up to n bytes at an address; fewer where they cannot be read.
func (m memory) read(at uint64, n int) []byte {
	if at == 0 || n <= 0 {
		return nil
	}
	buf := make([]byte, n)
	got, err := unix.PtracePeekData(m.tid, uintptr(at), buf)
	if err != nil {
		return nil
	}
	return buf[:got]
}

func (m memory) word(at uint64) (uint64, error) {
	var buf [8]byte
	if _, err := unix.PtracePeekData(m.tid, uintptr(at), buf[:]); err != nil {
		return 0, err
	}
	return binary.NativeEndian.Uint64(buf[:]), nil
}

// text reads a string that ends in NUL, at most 64 bytes of it.
func (m memory) text(at uint64) string {
	b := m.read(at, 64)
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(bytes.ToValidUTF8(b, []byte("?")))
}

// maxFrames bounds a stack.
const maxFrames = 24

// callers returns where a thread that stopped in a call came from, the innermost
// first, by following frame pointers, which every Go program keeps. They are
// return addresses but for the first.
func (m memory) callers(in info) []uint64 {
	back, frame, err := m.registers(in.SP)
	if err != nil {
		return nil
	}
	pcs := []uint64{in.IP, back}
	for len(pcs) < maxFrames && frame != 0 && frame%8 == 0 {
		next, err1 := m.word(frame)
		pc, err2 := m.word(frame + 8)
		if err1 != nil || err2 != nil || pc == 0 {
			break
		}
		pcs = append(pcs, pc)
		if next <= frame { // a stack grows down: callers lie above
			break
		}
		frame = next
	}
	return pcs
}
