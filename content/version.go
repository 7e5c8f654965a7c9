package content

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"socketlabs/labs"
)

// File is where the learner's version lies in the data folder.
func (x *Exercise) File() string { return path.Join("exercises", x.Lesson, x.Func.Name+".go") }

// Version is a text of the learner's as the runner builds it.
func (x *Exercise) Version(text string) labs.Version {
	return labs.Version{Func: x.Func.Name, Text: text, File: x.File()}
}

// Read returns the learner's version from the data folder. Until it is saved
// there, it is the lab's function. A file that is too long is read no further
// than the version's bound, and one byte.
func (x *Exercise) Read(data string) (text string, saved bool, err error) {
	f, err := os.Open(filepath.Join(data, x.File()))
	if errors.Is(err, fs.ErrNotExist) {
		return x.Original(), false, nil
	}
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	read := make([]byte, labs.MaxVersion+1)
	n := 0
	for n < len(read) {
		k, err := f.Read(read[n:])
		if n += k; err != nil {
			break
		}
	}
	return string(read[:n]), true, nil
}

// Original is the lab's function as a file of its own.
func (x *Exercise) Original() string {
	return strings.ReplaceAll(x.Func.Text, "\r\n", "\n") + "\n"
}

// Write keeps a text as the learner's version, whole or not at all.
func (x *Exercise) Write(data, text string) error {
	at := filepath.Join(data, x.File())
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(at), ".version-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), at)
}

// Reset forgets the learner's version.
func (x *Exercise) Reset(data string) error {
	err := os.Remove(filepath.Join(data, x.File()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
