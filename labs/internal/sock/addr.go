// Package sock is what earlier lessons taught, as small functions on raw
// descriptors: a lab imports them so that it holds its own lesson only.
package sock

import (
	"fmt"
	"net/netip"
)

// ParseAddr reads an IP address and a port: 127.0.0.1:9000, [::1]:0.
// Names are refused, because resolving them is another lesson.
func ParseAddr(text string) (netip.AddrPort, error) {
	addr, err := netip.ParseAddrPort(text)
	if err != nil || addr.Addr().Zone() != "" {
		return netip.AddrPort{}, fmt.Errorf("%q is no address: it takes an IP address and a port, like 127.0.0.1:9000", text)
	}
	return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), nil
}
