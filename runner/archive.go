package runner

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// archive is the folder of the recordings. A file that nobody has locked and
// that has no end is a leftover of a process that was killed: whoever meets it
// gives it its end.
type archive struct {
	dir string

	mu    sync.Mutex
	known map[string]known  // guards known, owed and full: summaries of files that have not changed
	owed  map[string][]byte // ends that could not be written yet, by run
	full  error             // of the last write, nil when it succeeded
}

// known is a file that was read: it has Summary.Bytes.
type known struct {
	changed time.Time
	noted   time.Time // when its notes were changed; zero: there are none
	Summary
}

func openArchive(dir string) (*archive, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	a := &archive{dir: dir, known: map[string]known{}, owed: map[string][]byte{}}
	a.sweep()
	return a, nil
}

// sweep removes what was being created when its process was killed.
func (a *archive) sweep() {
	hidden, _ := filepath.Glob(filepath.Join(a.dir, ".*.jsonl"))
	for _, path := range hidden {
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		if info, err := f.Stat(); err == nil && time.Since(info.ModTime()) > time.Minute && lock(f) == nil {
			os.Remove(path)
		}
		f.Close()
	}
}

// path returns the file of a run; an id that is not one is never made into a path.
func (a *archive) path(id string) (string, error) {
	if !runID.MatchString(id) {
		return "", ErrNoRun
	}
	return filepath.Join(a.dir, id+".jsonl"), nil
}

// find is path for a recording that must exist.
func (a *archive) find(id string) (string, error) {
	path, err := a.path(id)
	if err != nil {
		return "", err
	}
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return "", ErrNoRun
	}
	return path, nil
}

// list returns every recording's id, the newest first.
func (a *archive) list() ([]string, error) {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".jsonl")
		if ok && runID.MatchString(id) && e.Type().IsRegular() {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(b, a) })
	return ids, nil
}

// summary returns what a recording's first and last lines say. A run that
// another process carries is Running.
func (a *archive) summary(id string) (Summary, error) {
	path, err := a.find(id)
	if err != nil {
		return Summary{}, err
	}
	if s, ok := a.remembered(id, path); ok {
		return s, nil
	}
	end, err := a.settle(id)
	if err != nil {
		return Summary{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return Summary{}, ErrNoRun
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Summary{}, err
	}
	if end == nil {
		end, _ = lastLine(f, info.Size())
	}
	noted := a.noted(id) // before they are read: what changes after is seen next time
	s := summarise(id, firstLine(f), end)
	s.Bytes = info.Size()
	s.annotated(a.notes(id))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[id] = known{info.ModTime(), noted, s}
	return s, nil
}

// remembered returns the summary of a run that has ended and whose file has not
// changed since it was read.
func (a *archive) remembered(id, path string) (Summary, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return Summary{}, false
	}
	noted := a.noted(id)
	a.mu.Lock()
	defer a.mu.Unlock()
	k, ok := a.known[id]
	ok = ok && k.noted.Equal(noted) && k.Phase.Over() && k.Bytes == info.Size() && k.changed.Equal(info.ModTime()) && a.owed[id] == nil
	return k.Summary, ok
}

// noted is when a run's notes were changed last.
func (a *archive) noted(id string) time.Time {
	info, err := os.Lstat(a.notesPath(id))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// summarise returns what a recording's first and last lines say.
func summarise(id string, first, last []byte) Summary {
	s := Summary{ID: id, Phase: telemetry.Running}
	s.Began, _ = time.Parse(idTime, id[:strings.IndexByte(id, '-')])
	var e struct {
		Run *struct {
			telemetry.Run
			Asked labs.Spec `json:"asked"`
		} `json:"run"`
	}
	if json.Unmarshal(first, &e) == nil && e.Run != nil {
		s.header(e.Run.Run, e.Run.Asked)
	}
	var end telemetry.Event
	if json.Unmarshal(last, &end) == nil && end.End != nil {
		s.ended(*end.End)
	}
	return s
}

func (s *Summary) header(r telemetry.Run, asked labs.Spec) {
	s.Experiment, s.Began, s.Edited, s.Code = r.Experiment, r.Began, r.Edited, r.Code
	s.Exercise = r.Exercise
	s.By, s.Shared = r.By, r.Shared
	s.Command, s.Knobs, s.Load = r.Command, asked.Knobs, asked.Load
	s.Lab, s.Cores, s.Seconds = r.Lab, r.Host.Cores, asked.Seconds
	s.Net, s.Sysctl = asked.Net, asked.Sysctl
	s.Kind = r.Kind
	for _, a := range r.Arms {
		s.Arms = append(s.Arms, a.Label)
	}
}

func (s *Summary) ended(e telemetry.End) {
	s.Phase, s.Reason, s.Trust = e.Phase, e.Reason, e.Trust
	s.Checks, s.Guesses, s.Metrics, s.Comparison = e.Checks, e.Guesses, e.Metrics, e.Comparison
	s.Beside = int(e.Metrics["host.beside.max"])
}

// annotated adds what is written about the run; notes that cannot be read take
// no run away.
func (s *Summary) annotated(n telemetry.Notes, err error) {
	if err == nil {
		s.Name, s.Notes, s.Imported = n.Name, len(n.Notes), n.Imported
	}
}

// over says whether a run of this archive has ended.
func (a *archive) over(id string) bool {
	s, err := a.summary(id)
	return err == nil && s.Phase.Over()
}

// remove deletes a recording whose run has ended.
func (a *archive) remove(id string) error {
	path, err := a.find(id)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return ErrNoRun
	}
	defer f.Close()
	if lock(f) != nil {
		return ErrRunning
	}
	unlock, err := a.lockNotes()
	if err == nil {
		defer unlock()
	}
	a.mu.Lock()
	delete(a.known, id)
	delete(a.owed, id)
	a.mu.Unlock()
	if err := os.Remove(path); err != nil {
		return err
	}
	os.Remove(a.notesPath(id)) // without its run nobody finds it
	return nil
}

// forget drops a summary that was remembered.
func (a *archive) forget(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.known, id)
}
