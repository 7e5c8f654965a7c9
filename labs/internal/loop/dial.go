//go:build linux

package loop

import (
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Dial connects to a server, of which data is what Conn.Data is to be: from then
// on the connection is one of the loop's, as if it had been accepted, though
// Accept does not see it. It may only be called on the loop's thread or before Run.
func (l *Loop) Dial(addr netip.AddrPort, data any) (*Conn, error) {
	family := unix.AF_INET
	var sa unix.Sockaddr = &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}
	if addr.Addr().Is6() {
		family, sa = unix.AF_INET6, &unix.SockaddrInet6{Addr: addr.Addr().As16(), Port: int(addr.Port())}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if err := unix.Connect(fd, sa); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("connect", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	c := l.list(fd)
	c.Data = data
	c.update()
	return c, nil
}
