//go:build linux

package runner

import (
	"bufio"
	"context"
	"encoding/json"
	"math"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/load"
	"socketlabs/runner/observe"
)

// BenchmarkCostOfObserving is what being observed at 10 Hz costs a lab: the
// lab's own CPU time per request with 1,000 connections, observed ÷ left alone,
// in interleaved blocks A B B A.
func BenchmarkCostOfObserving(b *testing.B) {
	lab := startEpoll(b)
	var ratios []float64
	for b.Loop() {
		alone, watched := lab.perRequest(false), lab.perRequest(true)
		watched += lab.perRequest(true)
		alone += lab.perRequest(false)
		ratios = append(ratios, watched/alone)
	}
	slices.Sort(ratios)
	b.ReportMetric(100*(ratios[len(ratios)/2]-1), "%-median")
	b.ReportMetric(100*(ratios[0]-1), "%-least")
	b.ReportMetric(100*(ratios[len(ratios)-1]-1), "%-most")
}

// benched is a lab outside of any run.
type benched struct {
	b    *testing.B
	pid  int
	addr string
}

func startEpoll(b *testing.B) benched {
	binary := filepath.Join(b.TempDir(), "epoll")
	if out, err := exec.Command("go", "build", "-o", binary, "../labs/epoll").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(binary, "-addr=127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cmd.Process.Signal(unix.SIGTERM)
		cmd.Wait()
	})
	lines := bufio.NewReader(out)
	line, err := lines.ReadBytes('\n')
	var first telemetry.Event
	if err == nil {
		err = json.Unmarshal(line, &first)
	}
	if err != nil || first.State == nil {
		b.Fatalf("%v: %s", err, line)
	}
	go lines.WriteTo(discard{})
	return benched{b, cmd.Process.Pid, first.State.Facts["addr"]}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// perRequest runs a block of load and returns the lab's CPU seconds a request.
func (l benched) perRequest(watched bool) float64 {
	stop := func() {}
	if watched {
		stop = l.observe()
	}
	spec := labs.Spec{Seconds: 2, Load: map[string]any{"model": "open", "connections": 1000.0, "rate": 10000.0}}
	start := math.Ceil(float64(monotonic())/1e9*10+3) / 10
	requests, before := 0.0, cpuTime(l.b, l.pid)
	err := load.Run(context.Background(), load.NewPlan(spec, l.addr, start), func(e telemetry.Event) {
		requests = max(requests, e.Values["load.requests"])
	})
	spent := cpuTime(l.b, l.pid) - before
	stop()
	if err != nil || requests == 0 {
		l.b.Fatal(requests, err)
	}
	return spent / requests
}

// observe watches the lab as a run does, until stop.
func (l benched) observe() (stop func()) {
	diag, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		l.b.Fatal(os.NewSyscallError("socket", err))
	}
	o, err := observe.New(l.pid, diag, netip.MustParseAddrPort(l.addr))
	if err != nil {
		l.b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer o.Close()
		for beat := time.Tick(telemetry.Tick); ctx.Err() == nil; <-beat {
			o.Sample(0)
		}
	}()
	return func() { cancel(); <-done }
}

// cpuTime is what a process has used, clock_getcpuclockid(3).
func cpuTime(b *testing.B, pid int) float64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &ts); err != nil {
		b.Fatal(err)
	}
	return float64(ts.Nano()) / 1e9
}
