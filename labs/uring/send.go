//go:build linux

package main

import (
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// state of a connection's sending; there is one send at a time.
type state uint8

const (
	idle state = iota
	// hasty sends do not wait for room and say nothing when they succeed: they
	// are settled when the enter that submitted them has returned without a word.
	hasty
	// patient sends end when everything is sent.
	patient
)

// turn is one hasty send.
type turn struct {
	c *conn
	n uint32
}

// reply answers with the buffer that the bytes have come in, or the one of an
// answer that has not left. If an earlier answer is on its way, it keeps them.
func reply(c *conn, id uint16, n int) {
	switch data := r.bytes(id, n); {
	case c.dead:
		r.give(id)
	case c.sending == hasty && len(c.out) == 0 && c.size+n <= *bufSize && r.holds(c.entry):
		copy(r.bytes(c.buffer, c.size+n)[c.size:], data) // it has not left yet: one send for both
		c.size += n
		r.entry(c.entry).len = uint32(c.size)
		r.give(id)
	case c.sending == idle && len(c.out) == 0:
		c.sending, c.buffer, c.size = hasty, id, n
		c.turn++
		sent = append(sent, turn{c, c.turn})
		e := send(c, data)
		e.flags, e.how = skipSuccess, e.how|unix.MSG_DONTWAIT
		c.entry = r.tail - 1
	default:
		m.Pending.Add(n)
		c.out = append(c.out, data...)
		r.give(id)
	}
}

// send has the kernel send all of data, which stays where it is meanwhile: Go's
// heap does not move.
func send(c *conn, data []byte) *sqe {
	e := r.next(opSend, c.fd)
	e.addr, e.len = uint64(uintptr(unsafe.Pointer(&data[0]))), uint32(len(data))
	e.how = unix.MSG_NOSIGNAL | unix.MSG_WAITALL
	return e
}

// settle ends the hasty sends of which no failure was reported.
func settle(submitted []turn) []turn {
	for _, t := range submitted {
		if c := t.c; c.sending == hasty && c.turn == t.n {
			m.Bytes.Add(c.size)
			r.give(c.buffer)
			c.sending = idle
			watch(c)
		}
	}
	return submitted[:0]
}

// flush goes on after a send that sent n bytes, or failed with -n.
func flush(c *conn, n int) {
	var err unix.Errno
	if n < 0 {
		n, err = 0, unix.Errno(-n)
	}
	if c.sending == hasty { // there was no room for all of it
		c.flying = slices.Clone(r.bytes(c.buffer, c.size))
		m.Pending.Add(c.size)
		r.give(c.buffer)
		if err == unix.EAGAIN {
			m.Again.Inc()
		} else if err == 0 {
			m.ShortWrites.Inc()
		}
	}
	m.Bytes.Add(n)
	m.Pending.Add(-n)
	c.flying, c.sending = c.flying[n:], idle
	switch {
	case err != 0 && err != unix.EAGAIN && err != unix.EINTR:
		m.Pending.Add(-len(c.flying))
		c.flying = nil
		lose(c, "send", err)
	case len(c.flying) > 0:
		c.sending = patient
		send(c, c.flying)
	default:
		c.flying = nil
	}
	watch(c)
}
