package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// settle gives a leftover its end. It returns the end when it could not be
// written, and nil when the recording has one or its run goes on.
func (a *archive) settle(id string) ([]byte, error) {
	path, err := a.find(id)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS) {
		f, err = os.Open(path)
	}
	if err != nil {
		return nil, ErrNoRun
	}
	defer f.Close()
	if ended, _, _ := tail(f); ended {
		return nil, nil
	}
	if err := lock(f); errors.Is(err, unix.EWOULDBLOCK) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	ended, last, size := tail(f) // again: its run may have ended in between
	if ended {
		return nil, nil
	}
	end := a.end(id, last)
	if err := f.Truncate(size); err != nil {
		return end, nil
	}
	r := recording{file: f, size: size}
	if err := r.write(append(end, '\n')); err != nil {
		a.wrote(err)
		return end, nil
	}
	a.mu.Lock()
	a.full = nil
	delete(a.owed, id)
	a.mu.Unlock()
	return nil, nil
}

// end returns the last event of a leftover whose last whole line is given.
func (a *archive) end(id string, last []byte) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if end := a.owed[id]; end != nil {
		return end
	}
	var e telemetry.Event
	json.Unmarshal(last, &e)
	return encode(telemetry.Event{Seq: e.Seq + 1, T: e.T, Kind: telemetry.KindEnd, From: telemetry.FromRunner,
		End: &telemetry.End{Phase: telemetry.Interrupted, Reason: &telemetry.Reason{Code: "site-restarted"}}})
}

// owe keeps an end until it can be written.
func (a *archive) owe(id string, end []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.owed[id] = end
}

// wrote remembers whether the last write succeeded.
func (a *archive) wrote(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.full = err
}

// trouble is the error of the last write.
func (a *archive) trouble() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.full
}

// tail returns a recording's last whole line, where it ends, and whether it is
// the end of the run.
func tail(f *os.File) (ended bool, last []byte, size int64) {
	info, err := f.Stat()
	if err != nil {
		return false, nil, 0
	}
	last, size = lastLine(f, info.Size())
	var e telemetry.Event
	return json.Unmarshal(last, &e) == nil && e.Kind == telemetry.KindEnd && size == info.Size(), last, size
}

// lastLine returns the last whole line of the first size bytes and where it ends.
func lastLine(f io.ReaderAt, size int64) (line []byte, end int64) {
	for n := int64(64 << 10); ; n *= 2 {
		n = min(n, size)
		text := make([]byte, n)
		if _, err := f.ReadAt(text, size-n); err != nil && err != io.EOF {
			return nil, 0
		}
		stop := bytes.LastIndexByte(text, '\n')
		start := bytes.LastIndexByte(text[:max(stop, 0)], '\n') + 1
		if stop >= 0 && (start > 0 || n == size) {
			return text[start:stop], size - n + int64(stop) + 1
		}
		if n == size || n > maxLine {
			return nil, 0
		}
	}
}

// firstLine returns the first line, or nil.
func firstLine(f io.ReaderAt) []byte {
	for n := int64(16 << 10); n <= maxLine; n *= 4 {
		text := make([]byte, n)
		got, err := f.ReadAt(text, 0)
		if stop := bytes.IndexByte(text[:got], '\n'); stop >= 0 {
			return text[:stop]
		}
		if err != nil {
			return nil
		}
	}
	return nil
}
