package harden

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// of reads the defaults with these fields changed.
func of(changed map[string]string) (Numbers, []Problem) {
	return Read(func(name string) string { return changed[name] })
}

func TestTheExampleIsRight(t *testing.T) {
	n, wrong := of(nil)
	if len(wrong) > 0 || n.Port != 443 || n.User != "" {
		t.Errorf("%+v: %v", n, wrong)
	}
}

func TestWrongNumbersAreNamed(t *testing.T) {
	for _, tt := range []struct{ field, value, code string }{
		{"service", "Echo", "service"},
		{"service", "../../etc/x", "service"},
		{"service", "echo.service", "service"},
		{"service", "a\nExecStartPre=/bin/sh", "service"},
		{"service", "-h", "service"},
		{"user", "root", "root"},
		{"user", "nobody", "nobody"},
		{"user", "a b", "user"},
		{"user", "-u", "user"},
		{"binary", "bin/x", "binary"},
		{"binary", "/usr/../bin/x", "binary"},
		{"binary", "/bin/x;reboot", "binary"},
		{"binary", "/bin/%H", "binary"},
		{"binary", "/bin/x\nUser=root", "binary"},
		{"binary", "/bin/" + strings.Repeat("x", 500), "binary"},
		{"binary", "/home/me/server", "home"},
		{"binary", "/tmp/server", "tmp"},
		{"args", "-x $HOME", "args"},
		{"args", "-x '%n'", "args"},
		{"args", "-a  -b", "args"},
		{"args", "a\nUser=root", "args"},
		{"port", "0", "number"},
		{"port", "65536", "number"},
		{"port", "http", "number"},
		{"connections", "1e6", "number"},
		{"connections", "99999999999999999999", "number"},
		{"drain", "-1", "number"},
		{"memory", "1", "number"},
		{"restarts", "1000", "number"},
	} {
		_, wrong := of(map[string]string{tt.field: tt.value})
		if len(wrong) != 1 || wrong[0].Field != tt.field || wrong[0].Code != tt.code {
			t.Errorf("%s %q: %v, want %s", tt.field, tt.value, wrong, tt.code)
		}
	}
	if _, wrong := of(map[string]string{"port": "x", "drain": "y", "service": "Z"}); len(wrong) != 3 {
		t.Errorf("not everything at once: %v", wrong)
	}
}

func value(lines []Line, key string) (string, bool) {
	i := slices.IndexFunc(lines, func(l Line) bool { return l.Key == key })
	if i < 0 {
		return "", false
	}
	return lines[i].Value, true
}

// host is what a usual host is set to.
var host = map[string]string{
	"fs.nr_open": "1048576", "fs.file-max": "9223372036854775807", "net.core.somaxconn": "4096", "net.ipv4.tcp_max_syn_backlog": "1024",
	"net.ipv4.ip_local_port_range": "32768 60999", "net.ipv4.ip_local_reserved_ports": "", "net.ipv4.ip_unprivileged_port_start": "1024",
}

func TestTheUnit(t *testing.T) {
	for _, tt := range []struct {
		changed   map[string]string
		key, want string
		there     bool
		why       string
	}{
		{nil, "AmbientCapabilities", "CAP_NET_BIND_SERVICE", true, "443 is below 1024"},
		{nil, "DynamicUser", "yes", true, "no user was named"},
		{nil, "NoNewPrivileges", "", false, "DynamicUser= implies it"},
		{map[string]string{"user": "echo"}, "User", "echo", true, "it was named"},
		{map[string]string{"user": "echo"}, "NoNewPrivileges", "yes", true, "nothing implies it"},
		{map[string]string{"port": "9000"}, "AmbientCapabilities", "", false, "anybody may bind 9000"},
		{map[string]string{"port": "9000"}, "CapabilityBoundingSet", "", true, "and no capability is left"},
		{map[string]string{"drain": "120"}, "TimeoutStopSec", "125", true, "longer than the drain"},
		{nil, "LimitNOFILE", "10240", true, "10000 + 64 + 64, rounded up"},
		{nil, "StartLimitBurst", "20", true, "five in ten seconds would be the default"},
		{map[string]string{"restarts": "0"}, "StartLimitBurst", "", false, "it never gives up"},
		{map[string]string{"restarts": "0"}, "StartLimitIntervalSec", "0", true, "it never gives up"},
		{map[string]string{"args": "-addr :443"}, "ExecStart", "/usr/local/bin/echo-server -addr :443", true, "its arguments"},
	} {
		n, wrong := of(tt.changed)
		got, ok := value(Write(n, host).Unit, tt.key)
		if len(wrong) > 0 || got != tt.want || ok != tt.there {
			t.Errorf("%v: %s is %q, %v, want %q: %s", tt.changed, tt.key, got, ok, tt.want, tt.why)
		}
	}
}

