package judge

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// hostNow is what a host was set to.
var hostNow = map[string]string{
	"nofile.soft": "20000", "nofile.hard": "20000", "net.core.somaxconn": "4096", "net.ipv4.tcp_max_syn_backlog": "1024",
	"net.ipv4.ip_local_port_range": "32768 60999", "net.ipv4.ip_local_reserved_ports": "", "net.ipv4.tcp_tw_reuse": "2", "net.ipv4.tcp_fin_timeout": "60",
	"net.core.rmem_max": "4194304", "net.core.wmem_max": "4194304",
	"net.ipv4.tcp_rmem": "4096 131072 33554432", "net.ipv4.tcp_wmem": "4096 16384 4194304", "softnet.dropped": "0",
}

// recorded is the author's recording of an experiment, as a run that was seen.
func recorded(t *testing.T, lesson, experiment string) *Seen {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "content", lesson, "author", experiment+".jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Run *struct {
			Asked struct {
				Net     string
				Sysctl  map[string]string
				Seconds float64
			}
		}
		End *struct{ Metrics map[string]float64 }
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
	}
	if lines.Err() != nil || e.Run == nil || e.End == nil {
		t.Fatalf("%s/%s: %v", lesson, experiment, lines.Err())
	}
	return &Seen{Metrics: e.End.Metrics, Seconds: e.Run.Asked.Seconds, Own: e.Run.Asked.Net == "own", Sysctl: e.Run.Asked.Sysctl}
}

func rowOf(t *testing.T, rows []HostSetting, id string) HostSetting {
	t.Helper()
	for _, r := range rows {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no row %s", id)
	return HostSetting{}
}

// TestChecklistOnRecordings asks about runs that were made, each of a phenomenon and
// of its absence.
func TestChecklistOnRecordings(t *testing.T) {
	for _, tt := range []struct{ lesson, experiment, id, state, why string }{
		{"states", "full", "somaxconn", Elsewhere, "the queue of 8 was full, and 8 was listen's argument"},
		{"states", "roomy", "somaxconn", Idle, "1024 places for 30 connections"},
		{"states", "few-ports", "ports", Limits, "32 ports, and EADDRNOTAVAIL"},
		{"states", "few-ports", "tw_reuse", Limits, "they are held in TIME_WAIT by those who connect"},
		{"states", "client-first", "ports", Unknown, "a network of its own, whose range is not recorded"},
		{"states", "server-first", "tw_reuse", Elsewhere, "TIME_WAIT is at the server"},
		{"states", "server-first", "fin_timeout", Elsewhere, "TIME_WAIT, not FIN_WAIT_2"},
		{"epoll", "fits", "nofile", Idle, "one connection"},
		{"epoll", "fits", "ports", Idle, "one connection"},
		{"epoll", "fits", "tcp_wmem", Idle, "small answers on loopback"},
		{"epoll", "fits", "buffers", Idle, "the lab sets no buffer"},
		{"deadline", "pieces", "tcp_wmem", Elsewhere, "a reader that is slow holds its window closed"},
	} {
		rows := Checklist(hostNow, recorded(t, tt.lesson, tt.experiment))
		if got := rowOf(t, rows, tt.id); got.State != tt.state || len(got.Figures) == 0 && tt.id != "buffers" {
			t.Errorf("%s/%s: %s is %s (%s), want %s: %s; %+v", tt.lesson, tt.experiment, tt.id, got.State, got.Why, tt.state, tt.why, got.Figures)
		}
	}
}

func TestChecklistLimits(t *testing.T) {
	for _, tt := range []struct {
		id, state, why string
		metrics        map[string]float64
	}{
		{"nofile", Limits, "the host's limit", map[string]float64{"kernel.fds.max": 19999, "kernel.fds_limit.min": 20000}},
		{"nofile", Elsewhere, "the server's own", map[string]float64{"kernel.fds.max": 14, "kernel.fds_limit.min": 15, "lab.emfile": 9000}},
		{"nofile", Unknown, "nothing was measured", nil},
		{"somaxconn", Limits, "argument and cap are the same", map[string]float64{"kernel.accept_queue.max": 4097, "kernel.backlog.max": 4096, "host.listen_overflows": 3}},
		{"somaxconn", Unknown, "another listener's overflows", map[string]float64{"kernel.accept_queue.max": 1, "kernel.backlog.max": 1024, "host.listen_overflows": 3}},
		{"syn_backlog", Limits, "a flood of SYNs", map[string]float64{"kernel.syn_recv.max": 1000}},
		{"fin_timeout", Limits, "peers that never close", map[string]float64{"kernel.fin_wait2.max": 500, "kernel.time_wait.max": 0}},
		{"tcp_rmem", Limits, "a long fat path: 1 GiB/s × 50 ms", map[string]float64{"kernel.recvq.max": 0, "kernel.established.max": 1, "kernel.rtt.mean": 0.05, "load.bytes_out": 1 << 30}},
		{"tcp_rmem", Elsewhere, "a server that does not read", map[string]float64{"kernel.recvq.max": 200_000, "kernel.established.max": 1}},
	} {
		got := rowOf(t, Checklist(hostNow, &Seen{Metrics: tt.metrics, Seconds: 1}), tt.id)
		if got.State != tt.state {
			t.Errorf("%s is %s (%s), want %s: %s", tt.id, got.State, got.Why, tt.state, tt.why)
		}
	}
}

func TestChecklistOfBuffersThatAreAskedFor(t *testing.T) {
	for asked, want := range map[float64]string{0: "buffers.idle", 4 << 20: "buffers.below", 8 << 20: "buffers.limits"} {
		got := rowOf(t, Checklist(hostNow, &Seen{Knobs: map[string]any{"sndbuf": asked}}), "buffers")
		if got.Why != want {
			t.Errorf("%v bytes: %s, want %s", asked, got.Why, want)
		}
	}
	if got := rowOf(t, Checklist(hostNow, &Seen{Foreign: true}), "buffers"); got.State != Unknown {
		t.Errorf("somebody else's server: %s", got.State)
	}
}

func TestChecklistWithoutARunAndElsewhere(t *testing.T) {
	for _, now := range []map[string]string{hostNow, {}} {
		for _, row := range Checklist(now, nil) {
			if row.ID == "tw_recycle" && row.State != Gone || row.ID != "tw_recycle" && (row.State != Unknown || row.Why != "norun") {
				t.Errorf("%s: %s, %s", row.ID, row.State, row.Why)
			}
			if len(row.Sources) == 0 || len(row.Now) == 0 {
				t.Errorf("%s has no source or reads nothing", row.ID)
			}
		}
	}
	l := &look{now: map[string]string{"net.ipv4.ip_local_port_range": "40000 40099", "net.ipv4.ip_local_reserved_ports": "40000-40009,40050,50000"}, run: &Seen{Ask: map[string]any{"sources": 2.0}}}
	if n, ok := l.portsInAll(); n != 2*89 || !ok {
		t.Errorf("%v ports, %v", n, ok)
	}
}
