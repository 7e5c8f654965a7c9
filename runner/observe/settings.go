package observe

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// sysctls are the kernel settings that decide about a server's sockets.
var sysctls = []string{
	"fs.file-max", "fs.nr_open",
	"net.core.netdev_max_backlog", "net.core.rmem_default", "net.core.rmem_max", "net.core.somaxconn", "net.core.wmem_default", "net.core.wmem_max",
	"net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.ip_unprivileged_port_start",
	"net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_rmem", "net.ipv4.tcp_tw_recycle", "net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_wmem",
}

// Settings reads, and never changes, what the kernel is set to now, in the network
// of this process: by the names of sysctl(8), words separated by one space. Beside
// them nofile.soft and nofile.hard are this process's limits of descriptors, and
// softnet.dropped the packets that found netdev_max_backlog full since the start of
// the machine. What this system does not have is not there; elsewhere than on Linux
// that is everything.
func Settings() map[string]string { return settings("/proc") }

func settings(proc string) map[string]string {
	now := map[string]string{}
	for _, name := range sysctls {
		if data, err := os.ReadFile(filepath.Join(proc, "sys", strings.ReplaceAll(name, ".", "/"))); err == nil {
			now[name] = strings.Join(strings.Fields(string(data)), " ")
		}
	}
	if data, err := os.ReadFile(filepath.Join(proc, "self", "limits")); err == nil {
		if soft, hard, ok := openFiles(string(data)); ok {
			now["nofile.soft"], now["nofile.hard"] = soft, hard
		}
	}
	if data, err := os.ReadFile(filepath.Join(proc, "net", "softnet_stat")); err == nil {
		now["softnet.dropped"] = strconv.FormatUint(dropped(string(data)), 10)
	}
	return now
}

// openFiles finds the line of RLIMIT_NOFILE in limits, proc(5).
func openFiles(limits string) (soft, hard string, ok bool) {
	for line := range strings.Lines(limits) {
		rest, is := strings.CutPrefix(line, "Max open files")
		if f := strings.Fields(rest); is && len(f) >= 2 {
			return f[0], f[1], true
		}
	}
	return "", "", false
}

// dropped sums the second column of softnet_stat over the CPUs; it is hexadecimal.
func dropped(stat string) (sum uint64) {
	for lines := bufio.NewScanner(strings.NewReader(stat)); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) > 1 {
			n, _ := strconv.ParseUint(f[1], 16, 64)
			sum += n
		}
	}
	return sum
}
