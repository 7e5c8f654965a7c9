//go:build linux

package main

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/loop"
	"socketlabs/labs/internal/rpc"
	"socketlabs/labs/internal/sock"
)

// version is a server behind the front: in this process, and with a loop and a
// port of its own.
type version struct {
	name   string
	errors float64       // share of its calls that fail
	delay  time.Duration // what each call takes more

	conn *loop.Conn // the front's, to it
	seen seen       // by the front, in this step

	quit  int
	ended chan error
}

// start has the version listen on a free port.
func (v *version) start() (addr netip.AddrPort, err error) {
	l, err := loop.New(loop.Config{Counts: &loop.Counts{}, Receive: v.drain})
	if err != nil {
		return addr, err
	}
	lfd, err := sock.Listen(netip.MustParseAddrPort("127.0.0.1:0"), 16)
	if err != nil {
		return addr, err
	}
	if err := l.Listen(lfd); err != nil {
		return addr, err
	}
	if v.quit, err = unix.Eventfd(0, unix.EFD_CLOEXEC); err != nil {
		return addr, os.NewSyscallError("eventfd2", err)
	}
	v.ended = make(chan error, 1)
	go func() { v.ended <- l.Run(v.quit) }()
	return sock.Addr(lfd)
}

func (v *version) stop() {
	unix.Write(v.quit, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	<-v.ended
	unix.Close(v.quit)
}

func (v *version) drain(c *loop.Conn) error { return rpc.Each(c, v.answer) }

func (v *version) answer(c *loop.Conn, r rpc.Request) {
	status, body, takes := rpc.OK, bytes.Clone(r.Body), v.delay
	switch r.Method {
	case rpc.Echo:
	case rpc.Work:
		takes += rpc.WorkTime(body)
	case rpc.Name:
		body = []byte(v.name)
	default:
		status, body = rpc.UnknownMethod, nil
	}
	if rand.Float64() < v.errors {
		status, body = rpc.Failed, nil
	}
	out := rpc.Append(nil, r.ID, status, body)
	if takes == 0 {
		c.Send(out)
		return
	}
	c.Hold()
	time.AfterFunc(takes, func() {
		c.Post(func() {
			c.Send(out)
			c.Release()
		})
	})
}
