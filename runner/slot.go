package runner

import (
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// slot is the machine's measuring slot: one locked file of the data folder, so
// that no two runs disturb each other unasked, of whichever processes. Who is
// measured alone has the whole lock, who shares the machine a shared one. Who
// waits has a ticket, a file in the folder queue whose name says when it came, and
// that its process keeps locked: a ticket that nobody has locked is a leftover.
type slot struct {
	path, queue string
	shared      int // how many may be measured at the same time, of those that share

	mu       sync.Mutex
	mine     []*place       // guards what follows: this process's, in the order of their names
	last     int64          // time of the last that came
	paused   bool           // none of mine begins
	needed   bool           // one of mine waits or shares the machine
	attended bool           // attend goes on
	work     sync.WaitGroup // attend
}

// Ticket is a run's place in the queue for the measuring slot.
type Ticket struct {
	Run        string    `json:"run"`
	By         string    `json:"by,omitempty"` // the person who asked for it; empty: the owner
	Experiment string    `json:"experiment"`
	Seconds    float64   `json:"seconds"`          // that it takes, about
	Alone      bool      `json:"alone"`            // it shares the machine with no other
	Paused     bool      `json:"paused,omitempty"` // its process lets none begin: others go first
	Began      time.Time `json:"began"`            // to measure; zero: it waits

	name string // of its file: the time at which it came, and the run
}

// left is how many seconds the run still takes, about.
func (t Ticket) left() float64 {
	if t.Began.IsZero() {
		return t.Seconds
	}
	return max(t.Seconds-time.Since(t.Began).Seconds(), 0)
}

// rank is the ticket's part of the line: who is measured, who waits, who is paused.
func (t Ticket) rank() int {
	switch {
	case !t.Began.IsZero():
		return 0
	case t.Paused:
		return 2
	}
	return 1
}

func inOrder(a, b Ticket) int { return cmp.Or(a.rank()-b.rank(), cmp.Compare(a.name, b.name)) }

// line returns the tickets in their order, without those that nobody holds any
// more, which it removes. This process's are known; slot.mu is held.
func (s *slot) line() (list []Ticket) {
	for _, p := range s.mine {
		list = append(list, p.Ticket)
	}
	entries, _ := os.ReadDir(s.queue)
	for _, e := range entries {
		if slices.ContainsFunc(s.mine, func(p *place) bool { return p.name == e.Name() }) || drawn(e) {
			continue
		}
		if t, ok := s.foreign(e.Name()); ok {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, inOrder)
	return list
}

// drawn says whether a ticket is only being drawn: a look would be in the way.
func drawn(e os.DirEntry) bool {
	if !strings.HasPrefix(e.Name(), ".") {
		return false
	}
	info, err := e.Info()
	return err != nil || time.Since(info.ModTime()) < time.Minute
}

// foreign reads another process's ticket.
func (s *slot) foreign(name string) (Ticket, bool) {
	path := filepath.Join(s.queue, name)
	f, err := os.Open(path)
	if err != nil {
		return Ticket{}, false
	}
	defer f.Close()
	if unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) == nil {
		os.Remove(path)
		return Ticket{}, false
	}
	t := Ticket{name: name}
	return t, json.NewDecoder(f).Decode(&t) == nil
}

// free says whether a ticket's turn has come, with these ahead of it. Nobody
// overtakes: who wants to be alone and waits holds up those that share and came
// later, and waits for no more than those that came before.
func (s *slot) free(ahead []Ticket, t Ticket) bool {
	if t.Alone {
		return len(ahead) == 0
	}
	return len(ahead) < s.shared && !slices.ContainsFunc(ahead, func(a Ticket) bool { return a.Alone })
}

// waits are the seconds until each of a line begins, about; 0 for those that have.
func (s *slot) waits(line []Ticket) []float64 {
	begins := make([]float64, len(line))
	var ends []float64 // of those ahead, in order
	alone := 0.0       // when the last of them that is alone ends
	for i, t := range line {
		switch {
		case !t.Began.IsZero() || len(ends) == 0:
		case t.Alone:
			begins[i] = ends[len(ends)-1]
		case len(ends) < s.shared:
			begins[i] = alone
		default:
			begins[i] = max(alone, ends[len(ends)-s.shared])
		}
		end := begins[i] + t.left()
		if t.Alone {
			alone = max(alone, end)
		}
		at, _ := slices.BinarySearch(ends, end)
		ends = slices.Insert(ends, at, end)
	}
	return begins
}

// busy says whether something is measured now.
func (s *slot) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.line(), func(t Ticket) bool { return !t.Began.IsZero() })
}

// seize takes the slot's lock for a ticket. It returns nil when another process
// has it: one that died a moment ago, or has not yet said that it measures.
func (s *slot) seize(t Ticket) (*os.File, error) {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	how := unix.LOCK_SH
	if t.Alone {
		how = unix.LOCK_EX
	}
	err = unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, os.NewSyscallError("flock", err)
}
