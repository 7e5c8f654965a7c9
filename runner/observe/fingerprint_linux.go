package observe

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// Fingerprint describes this machine, all but Isolation. What can not be read
// is left empty.
func Fingerprint() telemetry.Host {
	h := telemetry.Host{Cores: runtime.NumCPU(), Go: runtime.Version()}
	h.Name, _ = os.Hostname()
	h.OS = strings.Trim(after("/etc/os-release", "PRETTY_NAME="), `"`)
	h.CPU = strings.TrimLeft(after("/proc/cpuinfo", "model name"), " \t:")
	h.Congestion = after("/proc/sys/net/ipv4/tcp_congestion_control", "")
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		h.Kernel = unix.ByteSliceToString(name.Release[:])
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		h.Memory = int64(info.Totalram) * int64(info.Unit)
	}
	return h
}

// after returns the rest of the first line of a file that begins with label.
func after(file, label string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), label); ok {
			return rest
		}
	}
	return ""
}
