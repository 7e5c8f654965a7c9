// Package harden writes a systemd unit and a sysctl file for a service's own
// numbers, with the reason for each line, and has the system's tools look at them.
// It applies nothing.
package harden

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Numbers are what somebody says about a service.
type Numbers struct {
	Service     string // the unit's name without .service
	User        string // empty: systemd makes one
	Binary      string // absolute
	Args        string // words, separated by one space
	Port        int
	Connections int // at once
	Backlog     int // what listen is called with
	Files       int // descriptors beside the connections
	Outgoing    int // connections at once to one address and port
	Memory      int // MiB
	Drain       int // seconds that a stop may take
	Restarts    int // in five minutes, before systemd gives up; 0: never
}

// Field is one of the numbers as it is asked for.
type Field struct {
	Name        string
	Default     string // an example, or "" where none is the usual answer
	Least, Most int    // of a number; both 0: a text
}

// Fields are all, in the order in which they are asked for.
func Fields() []Field {
	return []Field{
		{"service", "echo", 0, 0},
		{"user", "", 0, 0},
		{"binary", "/usr/local/bin/echo-server", 0, 0},
		{"args", "", 0, 0},
		{"port", "443", 1, 65535},
		{"connections", "10000", 1, 1_000_000},
		{"backlog", "1024", 1, 65535},
		{"files", "64", 0, 1_000_000},
		{"outgoing", "0", 0, 64_000},
		{"memory", "512", 16, 1 << 20},
		{"drain", "30", 0, 3600},
		{"restarts", "20", 0, 200},
	}
}

// What a text may be. Nothing that systemd expands or splits by (%, $, quotes,
// backslashes) and nothing that leaves a line.
var (
	servicePattern = regexp.MustCompile(`\A[a-z][a-z0-9-]{0,62}\z`)
	userPattern    = regexp.MustCompile(`\A[a-z_][a-z0-9_-]{0,30}\z`)
	binaryPattern  = regexp.MustCompile(`\A(/[A-Za-z0-9._+-]+)+\z`)
	argsPattern    = regexp.MustCompile(`\A[A-Za-z0-9._/:=,@+-]+( [A-Za-z0-9._/:=,@+-]+)*\z`)
)

const longest = 400 // bytes of a path or of the arguments

// Problem is what is wrong with a field; its words are harden.wrong.CODE.
type Problem struct {
	Field string   `json:"field"`
	Code  string   `json:"code"`
	Args  []string `json:"args,omitempty"` // pairs of name and value
}

// Read takes every field from value, which gives what was typed. An empty one has
// its default where it has one. All that is wrong is told at once.
func Read(value func(field string) string) (n Numbers, wrong []Problem) {
	texts := map[string]*string{"service": &n.Service, "user": &n.User, "binary": &n.Binary, "args": &n.Args}
	numbers := map[string]*int{"port": &n.Port, "connections": &n.Connections, "backlog": &n.Backlog, "files": &n.Files,
		"outgoing": &n.Outgoing, "memory": &n.Memory, "drain": &n.Drain, "restarts": &n.Restarts}
	for _, f := range Fields() {
		typed := strings.TrimSpace(value(f.Name))
		if typed == "" {
			typed = f.Default
		}
		if into := texts[f.Name]; into != nil {
			*into = typed
			if code := wrongText(f.Name, typed); code != "" {
				wrong = append(wrong, Problem{f.Name, code, nil})
			}
			continue
		}
		v, err := strconv.Atoi(strings.ReplaceAll(typed, ",", ""))
		if err != nil || v < f.Least || v > f.Most {
			wrong = append(wrong, Problem{f.Name, "number", []string{"least", strconv.Itoa(f.Least), "most", strconv.Itoa(f.Most), "example", f.Default}})
		}
		*numbers[f.Name] = v
	}
	return n, wrong
}

