//go:build linux

package load

import (
	"fmt"
	"math"
	"time"
)

// slice is how many groups of requests pace sends between two looks at the sockets.
const slice = 64

// crowd is the well-behaved clients and what they have to do.
//
// In the closed model every client keeps depth requests in flight. In the open
// model groups of burst requests are due at a steady rate; group g is client
// g mod n's, so that each client has a schedule of its own, a little later than
// its neighbour's. One group of a client is in flight; what is due meanwhile waits.
type crowd struct {
	open       bool
	burst      int
	depth      int
	size       int64
	interval   float64       // open: nanoseconds between two groups
	start, end time.Duration // of sending

	clients []client
	pattern pattern
	buf     []byte
	meter   *meter
	say     func(level, text string)
	ready   func() // every client is connected

	due      int64 // groups of the schedule whose time has come
	launched int64 // of them
	asked    int64 // groups, or in the closed model clients, whose turn pace has given
	over     bool  // nothing is sent any more
}

func newCrowd(l *loop, m *meter, s *script, p pattern, buf []byte) *crowd {
	w := &crowd{
		open: s.load.open, burst: s.load.burst, depth: s.load.depth, size: int64(s.load.size),
		interval: float64(time.Second) * float64(s.load.burst) / s.load.rate,
		start:    s.start, end: s.end,
		clients: make([]client, s.load.connections), pattern: p, buf: buf, meter: m,
	}
	ring := 1
	if !w.open {
		ring = w.depth/w.burst + 1 // one may be half answered
	}
	flights := make([]flight, ring*len(w.clients))
	for i := range w.clients {
		c := &w.clients[i]
		c.crowd, c.number, c.group = w, i, int64(i)
		c.flights = flights[i*ring : (i+1)*ring : (i+1)*ring]
		c.socket = socket{loop: l, opened: c.begin, failed: m.unreached, ready: c.handle}
	}
	return w
}

// connect has all clients connected.
func (w *crowd) connect() {
	for i := range w.clients {
		w.clients[i].connect()
	}
}

func (w *crowd) joined() {
	if w.meter.open == len(w.clients) {
		w.ready()
	}
}

// dueTime is when group g is due.
func (w *crowd) dueTime(g int64) time.Duration {
	return w.start + time.Duration(float64(g)*w.interval)
}

// next says whether c may send a group now, and since when it is due; in the
// closed model that is since it may.
func (w *crowd) next(c *client, now time.Duration) (due time.Duration, ok bool) {
	switch {
	case w.over || now < w.start:
		return 0, false
	case !w.open:
		return max(c.free, w.start), now < w.end && c.inflight()+w.burst <= w.depth
	}
	due = w.dueTime(c.group)
	if c.flying > 0 || due > now || due >= w.end {
		return 0, false
	}
	c.group += int64(len(w.clients))
	w.launched++
	return due, true
}

// pace gives some clients their turn and returns when it wants to be called again.
func (w *crowd) pace(now time.Duration) time.Duration {
	switch {
	case w.over:
		return never
	case now < w.start:
		return w.start
	case w.open:
		return w.paceOpen(now)
	}
	return w.paceClosed()
}

// paceClosed begins with each client; after that answers drive them.
func (w *crowd) paceClosed() time.Duration {
	for range slice {
		if w.asked == int64(len(w.clients)) {
			return never
		}
		if !w.clients[w.asked].once() {
			w.asked++
		}
	}
	return 0
}

func (w *crowd) paceOpen(now time.Duration) time.Duration {
	w.advance(now)
	n := int64(len(w.clients))
	w.asked = max(w.asked, w.due-n) // one turn each is enough
	for to := min(w.asked+slice, w.due); w.asked < to; w.asked++ {
		w.clients[w.asked%n].once()
	}
	if w.asked < w.due {
		return 0
	}
	if next := w.dueTime(w.due); next < w.end {
		return next
	}
	return never
}

// advance counts the groups that are due by now.
func (w *crowd) advance(now time.Duration) {
	if !w.open || now < w.start {
		return
	}
	now = min(now, w.end-1)
	w.due = max(w.due, int64(math.Floor(float64(now-w.start)/w.interval)))
	for w.dueTime(w.due) <= now { // the quotient is rounded
		w.due++
	}
}

// backlog is how many requests are due and not sent.
func (w *crowd) backlog() int64 {
	return (w.due - w.launched) * int64(w.burst)
}

// oldest is how long the oldest request waits that is due and has no answer.
func (w *crowd) oldest(now time.Duration) time.Duration {
	oldest := never
	for i := range w.clients {
		oldest = min(oldest, w.clients[i].oldest(min(now, w.end-1)))
	}
	return max(0, now-min(oldest, now))
}

// stop ends the sending; what is in flight may still be answered. What was due
// leaves now if only we were late.
func (w *crowd) stop() {
	for w.open && w.pace(w.end) == 0 {
	}
	w.over = true
}

func (w *crowd) close() {
	for i := range w.clients {
		w.clients[i].close()
	}
}

func mismatch(number int, from int64, n int) string {
	return fmt.Sprintf("connection %d: the answer's bytes %d to %d are not what was sent", number, from, from+int64(n)-1)
}
