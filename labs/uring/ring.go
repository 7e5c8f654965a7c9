//go:build linux

package main

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What this lab uses of linux/io_uring.h.
const (
	setupCQSize, setupSubmitAll, setupSingleIssuer, setupDeferTaskrun = 1 << 3, 1 << 7, 1 << 12, 1 << 13
	opPollAdd, opAccept, opCancel, opSend, opRecv                     = 6, 13, 14, 26, 27

	multishotAccept           = 1 << 0         // sqe.ioprio of accept
	pollFirst, multishotRecv  = 1 << 0, 1 << 1 // and of recv
	selectBuffer, skipSuccess = 1 << 5, 1 << 6 // sqe.flags
	cancelAll, cancelFD       = 1 << 0, 1 << 1 // sqe.how
	hasBuffer, hasMore        = 1 << 0, 1 << 1 // cqe.flags
	completionsOverflow       = 1 << 1         // ring.flags
	getEvents, extendedArg    = 1 << 0, 1 << 3 // io_uring_enter(2)
	minTimeout                = 1 << 15        // params.features, since Linux 6.12
	registerBuffers           = 22             // io_uring_register(2)

	atRings, atSubmissions = 0, 0x10000000 // mmap(2)
)

// sqe is struct io_uring_sqe: what to do.
type sqe struct {
	op, flags uint8
	ioprio    uint16
	fd        int32
	_, addr   uint64
	len, how  uint32
	data      uint64
	_         [24]byte // buffer group 0
}

// cqe is struct io_uring_cqe: what has been done.
type cqe struct {
	data  uint64
	res   int32
	flags uint32
}

func (e cqe) op() uint8 { return uint8(e.data >> 32) }

// buffer is struct io_uring_buf. In the first one tail is the ring's.
type buffer struct {
	addr     uint64
	len      uint32
	id, tail uint16
}

// params is struct io_uring_params: what is asked, and where the parts of the
// rings lie in their memory.
type params struct {
	sqEntries, cqEntries, flags, _, _, features uint32
	_                                           [4]uint32
	sq                                          struct{ head, tail, mask, entries, flags, dropped, array, _, _, _ uint32 }
	cq                                          struct{ head, tail, mask, entries, overflow, cqes, flags, _, _, _ uint32 }
}

// ring is an io_uring of one thread: a queue of what is to be done and one of
// what has been done, in memory that the kernel shares, and a ring of buffers
// from which the kernel takes one when a connection has something to say. It
// touches them only while this thread is inside of submit (DEFER_TASKRUN), so that
// nothing here need be atomic.
type ring struct {
	fd             int
	queued         int  // entries that the kernel does not know of
	quiet          bool // nothing was done as long as patience lasts
	tail, head     uint32
	sqTail, flags  *uint32
	cqHead, cqTail *uint32
	todo           []sqe
	done           []cqe
	buffers        []buffer
	memory         []byte // of the buffers
	given, free    int    // buffers: ever, now
	batch          int    // how many completions submit waits for, as long as linger
	linger         uint64 // in microseconds; 0: this kernel can not
	patience       unix.Timespec
	extended       [3]uint64 // struct io_uring_getevents_arg
}

// open makes a ring that only this thread may use.
func (r *ring) open(entries, buffers, size int) (err error) {
	p := params{cqEntries: uint32(4 * entries), flags: setupCQSize | setupSubmitAll | setupSingleIssuer | setupDeferTaskrun}
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return os.NewSyscallError("io_uring_setup", errno)
	}
	r.fd, r.batch = int(fd), 1
	if p.features&minTimeout != 0 {
		r.linger = uint64(linger.Microseconds())
	}
	parts := []struct {
		fd   int
		at   int64
		size int
		mem  []byte
	}{
		{fd: r.fd, at: atRings, size: int(max(p.sq.array+4*p.sqEntries, p.cq.cqes+16*p.cqEntries))},
		{fd: r.fd, at: atSubmissions, size: 64 * int(p.sqEntries)},
		{fd: -1, size: 16 * buffers},
		{fd: -1, size: size * buffers},
	}
	for i := range parts {
		part, how := &parts[i], unix.MAP_SHARED
		if part.fd < 0 {
			how = unix.MAP_PRIVATE | unix.MAP_ANON
		}
		if part.mem, err = unix.Mmap(part.fd, part.at, part.size, unix.PROT_READ|unix.PROT_WRITE, how); err != nil {
			return os.NewSyscallError("mmap", err)
		}
	}
	word := func(at uint32) *uint32 { return (*uint32)(unsafe.Pointer(&parts[0].mem[at])) }
	r.sqTail, r.flags, r.cqHead, r.cqTail = word(p.sq.tail), word(p.sq.flags), word(p.cq.head), word(p.cq.tail)
	for i := range p.sqEntries {
		*word(p.sq.array + 4*i) = i
	}
	r.todo = unsafe.Slice((*sqe)(unsafe.Pointer(&parts[1].mem[0])), p.sqEntries)
	r.done = unsafe.Slice((*cqe)(unsafe.Pointer(word(p.cq.cqes))), p.cqEntries)
	r.buffers = unsafe.Slice((*buffer)(unsafe.Pointer(&parts[2].mem[0])), buffers)
	r.memory = parts[3].mem
	reg := [5]uint64{uint64(uintptr(unsafe.Pointer(&r.buffers[0]))), uint64(buffers)} // struct io_uring_buf_reg, group 0
	if _, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, fd, registerBuffers, uintptr(unsafe.Pointer(&reg)), 1, 0, 0); errno != 0 {
		return os.NewSyscallError("io_uring_register", errno)
	}
	for id := range buffers {
		r.give(uint16(id))
	}
	r.patience.Nsec = 8e6
	r.extended[2] = uint64(uintptr(unsafe.Pointer(&r.patience)))
	return nil
}

