//go:build linux

package main

import (
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// send writes data and keeps what the kernel has no room for. Bytes that wait
// already go first.
func (c *conn) send(data []byte) error {
	if c.out.n == 0 {
		n, err := c.write(data)
		if err != nil || n == len(data) {
			return err
		}
		data = data[n:]
	}
	c.out.put(data)
	return nil
}

// flush sends what send had to keep, until there is no more or no room.
func (c *conn) flush() error {
	for c.out.n > 0 {
		chunk := c.out.first()
		n, err := c.write(chunk)
		if err != nil {
			return err
		}
		c.out.drop(n)
		if n < len(chunk) {
			return nil
		}
	}
	return nil
}

// pending says that c has no room for the answer to one more read.
func (c *conn) pending() bool { return c.out.n > (buffers-1)**bufSize }

// write writes once. After a short write the next room is a change: epoll
// reports it (epoll(7), Questions and answers).
func (c *conn) write(data []byte) (n int, err error) {
	n, err = unix.Write(c.fd, data)
	m.Writes.Inc()
	switch {
	case err == unix.EINTR:
		m.Interrupted.Inc()
		return c.write(data)
	case err == unix.EAGAIN: // the send queue is full
		m.Again.Inc()
		return 0, nil
	case err == unix.ECONNRESET:
		m.Resets.Inc()
		return 0, io.EOF
	case err == unix.EPIPE: // an earlier call noticed the reset
		if !c.ended {
			m.BrokenPipes.Inc()
		}
		return 0, io.EOF
	case err != nil:
		return 0, os.NewSyscallError("write", err)
	case n < len(data):
		m.ShortWrites.Inc()
	}
	m.Bytes.Add(n)
	return n, nil
}

// buffers is how many reads a ring has room for.
const buffers = 4

// ring is the output of a connection, in the order of its bytes. It has memory
// only while it holds some: an idle connection costs none.
type ring struct {
	buf   []byte
	begin int // where the first byte is
	n     int // how many there are
}

// put adds data, for which there is room.
func (r *ring) put(data []byte) {
	if r.buf == nil {
		r.buf = pool.take()
	}
	end := (r.begin + r.n) % len(r.buf)
	copy(r.buf, data[copy(r.buf[end:], data):])
	r.n += len(data)
	m.Pending.Add(len(data))
}

// first returns the bytes from the first to the last or to the seam.
func (r *ring) first() []byte { return r.buf[r.begin:min(r.begin+r.n, len(r.buf))] }

// drop forgets the first n bytes, and with the last one the memory.
func (r *ring) drop(n int) {
	m.Pending.Add(-n)
	r.n -= n
	if r.n > 0 {
		r.begin = (r.begin + n) % len(r.buf)
	} else if r.buf != nil {
		pool.give(r.buf)
		*r = ring{}
	}
}

// pool keeps memory that no ring has now; more than spares is left to the
// garbage collector.
var pool stack

const spares = 64

type stack struct {
	sync.Mutex // guards free
	free       [][]byte
}

func (s *stack) take() []byte {
	s.Lock()
	defer s.Unlock()
	if n := len(s.free); n > 0 {
		buf := s.free[n-1]
		s.free = s.free[:n-1]
		return buf
	}
	m.Allocs.Inc()
	return make([]byte, buffers**bufSize)
}

func (s *stack) give(buf []byte) {
	s.Lock()
	defer s.Unlock()
	if *pooled && len(s.free) < spares {
		s.free = append(s.free, buf)
	}
}
