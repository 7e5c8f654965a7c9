//go:build linux

package sock

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Listen returns a blocking listening socket; port 0 is any free port. Its
// errors name the call and the address.
//
// What it sets, the accepted sockets inherit: no Nagle delay, and the same
// congestion control everywhere, so that two hosts' figures can be compared.
func Listen(addr netip.AddrPort, backlog int) (lfd int, err error) {
	return ListenWith(addr, backlog, func(int) error { return nil })
}

// pinCongestion takes cubic, or reno where only root may have cubic: reno is
// always there and allowed to all (tcp(7), tcp_allowed_congestion_control).
func pinCongestion(fd int) {
	if unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "cubic") != nil {
		unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno")
	}
}

func sockaddr(addr netip.AddrPort) (family int, sa unix.Sockaddr) {
	if ip := addr.Addr(); ip.Is6() {
		return unix.AF_INET6, &unix.SockaddrInet6{Addr: ip.As16(), Port: int(addr.Port())}
	}
	return unix.AF_INET, &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}
}

// Addr returns the address that a socket is bound to.
func Addr(fd int) (netip.AddrPort, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, os.NewSyscallError("getsockname", err)
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)), nil
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port)), nil
	}
	return netip.AddrPort{}, fmt.Errorf("socket %d: not an IP socket", fd)
}
