//go:build linux

package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// player follows a schedule on one thread with system calls only, so that its
// lanes are as easy to read as the server's.
type player struct {
	addr  unix.SockaddrInet4
	start time.Duration // of CLOCK_MONOTONIC
	conns map[int]*peer // by number of the client
	buf   []byte
}

// peer is one client's connection.
type peer struct {
	fd      int
	pending int // bytes to send
	deaf    bool
	ended   bool // the server's FIN has come
}

// play is the client's process: client ADDRESS SCHEDULE, or cost.
func play(args []string) int {
	if len(args) == 1 && args[0] == "cost" {
		return sayCost()
	}
	if len(args) != 3 {
		return 2
	}
	addr, err1 := netip.ParseAddrPort(args[1])
	var s Schedule
	err2 := json.Unmarshal([]byte(args[2]), &s)
	if err1 != nil || err2 != nil {
		return 2
	}
	p := &player{addr: unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}, conns: map[int]*peer{}, buf: bytes.Repeat([]byte("abcdefghijklmnopqrstuvwxyz012345"), 2<<10)}
	if err := p.play(s); err != nil {
		fmt.Fprintln(os.Stderr, "trace: client:", err)
		return 1
	}
	return 0
}

// marks is a call that fails and does nothing: it tells the tracer that a step is
// taken now, as the client alone knows.
const marks = unix.SYS_LSEEK

func (p *player) play(s Schedule) error {
	p.start = monotonic() + 20*time.Millisecond
	for i, step := range s.Steps {
		if err := p.until(step.At); err != nil {
			return err
		}
		// Who is late stays late: what lies between two steps is what the server has time for.
		p.start = max(p.start, monotonic()-seconds(step.At))
		unix.Syscall(marks, ^uintptr(0), uintptr(i), 0)
		if err := p.step(step); err != nil {
			return err
		}
	}
	return p.until(s.Seconds)
}

// step does one step. What a connection that the server has ended cannot do is
// left undone.
func (p *player) step(s Step) error {
	c := p.conns[s.Client]
	if s.Do == Connect {
		return p.connect(s.Client)
	}
	if c == nil {
		return nil
	}
	switch s.Do {
	case Send:
		c.pending += s.Bytes
		p.send(c)
	case Deaf, Hear:
		c.deaf = s.Do == Deaf
	case Half:
		unix.Shutdown(c.fd, unix.SHUT_WR)
	case Close, Reset:
		if s.Do == Reset {
			unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		}
		delete(p.conns, s.Client)
		return os.NewSyscallError("close", unix.Close(c.fd))
	}
	return nil
}

func (p *player) connect(client int) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	if err := unix.Connect(fd, &p.addr); err != nil {
		return os.NewSyscallError("connect", err)
	}
	var self unix.RawSockaddrInet4 // for whoever looks: it names the connection
	size := uint32(unsafe.Sizeof(self))
	unix.Syscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&self)), uintptr(unsafe.Pointer(&size)))
	p.conns[client] = &peer{fd: fd}
	return os.NewSyscallError("fcntl", unix.SetNonblock(fd, true))
}

// send sends what fits.
func (p *player) send(c *peer) {
	for c.pending > 0 {
		n, err := unix.SendmsgN(c.fd, p.buf[:min(c.pending, len(p.buf))], nil, nil, unix.MSG_NOSIGNAL)
		if err != nil {
			if err != unix.EAGAIN {
				c.pending = 0
			}
			return
		}
		c.pending -= n
	}
}

// until reads and sends as the connections allow, until the time has come.
func (p *player) until(at float64) error {
	for {
		rest := p.start + seconds(at) - monotonic()
		if rest <= 0 {
			return nil
		}
		fds, who := p.wanted()
		n, err := unix.Poll(fds, int((rest+time.Millisecond-1)/time.Millisecond))
		if err != nil && err != unix.EINTR {
			return os.NewSyscallError("poll", err)
		}
		for i := 0; n > 0 && i < len(fds); i++ {
			p.handle(who[i], fds[i].Revents)
		}
	}
}

// wanted is what poll(2) is asked; what is deaf and has nothing to send is left out.
func (p *player) wanted() (fds []unix.PollFd, who []*peer) {
	for client := 1; client <= 16; client++ {
		c := p.conns[client]
		if c == nil {
			continue
		}
		var events int16
		if !c.deaf && !c.ended {
			events |= unix.POLLIN
		}
		if c.pending > 0 {
			events |= unix.POLLOUT
		}
		if events != 0 {
			fds, who = append(fds, unix.PollFd{Fd: int32(c.fd), Events: events}), append(who, c)
		}
	}
	return fds, who
}

func (p *player) handle(c *peer, got int16) {
	if got&unix.POLLOUT != 0 {
		p.send(c)
	}
	if got&(unix.POLLIN|unix.POLLHUP|unix.POLLERR) != 0 && !c.deaf {
		n, err := unix.Read(c.fd, p.buf)
		if n == 0 || err != nil && err != unix.EAGAIN && err != unix.EINTR {
			c.ended, c.pending = true, 0
		}
	}
}
