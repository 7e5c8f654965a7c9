//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// piece is what writev(2) gathers: the size of a page.
const piece = 4096

// fileSize is what there is to download.
const fileSize = 16 << 20

var (
	file    int    // in memory, without a name
	mapping []byte // the same
)

// create makes the file. Its word i is a multiple of i+1 that repeats nowhere, so
// that a client can tell every byte.
func create() (err error) {
	if file, err = unix.MemfdCreate("sendfile", unix.MFD_CLOEXEC); err != nil {
		return os.NewSyscallError("memfd_create", err)
	}
	if err := unix.Ftruncate(file, fileSize); err != nil {
		return os.NewSyscallError("ftruncate", err)
	}
	mapping, err = unix.Mmap(file, 0, fileSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	for i := range fileSize / 8 {
		binary.LittleEndian.PutUint64(mapping[8*i:], uint64(i+1)*0x9E3779B97F4A7C15)
	}
	return nil
}

// sender is what a thread sends with.
type sender struct {
	cfd         int
	buf         []byte // readwrite, writev
	pipe        [2]int // splice
	piped       int    // splice: bytes in the pipe
	lent, freed uint32 // zerocopy: calls whose bytes the kernel has borrowed, and has given back
}

// prepare makes what the way needs, and bounds each single call (socket(7), SO_RCVTIMEO).
func prepare(s *sender) error {
	rcv := unix.NsecToTimeval(readTimeout.Nanoseconds())
	snd := unix.NsecToTimeval(writeTimeout.Nanoseconds())
	err := os.NewSyscallError("setsockopt", errors.Join(
		unix.SetsockoptTimeval(s.cfd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &rcv),
		unix.SetsockoptTimeval(s.cfd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &snd)))
	switch {
	case err != nil:
		return err
	case *way == "splice":
		if err := unix.Pipe2(s.pipe[:], unix.O_CLOEXEC); err != nil {
			return failed("pipe2", err)
		}
		unix.FcntlInt(uintptr(s.pipe[0]), unix.F_SETPIPE_SZ, *chunk) // a smaller one only costs calls (pipe(7), Pipe capacity)
	case *way == "zerocopy":
		return os.NewSyscallError("setsockopt", unix.SetsockoptInt(s.cfd, unix.SOL_SOCKET, unix.SO_ZEROCOPY, 1))
	case *way != "sendfile":
		s.buf = make([]byte, *chunk)
	}
	return nil
}

// dismiss takes back what prepare made.
func dismiss(s *sender) {
	if s.pipe != [2]int{} {
		unix.Close(s.pipe[0])
		unix.Close(s.pipe[1])
	}
}

// send sends up to size bytes from at, and returns how many the socket has taken.
func send(s *sender, at, size int) (n int, err error) {
	offset := int64(at)
	switch *way {
	case "readwrite": // into our memory and out again: two copies
		if size, err = pread(s.buf[:size], offset); err != nil {
			return 0, err
		}
		m.Calls.Inc()
		return unix.Write(s.cfd, s.buf[:size])
	case "writev": // fewer calls, the same copies
		var pieces [][]byte
		for from := 0; from < size; from += piece {
			p := s.buf[from:min(from+piece, size)]
			if _, err := pread(p, offset+int64(from)); err != nil {
				return 0, err
			}
			pieces = append(pieces, p)
		}
		m.Calls.Inc()
		return unix.Writev(s.cfd, pieces)
	case "splice": // a pipe that holds pages of the file, not copies of them
		if s.piped == 0 {
			m.Calls.Inc()
			n, err := unix.Splice(file, &offset, s.pipe[1], nil, size, 0)
			if err != nil {
				return 0, err
			}
			s.piped = int(n)
		}
		m.Calls.Inc()
		n, err := unix.Splice(s.pipe[0], nil, s.cfd, nil, s.piped, 0)
		s.piped -= max(0, int(n))
		return int(n), err
	case "sendfile": // the same in one call, with a pipe inside the kernel
		m.Calls.Inc()
		return unix.Sendfile(s.cfd, file, &offset, size)
	default: // zerocopy: our own memory is lent to the kernel until it says otherwise
		m.Calls.Inc()
		n, err := unix.SendmsgN(s.cfd, mapping[at:at+size], nil, nil, unix.MSG_ZEROCOPY)
		if err == nil {
			s.lent++
		}
		return n, err
	}
}

func pread(p []byte, offset int64) (int, error) {
	m.Calls.Inc()
	return unix.Pread(file, p, offset)
}

// settle waits until nothing is lent any more: before that the program must not
// change what it has sent. An error queue that is not empty is POLLERR.
func settle(s *sender) error {
	for s.lent != s.freed {
		m.Calls.Inc()
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(s.cfd)}}, pollTimeout())
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
		case err != nil:
			return os.NewSyscallError("poll", err)
		case n == 0:
			m.Timeouts.Inc()
			return io.EOF
		case !completions(s): // an error, and it is no completion: the connection is over
			m.Resets.Inc()
			return io.EOF
		}
	}
	return nil
}

func pollTimeout() int {
	if *writeTimeout == 0 {
		return -1
	}
	return int((*writeTimeout + time.Millisecond - 1) / time.Millisecond)
}

// completions reads one message of the error queue: from which to which call the
// bytes are free, and whether the kernel has copied them after all
// (Documentation/networking/msg_zerocopy.rst, Notification Parsing).
func completions(s *sender) (some bool) {
	control := make([]byte, 128)
	m.Calls.Inc()
	_, n, _, _, err := unix.Recvmsg(s.cfd, make([]byte, 1), control, unix.MSG_ERRQUEUE)
	if err != nil {
		return false
	}
	messages, _ := unix.ParseSocketControlMessage(control[:n])
	for _, c := range messages { // a struct sock_extended_err each
		if len(c.Data) < 16 || c.Data[4] != unix.SO_EE_ORIGIN_ZEROCOPY {
			continue
		}
		calls := binary.NativeEndian.Uint32(c.Data[12:]) - binary.NativeEndian.Uint32(c.Data[8:]) + 1
		s.freed += calls
		m.Completions.Add(int(calls))
		if c.Data[6]&unix.SO_EE_CODE_ZEROCOPY_COPIED != 0 {
			m.Copied.Add(int(calls))
		}
		some = true
	}
	return some
}

// failed says what an error means: io.EOF, when it is one of the ways in which
// a connection ends.
func failed(call string, err error) error {
	switch err {
	case unix.EAGAIN: // SO_RCVTIMEO or SO_SNDTIMEO expired
		m.Timeouts.Inc()
		return io.EOF
	case unix.ECONNRESET:
		m.Resets.Inc()
		return io.EOF
	case unix.EPIPE: // the reset was noticed by an earlier call
		m.BrokenPipes.Inc()
		return io.EOF
	case unix.EMFILE, unix.ENFILE: // no pipe for it
		m.Emfile.Inc()
		return io.EOF
	}
	return os.NewSyscallError(call, err)
}
