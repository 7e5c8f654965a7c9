//go:build linux

package sock

import (
	"fmt"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// ListenWith is Listen with something done to the socket before bind(2), such
// as an option that bind looks at.
func ListenWith(addr netip.AddrPort, backlog int, before func(lfd int) error) (lfd int, err error) {
	family, sa := sockaddr(addr)
	lfd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if err = before(lfd); err == nil {
		err = listen(lfd, sa, backlog)
	}
	if err != nil {
		unix.Close(lfd)
		call, errno, _ := strings.Cut(err.Error(), ": ")
		return -1, fmt.Errorf("%s %s: %s", call, addr, errno)
	}
	return lfd, nil
}
