//go:build linux

package shim

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// The control socket carries one JSON object to a packet, with descriptors
// beside it (SCM_RIGHTS, unix(7)). Each request has one reply, in order; replies
// with Exit come on their own.

const (
	packet  = 192 << 10 // bytes, below the default of net.core.wmem_default
	self    = "/proc/self/exe"
	tag     = "SOCKETLABS_RUN="
	ctrlFD  = 3
	maxPass = 3 // descriptors beside one packet
)

// request has one of its fields.
type request struct {
	Setup  *setup      `json:"setup,omitempty"`
	Start  *start      `json:"start,omitempty"`
	Signal *signalling `json:"signal,omitempty"`
	Diag   bool        `json:"diag,omitempty"`
}

type setup struct {
	Subreaper bool              `json:"subreaper,omitempty"`
	Own       bool              `json:"own,omitempty"` // a network of its own
	Sysctl    map[string]string `json:"sysctl,omitempty"`
}

type start struct {
	ID      int     `json:"id"`
	Command Command `json:"command"`
	Limits  Limits  `json:"limits"`
}

type signalling struct {
	ID     int            `json:"id"`
	Signal syscall.Signal `json:"signal"`
}

type reply struct {
	PID   int           `json:"pid,omitempty"`
	What  string        `json:"what,omitempty"` // that failed: a call, or a call and its operand
	Errno syscall.Errno `json:"errno,omitempty"`

	ID   int     `json:"id,omitempty"` // of the process that has ended
	Exit *Status `json:"exit,omitempty"`
}

// answered is a reply with the descriptors that came with it.
type answered struct {
	reply
	fds []int
}

func (r reply) err() error {
	switch {
	case r.Errno == 0:
		return nil
	case r.What == "":
		return r.Errno
	}
	return os.NewSyscallError(r.What, r.Errno)
}

// socketpair returns both ends of a control socket; theirs is to be inherited.
func socketpair() (ours *net.UnixConn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "control")
	ours, err = control(fds[0])
	if err != nil {
		theirs.Close()
	}
	return ours, theirs, err
}

// control makes a connection of an end of a socketpair, and owns fd.
func control(fd int) (*net.UnixConn, error) {
	f := os.NewFile(uintptr(fd), "control")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	return c.(*net.UnixConn), nil
}

func send(c *net.UnixConn, v any, fds ...int) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(data) > packet {
		return os.NewSyscallError("sendmsg", unix.EMSGSIZE)
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	_, _, err = c.WriteMsgUnix(data, rights, nil)
	return err
}

// receive reads one packet into v and returns its descriptors, all of them
// close-on-exec.
func receive(c *net.UnixConn, v any) ([]int, error) {
	data, rights := make([]byte, packet), make([]byte, unix.CmsgSpace(4*maxPass))
	n, rn, _, _, err := c.ReadMsgUnix(data, rights)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, io.EOF
	}
	fds, err := parseRights(rights[:rn])
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data[:n], v); err != nil {
		closeAll(fds)
		return nil, fmt.Errorf("control: %w", err)
	}
	return fds, nil
}

func parseRights(rights []byte) ([]int, error) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil, os.NewSyscallError("recvmsg", err)
	}
	var fds []int
	for _, m := range messages {
		more, err := unix.ParseUnixRights(&m)
		if err != nil {
			closeAll(fds)
			return nil, os.NewSyscallError("recvmsg", err)
		}
		fds = append(fds, more...)
	}
	return fds, nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}
