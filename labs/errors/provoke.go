//go:build linux

package main

import (
	"errors"
	"fmt"
	"log"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/sock"
)

const (
	victim      = "LABS_ERRORS_VICTIM" // environment of the child that sigpipe starts
	moreFiles   = 5                    // descriptors that emfile leaves
	ports       = 10                   // that eaddrnotavail leaves
	userTimeout = 500                  // milliseconds without an acknowledgement
)

var loopback = [4]byte{127, 0, 0, 1}

// errKilled stands for death by SIGPIPE, which no errno tells.
var errKilled = errors.New("killed by SIGPIPE")

// provoke makes the failure happen, again after each pause, until SIGTERM. Every
// recipe returns the error of the call that failed.
func provoke(lfd, quit int) {
	recipe := map[string]func(lfd int) error{
		"eintr": eintr, "eagain": eagain, "econnreset": econnreset, "etimedout": etimedout, "epipe": epipe,
		"sigpipe": sigpipe, "econnrefused": econnrefused, "eaddrinuse": eaddrinuse, "eaddrnotavail": eaddrnotavail,
	}[*failure]
	if recipe == nil {
		return
	}
	for {
		if err := recipe(lfd); err != nil && meaning(err) == fault {
			log.Printf("%s: %v", *failure, err)
			return
		}
		fds := []unix.PollFd{{Fd: int32(quit), Events: unix.POLLIN}}
		if n, _ := unix.Poll(fds, int(every.Milliseconds())); n > 0 {
			return
		}
	}
}

// pair is two ends of a connection over loopback.
type pair struct{ a, b int }

func connected() (p pair, err error) {
	lfd, err := sock.Listen(netip.AddrPortFrom(netip.AddrFrom4(loopback), 0), 1)
	if err != nil {
		return p, err
	}
	defer unix.Close(lfd)
	to, err := unix.Getsockname(lfd)
	if err != nil {
		return p, err
	}
	if p.a, err = tcp(); err != nil {
		return p, err
	}
	if err = unix.Connect(p.a, to); err == nil {
		p.b, _, err = unix.Accept4(lfd, unix.SOCK_CLOEXEC)
	}
	if err != nil {
		unix.Close(p.a)
	}
	return p, err
}

func tcp() (fd int, err error) {
	return unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
}

func (p pair) close() {
	unix.Close(p.a)
	unix.Close(p.b)
}

// eintr has a signal end a read. Go's handlers restart calls (SA_RESTART), but
// never a read of a socket with a timeout (signal(7)).
func eintr(int) error {
	p, err := connected()
	if err != nil {
		return err
	}
	defer p.close()
	unix.SetsockoptTimeval(p.a, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1})
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var signals sync.WaitGroup
	tid, done := unix.Gettid(), make(chan struct{})
	signals.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond): // by then the read sleeps; if not, the next one finds it
				unix.Tgkill(os.Getpid(), tid, unix.SIGURG)
			}
		}
	})
	_, err = unix.Read(p.a, make([]byte, 1))
	close(done)
	signals.Wait()
	return err
}

// eagain reads an empty queue without waiting.
func eagain(int) error {
	p, err := connected()
	if err != nil {
		return err
	}
	defer p.close()
	unix.SetNonblock(p.a, true)
	_, err = unix.Read(p.a, make([]byte, 1))
	return err
}

// econnreset has the peer close with RST (socket(7), SO_LINGER).
func econnreset(int) error {
	p, err := connected()
	if err != nil {
		return err
	}
	defer unix.Close(p.a)
	unix.SetsockoptLinger(p.b, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	unix.Close(p.b)
	_, err = unix.Read(p.a, make([]byte, 1))
	return err
}

// etimedout makes the peer deaf: a filter drops every segment that comes, so
// that nothing is acknowledged (tcp(7), TCP_USER_TIMEOUT).
func etimedout(int) error {
	p, err := connected()
	if err != nil {
		return err
	}
	defer p.close()
	drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	unix.SetsockoptSockFprog(p.b, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop})
	unix.SetsockoptInt(p.a, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, userTimeout)
	if _, err := unix.Write(p.a, []byte("anybody?")); err != nil {
		return err
	}
	_, err = unix.Read(p.a, make([]byte, 1))
	return err
}

