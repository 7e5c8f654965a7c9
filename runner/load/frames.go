//go:build linux

package load

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// frames sends frames and expects the same frames back.
type frames struct {
	inOrder
	base   int64 // of the pattern, from where the connection's payloads are
	asked  int64 // requests, since the connection was opened
	made   int64 // of them, those whose frames were made
	answer int64 // the number of the next answer
	out    bytes.Buffer
	in     inbox

	payload []byte // scratch
	packed  bytes.Buffer
	deflate *flate.Writer
	inflate io.ReadCloser
	plain   bytes.Buffer
}

// room is how much longer than the request's a payload may be: an error tells
// why, and what does not deflate becomes longer.
const room = 64 << 10

func newFrames(c *client) *frames {
	f := &frames{inOrder: newInOrder(c)}
	if c.crowd.compress {
		f.deflate, _ = flate.NewWriter(nil, flate.BestSpeed) // fails for no valid level
		f.inflate = flate.NewReader(nil)
	}
	return f
}

func (f *frames) begin() {
	var s stream
	s.base = f.base
	s.begin(f.client.number)
	f.base = s.base
	f.asked, f.made, f.answer = 0, 0, 0
	f.out.Reset()
	f.in.data = nil
}

func (f *frames) ask(due, now time.Duration) {
	f.asked += int64(f.client.crowd.burst)
	f.inOrder.ask(due, now)
}

// rest makes frames for at most one call at a time: of all that is asked for
// there may be gigabytes.
func (f *frames) rest() []byte {
	for f.made < f.asked && f.out.Len() < most {
		f.make()
	}
	return f.out.Bytes()
}

// make adds the next frame to out.
func (f *frames) make() {
	w := f.client.crowd
	f.payload = f.content(f.payload[:0], f.made)
	f.made++
	payload := f.payload
	if w.compress {
		f.packed.Reset()
		f.deflate.Reset(&f.packed)
		f.deflate.Write(payload) // to memory: it does not fail
		f.deflate.Close()
		payload = f.packed.Bytes()
	}
	f.out.Grow(len(payload) + tlvHeader)
	f.out.Write(w.codec.append(f.out.AvailableBuffer(), payload))
}

// content adds the payload of request number n to dst.
func (f *frames) content(dst []byte, n int64) []byte {
	w := f.client.crowd
	place := f.base + n*int64(w.size)
	switch {
	case w.json:
		dst = append(strconv.AppendInt(append(dst, `{"id":`...), n, 10), `,"text":"`...)
		const end = `"}`
		return append(w.text.append(dst, place, max(0, w.size-len(dst)-len(end))), end...)
	case w.compress || w.codec == delimiterCodec:
		return w.text.append(dst, place, w.size)
	}
	return w.pattern.append(dst, place, w.size)
}

func (f *frames) wrote(n int) { f.out.Next(n) }

func (f *frames) take(data []byte) error {
	w := f.client.crowd
	return f.in.each(data, func(data []byte) (int, error) {
		frame, n, err := w.codec.decode(data, w.size+room)
		if n > 0 {
			err = f.check(frame)
		}
		return n, err
	})
}

// check settles the request that a frame answers.
func (f *frames) check(got frame) error {
	switch {
	case got.problem: // the server ends the connection after that, asked or not
		f.client.dismissed = true
		if f.waiting == 0 {
			f.client.meter().failed++
		}
		f.settle(min(1, f.waiting), false)
		return nil
	case f.answer == f.made:
		return errors.New("a frame came that nobody asked for")
	}
	payload := got.payload
	if f.client.crowd.compress {
		var err error
		if payload, err = f.unpack(payload); err != nil {
			return err
		}
	}
	f.payload = f.content(f.payload[:0], f.answer)
	if !bytes.Equal(payload, f.payload) {
		return fmt.Errorf("the payload of answer %d is not what was sent", f.answer)
	}
	f.answer++
	f.settle(1, true)
	return nil
}

// unpack inflates a payload, to no more than it may be.
func (f *frames) unpack(payload []byte) ([]byte, error) {
	f.inflate.(flate.Resetter).Reset(bytes.NewReader(payload), nil) // from memory: it does not fail
	f.plain.Reset()
	if _, err := f.plain.ReadFrom(io.LimitReader(f.inflate, int64(f.client.crowd.size+room))); err != nil {
		return nil, fmt.Errorf("the payload of answer %d does not inflate: %w", f.answer, err)
	}
	return f.plain.Bytes(), nil
}

// newText returns a pattern of words: it deflates, needs no escape in JSON and
// contains no delimiter.
func newText() pattern {
	words := []string{"socket", "listen", "accept", "read", "write", "close", "poll", "frame", "queue", "window", "packet", "segment", "backlog", "timer", "reset", "drain"}
	p := newPattern()
	text := make(pattern, 0, period+16)
	for i := 0; len(text) < period; i++ {
		text = append(append(text, words[p[i]%16]...), ' ')
	}
	p = append(p[:0], text[:period]...)
	return append(p, text[:most]...)
}