func TestTheSysctlFileHasOnlyWhatTheHostLacks(t *testing.T) {
	for _, tt := range []struct {
		changed, now map[string]string
		want         map[string]string
		why          string
	}{
		{nil, nil, nil, "a usual host is set well enough"},
		{map[string]string{"backlog": "10000"}, nil, map[string]string{"net.core.somaxconn": "10000", "net.ipv4.tcp_max_syn_backlog": "10000"}, "listen is capped"},
		{map[string]string{"port": "40000"}, nil, map[string]string{"net.ipv4.ip_local_reserved_ports": "40000"}, "inside the range"},
		{map[string]string{"port": "40000"}, map[string]string{"net.ipv4.ip_local_reserved_ports": "8080,50000-50010"}, map[string]string{"net.ipv4.ip_local_reserved_ports": "8080,50000-50010,40000"}, "the list is replaced as a whole"},
		{map[string]string{"port": "50005"}, map[string]string{"net.ipv4.ip_local_reserved_ports": "8080,50000-50010"}, nil, "reserved already"},
		{map[string]string{"outgoing": "40000"}, nil, map[string]string{"net.ipv4.ip_local_port_range": "17001 65000"}, "28232 ports are too few"},
		{map[string]string{"outgoing": "40000", "port": "20000"}, nil, map[string]string{"net.ipv4.ip_local_port_range": "17001 65000", "net.ipv4.ip_local_reserved_ports": "20000"}, "the wider range takes the port in"},
		{map[string]string{"connections": "1000000", "files": "100000"}, nil, map[string]string{"fs.nr_open": "1100800"}, "a limit above the ceiling fails"},
	} {
		now := maps.Clone(host)
		maps.Copy(now, tt.now)
		n, wrong := of(tt.changed)
		got := map[string]string{}
		for _, l := range Write(n, now).Sysctl {
			got[l.Key] = l.Value
		}
		if want := tt.want; len(wrong) > 0 || !maps.Equal(got, want) {
			t.Errorf("%v on %v: %v, want %v: %s", tt.changed, tt.now, got, want, tt.why)
		}
	}
}

func TestFilesHaveOneLineAndOneReasonEach(t *testing.T) {
	n, _ := of(map[string]string{"backlog": "10000", "port": "40000", "user": "echo"})
	r := Write(n, host)
	say := func(l Line) string { return l.Why }
	line := regexp.MustCompile(`^(\[[A-Z][a-z]+\]|# .+ \(.+\)|[A-Za-z]+=.*|[a-z0-9_.]+ = \S.*|)$`)
	for _, text := range []string{r.UnitText(say), r.SysctlText(say)} {
		for l := range strings.Lines(text) {
			if !line.MatchString(strings.TrimSuffix(l, "\n")) {
				t.Errorf("line %q", l)
			}
		}
	}
	if got := strings.Count(r.UnitText(say), "\n# "); got != len(r.Unit) {
		t.Errorf("%d reasons for %d lines", got, len(r.Unit))
	}
	if Write(n, nil).Service != "echo" {
		t.Error("without a host")
	}
}

// TestTheSystemsToolsAgree asks the tools of this host, where it has them.
func TestTheSystemsToolsAgree(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	for _, changed := range []map[string]string{
		{"binary": "/bin/cat"},
		{"binary": "/bin/cat", "user": "daemon", "port": "40000", "restarts": "0", "backlog": "10000", "outgoing": "40000", "args": "-u"},
	} {
		n, _ := of(changed)
		found, err := Verify(context.Background(), Write(n, host))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			switch {
			case f.State == Absent:
				t.Logf("%s: this host does not have it", f.Command)
			case f.Tool == "verify" && f.State != Fine, f.Tool == "sysctl" && f.State == Broken:
				t.Errorf("%s: %s\n%s", f.Command, f.State, strings.Join(f.Said, "\n"))
			}
			t.Logf("%s: %s\n%s", f.Command, f.State, strings.Join(f.Said, "\n"))
			if strings.Contains(strings.Join(f.Said, "")+f.Command, temp) {
				t.Errorf("%s tells where it looked", f.Command)
			}
		}
	}
	n, _ := of(map[string]string{"binary": "/usr/local/bin/no-such-server"})
	found, err := Verify(context.Background(), Write(n, host))
	if err != nil || found[0].State != Binary && found[0].State != Absent {
		t.Errorf("a binary that is not here: %+v, %v", found[0], err)
	}
	r := Write(n, host)
	r.Unit = append(r.Unit, Line{"Service", "NoSuchLine", "yes", "test", nil, "test(1)"})
	if found, err = Verify(context.Background(), r); err != nil || found[0].State != Objects && found[0].State != Absent {
		t.Errorf("a line that systemd does not know: %+v, %v", found[0], err)
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := Verify(context.Background(), Recipe{Service: "../x"}); err == nil {
		t.Error("a name that leaves the folder")
	}
	if _, err := os.Stat("/etc/systemd/system/echo.service"); err == nil {
		t.Error("something was installed")
	}
}
