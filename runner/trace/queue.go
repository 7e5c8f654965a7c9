package trace

import (
	"cmp"
	"slices"
)

// stallTime is how long nobody must read for it to be a stall: far above what the
// tracer's own slowness makes.
const stallTime = 0.15

// queue follows the bytes of a connection from when the client's call returned
// that sent them to when the server's returned that read them, and finds stalls.
func (s *sorter) queue(c *Conn, events []Event) {
	type change struct {
		t     float64
		bytes int
		reads bool // the server has the connection in hand
	}
	var changes []change
	last := 0.0
	for _, e := range events {
		last = max(last, e.end())
	}
	for _, l := range s.lanes {
		if l.Conn != c.N {
			continue
		}
		for _, n := range l.Events {
			switch e := events[n]; {
			case l.Who == Server:
				at := change{e.end(), 0, true}
				if slices.Contains(reads, e.Call) {
					at.bytes = -int(max(e.Result, 0))
				}
				changes = append(changes, at)
				if e.Call == "close" {
					last = min(last, e.end())
				}
			case slices.Contains(writes, e.Call) && e.Result > 0:
				changes = append(changes, change{e.T, int(e.Result), false})
			}
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(a.t, b.t) })
	c.Queue, c.Stalls = []Level{}, []Stall{}
	bytes, since := 0, 0.0
	for _, at := range append(changes, change{t: last, reads: true}) {
		if bytes > 0 && at.t-since > stallTime && c.Known {
			c.Stalls = append(c.Stalls, Stall{since, at.t, bytes})
		}
		if at.reads || bytes == 0 || at.bytes > 0 {
			since = at.t
		}
		if bytes += at.bytes; at.bytes != 0 {
			c.Queue = append(c.Queue, Level{at.t, bytes})
		}
	}
}