// next is an empty entry, for the next submit. When the queue is full the kernel
// takes what is in it first.
func (r *ring) next(op uint8, fd int) *sqe {
	for r.queued == len(r.todo) {
		r.call(0, 0)
	}
	e := r.entry(r.tail)
	*e = sqe{op: op, fd: int32(fd), data: uint64(op)<<32 | uint64(uint32(fd))}
	r.tail++
	r.queued++
	return e
}

// entry is what stands at a place of the queue, which holds says is still there.
func (r *ring) entry(at uint32) *sqe { return &r.todo[at&uint32(len(r.todo)-1)] }

func (r *ring) holds(at uint32) bool { return r.tail-at <= uint32(r.queued) }

// submit has the kernel do what is queued, and waits for something to be done if
// wait is 1. It may come back without.
func (r *ring) submit(wait int) error {
	var errno unix.Errno
	if r.quiet && wait > 0 && r.queued == 0 {
		_, _, errno = unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), 0, uintptr(wait), getEvents, 0, 0)
		m.Enters.Inc()
	} else {
		errno = r.call(wait, getEvents)
	}
	r.quiet = wait > 0 && r.empty()
	switch errno {
	case 0, unix.ETIME, unix.EAGAIN, unix.EBUSY: // of the last two: what is still queued is for the next time
		return nil
	case unix.EINTR:
		m.Interrupted.Inc()
		return nil
	}
	return os.NewSyscallError("io_uring_enter", errno)
}

// call is io_uring_enter(2) as a raw system call, for the reasons that
// labs/reuseport gives, and therefore for 8 ms at most: when the ring was quiet
// for as long, submit waits in the way of which the Go scheduler knows.
func (r *ring) call(wait, flags int) unix.Errno {
	*r.sqTail = r.tail
	if r.extended[1] = 0; wait > 0 && r.batch > 1 {
		wait, r.extended[1] = r.batch, r.linger<<32 // after sigmask_sz comes min_wait_usec
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(r.queued), uintptr(wait), uintptr(flags|extendedArg),
		uintptr(unsafe.Pointer(&r.extended)), unsafe.Sizeof(r.extended))
	m.Enters.Inc()
	if errno == 0 {
		r.queued -= int(n)
	}
	return errno
}

// gather has the next submit wait for one completion more when this one brought
// as many as it had to, and several, up to most; and for half of what came when
// it waited in vain.
func (r *ring) gather(brought, most int) {
	switch {
	case r.linger == 0:
	case brought < r.batch:
		r.batch = max(brought/2, 1)
	case brought > 1:
		r.batch = min(r.batch+1, most)
	}
}

func (r *ring) empty() bool { return r.head == *r.cqTail }

// take returns what has been done, one after the other. What did not fit into
// the queue the kernel has kept, and puts in now.
func (r *ring) take() (e cqe, ok bool) {
	if r.empty() {
		if *r.flags&completionsOverflow == 0 {
			return cqe{}, false
		}
		if r.call(0, getEvents); r.empty() {
			return cqe{}, false
		}
	}
	e = r.done[r.head&uint32(len(r.done)-1)]
	r.head++
	*r.cqHead = r.head
	return e, true
}

// bytes is what the kernel has put into a buffer.
func (r *ring) bytes(id uint16, n int) []byte {
	size := len(r.memory) / len(r.buffers)
	return r.memory[int(id)*size:][:n:n]
}

// give lets the kernel have a buffer, again.
func (r *ring) give(id uint16) {
	size := len(r.memory) / len(r.buffers)
	b := &r.buffers[r.given&(len(r.buffers)-1)]
	b.addr, b.len, b.id = uint64(uintptr(unsafe.Pointer(&r.memory[int(id)*size]))), uint32(size), id
	r.given++
	r.free++
	r.buffers[0].tail = uint16(r.given)
}
