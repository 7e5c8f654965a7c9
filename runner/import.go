package runner

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"socketlabs/labs/telemetry"
)

// ErrRecording is what every error about a file that is no recording is.
var ErrRecording = errors.New("runner: no recording")

// Bounds of what is imported.
const (
	MaxImport   = 64 << 20  // bytes of the file
	maxUnpacked = 256 << 20 // bytes of its lines
	maxRatio    = 200       // unpacked to packed: our own are at 20
	freeRatio   = 1 << 20   // bytes that may be unpacked whatever the ratio
)

// Import takes somebody else's recording, gzipped or not, and returns what is
// now among the runs. The file is read once and believed in nothing: each line
// must be an event of ours. A recording whose id is taken gets a new one.
// ErrRecording, ErrDiskFull.
func (r *Runner) Import(in io.Reader) (Summary, error) {
	id, err := r.archive.take(in)
	if err != nil {
		return Summary{}, err
	}
	return r.archive.summary(id)
}

// take writes the recording to a hidden file, which gets its name when all of it
// was read.
func (a *archive) take(in io.Reader) (id string, err error) {
	temp, err := os.CreateTemp(a.dir, ".import-*.jsonl") // the sweep removes it, should we be killed
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	defer os.Remove(temp.Name())
	defer temp.Close()
	if err := lock(temp); err != nil {
		return "", err
	}
	lines, err := unpack(in)
	if err != nil {
		return "", err
	}
	found, err := inspect(lines, temp)
	if err != nil {
		return "", err
	}
	id, err = a.free(found.run)
	path := temp.Name()
	if err == nil && id != found.run.ID {
		path, err = a.renamed(temp, id)
	}
	if err != nil {
		return "", err
	}
	return id, a.adopt(path, id, found)
}

// adopt gives the hidden file and its notes their names. The notes come first: no
// one may take the run for one that was made here.
func (a *archive) adopt(hidden, id string, found findings) error {
	defer os.Remove(hidden)
	unlock, err := a.lockNotes()
	if err != nil {
		return err
	}
	defer unlock()
	n := found.notes
	n.Imported = &telemetry.Origin{ID: found.run.ID, Host: found.run.Host.Name}
	text, err := json.Marshal(n)
	if err == nil {
		err = os.WriteFile(a.notesPath(id), append(text, '\n'), 0o644)
	}
	if err == nil {
		err = os.Chmod(hidden, 0o644)
	}
	if err == nil {
		err = os.Link(hidden, filepath.Join(a.dir, id+".jsonl")) // unlike a rename it replaces nothing
	}
	if err != nil {
		os.Remove(a.notesPath(id))
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return nil
}

// free returns the recording's own id, or a new one when it is taken.
func (a *archive) free(run telemetry.Run) (string, error) {
	began, err := time.Parse(idTime, run.ID[:len(idTime)])
	if err != nil {
		return "", bad(1, "its id %q is no time", run.ID)
	}
	id := run.ID
	for range 8 {
		if _, err := os.Lstat(filepath.Join(a.dir, id+".jsonl")); errors.Is(err, fs.ErrNotExist) {
			return id, nil
		}
		id = newID(began)
	}
	return "", errors.New("runner: no free id")
}

// renamed copies the file with another id in its first line.
func (a *archive) renamed(from *os.File, id string) (path string, err error) {
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	in := bufio.NewReaderSize(from, 64<<10)
	first, err := readLine(in, nil)
	if err != nil {
		return "", err
	}
	var event, run map[string]json.RawMessage
	err = json.Unmarshal(first, &event)
	if err == nil {
		err = json.Unmarshal(event["run"], &run)
	}
	if err != nil {
		return "", err
	}
	run["id"], _ = json.Marshal(id)
	event["run"], _ = json.Marshal(run)
	first, _ = json.Marshal(event)
	to, err := os.CreateTemp(a.dir, ".import-*.jsonl")
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	_, err = io.Copy(to, io.MultiReader(bytes.NewReader(append(first, '\n')), in))
	if err = errors.Join(err, to.Close()); err != nil {
		os.Remove(to.Name())
		return "", fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return to.Name(), nil
}

// unpack returns a file's lines, never more than a recording may have.
func unpack(in io.Reader) (*bufio.Reader, error) {
	packed := &metered{r: in, most: MaxImport}
	lines := bufio.NewReader(packed)
	magic, _ := lines.Peek(2)
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return lines, nil
	}
	z, err := gzip.NewReader(lines)
	if err != nil {
		return nil, fmt.Errorf("%w: gzip: %w", ErrRecording, err)
	}
	return bufio.NewReaderSize(&metered{r: z, most: maxUnpacked, from: packed}, 64<<10), nil
}

// metered ends with an error where more is read than may be.
type metered struct {
	r    io.Reader
	n    int64
	most int64
	from *metered // what r unpacks; nil: nothing is unpacked
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	switch {
	case m.n > m.most:
		return 0, fmt.Errorf("%w: it has more than %d MiB", ErrRecording, m.most>>20)
	case m.from != nil && m.n > freeRatio && m.n > m.from.n*maxRatio:
		return 0, fmt.Errorf("%w: it unpacks to more than %d times its size", ErrRecording, maxRatio)
	case err != nil && err != io.EOF && m.from != nil && !errors.Is(err, ErrRecording):
		return n, fmt.Errorf("%w: gzip: %w", ErrRecording, err)
	}
	return n, err
}

// bad is an error about a line.
func bad(line int, format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", ErrRecording, line, fmt.Sprintf(format, args...))
}
