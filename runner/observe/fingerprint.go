//go:build linux

package observe

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// Fingerprint returns what of this machine must be equal for figures to be
// comparable; what cannot be read is empty. Isolation is for the runner to say.
func Fingerprint() telemetry.Host {
	h := telemetry.Host{Cores: runtime.NumCPU(), Go: runtime.Version()}
	h.Name, _ = os.Hostname()
	h.OS = osName(content("/etc/os-release"))
	h.CPU = cpuName(content("/proc/cpuinfo"))
	h.Congestion = strings.TrimSpace(content("/proc/sys/net/ipv4/tcp_congestion_control"))
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		h.Kernel = unix.ByteSliceToString(u.Release[:])
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		h.Memory = int64(info.Totalram) * int64(info.Unit)
	}
	return h
}

func content(path string) string {
	data, _ := os.ReadFile(path)
	return string(data)
}

// osName finds PRETTY_NAME, os-release(5).
func osName(release string) string {
	for line := range strings.Lines(release) {
		v, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME=")
		if !ok {
			continue
		}
		if plain, err := strconv.Unquote(v); err == nil {
			v = plain
		}
		return strings.Join(strings.Fields(strings.Trim(v, "'")), " ") // one line, whatever stood in the quotes
	}
	return ""
}

// cpuName finds the model, which x86 has; other architectures are named instead.
func cpuName(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
			return strings.TrimSpace(v)
		}
	}
	return runtime.GOARCH
}
