package runner

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"

	"socketlabs/labs/telemetry"
)

// Export writes a recording to give away: gzipped, and with what was written
// about the run after its first event, where Import and a lesson find it.
// ErrNoRun, ErrRunning.
func (r *Runner) Export(w io.Writer, id string) error {
	if _, ok := r.Live(id); ok {
		return ErrRunning
	}
	s, err := r.archive.summary(id)
	if err != nil {
		return err
	}
	if !s.Phase.Over() {
		return ErrRunning
	}
	path, err := r.archive.find(id)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return ErrNoRun
	}
	defer f.Close()
	notes, err := r.archive.notes(id)
	if err != nil {
		return err
	}
	z, _ := gzip.NewWriterLevel(w, gzip.BestCompression) // fails for no level that exists
	if err := export(z, bufio.NewReaderSize(f, 64<<10), notes); err != nil {
		return err
	}
	return z.Close()
}

// export copies a recording's lines, the notes behind the first.
func export(w io.Writer, in *bufio.Reader, notes telemetry.Notes) error {
	notes.Imported = nil // where it came from is the business of who has it
	first, err := readLine(in, nil)
	if err != nil {
		return err
	}
	if _, err := w.Write(append(first, '\n')); err != nil {
		return err
	}
	if notes.Name != "" || len(notes.Notes) > 0 {
		line, err := json.Marshal(telemetry.Event{Kind: telemetry.KindNotes, From: telemetry.FromRunner, Notes: &notes})
		if err != nil {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	_, err = io.Copy(w, in)
	return err
}
