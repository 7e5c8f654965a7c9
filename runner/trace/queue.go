package trace

import (
	"cmp"
	"slices"
)

// stallTime is how long nobody must read for it to be a stall: far above what the
// tracer's own slowness makes.
const stallTime = 0.15

// change is what one call does to a connection's queue.
type change struct {
	from, t float64
	bytes   int
	server  bool // the server has the connection in hand
	held    bool // the server could not send all that it had, or took long to
}

// queue follows the bytes of a connection from when the client's call sent them
// to when the server's returned that read them, and finds stalls.
func (s *sorter) queue(c *Conn, events []Event) {
	changes, last := s.changes(c, events)
	c.Queue, c.Stalls = []Level{}, []Stall{}
	bytes, since, held := 0, 0.0, false
	for _, at := range append(changes, change{from: last, t: last, server: true}) {
		if bytes > 0 && at.t-since > stallTime && c.Known {
			blocked := at.held && at.from-since < stallTime // in that call, for all the time
			c.Stalls = append(c.Stalls, Stall{since, at.t, bytes, held || blocked})
		}
		if at.server || bytes == 0 || at.bytes > 0 {
			since = at.t
		}
		if at.server {
			held = at.held
		}
		if bytes += at.bytes; at.bytes != 0 {
			c.Queue = append(c.Queue, Level{at.t, bytes})
		}
	}
}

// changes are those of a connection by time, and when it ends.
func (s *sorter) changes(c *Conn, events []Event) (list []change, last float64) {
	for _, e := range events {
		last = max(last, e.end())
	}
	for _, l := range s.lanes {
		if l.Conn != c.N {
			continue
		}
		for _, n := range l.Events {
			e := events[n]
			writes := slices.Contains(writes, e.Call)
			at := change{from: e.T, t: e.end(), server: l.Who == Server}
			switch {
			case at.server && slices.Contains(reads, e.Call):
				at.bytes = -int(max(e.Result, 0))
			case at.server:
				at.held = writes && (e.Errno == "EAGAIN" || e.Asked != nil && e.Result >= 0 && e.Result < *e.Asked || e.Took == nil || *e.Took > stallTime)
			case writes && e.Result > 0:
				at.t, at.bytes = e.T, int(e.Result)
			default:
				continue
			}
			if at.server && e.Call == "close" {
				last = min(last, at.t)
			}
			list = append(list, at)
		}
	}
	slices.SortStableFunc(list, func(a, b change) int { return cmp.Compare(a.t, b.t) })
	return list, last
}
