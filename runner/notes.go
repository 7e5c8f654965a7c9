package runner

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// ErrNoNote is for a note that is not there (any more).
var ErrNoNote = errors.New("runner: the run has no such note")

// maxNotes bounds the file of a run's notes.
const maxNotes = 1 << 20

// What is written about a run stands in ID.notes.json beside its recording, so
// that the recording stays as it was measured. The site and the command line may
// both write: each change is made under one lock and arrives whole.

func (a *archive) notesPath(id string) string { return filepath.Join(a.dir, id+".notes.json") }

// notes returns what is written about a run; a run without notes has none.
func (a *archive) notes(id string) (telemetry.Notes, error) {
	var n telemetry.Notes
	if _, err := a.find(id); err != nil {
		return n, err
	}
	path := a.notesPath(id)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil
	}
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxNotes) {
		err = fmt.Errorf("%s is no file of notes: delete it", path)
	}
	if err != nil {
		return n, err
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	if err != nil {
		return telemetry.Notes{}, fmt.Errorf("notes of %s: %w", id, err)
	}
	return n, nil
}

// annotate changes what is written about a run.
func (a *archive) annotate(id string, change func(*telemetry.Notes) error) error {
	if _, err := a.find(id); err != nil {
		return err
	}
	unlock, err := a.lockNotes()
	if err != nil {
		return err
	}
	defer unlock()
	n, err := a.notes(id)
	if err == nil {
		err = change(&n)
	}
	if err != nil {
		return err
	}
	return a.putNotes(id, n)
}

// putNotes writes the file, whole or not at all. Its lock is held.
func (a *archive) putNotes(id string, n telemetry.Notes) error {
	if _, err := a.find(id); err != nil { // deleted in between
		return err
	}
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	hidden := filepath.Join(a.dir, ".notes.new")
	err = os.WriteFile(hidden, append(text, '\n'), 0o644)
	if err == nil {
		err = os.Rename(hidden, a.notesPath(id))
	}
	if err != nil {
		os.Remove(hidden)
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	a.forget(id)
	return nil
}

// lockNotes waits for whoever else writes notes: that takes a moment.
func (a *archive) lockNotes() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(a.dir, ".notes.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		f.Close()
		return nil, os.NewSyscallError("flock", err)
	}
	return func() { f.Close() }, nil
}

// Notes returns what is written about a run. ErrNoRun.
func (r *Runner) Notes(id string) (telemetry.Notes, error) { return r.archive.notes(id) }

// Name gives a run a name; an empty one takes it away. ErrNoRun, telemetry.ErrNote.
func (r *Runner) Name(id, name string) error {
	name, err := telemetry.CheckName(name)
	if err != nil {
		return err
	}
	return r.archive.annotate(id, func(n *telemetry.Notes) error {
		n.Name = name
		return nil
	})
}

// AddNote writes a note about a run and returns it with its id. ErrNoRun,
// telemetry.ErrNote.
func (r *Runner) AddNote(id string, note telemetry.Note) (telemetry.Note, error) {
	note, err := note.Check()
	if err != nil {
		return note, err
	}
	err = r.archive.annotate(id, func(n *telemetry.Notes) error {
		if len(n.Notes) >= telemetry.MaxNotes {
			return fmt.Errorf("%w: a run has %d notes at most: delete one first", telemetry.ErrNote, telemetry.MaxNotes)
		}
		note.ID = 1
		for _, other := range n.Notes {
			note.ID = max(note.ID, other.ID+1)
		}
		n.Notes = inTime(append(n.Notes, note))
		return nil
	})
	return note, err
}

// SetNote replaces the note of the same id. ErrNoRun, ErrNoNote, telemetry.ErrNote.
func (r *Runner) SetNote(id string, note telemetry.Note) error {
	note, err := note.Check()
	if err != nil {
		return err
	}
	return r.archive.annotate(id, func(n *telemetry.Notes) error {
		i := slices.IndexFunc(n.Notes, func(x telemetry.Note) bool { return x.ID == note.ID })
		if i < 0 {
			return ErrNoNote
		}
		n.Notes[i] = note
		n.Notes = inTime(n.Notes)
		return nil
	})
}

// RemoveNote deletes a note. ErrNoRun, ErrNoNote.
func (r *Runner) RemoveNote(id string, note int) error {
	return r.archive.annotate(id, func(n *telemetry.Notes) error {
		before := len(n.Notes)
		n.Notes = slices.DeleteFunc(n.Notes, func(x telemetry.Note) bool { return x.ID == note })
		if len(n.Notes) == before {
			return ErrNoNote
		}
		return nil
	})
}

func inTime(notes []telemetry.Note) []telemetry.Note {
	slices.SortStableFunc(notes, func(a, b telemetry.Note) int {
		return cmp.Or(cmp.Compare(a.Block, b.Block), cmp.Compare(a.T, b.T), cmp.Compare(a.ID, b.ID))
	})
	return notes
}
