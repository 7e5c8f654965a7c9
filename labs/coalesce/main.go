//go:build linux

// Coalesce is an echo server of small messages, each after its length, that
// decides when an answer leaves and in whose company. What it costs is that an
// answer which waits for company is late.
package main

import (
	"flag"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/loop"
	"socketlabs/labs/internal/sock"
	"socketlabs/labs/telemetry"
)

var (
	how        = flag.String("write", "writev", "how answers leave: two writes each, by a buffer, all in one writev, or header with MSG_MORE [each|buffer|writev|more]")
	nodelay    = flag.Bool("nodelay", true, "do not hold a small segment back until the one before is acknowledged")
	flushBytes = flag.Int("flush-bytes", 32<<10, "bytes that the buffer may hold [64..1048576 bytes]")
	flushTime  = flag.Duration("flush-time", 2*time.Millisecond, "how long the first byte in the buffer may wait [0.1ms..1s]")
	timer      = flag.Bool("timer", true, "empty the buffer when that time is over, not when the next message comes")
	most       = flag.Int("cap", 64<<10, "largest payload [16..16777216 bytes]")
	bufSize    = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	backlog    = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	loop.Counts
	Messages, FullFlushes, TimedFlushes, TooLarge, LostBytes telemetry.Counter
	HeldBytes                                                telemetry.Gauge
}

// maxPieces is what one writev takes (writev(2), IOV_MAX).
const maxPieces = 1024

// held is what a connection's buffer holds back.
type held struct {
	buf   []byte
	next  time.Time   // when whoever comes may empty it
	timer *time.Timer // empties it
	armed bool
}

var (
	pieces   [][]byte // of the answers to one read
	stopping bool
)

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	return loop.Serve(addr, quit, loop.Config{
		Counts: &m.Counts, Backlog: *backlog, Buf: *bufSize,
		MaxIn:  *most + *bufSize + sock.FrameHeader,
		Accept: enter, Receive: drain, Closed: leave, Stop: stop,
	})
}

// drain answers each message that has arrived whole with its header and its
// payload, which a server that computes its answers has in two places.
func drain(c *loop.Conn) error {
	data, whole := c.In, 0
	for !c.Closed() {
		payload, n, err := sock.NextFrame(data[whole:], *most)
		if err != nil {
			refuse(c, err)
			return nil
		}
		if n == 0 {
			break
		}
		m.Messages.Inc()
		reply(c, data[whole:whole+sock.FrameHeader], payload)
		whole += n
	}
	gather(c)
	c.Take(min(whole, len(c.In)))
	return nil
}

// reply sends an answer, or puts it where it waits for others.
func reply(c *loop.Conn, header, payload []byte) {
	switch *how {
	case "each":
		send(c, 0, header)
		send(c, 0, payload)
	case "more":
		send(c, unix.MSG_MORE, header)
		send(c, 0, payload)
	case "writev":
		if pieces = append(pieces, header, payload); len(pieces) == maxPieces {
			gather(c)
		}
	case "buffer":
		enqueue(c, header, payload)
	}
}

// gather sends the answers to one read in one call.
func gather(c *loop.Conn) {
	send(c, 0, pieces...)
	pieces = pieces[:0]
}

// enqueue has an answer wait until there are enough bytes, or its time is over.
func enqueue(c *loop.Conn, header, payload []byte) {
	h := c.Data.(*held)
	h.buf = append(append(h.buf, header...), payload...)
	m.HeldBytes.Add(len(header) + len(payload))
	switch {
	case len(h.buf) >= *flushBytes:
		m.FullFlushes.Inc()
		flush(c)
	case stopping, !*timer && time.Now().After(h.next): // the clock is looked at when a message comes
		flush(c)
	case *timer && !h.armed: // by the first byte: the others wait no longer than that
		h.armed = true
		c.Hold()
		h.timer = time.AfterFunc(*flushTime, func() { c.Post(func() { expire(c) }) })
	}
}

// expire is called when the time of the first byte is over.
func expire(c *loop.Conn) {
	if !c.Data.(*held).armed {
		return // it was full first
	}
	m.TimedFlushes.Inc()
	flush(c)
}

// flush sends what the buffer holds.
func flush(c *loop.Conn) {
	h := c.Data.(*held)
	if len(h.buf) == 0 {
		return
	}
	m.HeldBytes.Add(-len(h.buf))
	buf := h.buf
	h.buf, h.next = h.buf[:0], time.Now().Add(*flushTime)
	send(c, 0, buf)
	disarm(c)
}

// disarm takes back what enqueue armed.
func disarm(c *loop.Conn) {
	if h := c.Data.(*held); h.armed {
		h.armed = false
		h.timer.Stop()
		c.Release()
	}
}

// send makes one call for all pieces. What the kernel has no room for goes the
// loop's way, and then nothing may overtake it.
func send(c *loop.Conn, flags int, pieces ...[]byte) {
	n := 0
	if c.Pending() == 0 && !c.Closed() && len(pieces) > 0 {
		var err error
		switch {
		case flags != 0:
			n, err = unix.SendmsgN(c.FD, pieces[0], nil, nil, flags)
		case len(pieces) > 1:
			n, err = unix.Writev(c.FD, pieces)
		default:
			n, err = unix.Write(c.FD, pieces[0])
		}
		m.Writes.Inc()
		if err != nil { // no room, or the end: Send finds out which
			n = 0
		}
		m.Bytes.Add(n)
	}
	for _, p := range pieces {
		sent := min(n, len(p))
		n -= sent
		if sent < len(p) {
			c.Send(p[sent:])
		}
	}
}

// refuse says why in a frame, after all that was said before.
func refuse(c *loop.Conn, err error) {
	m.TooLarge.Inc()
	gather(c)
	flush(c)
	c.Take(len(c.In))
	c.Send(sock.AppendFrame(nil, []byte("error: "+err.Error())))
	c.Finish()
}

// enter gives the connection its buffer. TCP_NODELAY is inherited from the listener.
func enter(c *loop.Conn) {
	c.Data = &held{}
	if !*nodelay {
		unix.SetsockoptInt(c.FD, unix.IPPROTO_TCP, unix.TCP_NODELAY, 0)
	}
}

// leave counts what was never sent.
func leave(c *loop.Conn) {
	h := c.Data.(*held)
	m.HeldBytes.Add(-len(h.buf))
	m.LostBytes.Add(len(h.buf))
	h.buf = nil
	disarm(c)
}

// stop has nothing wait any longer.
func stop(l *loop.Loop) {
	stopping = true
	l.Each(func(c *loop.Conn) {
		flush(c)
		c.Hurry()
	})
}
