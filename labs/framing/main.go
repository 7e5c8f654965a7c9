//go:build linux

// Framing is an echo server of messages: it cuts the stream into frames by a
// length, an end of line, or a header with a checksum, and refuses what it should
// not believe before it allocates for it. What it costs is a limit on everything
// that a client can announce.
package main

import (
	"errors"
	"flag"
	"net/netip"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/loop"
	"socketlabs/labs/telemetry"
)

var (
	codecName  = flag.String("codec", "length", "how a frame says where it ends [length|delimiter|tlv]")
	most       = flag.Int("cap", 64<<10, "largest payload [16..16777216 bytes]")
	trust      = flag.Bool("trust", false, "believe the length: allocate what the header announces")
	strict     = flag.Bool("schema", false, `take only {"id":N,"text":"…"}`)
	compressed = flag.Bool("compressed", false, "payloads are raw deflate, and looked into")
	ratio      = flag.Int("ratio", 100, "how many times its size a payload may hold; deflate can do 1032 [1..2000]")
	inflated   = flag.Int("inflated", 1<<20, "how much a payload may hold [64..268435456 bytes]")
	bufSize    = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	backlog    = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	loop.Counts
	Frames, Merged, Split, Truncated, InflatedBytes telemetry.Counter
	TooLarge, Malformed, BadChecksum, Bombs         telemetry.Counter
	ReservedBytes, Unfinished                       telemetry.Gauge
}

// Even a lab that trusts must not take the machine with it.
const (
	mostTrusted  = 256 << 20 // bytes of a frame
	mostReserved = 1 << 30   // bytes in all
)

// stream is what is known of a connection's unfinished frame.
type stream struct {
	inside   bool // a part of it has arrived
	seen     int  // bytes of it that need not be looked at again
	kept     int  // bytes of it that wait for the rest
	reserved int  // bytes allocated because it announced them
}

var (
	frames codec
	zip    inflater
)

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	frames = codecs[*codecName]
	if *trust {
		*most = mostTrusted
	}
	return loop.Serve(addr, quit, loop.Config{
		Counts: &m.Counts, Backlog: *backlog, Buf: *bufSize,
		MaxIn:  *most + *bufSize + tlvHeader,
		Accept: func(c *loop.Conn) { c.Data = &stream{} }, Receive: drain, Closed: leave,
	})
}

// drain answers each frame that has arrived whole with the same bytes: all of
// them in one write, and without a copy.
func drain(c *loop.Conn) error {
	s, data := c.Data.(*stream), c.In
	whole, n, size, err := cut(data, s.seen)
	m.Frames.Add(n)
	if n > 1 {
		m.Merged.Inc()
	}
	if n > 0 {
		release(s)
	}
	c.Take(whole)
	keep(s, len(c.In))
	s.seen = len(c.In)
	if s.inside = len(c.In) > 0 && err == nil; s.inside {
		m.Split.Inc()
		err = await(c, s, size)
	}
	c.Send(data[:whole])
	if err != nil {
		refuse(c, err)
	}
	return nil
}

// cut finds the n frames that data begins with, whole bytes in all, and what is
// known of the size of the one that has not arrived yet.
func cut(data []byte, seen int) (whole, n, size int, err error) {
	for {
		payload, size, err := frames.next(data[whole:], seen, *most)
		if err == nil && payload != nil {
			err = check(payload)
		}
		if err != nil || payload == nil {
			return whole, n, size, err
		}
		whole, n, seen = whole+size, n+1, 0
	}
}

// await prepares for the rest of a frame. The memory for it grows with what
// arrives, unless the header is trusted: then all of it is there at once, and
// written to, as std::vector<char>(size) does.
func await(c *loop.Conn, s *stream, size int) error {
	if !*trust || s.reserved > 0 || size == 0 {
		return nil
	}
	if m.ReservedBytes.Value()+int64(size) > mostReserved {
		return errTooLarge
	}
	s.reserved = size
	m.ReservedBytes.Add(size)
	room := make([]byte, size)
	clear(room)
	c.In = append(room[:0], c.In...)
	return nil
}

// check looks into a payload as deep as it is told to.
func check(payload []byte) (err error) {
	if *compressed {
		payload, err = zip.inflate(payload, *ratio, *inflated)
		m.InflatedBytes.Add(len(payload))
	}
	if err == nil && *strict {
		err = schema(payload)
	}
	return err
}

// refuse says why in a frame that the client can read, and ends the connection:
// Finish sends FIN before it closes, or RST would overtake the answer.
func refuse(c *loop.Conn, err error) {
	switch {
	case errors.Is(err, errTooLarge):
		m.TooLarge.Inc()
	case errors.Is(err, errChecksum):
		m.BadChecksum.Inc()
	case errors.Is(err, errBomb):
		m.Bombs.Inc()
	default:
		m.Malformed.Inc()
	}
	c.Data.(*stream).inside = false
	c.Take(len(c.In))
	keep(c.Data.(*stream), 0)
	c.Send(frames.wrap(nil, "error: "+err.Error()))
	c.Finish()
}

// leave forgets the connection's unfinished frame.
func leave(c *loop.Conn) {
	s := c.Data.(*stream)
	if s.inside {
		m.Truncated.Inc()
	}
	keep(s, 0)
	release(s)
}

// keep says how many bytes wait for the rest of their frame.
func keep(s *stream, n int) {
	m.Unfinished.Add(n - s.kept)
	s.kept = n
}

func release(s *stream) {
	m.ReservedBytes.Add(-s.reserved)
	s.reserved = 0
}