// wrongText says what is wrong with a text; "" when nothing is.
func wrongText(field, v string) string {
	in := func(dirs ...string) bool {
		for _, d := range dirs {
			if strings.HasPrefix(v, d+"/") {
				return true
			}
		}
		return false
	}
	switch {
	case field == "service" && !servicePattern.MatchString(v):
		return "service"
	case field == "user" && (v == "root" || v == "nobody"):
		return v
	case field == "user" && v != "" && !userPattern.MatchString(v):
		return "user"
	case field == "binary" && (len(v) > longest || !binaryPattern.MatchString(v) || path.Clean(v) != v):
		return "binary"
	case field == "binary" && in("/home", "/root", "/run/user"):
		return "home"
	case field == "binary" && in("/tmp", "/var/tmp"):
		return "tmp"
	case field == "args" && v != "" && (len(v) > longest || !argsPattern.MatchString(v)):
		return "args"
	}
	return ""
}

// Line is one line of a file with its reason; the words are harden.why.WHY.
type Line struct {
	Section string   `json:"section,omitempty"` // of the unit
	Key     string   `json:"key"`
	Value   string   `json:"value"`
	Why     string   `json:"why"`
	Args    []string `json:"args,omitempty"` // pairs of name and value
	Source  string   `json:"source"`
}

// Left is what was left out because it would change nothing, or should be measured
// first; the words are harden.left.WHY.
type Left struct {
	Name   string   `json:"name"`
	Now    string   `json:"now"` // empty: not known
	Why    string   `json:"why"`
	Args   []string `json:"args,omitempty"`
	Source string   `json:"source"`
}

// Recipe is both files and what is not in them.
type Recipe struct {
	Service string `json:"service"`
	Unit    []Line `json:"unit"`
	Sysctl  []Line `json:"sysctl"` // empty: the host is set well enough already
	Left    []Left `json:"left"`
}

// UnitName and SysctlName are what the files are called.
func (r Recipe) UnitName() string   { return r.Service + ".service" }
func (r Recipe) SysctlName() string { return "60-" + r.Service + ".conf" }

// Write makes the recipe. now is what the host is set to, by the names of
// runner.Settings; where it says nothing the kernel's defaults are taken.
func Write(n Numbers, now map[string]string) Recipe {
	r := Recipe{Service: n.Service}
	limit := roundUp(n.Connections+n.Outgoing+n.Files+reserve, 1024)
	r.Unit = unit(n, limit, setTo(now, "net.ipv4.ip_unprivileged_port_start", 0))
	r.sysctl(n, limit, now)
	return r
}

const (
	reserve = 64  // descriptors for listeners, epoll, pipes, the runtime
	grace   = 5   // seconds more than the drain takes
	minutes = 300 // seconds in which restarts are counted
	again   = 1   // seconds between two of them
)

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// defaults are the kernel's, for a host that is not this one.
var defaults = map[string]string{
	"fs.nr_open": "1048576", "fs.file-max": "9223372036854775807", "net.core.somaxconn": "4096", "net.ipv4.tcp_max_syn_backlog": "1024",
	"net.ipv4.ip_local_port_range": "32768 60999", "net.ipv4.ip_unprivileged_port_start": "1024",
}

// setTo is word k of a setting as a number.
func setTo(now map[string]string, name string, k int) int {
	v := now[name]
	if v == "" {
		v = defaults[name]
	}
	f := strings.Fields(v)
	if k >= len(f) {
		return 0
	}
	n, _ := strconv.Atoi(f[k])
	return n
}

