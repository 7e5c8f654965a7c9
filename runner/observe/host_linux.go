package observe

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// host watches the machine, and the listen counters of the lab's network.
type host struct {
	loadavg, stat, netstat *os.File
	pressure               map[string]*os.File // by metric
	buf                    []byte
	busy                   float64 // CPU seconds in use since the start of the machine
	at                     float64 // when that was read; 0: not yet
}

func newHost(pid int) *host {
	h := &host{buf: make([]byte, 64<<10), pressure: map[string]*os.File{}}
	h.loadavg, _ = os.Open("/proc/loadavg")
	h.stat, _ = os.Open("/proc/stat")
	h.netstat, _ = os.Open("/proc/" + strconv.Itoa(pid) + "/net/netstat")
	for metric, file := range map[string]string{"host.psi_cpu": "cpu", "host.psi_memory": "memory", "host.psi_io": "io"} {
		if f, err := os.Open("/proc/pressure/" + file); err == nil {
			h.pressure[metric] = f
		}
	}
	return h
}

func (h *host) close() {
	for _, f := range []*os.File{h.loadavg, h.stat, h.netstat} {
		f.Close()
	}
	for _, f := range h.pressure {
		f.Close()
	}
}

// sample adds what the machine amounts to at time t, in seconds.
func (h *host) sample(t float64, values map[string]float64) {
	if f := bytes.Fields(h.read(h.loadavg)); len(f) > 0 {
		values["host.load"] = number(f[0])
	}
	h.cpu(t, values)
	for metric, f := range h.pressure {
		if text := h.read(f); len(text) > 0 {
			values[metric] = labelled(text, "total=") / 1e6
		}
	}
	h.listen(values)
}

func (h *host) read(f *os.File) []byte {
	if f == nil {
		return nil
	}
	n, _ := f.ReadAt(h.buf, 0)
	return h.buf[:n]
}

// cpu reads the machine's first line of /proc/stat: user nice system idle iowait
// irq softirq steal, in jiffies (proc(5)).
func (h *host) cpu(t float64, values map[string]float64) {
	line, _, _ := bytes.Cut(h.read(h.stat), []byte("\n"))
	f := bytes.Fields(line)
	if len(f) < 9 {
		return
	}
	busy := 0.0
	for _, i := range []int{1, 2, 3, 6, 7} {
		busy += number(f[i]) * jiffy
	}
	if h.at > 0 && t > h.at {
		values["host.busy"] = (busy - h.busy) / (t - h.at)
	}
	h.busy, h.at = busy, t
	values["host.steal"] = number(f[8]) * jiffy
}

// listen reads the pair of lines TcpExt of /proc/PID/net/netstat: names, then values.
func (h *host) listen(values map[string]float64) {
	names, rest, _ := strings.Cut(string(h.read(h.netstat)), "\n")
	numbers, _, _ := strings.Cut(rest, "\n")
	n, v := strings.Fields(names), strings.Fields(numbers)
	for i := range min(len(n), len(v)) {
		switch n[i] {
		case "ListenOverflows":
			values["host.listen_overflows"] = number([]byte(v[i]))
		case "ListenDrops":
			values["host.listen_drops"] = number([]byte(v[i]))
		}
	}
}
