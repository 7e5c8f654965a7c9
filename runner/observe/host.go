//go:build linux

package observe

import (
	"bytes"
	"math"
	"runtime"
	"strconv"
)

// pressures are the files of /proc/pressure and their metrics: seconds in which
// somebody waited for it (Documentation/accounting/psi.rst).
var pressures = [...]struct{ file, metric string }{
	{"cpu", "host.psi_cpu"}, {"memory", "host.psi_memory"}, {"io", "host.psi_io"},
}

// overflows are columns of TcpExt in /proc/net/netstat and their metrics.
var overflows = []string{"ListenOverflows", "ListenDrops"}
var overflowMetrics = [...]string{"host.listen_overflows", "host.listen_drops"}

// resets is the column of "Tcp" in /proc/net/snmp with the RST segments that were
// sent (Documentation/networking/snmp_counter.rst, TcpOutRsts).
var resets = []string{"OutRsts"}

// Host reads the machine, and the counters of one process's network.
type Host struct {
	load, stat, netstat, snmp source
	pressure                  [len(pressures)]source
	buf                       []byte
	last                      cpuTimes
	sampled                   bool
}

// NewHost opens what is read. The files of the network stay those of the network
// that the process is in now.
func NewHost(pid int) *Host {
	h := &Host{
		load: open("/proc/loadavg"), stat: open("/proc/stat"),
		netstat: open("/proc/" + strconv.Itoa(pid) + "/net/netstat"),
		snmp:    open("/proc/" + strconv.Itoa(pid) + "/net/snmp"),
		buf:     make([]byte, 64<<10),
	}
	for i, p := range pressures {
		h.pressure[i] = open("/proc/pressure/" + p.file)
	}
	return h
}

// Close lets the files go.
func (h *Host) Close() {
	h.load.close()
	h.stat.close()
	h.netstat.close()
	h.snmp.close()
	for _, p := range h.pressure {
		p.close()
	}
}

// Sample puts the host.* values into values. What this kernel does not tell is
// absent, and so is host.busy at first, for it is of the time between two samples.
func (h *Host) Sample(values map[string]float64) {
	if v, ok := parseLoad(h.load.read(h.buf)); ok {
		values["host.load"] = v
	}
	if t, ok := parseCPU(h.stat.read(h.buf)); ok {
		values["host.steal"] = float64(t.steal) / userHZ
		if busy, ok := t.since(h.last); ok && h.sampled {
			values["host.busy"] = busy
		}
		h.last, h.sampled = t, true
	}
	for i, p := range pressures {
		if us, ok := parsePressure(h.pressure[i].read(h.buf)); ok {
			values[p.metric] = float64(us) / 1e6
		}
	}
	var n [len(overflowMetrics)]uint64
	var ok [len(overflowMetrics)]bool
	columns(h.netstat.read(h.buf), "TcpExt:", overflows, n[:], ok[:])
	for i, metric := range overflowMetrics {
		if ok[i] {
			values[metric] = float64(n[i])
		}
	}
	columns(h.snmp.read(h.buf), "Tcp:", resets, n[:1], ok[:1])
	if ok[0] {
		values["host.resets_sent"] = float64(n[0])
	}
}

// cpuTimes is the first line of /proc/stat, in jiffies over all cores.
type cpuTimes struct{ busy, idle, steal uint64 }

// since returns how many cores were in use since an earlier time.
func (t cpuTimes) since(last cpuTimes) (float64, bool) {
	busy, all := t.busy-last.busy, t.busy+t.idle+t.steal-last.busy-last.idle-last.steal
	if t.busy < last.busy || all == 0 || int64(all) < 0 || busy > all {
		return 0, false
	}
	return float64(busy) / float64(all) * float64(runtime.NumCPU()), true
}

// parseCPU parses "cpu user nice system idle iowait irq softirq steal …",
// proc_stat(5). Guests' time is in the user's.
func parseCPU(data []byte) (t cpuTimes, ok bool) {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	name, rest := word(line)
	if string(name) != "cpu" {
		return t, false
	}
	for i := range 8 {
		var field []byte
		field, rest = word(rest)
		n, ok := number(field)
		if !ok {
			return t, false
		}
		switch i {
		case 3, 4:
			t.idle += n
		case 7:
			t.steal = n
		default:
			t.busy += n
		}
	}
	return t, true
}

func parseLoad(data []byte) (float64, bool) {
	first, _ := word(data)
	v, err := strconv.ParseFloat(string(first), 64)
	return v, err == nil && v >= 0 && !math.IsInf(v, 0)
}

// parsePressure returns the microseconds of "some avg10=… total=N".
func parsePressure(data []byte) (uint64, bool) {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	if !bytes.HasPrefix(line, []byte("some ")) {
		return 0, false
	}
	_, total, ok := bytes.Cut(line, []byte("total="))
	if !ok {
		return 0, false
	}
	return number(bytes.TrimSpace(total))
}
