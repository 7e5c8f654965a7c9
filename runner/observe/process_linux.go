package observe

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// jiffy is the unit of times in /proc/PID/stat and /proc/stat: USER_HZ is 100 on
// every architecture that Go runs on (proc(5)).
const jiffy = 0.01

// A process with more threads than fewThreads has their context switches summed
// once in everyTicks samples only: a read costs some 30 µs for each thread.
const (
	fewThreads = 64
	everyTicks = 10
)

// process watches one process.
type process struct {
	dir             string
	clock           int32 // of its CPU time, clock_getcpuclockid(3)
	stat, statm, io *os.File
	page            float64
	buf             []byte

	tick     int
	switches map[string][2]uint64 // by thread: voluntary, involuntary
	sum      [2]uint64
}

// newProcess opens what it reads again and again. What may not be read is not
// reported.
func newProcess(pid int) (*process, error) {
	p := &process{
		dir:   "/proc/" + strconv.Itoa(pid),
		clock: int32(^pid<<3 | 2), // MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED), linux/posix-timers.h
		page:  float64(os.Getpagesize()), buf: make([]byte, 16<<10), switches: map[string][2]uint64{},
	}
	var err error
	if p.stat, err = os.Open(p.dir + "/stat"); err != nil {
		return nil, err
	}
	p.statm, _ = os.Open(p.dir + "/statm")
	p.io, _ = os.Open(p.dir + "/io")
	return p, nil
}

func (p *process) close() {
	for _, f := range []*os.File{p.stat, p.statm, p.io} {
		f.Close() // nil is an error like any other
	}
}

// sample adds what the process amounts to; false when it has ended.
func (p *process) sample(values map[string]float64) bool {
	stat, err := p.read(p.stat)
	at := bytes.LastIndexByte(stat, ')') // the name before it may hold anything
	f := bytes.Fields(stat[at+1:])
	if err != nil || at < 0 || len(f) < 18 || f[0][0] == 'Z' {
		return false
	}
	values["kernel.cpu_user"] = number(f[11]) * jiffy
	values["kernel.cpu_system"] = number(f[12]) * jiffy
	values["kernel.threads"] = number(f[17])
	var ts unix.Timespec
	if unix.ClockGettime(p.clock, &ts) == nil {
		values["kernel.cpu"] = float64(ts.Nano()) / 1e9
	}
	if text, err := p.read(p.statm); err == nil {
		if f := bytes.Fields(text); len(f) > 1 {
			values["kernel.rss"] = number(f[1]) * p.page
		}
	}
	if text, err := p.read(p.io); err == nil {
		values["kernel.reads"], values["kernel.writes"] = labelled(text, "syscr:"), labelled(text, "syscw:")
	}
	if n, ok := p.descriptors(); ok {
		values["kernel.fds"] = n
	}
	p.addSwitches(values, values["kernel.threads"])
	p.tick++
	return true
}

// read reads a file of /proc from its beginning. The result is valid until the
// next read.
func (p *process) read(f *os.File) ([]byte, error) {
	if f == nil {
		return nil, os.ErrNotExist
	}
	n, err := f.ReadAt(p.buf, 0)
	if n > 0 {
		err = nil
	}
	return p.buf[:n], err
}

// descriptors counts them: since Linux 6.2 the size of /proc/PID/fd is their number.
func (p *process) descriptors() (float64, bool) {
	var st unix.Stat_t
	if err := unix.Stat(p.dir+"/fd", &st); err != nil {
		return 0, false
	}
	if st.Size > 0 {
		return float64(st.Size), true
	}
	names, err := filepath.Glob(p.dir + "/fd/*")
	return float64(len(names)), err == nil && p.tick%everyTicks == 0
}

// addSwitches sums the threads' context switches. Threads that have ended stay
// counted with what was last seen of them.
func (p *process) addSwitches(values map[string]float64, threads float64) {
	if threads > fewThreads && p.tick%everyTicks != 0 {
		return
	}
	entries, err := os.ReadDir(p.dir + "/task")
	if err != nil {
		return
	}
	for _, e := range entries {
		text, err := os.ReadFile(p.dir + "/task/" + e.Name() + "/status")
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue
		}
		now := [2]uint64{uint64(labelled(text, "\nvoluntary_ctxt_switches:")), uint64(labelled(text, "nonvoluntary_ctxt_switches:"))}
		was := p.switches[e.Name()]
		for i := range now {
			if now[i] < was[i] {
				was[i] = 0 // the number was given to a new thread
			}
			p.sum[i] += now[i] - was[i]
		}
		p.switches[e.Name()] = now
	}
	values["kernel.switches_voluntary"] = float64(p.sum[0])
	values["kernel.switches_involuntary"] = float64(p.sum[1])
	values["kernel.switches"] = float64(p.sum[0] + p.sum[1])
}

// number reads a decimal number; 0 when it is none.
func number(text []byte) float64 {
	n, _ := strconv.ParseFloat(string(text), 64)
	return n
}

// labelled returns the number behind a label, as in "syscr: 123"; 0 without one.
func labelled(text []byte, label string) float64 {
	_, rest, _ := bytes.Cut(text, []byte(label))
	rest = bytes.TrimLeft(rest, " \t")
	if i := bytes.IndexAny(rest, " \t\n"); i >= 0 {
		rest = rest[:i]
	}
	return number(rest)
}