// broken is an end whose peer has closed and answered a write with RST.
func broken() (fd int, err error) {
	p, err := connected()
	if err != nil {
		return -1, err
	}
	unix.Close(p.b)
	if _, err = unix.Write(p.a, []byte{1}); err == nil { // this one succeeds
		_, err = unix.Poll([]unix.PollFd{{Fd: int32(p.a)}}, 1000) // POLLHUP: RST is here
	}
	if err != nil {
		unix.Close(p.a)
	}
	return p.a, err
}

// epipe writes to it.
func epipe(int) error {
	fd, err := broken()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = unix.Write(fd, []byte{1})
	return err
}

// sigpipe has a child write to it that does not ignore SIGPIPE.
func sigpipe(int) error {
	fd, err := broken()
	if err != nil {
		return err
	}
	out := os.NewFile(uintptr(fd), "socket")
	defer out.Close()
	child := exec.Command("/proc/self/exe")
	child.Env, child.Stdout = append(os.Environ(), victim+"=1"), out
	err = child.Run()
	if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == unix.SIGPIPE {
		return errKilled
	}
	return fmt.Errorf("the child lives: %v", err)
}

// die writes as a program does that has not thought of SIGPIPE. Go kills for a
// broken pipe on standard output only (os/signal, SIGPIPE).
func die() {
	os.Stdout.Write([]byte{1})
	os.Exit(0)
}

// econnrefused connects to a port that nobody listens on.
func econnrefused(int) error {
	mine, err := tcp() // it holds the port, so that nobody comes to listen there
	if err != nil {
		return err
	}
	defer unix.Close(mine)
	if err := unix.Bind(mine, &unix.SockaddrInet4{Addr: loopback}); err != nil {
		return err
	}
	to, err := unix.Getsockname(mine)
	if err != nil {
		return err
	}
	fd, err := tcp()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, to)
}

// eaddrinuse binds to where we listen. SO_REUSEADDR does not help: it is for
// addresses of connections that are over (socket(7)).
func eaddrinuse(lfd int) error {
	taken, err := unix.Getsockname(lfd)
	if err != nil {
		return err
	}
	fd, err := tcp()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	return unix.Bind(fd, taken)
}

// eaddrnotavail connects to one place until the local ports are used up, which
// a range of ten makes soon (ip(7), IP_LOCAL_PORT_RANGE).
func eaddrnotavail(int) error {
	lfd, err := sock.Listen(netip.AddrPortFrom(netip.AddrFrom4(loopback), 0), 2*ports)
	if err != nil {
		return err
	}
	defer unix.Close(lfd)
	to, err := unix.Getsockname(lfd)
	if err != nil {
		return err
	}
	for range ports + 1 {
		fd := -1
		if err == nil {
			fd, err = tcp()
		}
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}) // leave no TIME_WAIT behind
		if err = sock.LimitPorts(fd, ports); err == nil {
			err = unix.Connect(fd, to)
		}
	}
	return err
}

// emfile leaves room for a few clients. The limit bounds the number that a new
// descriptor may get, and that is the lowest one that is free (getrlimit(2)).
func emfile() error {
	time.Sleep(time.Millisecond) // with its first timer the Go runtime opens descriptors of its own, and dies if it can not
	var limit unix.Rlimit
	fd, err := unix.Dup(0)
	if err != nil {
		return os.NewSyscallError("dup", err)
	}
	unix.Close(fd)
	unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	limit.Cur = uint64(fd + moreFiles)
	return os.NewSyscallError("setrlimit", unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
}
