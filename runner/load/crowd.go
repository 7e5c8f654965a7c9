//go:build linux

package load

import (
	"crypto/tls"
	"fmt"
	"math"
	"time"
)

// slice is how many groups of requests pace sends between two looks at the sockets.
const slice = 64

// crowd is the well-behaved clients and what they have to do.
//
// Every client has at most depth requests in flight, in the closed model always
// that many. In the open model groups of burst requests are due on a schedule;
// group g is client g mod n's, so that each client has a schedule of its own, a
// little later than its neighbour's. What is due and finds no room waits.
//
// A crowd that omits is the uncorrected closed loop: what falls due while a
// client waits for an answer is left out, and the clock of the next request
// starts when it is sent.
type crowd struct {
	settings
	start, end time.Duration // of sending
	pace       pace          // open: when groups are due

	clients []client
	pattern pattern
	text    pattern     // of words
	file    []byte      // what the server's file begins with
	tls     *tls.Config // nil: without
	plain   []byte      // what TLS has decrypted
	buf     []byte
	meter   *meter
	retry   retryBudget
	say     func(level, text string)
	ready   func() // every client is connected

	due      int64 // groups of the schedule whose time has come
	launched int64 // of them
	asked    int64 // groups, or in the closed model clients, whose turn give has given
	over     bool  // nothing is sent any more
}

// newCrowd returns a crowd whose first client has the number first.
func newCrowd(l *loop, m *meter, load *settings, first int, s *script, p pattern, buf []byte) (*crowd, error) {
	w := &crowd{
		settings: *load, start: s.start, end: s.end, pace: newPace(load, s.start, s.zero, s.end),
		clients: make([]client, load.connections), pattern: p, buf: buf, meter: m,
		retry: retryBudget{share: load.share},
	}
	if w.client == "file" {
		w.file = fileBytes(w.size)
	}
	if w.client == "frames" {
		w.text = newText()
	}
	if w.tlsVersion != 0 {
		var err error
		if w.tls, err = newTLS(w.settings); err != nil {
			return nil, err
		}
		w.plain = make([]byte, 16<<10) // a record's
	}
	for i := range w.clients {
		c := &w.clients[i]
		c.crowd, c.number, c.group = w, first+i, int64(i)
		c.socket = socket{loop: l, opened: c.begin, failed: m.unreached, ready: c.handle}
		if w.sources > 1 {
			c.source = byte(1 + i%w.sources)
		}
	}
	newProtocols(w)
	return w, nil
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

// next says whether c may send a group now, and since when it is due; in the
// closed model that is since it may.
func (w *crowd) next(c *client, now time.Duration) (due time.Duration, ok bool) {
	switch {
	case w.over || now < w.start || c.talk.taken()+w.burst > w.depth:
		return 0, false
	case !w.open:
		return max(c.free, w.start), now < w.end
	}
	due = w.pace.due(c.group)
	if due > now || due >= w.end {
		return 0, false
	}
	c.group += int64(len(w.clients))
	w.launched++
	for w.omits && w.pace.due(c.group) <= now {
		c.group += int64(len(w.clients))
		w.launched++
	}
	return due, true
}

// give gives some clients their turn and returns when it wants to be called again.
func (w *crowd) give(now time.Duration) time.Duration {
	switch {
	case w.over:
		return never
	case now < w.start:
		return w.start
	case w.open:
		return w.giveOpen(now)
	}
	return w.giveClosed()
}

// giveClosed begins with each client; after that answers drive them.
func (w *crowd) giveClosed() time.Duration {
	for range slice {
		if w.asked == int64(len(w.clients)) {
			return never
		}
		w.clients[w.asked].try()
		w.asked++
	}
	return 0
}

func (w *crowd) giveOpen(now time.Duration) time.Duration {
	w.advance(now)
	n := int64(len(w.clients))
	w.asked = max(w.asked, w.due-n*int64(w.depth/w.burst)) // nobody has room for more turns
	for to := min(w.asked+slice, w.due); w.asked < to; w.asked++ {
		w.clients[w.asked%n].try()
	}
	if w.asked < w.due {
		return 0
	}
	if next := w.pace.due(w.due); next < w.end {
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
	w.due = max(w.due, int64(math.Floor(w.pace.count(now))))
	for w.pace.due(w.due) <= now { // the count is rounded
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
	for w.open && w.give(w.end) == 0 {
	}
	w.over = true
}

func (w *crowd) close() {
	for i := range w.clients {
		if c := &w.clients[i]; c.seal != nil {
			c.seal.stop()
		}
		w.clients[i].close()
	}
}

func mismatch(number int, from int64, n int) string {
	return fmt.Sprintf("connection %d: %s", number, wrongBytes(from, n))
}

func wrongBytes(from int64, n int) string {
	return fmt.Sprintf("the answer's bytes %d to %d are not what was sent", from, from+int64(n)-1)
}
