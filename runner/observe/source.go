//go:build linux

package observe

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"
)

// source is a file of /proc that is read again and again from its start. What
// this kernel does not have is a source without content.
type source struct{ fd int }

func open(path string) source {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return source{-1}
	}
	return source{fd}
}

// read returns the content in buf, empty when there is none (any more).
func (s source) read(buf []byte) []byte {
	if s.fd < 0 {
		return nil
	}
	n, err := unix.Pread(s.fd, buf, 0)
	if err != nil {
		return nil
	}
	return buf[:n]
}

func (s source) close() {
	if s.fd >= 0 {
		unix.Close(s.fd)
	}
}

// number parses an unsigned decimal number.
func number(b []byte) (uint64, bool) {
	n, err := strconv.ParseUint(string(b), 10, 64)
	return n, err == nil
}

// valueOf finds the number behind a key that begins a line: "syscr: 12".
func valueOf(data []byte, key string) (uint64, bool) {
	for line := range bytes.Lines(data) {
		if len(line) >= len(key) && string(line[:len(key)]) == key {
			return number(bytes.TrimSpace(line[len(key):]))
		}
	}
	return 0, false
}

// columns finds numbers by their column's name in a table of /proc/net/netstat:
// a line of names and then one of numbers, both beginning with the same word.
// Names that are not there have no number; ok says for each whether it is there.
func columns(data []byte, table string, names []string, values []uint64, ok []bool) {
	clear(ok)
	var head []byte
	for line := range bytes.Lines(data) {
		rest, found := bytes.CutPrefix(line, []byte(table))
		if !found {
			continue
		}
		if head == nil {
			head = rest
			continue
		}
		pair(head, rest, names, values, ok)
		return
	}
}

func pair(head, row []byte, names []string, values []uint64, ok []bool) {
	for len(head) > 0 && len(row) > 0 {
		var name, text []byte
		name, head = word(head)
		text, row = word(row)
		for i := range names {
			if string(name) == names[i] {
				values[i], ok[i] = number(text)
			}
		}
	}
}

// word splits the first word off.
func word(b []byte) (first, rest []byte) {
	b = bytes.TrimLeft(b, " \t\n")
	if i := bytes.IndexAny(b, " \t\n"); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}
