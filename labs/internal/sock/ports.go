//go:build linux

package sock

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// LimitPorts leaves fd the first n of the local ports that connect(2) chooses
// from (ip(7), IP_LOCAL_PORT_RANGE and ip_local_port_range).
func LimitPorts(fd, n int) error {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return err
	}
	var low int
	if _, err := fmt.Sscan(string(text), &low); err != nil {
		return err
	}
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_LOCAL_PORT_RANGE, (low+n-1)<<16|low))
}