// unit makes the unit's lines. No line repeats what another implies.
func unit(n Numbers, limit, unprivileged int) []Line {
	var list []Line
	add := func(section, key, value, why, source string, args ...string) {
		list = append(list, Line{section, key, value, why, args, source})
	}
	add("Unit", "Description", n.Service, "description", "systemd.unit(5)")
	add("Unit", "After", "network.target", "after", "systemd.special(7)")
	if n.Restarts == 0 {
		add("Unit", "StartLimitIntervalSec", "0", "never", "systemd.unit(5)")
	} else {
		add("Unit", "StartLimitIntervalSec", strconv.Itoa(minutes), "startlimit", "systemd.unit(5)", "n", strconv.Itoa(n.Restarts))
		add("Unit", "StartLimitBurst", strconv.Itoa(n.Restarts), "burst", "systemd.unit(5)")
	}
	add("Service", "Type", "exec", "type", "systemd.service(5)")
	add("Service", "ExecStart", strings.TrimSpace(n.Binary+" "+n.Args), "exec", "systemd.service(5)")
	if n.User == "" {
		add("Service", "DynamicUser", "yes", "dynamic", "systemd.exec(5)")
	} else {
		add("Service", "User", n.User, "user", "systemd.exec(5)", "user", n.User)
	}
	if n.Port < unprivileged {
		add("Service", "AmbientCapabilities", "CAP_NET_BIND_SERVICE", "ambient", "systemd.exec(5), capabilities(7)", "port", strconv.Itoa(n.Port), "start", strconv.Itoa(unprivileged))
		add("Service", "CapabilityBoundingSet", "CAP_NET_BIND_SERVICE", "bounding", "systemd.exec(5)")
	} else {
		add("Service", "CapabilityBoundingSet", "", "nocaps", "systemd.exec(5)", "port", strconv.Itoa(n.Port))
	}
	add("Service", "LimitNOFILE", strconv.Itoa(limit), "nofile", "systemd.exec(5), getrlimit(2)", "connections", strconv.Itoa(n.Connections), "outgoing", strconv.Itoa(n.Outgoing), "files", strconv.Itoa(n.Files), "reserve", strconv.Itoa(reserve))
	add("Service", "MemoryMax", fmt.Sprintf("%dM", n.Memory), "memory", "systemd.resource-control(5)")
	add("Service", "Restart", "always", "restart", "systemd.service(5)")
	add("Service", "RestartSec", strconv.Itoa(again), "restartsec", "systemd.service(5)")
	add("Service", "TimeoutStopSec", strconv.Itoa(n.Drain+grace), "stop", "systemd.service(5), systemd.kill(5)", "drain", strconv.Itoa(n.Drain))
	if n.User != "" { // DynamicUser= implies these
		add("Service", "NoNewPrivileges", "yes", "nonew", "systemd.exec(5)")
		add("Service", "ProtectSystem", "strict", "strict", "systemd.exec(5)")
		add("Service", "PrivateTmp", "yes", "tmp", "systemd.exec(5)")
		add("Service", "RestrictSUIDSGID", "yes", "suid", "systemd.exec(5)")
	}
	for _, l := range [][2]string{
		{"ProtectHome", "home"}, {"PrivateDevices", "devices"}, {"ProtectClock", "clock"}, {"ProtectHostname", "hostname"},
		{"ProtectKernelTunables", "tunables"}, {"ProtectKernelModules", "modules"}, {"ProtectKernelLogs", "logs"}, {"ProtectControlGroups", "cgroups"},
		{"ProtectProc", "proc"}, {"RestrictNamespaces", "namespaces"}, {"RestrictRealtime", "realtime"}, {"LockPersonality", "personality"}, {"MemoryDenyWriteExecute", "wx"},
	} {
		value := "yes"
		if l[0] == "ProtectProc" {
			value = "invisible"
		}
		add("Service", l[0], value, l[1], "systemd.exec(5)")
	}
	add("Service", "RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX", "families", "systemd.exec(5)")
	add("Service", "SystemCallArchitectures", "native", "native", "systemd.exec(5)")
	add("Service", "SystemCallFilter", "@system-service", "calls", "systemd.exec(5)")
	add("Service", "UMask", "0077", "umask", "systemd.exec(5)")
	add("Install", "WantedBy", "multi-user.target", "wanted", "systemd.unit(5)")
	return list
}

