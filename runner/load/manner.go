//go:build linux

package load

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// manner is how the clients of one kind of fault misbehave: what they do when
// something happens. Nil: nothing.
type manner struct {
	head func(f fault) []byte // what each connection sends first
	on   func(g *gang)        // the fault is switched on
	off  func(g *gang)        // and off
	act  func(r *rogue)       // the connection is open, and the fault is on
	step func(r *rogue)       // a pause is over
	sent func(r *rogue)       // everything owed was written
	took func(r *rogue)       // an answer came, or a part of it
	lost func(r *rogue, err error)
	left func(r *rogue) // before the connection is closed

	asks  bool // it expects its own bytes back, if the server is one for that
	slow  bool // it reads only in its steps
	again bool // it connects again, a pause after its connection has ended
	rush  bool // all connect at once, however many they are
}

// manners has an entry for each kind that the load generator plays.
var manners = map[string]manner{
	"idle":  {},
	"flood": {rush: true},
	"slow-reader": {
		head: framed, asks: true, slow: true,
		act: func(r *rogue) {
			r.owe(r.gang.total())
			r.pause()
		},
		step: func(r *rogue) {
			if r.take(r.gang.chunk) && r.rewatch() && r.got < r.gang.total() {
				r.pause()
			}
		},
	},
	"slow-writer": {
		head: framed, asks: true,
		act: func(r *rogue) {
			if r.owe(min(r.gang.ahead, r.gang.total())) {
				r.next()
			}
		},
		step: func(r *rogue) {
			total := r.gang.total()
			if r.owe(min(r.gang.chunk, total-r.owed)) && r.owed < total {
				r.pause()
			}
		},
	},
	"reset": {
		head: framed, asks: true, again: true,
		act: func(r *rogue) { r.owe(r.gang.total()) }, sent: (*rogue).abort, step: (*rogue).abort,
	},
	"half-close": {
		head: framed, asks: true,
		act: func(r *rogue) { r.owe(r.gang.total()) }, sent: (*rogue).finish,
		lost: func(r *rogue, err error) { // before it had its answer
			if r.gang.asks() && r.got < r.gang.total() || !errors.Is(err, io.EOF) {
				r.gang.meter.fail(err)
			}
		},
	},
	"churn": {
		head: framed, asks: true, again: true,
		act: func(r *rogue) { r.owe(r.gang.total()) },
		took: func(r *rogue) {
			if r.got >= r.gang.total() || !r.gang.asks() {
				r.end()
				r.reconnect(r.gang.pause)
			}
		},
	},
	"garbage": {
		again: true,
		act: func(r *rogue) {
			r.owe(r.gang.size)
			r.pause()
		},
		step: func(r *rogue) {
			if r.sent < r.owed || r.owe(r.gang.size) {
				r.pause()
			}
		},
	},
	"truncated": {
		head: announced, again: true,
		act: (*rogue).half, sent: (*rogue).finish,
	},
	"cut": {
		head: announced, again: true,
		act: (*rogue).half, sent: (*rogue).abort, step: (*rogue).abort,
	},
	"oversized": {
		head:  func(f fault) []byte { return binary.BigEndian.AppendUint32(nil, f.announce) },
		again: true,
		act:   func(r *rogue) { r.owe(r.gang.total()) },
	},
	"bomb": {
		head:  func(f fault) []byte { return lengthCodec.append(nil, deflated(f.size)) },
		again: true,
		act: func(r *rogue) {
			r.owe(int64(len(r.gang.head)))
			r.pause()
		},
		step: func(r *rogue) {
			if r.sent == r.owed {
				r.sent, r.owed = 0, 0 // the next one is the same
				if !r.owe(int64(len(r.gang.head))) {
					return
				}
			}
			r.pause()
		},
	},
	"blackhole": {
		act: func(r *rogue) { // first, so that the answer is not acknowledged
			if err := r.lose(1); err != nil {
				r.gang.meter.fail(err)
			}
			r.owe(r.gang.total())
		},
		left: func(r *rogue) { r.lose(0) }, // or the kernel keeps the connection and its FIN for minutes
	},
	"loss": {
		on:  func(g *gang) { g.lossy(true) },
		off: func(g *gang) { g.lossy(false) },
	},
}

// dialect is what the load's clients speak, as far as those that misbehave need
// it to be understood.
type dialect struct {
	echo   bool // what is sent comes back
	frames bool // each message follows its length, 4 bytes, big-endian
}

func dialectOf(p Plan) dialect {
	switch p.Load["client"] {
	case nil, "echo":
		return dialect{echo: true}
	case "frames":
		c := p.Client
		plain := c["codec"] == "length" && c["payload"] != "json" && c["compress"] != true && (c["tls"] == nil || c["tls"] == "off")
		return dialect{echo: plain, frames: plain}
	}
	return dialect{}
}

// framed is the length of the message, if the server expects one.
func framed(f fault) []byte {
	if !f.dialect.frames {
		return nil
	}
	return announced(f)
}

func announced(f fault) []byte { return binary.BigEndian.AppendUint32(nil, uint32(f.size)) }

// deflated is a deflated text (RFC 1951) that inflates to size zeros. From the
// second part on each deflates to the same bytes, so they are made only once:
// nobody may have to wait for it.
func deflated(size int64) []byte {
	const part = 256 << 10
	var out, last bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestCompression) // fails for no valid level
	zeros := make([]byte, part)
	first, from := min(size, 2*part), 0
	for done := int64(0); done < first; done += part {
		from = out.Len()
		w.Write(zeros[:min(part, first-done)])
		w.Flush() // ends a block on a whole byte
	}
	block := bytes.Clone(out.Bytes()[from:])
	done := first
	for ; done+part <= size; done += part {
		out.Write(block)
	}
	w.Reset(&last) // its bytes need nothing that came before
	w.Write(zeros[:size-done])
	w.Close()
	return append(out.Bytes(), last.Bytes()...)
}

// half announces a frame and sends half of it.
func (r *rogue) half() { r.owe(int64(len(r.gang.head)) + r.gang.size/2) }

// finish ends our side of the connection: FIN.
func (r *rogue) finish() {
	unix.Shutdown(r.fd, unix.SHUT_WR) // what fails here, the next read tells
}

// abort ends the connection with RST, once all bytes are there: RST would
// destroy the rest.
func (r *rogue) abort() {
	if r.unsent() {
		r.loop.timers.start(&r.step, r.loop.now()+time.Millisecond)
		return
	}
	// close(2) now sends RST and no FIN (socket(7), SO_LINGER).
	unix.SetsockoptLinger(r.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	r.end()
	r.reconnect(r.gang.pause)
}

// unsent says that the server's host has not taken all bytes yet. It gives up
// after 100 times.
func (r *rogue) unsent() bool {
	r.probes++
	n, err := unix.IoctlGetInt(r.fd, unix.SIOCOUTQ)
	return err == nil && n > 0 && r.probes < 100
}
