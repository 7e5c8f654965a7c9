package runner

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	"socketlabs/labs/telemetry"
)

// fileFollower is a reader's place in a recording: of a run that has ended, or
// of one that another process carries.
type fileFollower struct {
	a      *archive
	id     string
	path   string
	offset int64
	after  uint64
	seen   uint64 // of the last line that was read
	over   bool   // the run's end was read
}

// follow returns a reader of a recording from after seq on.
func (a *archive) follow(id string, after uint64) (*Reader, error) {
	path, err := a.find(id)
	if err != nil {
		return nil, err
	}
	if _, err := a.settle(id); err != nil {
		return nil, err
	}
	f := &fileFollower{a: a, id: id, path: path, after: after}
	return &Reader{next: f.next}, nil
}

func (f *fileFollower) next(ctx context.Context) (Batch, error) {
	for !f.over {
		if b, err := f.read(); err != nil || b.JSON != nil {
			return b, err
		}
		if f.over {
			break
		}
		end, err := f.a.settle(f.id)
		if err != nil {
			return Batch{}, err
		}
		if end != nil && f.wants(end) { // it could not be written: this reader has it all the same
			return f.batch([][]byte{end}), nil
		}
		select { // another process writes this file
		case <-time.After(telemetry.Tick):
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		}
	}
	return Batch{}, io.EOF
}

// read takes the whole lines that come next, about behindBytes of them. The
// file is open only here, so that a reader that is dropped leaves nothing behind.
func (f *fileFollower) read() (Batch, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return Batch{}, ErrNoRun
	}
	defer file.Close()
	if _, err := file.Seek(f.offset, io.SeekStart); err != nil {
		return Batch{}, err
	}
	in := bufio.NewReaderSize(file, 64<<10)
	var lines [][]byte
	for size := 0; size < behindBytes && !f.over; {
		line, err := readLine(in, nil)
		if err != nil {
			break // the end, a torn line, or one that is none of ours
		}
		f.offset += int64(len(line)) + 1
		if f.wants(line) {
			lines = append(lines, line)
			size += len(line)
		}
	}
	if len(lines) == 0 {
		return Batch{}, nil
	}
	return f.batch(lines), nil
}

// wants says whether the reader does not have the event yet.
func (f *fileFollower) wants(line []byte) bool {
	var e struct {
		Seq  uint64
		Kind telemetry.Kind
	}
	if json.Unmarshal(line, &e) != nil {
		return false
	}
	f.seen = max(e.Seq, f.after)
	f.over = f.over || e.Kind == telemetry.KindEnd
	return e.Seq > f.after
}

func (f *fileFollower) batch(lines [][]byte) Batch {
	b := Batch{From: f.after + 1, JSON: []byte{'['}}
	b.JSON = append(append(b.JSON, bytes.Join(lines, []byte{','})...), ']')
	f.after = f.seen
	b.To = f.seen
	return b
}
