package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// slot is the machine's measuring slot: one locked file of the data folder, so
// that no two runs disturb each other, of whichever processes. Who waits for it
// has a ticket, a file in the folder queue whose name says when it came, and that
// it keeps locked: a ticket that nobody has locked is a leftover.
type slot struct{ path, queue string }

// Ticket is a run's place in the queue for the measuring slot.
type Ticket struct {
	Run        string    `json:"run"`
	Experiment string    `json:"experiment"`
	Seconds    float64   `json:"seconds"` // that it takes, about
	Began      time.Time `json:"began"`   // to measure; zero: it waits

	file *os.File
	path string
}

// left is how many seconds the run still takes, about.
func (t Ticket) left() float64 {
	if t.Began.IsZero() {
		return t.Seconds
	}
	return max(t.Seconds-time.Since(t.Began).Seconds(), 0)
}

// write puts the ticket into its file.
func (t *Ticket) write() error {
	data, err := json.Marshal(t)
	if err == nil {
		_, err = t.file.WriteAt(data, 0)
	}
	if err == nil {
		err = t.file.Truncate(int64(len(data)))
	}
	return err
}

// drop gives the place up.
func (t *Ticket) drop() {
	os.Remove(t.path)
	t.file.Close()
}

// join draws a ticket. Its file has its name only once it is locked.
func (s slot) join(t Ticket) (*Ticket, error) {
	if err := os.MkdirAll(s.queue, 0o755); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(s.queue, ".*")
	if err != nil {
		return nil, err
	}
	t.file, t.path = f, filepath.Join(s.queue, fmt.Sprintf("%020d-%s", time.Now().UnixNano(), t.Run))
	err = lock(f)
	if err == nil {
		err = t.write()
	}
	if err == nil {
		err = os.Rename(f.Name(), t.path)
	}
	if err != nil {
		os.Remove(f.Name())
		f.Close()
		return nil, err
	}
	return &t, nil
}

// line returns the tickets in their order, without those that nobody holds any
// more, which it removes.
func (s slot) line() (list []Ticket) {
	entries, _ := os.ReadDir(s.queue) // sorted by name: by time
	for _, e := range entries {
		if info, err := e.Info(); err != nil || strings.HasPrefix(e.Name(), ".") && time.Since(info.ModTime()) < time.Minute {
			continue // being drawn: a look would be in the way
		}
		path := filepath.Join(s.queue, e.Name())
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		t := Ticket{path: path}
		if unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) == nil {
			os.Remove(path)
		} else if json.NewDecoder(f).Decode(&t) == nil {
			list = append(list, t)
		}
		f.Close()
	}
	return list
}

// ahead is how many come before the ticket, and how many seconds they take,
// about.
func (s slot) ahead(t *Ticket) (place int, wait float64) {
	for _, other := range s.line() {
		if other.path >= t.path {
			break
		}
		place++
		wait += other.left()
	}
	return place, wait
}

// held is the slot while a run has it.
type held struct {
	file   *os.File
	ticket *Ticket
}

// Close gives the slot to the next in the line.
func (h *held) Close() {
	h.file.Close()
	h.ticket.drop()
}

// take waits for the slot, behind those who came before; told is called when it
// has to wait, and whenever its place in the line has changed.
func (s slot) take(ctx context.Context, t Ticket, told func(place int, wait float64)) (*held, error) {
	ticket, err := s.join(t)
	if err != nil {
		return nil, err
	}
	f, err := s.wait(ctx, ticket, told)
	if err != nil {
		ticket.drop()
		return nil, err
	}
	ticket.Began = time.Now()
	if err := ticket.write(); err != nil {
		f.Close()
		ticket.drop()
		return nil, err
	}
	return &held{f, ticket}, nil
}

func (s slot) wait(ctx context.Context, t *Ticket, told func(place int, wait float64)) (*os.File, error) {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for waits, last := 0, -1; ; waits++ {
		place, wait := s.ahead(t)
		if place == 0 {
			err = lock(f)
		}
		if place == 0 && err == nil {
			return f, nil
		}
		if place == 0 && !errors.Is(err, unix.EWOULDBLOCK) {
			f.Close()
			return nil, err
		}
		pause := 50 * time.Millisecond
		if waits < 3 { // somebody may only be looking, see busy
			pause = time.Millisecond
		} else if place != last {
			last = place
			told(place, wait)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		}
	}
}

// busy says whether something is measured now.
func (s slot) busy() bool {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}
