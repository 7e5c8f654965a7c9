package observe

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	proc := t.TempDir()
	for name, text := range map[string]string{
		"sys/net/core/somaxconn":           "4096\n",
		"sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
		"self/limits":                      "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files     \n",
		"net/softnet_stat":                 "0001 0000000a 0\n0002 00000001 0\n",
	} {
		path := filepath.Join(proc, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := settings(proc)
	for name, want := range map[string]string{
		"net.core.somaxconn": "4096", "net.ipv4.ip_local_port_range": "32768 60999",
		"nofile.soft": "1024", "nofile.hard": "524288", "softnet.dropped": "11",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if v, ok := got["net.ipv4.tcp_tw_recycle"]; ok {
		t.Errorf("what is not there is %q", v)
	}
	if len(settings(filepath.Join(proc, "nothing"))) != 0 {
		t.Error("a system without /proc has settings")
	}
}

func TestSettingsOfThisHost(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Linux's settings")
	}
	got := Settings()
	for _, name := range []string{"net.core.somaxconn", "net.ipv4.tcp_fin_timeout", "nofile.hard"} {
		if got[name] == "" {
			t.Errorf("%s is not read", name)
		}
	}
	if len(strings.Fields(got["net.ipv4.tcp_rmem"])) != 3 {
		t.Errorf("tcp_rmem is %q", got["net.ipv4.tcp_rmem"])
	}
}
