//go:build linux

package main

import (
	"io"
	"log"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/sock"
)

// pause is between two connections that probe makes.
const pause = 50 * time.Millisecond

// probe connects to a listener of its own again and again, until SIGTERM.
func probe(quit int) {
	ufd, err := listen()
	for err == nil {
		err = once(ufd, quit)
		if err == nil {
			err = await(-1, 0, time.Now().Add(pause), quit)
		}
		if err == errLate {
			err = nil
		}
	}
	if err != io.EOF {
		log.Print(err)
	}
	unix.Close(ufd)
}

// listen makes the listener. A mute one swallows every segment that comes, as a
// host does that is gone (socket(7), SO_ATTACH_FILTER).
func listen() (ufd int, err error) {
	if ufd, err = sock.Listen(netip.MustParseAddrPort("127.0.0.1:0"), 16); err != nil || *upstream != "mute" {
		return ufd, err
	}
	ret := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	return ufd, os.NewSyscallError("setsockopt", unix.SetsockoptSockFprog(ufd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(ret)), Filter: &ret[0]}))
}

// once connects, and closes what came of it.
func once(ufd, quit int) error {
	fd, err := connect(ufd, quit)
	switch err {
	case nil:
		m.Connects.Inc()
		cfd, _, err := unix.Accept4(ufd, unix.SOCK_CLOEXEC)
		unix.Close(fd)
		unix.Close(cfd)
		return os.NewSyscallError("accept4", err)
	case errLate: // our budget; the kernel would have gone on trying
		m.ConnectTimeouts.Inc()
	case unix.ETIMEDOUT: // the kernel's (tcp(7), tcp_syn_retries)
		m.Etimedout.Inc()
	default:
		return err
	}
	return nil
}

// connect opens a connection to where ufd listens, within the budget. A
// connect(2) that has begun is over when the socket can be written to, and
// SO_ERROR says how (connect(2), EINPROGRESS).
func connect(ufd, quit int) (fd int, err error) {
	to, err := unix.Getsockname(ufd)
	if err != nil {
		return -1, os.NewSyscallError("getsockname", err)
	}
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	err = unix.Connect(fd, to)
	if err == unix.EINPROGRESS || err == unix.EINTR { // EINTR: it goes on all the same
		var until time.Time
		if *connectTimeout > 0 {
			until = time.Now().Add(*connectTimeout)
		}
		if err = await(fd, unix.POLLOUT, until, quit); err == nil {
			err = outcome(fd)
		}
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func outcome(fd int) error {
	errno, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && errno != 0 {
		err = unix.Errno(errno)
	}
	return err
}