// sysctl makes the lines that the host needs for these numbers, and names those
// that it does not.
func (r *Recipe) sysctl(n Numbers, limit int, now map[string]string) {
	atLeast := func(name string, need int, source string) {
		args := []string{"need", strconv.Itoa(need)}
		if have := setTo(now, name, 0); have < need {
			r.Sysctl = append(r.Sysctl, Line{"", name, strconv.Itoa(need), name, append(args, "now", strconv.Itoa(have)), source})
			return
		}
		r.Left = append(r.Left, Left{name, now[name], "enough", args, source})
	}
	atLeast("net.core.somaxconn", n.Backlog, "listen(2)")
	atLeast("net.ipv4.tcp_max_syn_backlog", n.Backlog, "tcp(7)")
	atLeast("fs.nr_open", limit, "proc(5)")
	atLeast("fs.file-max", limit, "proc(5)")
	low, high := r.portRange(n, now)
	r.reserved(n, now, low, high)
	r.Left = append(r.Left,
		Left{"net.core.rmem_max, net.core.wmem_max", strings.TrimPrefix(now["net.core.rmem_max"]+", "+now["net.core.wmem_max"], ", "), "buffers", nil, "socket(7), tcp(7)"},
		Left{"net.ipv4.tcp_tw_reuse", now["net.ipv4.tcp_tw_reuse"], "twreuse", nil, "ip-sysctl"},
		Left{"net.ipv4.tcp_fin_timeout", now["net.ipv4.tcp_fin_timeout"], "fintimeout", nil, "tcp(7), ip-sysctl"},
		Left{"net.ipv4.tcp_tw_recycle", now["net.ipv4.tcp_tw_recycle"], "twrecycle", nil, "tcp(7)"},
	)
}

// portRange widens the range when one peer's outgoing connections need more than
// there is, a fifth for TIME_WAIT besides.
func (r *Recipe) portRange(n Numbers, now map[string]string) (low, high int) {
	const name = "net.ipv4.ip_local_port_range"
	low, high = setTo(now, name, 0), setTo(now, name, 1)
	need := n.Outgoing + n.Outgoing/5
	args := []string{"need", strconv.Itoa(need), "outgoing", strconv.Itoa(n.Outgoing), "have", strconv.Itoa(high - low + 1)}
	if high-low+1 >= need {
		r.Left = append(r.Left, Left{name, now[name], "ports", args, "ip(7)"})
		return low, high
	}
	high = max(high, 65000)
	low = max(min(low, high-need+1), 1024)
	r.Sysctl = append(r.Sysctl, Line{"", name, fmt.Sprintf("%d %d", low, high), name, args, "ip(7)"})
	return low, high
}

// reserved keeps outgoing connections off the service's own port. The line
// replaces the whole list, so what is there stays in it.
func (r *Recipe) reserved(n Numbers, now map[string]string, low, high int) {
	const name = "net.ipv4.ip_local_reserved_ports"
	list := now[name]
	args := []string{"port", strconv.Itoa(n.Port), "low", strconv.Itoa(low), "high", strconv.Itoa(high)}
	switch {
	case n.Port < low || n.Port > high:
		r.Left = append(r.Left, Left{name, list, "outside", args, "ip-sysctl"})
	case listed(list, n.Port):
		r.Left = append(r.Left, Left{name, list, "reserved", args, "ip-sysctl"})
	default:
		value := strings.TrimPrefix(list+","+strconv.Itoa(n.Port), ",")
		r.Sysctl = append(r.Sysctl, Line{"", name, value, name, args, "ip-sysctl"})
	}
}

// listed says whether a list like 8080,9000-9100 has the port.
func listed(list string, port int) bool {
	for _, part := range strings.Split(list, ",") {
		from, to, several := strings.Cut(part, "-")
		if !several {
			to = from
		}
		a, errA := strconv.Atoi(strings.TrimSpace(from))
		b, errB := strconv.Atoi(strings.TrimSpace(to))
		if errA == nil && errB == nil && a <= port && port <= b {
			return true
		}
	}
	return false
}

// UnitText is the unit as a file; say gives the reason of a line.
func (r Recipe) UnitText(say func(Line) string) string {
	var b strings.Builder
	section := ""
	for _, l := range r.Unit {
		if l.Section != section {
			if section != "" {
				b.WriteByte('\n')
			}
			section = l.Section
			fmt.Fprintf(&b, "[%s]\n", section)
		}
		fmt.Fprintf(&b, "# %s (%s)\n%s=%s\n", say(l), l.Source, l.Key, l.Value)
	}
	return b.String()
}

// SysctlText is the sysctl file, sysctl.d(5); empty when there is nothing to set.
func (r Recipe) SysctlText(say func(Line) string) string {
	var b strings.Builder
	for _, l := range r.Sysctl {
		fmt.Fprintf(&b, "# %s (%s)\n%s = %s\n", say(l), l.Source, l.Key, l.Value)
	}
	return b.String()
}
