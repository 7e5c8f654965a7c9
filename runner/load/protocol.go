//go:build linux

package load

import "time"

// protocol is what one connection speaks: which bytes ask for something, and
// which bytes are an answer. It counts what becomes of every request.
type protocol interface {
	// begin is called when the connection can be used, again after each end.
	begin()
	// ask makes a group of requests of which each is due since then.
	ask(due, now time.Duration)
	// rest returns the next bytes to send, none when there is nothing to send.
	rest() []byte
	// wrote says that n of them have left.
	wrote(n int)
	// take takes bytes that came. The error says which of them are wrong.
	take(data []byte) error
	// taken is how much of the connection's depth is in use.
	taken() int
	// unanswered is how many answers the connection waits for before it may close.
	unanswered() int
	// oldest is since when a request is due that has no answer; never: there is none.
	oldest() time.Duration
	// end is called when the connection has ended: what was sent and not answered
	// is lost.
	end()
}

// newProtocols gives each client of the crowd what it speaks.
func newProtocols(w *crowd) {
	n := len(w.clients)
	switch w.client {
	case "frames":
		for i := range w.clients {
			w.clients[i].talk = newFrames(&w.clients[i])
		}
	case "rpc":
		for i := range w.clients {
			w.clients[i].talk = newRPC(&w.clients[i])
		}
	case "file":
		for i := range w.clients {
			w.clients[i].talk = newFile(&w.clients[i])
		}
	default: // there may be 10,000: side by side
		all := make([]echoes, n)
		for i := range all {
			all[i].inOrder = newInOrder(&w.clients[i])
			w.clients[i].talk = &all[i]
		}
	}
}

// inOrder keeps the requests of a connection whose answers come in the order in
// which they were asked for.
type inOrder struct {
	client  *client
	flights []flight
	first   int // the oldest in flights, a ring
	flying  int // of them
	waiting int // requests without an answer
}

// flight is a group of requests that left in one write and is not answered.
type flight struct {
	due, sent time.Duration
	left      int // requests not answered
}

func newInOrder(c *client) inOrder {
	return inOrder{client: c, flights: make([]flight, c.crowd.depth/c.crowd.burst+1)} // one may be half answered
}

func (q *inOrder) ask(due, now time.Duration) {
	burst, m := q.client.crowd.burst, q.client.meter()
	if last := q.last(); last != nil && last.due == due && last.sent == now {
		last.left += burst // they left together, and are one to all measurements
	} else {
		q.flights[(q.first+q.flying)%len(q.flights)] = flight{due, now, burst}
		q.flying++
	}
	q.waiting += burst
	m.sent += uint64(burst)
	m.inflight += burst
}

// last is the newest flight, nil when there is none.
func (q *inOrder) last() *flight {
	if q.flying == 0 {
		return nil
	}
	return &q.flights[(q.first+q.flying-1)%len(q.flights)]
}

// settle takes the oldest n requests as answered: all well, or all with an error.
func (q *inOrder) settle(n int, well bool) {
	if n == 0 {
		return
	}
	m, now := q.client.meter(), q.client.loop.now()
	q.client.freed(q.waiting)
	q.waiting -= n
	m.inflight -= n
	for n > 0 {
		f := &q.flights[q.first]
		k := min(n, f.left)
		if well {
			m.response.ObserveN(now-f.due, uint64(k))
			m.service.ObserveN(now-f.sent, uint64(k))
			m.requests += uint64(k)
		} else {
			m.failed += uint64(k)
		}
		n -= k
		if f.left -= k; f.left == 0 {
			q.first = (q.first + 1) % len(q.flights)
			q.flying--
		}
	}
}

func (q *inOrder) taken() int      { return q.waiting }
func (q *inOrder) unanswered() int { return q.waiting }

func (q *inOrder) oldest() time.Duration {
	if q.flying == 0 {
		return never
	}
	return q.flights[q.first].due
}

func (q *inOrder) end() {
	m := q.client.meter()
	m.inflight -= q.waiting
	m.lost += uint64(q.waiting)
	q.first, q.flying, q.waiting = 0, 0, 0
}
