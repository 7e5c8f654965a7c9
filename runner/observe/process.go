//go:build linux

package observe

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// userHZ is what a jiffy in /proc is of a second, on every architecture.
const userHZ = 100

// Process reads one process, all its threads, again and again.
type Process struct {
	pid      int
	clock    int32 // of its CPU time, in nanoseconds
	fds      string
	stat, io source
	switches *switches
	buf      []byte
	user     int64 // nanoseconds; never less than before
	total    int64
}

// NewProcess opens what is read of the process. The error is for one that there
// is not, or that this user may not look at.
func NewProcess(pid int) (*Process, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat := open(dir + "/stat")
	if stat.fd < 0 {
		return nil, fmt.Errorf("observe process %d: %w", pid, os.ErrProcessDone)
	}
	return &Process{
		pid: pid, clock: cpuClock(pid), fds: dir + "/fd",
		stat: stat, io: open(dir + "/io"), switches: newSwitches(dir + "/task"),
		buf: make([]byte, 8<<10),
	}, nil
}

// cpuClock is MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of
// linux/posix-timers.h: what clock_getcpuclockid(3) returns.
func cpuClock(pid int) int32 { return int32(^pid<<3 | 2) }

// Close lets the files go.
func (p *Process) Close() {
	p.stat.close()
	p.io.close()
	p.switches.close()
}

// Sample puts the kernel.* values of the process into values; false when the
// process has ended. What this kernel does not tell is absent.
func (p *Process) Sample(values map[string]float64) bool {
	st, ok := parseStat(p.stat.read(p.buf))
	if !ok || st.state == 'Z' || st.state == 'X' {
		return false
	}
	values["kernel.threads"] = float64(st.threads)
	values["kernel.rss"] = float64(st.rss) * float64(os.Getpagesize())
	p.cpu(st, values)
	p.calls(values)
	if n, ok := p.descriptors(); ok {
		values["kernel.fds"] = n
	}
	if n, ok := p.limit(); ok {
		values["kernel.fds_limit"] = n
	}
	if sum, ok := p.switches.sample(int(st.threads), p.buf); ok {
		values["kernel.switches"] = float64(sum.voluntary + sum.involuntary)
		values["kernel.switches_voluntary"] = float64(sum.voluntary)
		values["kernel.switches_involuntary"] = float64(sum.involuntary)
	}
	return true
}

// cpu has the total to the nanosecond; its parts are told in jiffies only, so
// the total is divided as they are. No part ever gets smaller.
func (p *Process) cpu(st stat, values map[string]float64) {
	jiffies := st.user + st.system
	total := int64(jiffies) * (1e9 / userHZ)
	var ts unix.Timespec
	if unix.ClockGettime(p.clock, &ts) == nil {
		total = ts.Nano()
	}
	total = max(total, p.total)
	user := int64(float64(total) * float64(st.user) / float64(max(jiffies, 1)))
	p.user = min(max(user, p.user), p.user+total-p.total)
	p.total = total
	values["kernel.cpu"] = float64(total) / 1e9
	values["kernel.cpu_user"] = float64(p.user) / 1e9
	values["kernel.cpu_system"] = float64(total-p.user) / 1e9
}

// calls has read(2) and write(2) with their kin; recv(2) and send(2) are not
// counted in /proc/PID/io.
func (p *Process) calls(values map[string]float64) {
	data := p.io.read(p.buf)
	if n, ok := valueOf(data, "syscr:"); ok {
		values["kernel.reads"] = float64(n)
	}
	if n, ok := valueOf(data, "syscw:"); ok {
		values["kernel.writes"] = float64(n)
	}
	if n, ok := valueOf(data, "write_bytes:"); ok {
		values["kernel.disk_written"] = float64(n)
	}
}

// limit is what RLIMIT_NOFILE lets the process have; false when this user may
// not ask, or there is no limit.
func (p *Process) limit() (float64, bool) {
	var l unix.Rlimit
	if unix.Prlimit(p.pid, unix.RLIMIT_NOFILE, nil, &l) != nil || l.Cur > 1<<40 {
		return 0, false
	}
	return float64(l.Cur), true
}

// descriptors counts the open ones: the size of the folder since Linux 6.2, its
// entries before.
func (p *Process) descriptors() (float64, bool) {
	var st unix.Stat_t
	if unix.Stat(p.fds, &st) != nil {
		return 0, false
	}
	if st.Size > 0 {
		return float64(st.Size), true
	}
	dir, err := os.Open(p.fds)
	if err != nil {
		return 0, false
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	return float64(len(names)), err == nil
}

// stat is what is wanted of /proc/PID/stat, proc_pid_stat(5).
type stat struct {
	state        byte
	user, system uint64 // jiffies
	threads      uint64
	rss          uint64 // pages
}

// parseStat parses the line. The second field is a name in parentheses that may
// hold anything, so fields are counted from the last parenthesis.
func parseStat(line []byte) (st stat, ok bool) {
	rest := line[bytes.LastIndexByte(line, ')')+1:]
	n := 0
	for ; len(rest) > 0 && n < 22; n++ {
		var field []byte
		field, rest = word(rest)
		if len(field) == 0 {
			return st, false
		}
		ok := true
		switch n + 3 { // as the man page numbers them
		case 3:
			st.state = field[0]
		case 14:
			st.user, ok = number(field)
		case 15:
			st.system, ok = number(field)
		case 20:
			st.threads, ok = number(field)
		case 24:
			st.rss, ok = number(field)
		}
		if !ok {
			return st, false
		}
	}
	return st, n == 22
}
