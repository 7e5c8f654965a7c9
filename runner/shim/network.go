//go:build linux

package shim

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// loopbackUp brings lo up in a new network namespace, netdevice(7).
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, lo); err != nil {
		return os.NewSyscallError("SIOCGIFFLAGS lo", err)
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	return os.NewSyscallError("SIOCSIFFLAGS lo", unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo))
}

// setSysctls writes settings of the network, in the order of their names.
func setSysctls(values map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		path, err := sysctlPath(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(values[name]+"\n"), 0); err != nil {
			return fmt.Errorf("sysctl %s: %w", name, errno(err))
		}
	}
	return nil
}

var sysctlName = regexp.MustCompile(`^net(\.[a-z0-9_-]+)+$`)

// sysctlPath returns the file of a setting of the network; no other is named.
func sysctlPath(name string) (string, error) {
	if !sysctlName.MatchString(name) {
		return "", fmt.Errorf("sysctl %q: %w", name, unix.EINVAL)
	}
	return "/proc/sys/" + strings.ReplaceAll(name, ".", "/"), nil
}
