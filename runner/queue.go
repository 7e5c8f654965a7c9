package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"socketlabs/labs/telemetry"
)

// lookEvery is how often other processes' tickets are looked at while one of this
// process waits, or shares the machine.
const lookEvery = 50 * time.Millisecond

// newsAfter is by how much the time at which a run begins has to move until it
// is told again.
const newsAfter = 5 * time.Second

// ErrNotWaiting is the error of Push.
var ErrNotWaiting = errors.New("runner: the run does not wait")

// place is a ticket of this process, and the slot while it is measured.
type place struct {
	Ticket
	slot   *slot
	file   *os.File      // the ticket's, locked
	lock   *os.File      // the slot's; nil: it waits
	at     int64         // when it came, in nanoseconds: its name's
	failed bool          // the slot could not be had: it is told, and leaves
	others int           // that are measured at the same time
	last   standing      // that was told
	news   chan standing // the newest that was not
	turn   chan error    // nil: the slot is this place's
}

// standing is what a run that waits is told.
type standing struct {
	ahead  int
	begins time.Time // about
	paused bool
}

// reason is the standing as a run's state gives it.
func (s standing) reason() *telemetry.Reason {
	args := map[string]string{"place": strconv.Itoa(s.ahead)}
	if s.paused {
		return &telemetry.Reason{Code: "paused", Args: args}
	}
	args["wait"] = fmt.Sprint(math.Ceil(max(time.Until(s.begins).Seconds(), 0)))
	return &telemetry.Reason{Code: "slot-busy", Args: args}
}

// wait returns when the slot is the place's; told is called when it has to wait,
// and whenever its place in the line, or the time at which it begins, has changed.
func (p *place) wait(ctx context.Context, told func(standing)) error {
	for {
		select {
		case err := <-p.turn:
			return err
		case now := <-p.news:
			told(now)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// join draws a ticket, behind those who came before; whoever has it closes it. Its
// file has its name only once it is locked.
func (s *slot) join(t Ticket) (*place, error) {
	if err := os.MkdirAll(s.queue, 0o755); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.CreateTemp(s.queue, ".*")
	if err != nil {
		return nil, err
	}
	s.last = max(s.last+1, time.Now().UnixNano()) // whatever the clock does
	p := &place{Ticket: t, slot: s, file: f, news: make(chan standing, 1), turn: make(chan error, 1)}
	p.came(s.last)
	p.Paused = s.paused
	err = lock(f)
	if err == nil {
		err = p.write()
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(s.queue, p.name))
	}
	if err != nil {
		os.Remove(f.Name())
		f.Close()
		return nil, err
	}
	s.mine = append(s.mine, p)
	s.serve()
	return p, nil
}

// write puts the ticket into its file.
func (p *place) write() error {
	data, err := json.Marshal(p.Ticket)
	if err == nil {
		_, err = p.file.WriteAt(data, 0)
	}
	if err == nil {
		err = p.file.Truncate(int64(len(data)))
	}
	return err
}

// Close gives the place up, and the slot to the next in the line.
func (p *place) Close() {
	p.slot.mu.Lock()
	defer p.slot.mu.Unlock()
	if p.lock != nil {
		p.lock.Close()
	}
	os.Remove(filepath.Join(p.slot.queue, p.name))
	p.file.Close()
	p.slot.mine = slices.DeleteFunc(p.slot.mine, func(o *place) bool { return o == p })
	p.slot.serve()
}

// beside is how many others are measured at this moment.
func (p *place) beside() int {
	p.slot.mu.Lock()
	defer p.slot.mu.Unlock()
	return p.others
}

// serve lets begin whose turn has come, and tells the others how they stand. It
// is called with slot.mu held, by whoever changes the line, and by attend.
func (s *slot) serve() {
	s.needed = slices.ContainsFunc(s.mine, func(p *place) bool { return p.waits() || !p.Alone })
	if len(s.mine) == 0 {
		return
	}
	line := s.line()
	where := func(p *place) int {
		return slices.IndexFunc(line, func(t Ticket) bool { return t.name == p.name })
	}
	for _, p := range s.mine {
		if at := where(p); p.waits() && !s.paused && s.free(line[:at], p.Ticket) && p.begin() {
			line[at] = p.Ticket
			slices.SortFunc(line, inOrder)
		}
	}
	measured := 0
	for measured < len(line) && !line[measured].Began.IsZero() {
		measured++
	}
	waits, now := s.waits(line), time.Now()
	for _, p := range s.mine {
		p.others = measured - 1
		if at := where(p); p.waits() {
			p.tell(standing{at, now.Add(seconds(waits[at])), s.paused})
		}
	}
	if s.needed && !s.attended {
		s.attended = true
		s.work.Go(s.attend)
	}
}

// attend looks at the line as long as other processes matter to one of this.
func (s *slot) attend() {
	for going := true; going; {
		time.Sleep(lookEvery)
		s.mu.Lock()
		s.serve()
		s.attended = s.needed
		going = s.attended
		s.mu.Unlock()
	}
}

// waits says whether the place's turn has not come.
func (p *place) waits() bool { return p.lock == nil && !p.failed }

// begin seizes the slot for a place that waits, if no other process is in the way.
func (p *place) begin() bool {
	f, err := p.slot.seize(p.Ticket)
	if f == nil && err == nil {
		return false
	}
	if err == nil {
		p.lock, p.Began = f, time.Now()
		err = p.write()
	}
	p.failed = err != nil
	select {
	case <-p.news: // it is out of date
	default:
	}
	p.turn <- err
	return err == nil
}

// tell says how the place stands, unless that was said.
func (p *place) tell(now standing) {
	moved := now.begins.Sub(p.last.begins).Abs() > newsAfter
	if !p.last.begins.IsZero() && now.ahead == p.last.ahead && now.paused == p.last.paused && (now.paused || !moved) {
		return
	}
	p.last = now
	select {
	case <-p.news:
	default:
	}
	p.news <- now
}

// came gives the place its time, and so its name.
func (p *place) came(at int64) { p.at, p.name = at, fmt.Sprintf("%020d-%s", at, p.Run) }

// first moves a run ahead of the others of this process that wait: they change
// places among themselves, so that those of other processes keep theirs.
func (s *slot) first(run string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := slices.IndexFunc(s.mine, func(p *place) bool { return p.Run == run && p.waits() })
	to := slices.IndexFunc(s.mine, (*place).waits)
	if from < 0 {
		return ErrNotWaiting
	}
	var times []int64
	var moved []*place
	for _, p := range s.mine[to : from+1] {
		if p.waits() {
			times, moved = append(times, p.at), append(moved, p)
		}
	}
	moved = append([]*place{moved[len(moved)-1]}, moved[:len(moved)-1]...)
	slices.Reverse(moved[1:]) // from the last on: nobody of another process is let through meanwhile
	slices.Reverse(times[1:])
	var err error
	for i, p := range moved {
		old := p.name
		p.came(times[i])
		err = errors.Join(err, os.Rename(filepath.Join(s.queue, old), filepath.Join(s.queue, p.name)))
	}
	slices.SortFunc(s.mine, func(a, b *place) int { return cmp.Compare(a.at, b.at) })
	s.serve()
	return err
}

// pause keeps this process's tickets from beginning, or no longer.
func (s *slot) pause(on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = on
	var err error
	for _, p := range s.mine {
		if p.waits() {
			p.Paused = on
			err = errors.Join(err, p.write())
		}
	}
	s.serve()
	return err
}
