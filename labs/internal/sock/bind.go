//go:build linux

package sock

import (
	"fmt"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Bind returns a socket as Listen does, that does not listen yet. Others that
// Bind made may be bound to the same address (SO_REUSEPORT, socket(7)): of those
// that listen one gets each connection; one that does not only keeps the port from
// being somebody's free port.
func Bind(addr netip.AddrPort) (fd int, err error) {
	return bind(addr, func(fd int) error { return set(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT) })
}

// bind has something done to the socket before bind(2), and names the address in
// its errors.
func bind(addr netip.AddrPort, before func(fd int) error) (fd int, err error) {
	family, sa := sockaddr(addr)
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if err = before(fd); err == nil {
		err = prepare(fd, sa)
	}
	if err != nil {
		unix.Close(fd)
		call, errno, _ := strings.Cut(err.Error(), ": ")
		return -1, fmt.Errorf("%s %s: %s", call, addr, errno)
	}
	return fd, nil
}

// prepare binds the socket with what accepted sockets inherit from it.
func prepare(fd int, sa unix.Sockaddr) error {
	if err := set(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR); err != nil {
		return err
	}
	if err := set(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY); err != nil {
		return err
	}
	pinCongestion(fd)
	return os.NewSyscallError("bind", unix.Bind(fd, sa))
}

func set(fd, level, option int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, option, 1))
}
