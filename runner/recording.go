package runner

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"golang.org/x/sys/unix"
)

// runID is the name of a recording: 20060102T150405Z and eight random digits.
var runID = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$`)

const idTime = "20060102T150405Z"

func newID(began time.Time) string {
	var random [4]byte
	rand.Read(random[:])
	return began.UTC().Format(idTime) + "-" + hex.EncodeToString(random[:])
}

// recording is the file of a run that this process carries. The lock on it says
// that the run goes on; the kernel drops it with the process.
type recording struct {
	file *os.File
	size int64 // of the whole lines in it
}

// record creates a run's file with its first lines. It gets its name when it is
// locked and has a beginning, so that nobody takes it for a leftover.
func record(path string, first []byte) (*recording, error) {
	hidden := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	file, err := os.OpenFile(hidden, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	r := &recording{file: file}
	if err = lock(file); err == nil {
		err = r.write(first)
	}
	if err == nil {
		err = os.Rename(hidden, path)
	}
	if err != nil {
		os.Remove(hidden)
		file.Close()
		return nil, err
	}
	return r, nil
}

// write appends lines: all of them, or none when the disk is full.
func (r *recording) write(lines []byte) error {
	if _, err := r.file.Write(lines); err != nil {
		r.file.Truncate(r.size)
		return err
	}
	r.size += int64(len(lines))
	return nil
}

// close makes the recording durable and lets go of its lock.
func (r *recording) close() error {
	err := r.file.Sync()
	if e := r.file.Close(); err == nil {
		err = e
	}
	return err
}

// lock takes a file's exclusive lock without waiting: EWOULDBLOCK when another
// has it.
func lock(f *os.File) error {
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return os.NewSyscallError("flock", err)
	}
	return nil
}
