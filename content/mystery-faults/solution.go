//go:build ignore

package main

// enqueue has an answer wait until there are enough bytes, or its time is over. The
// first byte sets the timer, always: the next message may never come.
func enqueue(c *loop.Conn, header, payload []byte) {
	h := c.Data.(*held)
	h.buf = append(append(h.buf, header...), payload...)
	m.HeldBytes.Add(len(header) + len(payload))
	switch {
	case len(h.buf) >= *flushBytes:
		m.FullFlushes.Inc()
		flush(c)
	case stopping:
		flush(c)
	case !h.armed: // by the first byte: the others wait no longer than that
		h.armed = true
		c.Hold()
		h.timer = time.AfterFunc(*flushTime, func() { c.Post(func() { expire(c) }) })
	}
}
