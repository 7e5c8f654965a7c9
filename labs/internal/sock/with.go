//go:build linux

package sock

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// ListenWith is Listen with something done to the socket before bind(2), such
// as an option that bind looks at.
func ListenWith(addr netip.AddrPort, backlog int, before func(lfd int) error) (lfd int, err error) {
	if lfd, err = bind(addr, before); err != nil {
		return -1, err
	}
	if err := unix.Listen(lfd, backlog); err != nil {
		unix.Close(lfd)
		return -1, fmt.Errorf("listen %s: %w", addr, err)
	}
	return lfd, nil
}
