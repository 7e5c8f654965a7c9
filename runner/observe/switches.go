//go:build linux

package observe

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// perSample is how many threads are asked at each sample: the kernel tells
// context switches per thread, at about 10 µs each. A process with more threads
// is asked in turns, and its sums lag by a few samples.
const perSample = 100

// switched counts context switches since a thread's start.
type switched struct{ voluntary, involuntary uint64 }

// switches sums the context switches of a process's threads, those that have
// ended too. What a thread did after it was last asked is lost with it.
type switches struct {
	dir  *os.File // /proc/PID/task; nil when there is none
	tids []int
	next int // whose turn it is in tids
	seen map[int]switched
	sum  switched
}

func newSwitches(path string) *switches {
	dir, _ := os.Open(path)
	return &switches{dir: dir, seen: map[int]switched{}}
}

func (s *switches) close() {
	if s.dir != nil {
		s.dir.Close()
	}
}

// sample asks the threads whose turn it is; threads is how many there are.
func (s *switches) sample(threads int, buf []byte) (sum switched, ok bool) {
	if s.dir == nil {
		return sum, false
	}
	if threads != len(s.tids) {
		s.list()
	}
	missed := false
	for range min(perSample, len(s.tids)) {
		s.next %= len(s.tids)
		missed = !s.ask(s.tids[s.next], buf) || missed
		s.next++
	}
	if missed { // one has ended: another may have begun in its place
		s.tids = s.tids[:0]
	}
	return s.sum, true
}

// list reads which threads there are and forgets the others.
func (s *switches) list() {
	s.tids = s.tids[:0]
	if _, err := s.dir.Seek(0, 0); err != nil {
		return
	}
	names, _ := s.dir.Readdirnames(-1)
	alive := make(map[int]bool, len(names))
	for _, name := range names {
		if tid, err := strconv.Atoi(name); err == nil {
			s.tids = append(s.tids, tid)
			alive[tid] = true
		}
	}
	for tid := range s.seen {
		if !alive[tid] {
			delete(s.seen, tid)
		}
	}
}

// ask adds what a thread has done since it was last asked; false when it is gone.
func (s *switches) ask(tid int, buf []byte) bool {
	fd, err := unix.Openat(int(s.dir.Fd()), strconv.Itoa(tid)+"/status", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	data := source{fd}.read(buf)
	unix.Close(fd)
	now, ok := parseSwitched(data)
	if !ok {
		return false
	}
	last := s.seen[tid]
	if now.voluntary < last.voluntary || now.involuntary < last.involuntary {
		last = switched{} // another thread that has got its number
	}
	s.sum.voluntary += now.voluntary - last.voluntary
	s.sum.involuntary += now.involuntary - last.involuntary
	s.seen[tid] = now
	return true
}

// parseSwitched parses the last two lines of /proc/PID/task/TID/status.
func parseSwitched(data []byte) (n switched, ok bool) {
	n.voluntary, ok = valueOf(data, "voluntary_ctxt_switches:")
	if !ok {
		return n, false
	}
	n.involuntary, ok = valueOf(data, "nonvoluntary_ctxt_switches:")
	return n, ok
}
