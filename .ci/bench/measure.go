package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/load"
)

// job is what the process measures that plays the clients: it reads the job from
// stdin and writes a figure to stdout, both as JSON.
type job struct {
	Addr        string
	PID         int // of the server
	Connections int
	Depth       int // 0: the connections say nothing
	Warmup      float64
	Seconds     float64
}

// figure is what came of it.
type figure struct {
	Requests float64
	Server   float64 // CPU seconds
	Client   float64 // CPU seconds
	Wall     float64 // seconds measured
	P50, P99 float64 // seconds
	RSS      float64 // bytes of the server at the end
	Steal    float64 // share of the time of all CPUs
	Others   float64 // share of it that neither side had

	PerConnection float64 // bytes of the server
	Calls         float64 // system calls per request; 0: not known
}

// reading is all clocks at one time.
type reading struct {
	requests, server, client float64
	hist                     telemetry.Histogram
	busy, steal, total       float64 // ticks of all CPUs
}

// measure starts a client process on the CPU.
func measure(j job, cpu int) (figure, error) {
	text, err := json.Marshal(j)
	if err != nil {
		return figure{}, err
	}
	var out bytes.Buffer
	cmd := exec.Command("/proc/self/exe", "client")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), &out, os.Stderr
	if err := pinned(cmd, cpu); err != nil {
		return figure{}, err
	}
	if err := cmd.Wait(); err != nil {
		return figure{}, fmt.Errorf("client: %w", err)
	}
	var f figure
	err = json.Unmarshal(out.Bytes(), &f)
	return f, err
}

// play is the main of the client process. It reads the clocks on the generator's
// own thread at the ticks at which measuring begins and ends.
func play(in io.Reader, out io.Writer) error {
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return err
	}
	start := float64(int(monotonic()*10)+3+j.Connections/300) / 10 // connections take a while to open
	spec := labs.Spec{Warmup: j.Warmup, Seconds: j.Seconds}
	if j.Depth > 0 {
		spec.Load = map[string]any{"model": "closed", "connections": float64(j.Connections), "depth": float64(j.Depth)}
	} else {
		spec.Faults = []labs.Fault{{ID: "idle", Kind: "idle", At: -j.Warmup, With: map[string]any{"connections": float64(j.Connections)}}}
	}
	from, to := start+j.Warmup, start+j.Warmup+j.Seconds
	var first, last reading
	var failed error
	err := load.Run(context.Background(), load.NewPlan(spec, j.Addr, start), func(e telemetry.Event) {
		switch {
		case e.Kind == telemetry.KindLog:
			failed = errors.Join(failed, errors.New(e.Text))
		case e.Kind != telemetry.KindSample:
		case near(e.T, from):
			first = read(e, j.PID)
		case near(e.T, to):
			last = read(e, j.PID)
			if open := e.Values["load.open"] + e.Values["load.misbehaving"]; int(open) != j.Connections {
				failed = errors.Join(failed, fmt.Errorf("%v of %d connections are open", open, j.Connections))
			}
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	hist, total := last.hist.Since(first.hist), last.total-first.total
	f := figure{
		Requests: last.requests - first.requests, Server: last.server - first.server, Client: last.client - first.client,
		Wall: to - from, RSS: rss(j.PID), Steal: (last.steal - first.steal) / total,
	}
	f.Others = max(0, (last.busy-first.busy)/total-(f.Server+f.Client)*ticks/total)
	if hist.Count > 0 {
		f.P50, f.P99 = hist.Quantile(0.5), hist.Quantile(0.99)
	}
	return json.NewEncoder(out).Encode(f)
}

// ticks of /proc/stat to the second: USER_HZ, the same on every Linux that Go runs on.
const ticks = 100

func near(a, b float64) bool { return a > b-0.05 && a < b+0.05 }

func read(e telemetry.Event, pid int) reading {
	r := reading{requests: e.Values["load.requests"], hist: e.Hists["load"], server: used(pid), client: used(os.Getpid())}
	stat, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(stat), "\n")
	for i, word := range strings.Fields(line)[1:9] { // user nice system idle iowait irq softirq steal
		n, _ := strconv.ParseFloat(word, 64)
		r.total += n
		switch i {
		case 3, 4:
		case 7:
			r.steal += n
		default:
			r.busy += n
		}
	}
	return r
}

// used is the CPU time of a process in seconds, from its clock (clock_getcpuclockid(3)).
func used(pid int) float64 {
	var ts unix.Timespec
	if unix.ClockGettime(int32(^pid<<3|2), &ts) != nil {
		return 0
	}
	return float64(ts.Nano()) / 1e9
}

// rss is a process's memory in bytes.
func rss(pid int) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	var kib float64
	fmt.Sscan(rest, &kib)
	return kib * 1024
}

func monotonic() float64 {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return float64(ts.Nano()) / 1e9
}

// outside measures a client that is not ours on the CPU: requests per CPU second.
func outside(path string, args []string, cpu int) (float64, error) {
	var out bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := pinned(cmd, cpu); err != nil {
		return 0, err
	}
	timer := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Wait(); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	var requests, cpuTime float64
	if _, err := fmt.Sscan(out.String(), &requests, &cpuTime); err != nil {
		return 0, err
	}
	return requests / cpuTime, nil
}
