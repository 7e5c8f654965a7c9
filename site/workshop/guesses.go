package workshop

import (
	"net/netip"
	"sync"
	"time"
)

// Wrong codes cost: each address may be wrong so often at once, and then once in a
// while; and all addresses together may, so that many of them are no way around it.
// An address that was never wrong is not held up by the others: somebody who guesses
// locks nobody out.
const (
	wrongAtOnce = 20
	wrongEvery  = 3 * time.Second
	allAtOnce   = 400
	allEvery    = 100 * time.Millisecond
	maxKnown    = 8192 // addresses that are remembered
)

// bucket is a token bucket: what was taken from it comes back at a steady pace.
type bucket struct {
	spent float64 // as of when
	when  time.Time
}

// at returns the bucket as it stands now.
func (b bucket) at(now time.Time, every time.Duration) bucket {
	if !b.when.IsZero() {
		b.spent = max(0, b.spent-now.Sub(b.when).Seconds()/every.Seconds())
	}
	b.when = now
	return b
}

// guesses counts wrong codes by address, and in all.
type guesses struct {
	mu    sync.Mutex // guards what follows
	known map[string]bucket
	all   bucket
}

// origin is what counts as one address: of IPv6 the /64 that a network gets.
func origin(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.String()
	}
	return a.String()
}

// wait is how long this address has to wait before it may guess; 0: it may now.
func (g *guesses) wait(from netip.Addr, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	b, known := g.known[origin(from)]
	if !known {
		return 0
	}
	b = b.at(now, wrongEvery)
	wait := time.Duration((b.spent - (wrongAtOnce - 1)) * float64(wrongEvery))
	if b.spent > 0 {
		wait = max(wait, time.Duration((g.all.at(now, allEvery).spent-(allAtOnce-1))*float64(allEvery)))
	}
	return max(wait, 0)
}

// wrong notes a wrong code.
func (g *guesses) wrong(from netip.Addr, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := origin(from)
	if _, known := g.known[key]; !known && len(g.known) >= maxKnown {
		g.forget(now)
	}
	b := g.known[key].at(now, wrongEvery)
	b.spent = min(b.spent+1, wrongAtOnce)
	g.known[key] = b
	g.all = g.all.at(now, allEvery)
	g.all.spent = min(g.all.spent+1, allAtOnce)
}

// forget makes room: of those that owe nothing any more, or, when all do, of all.
// Then the limit on all of them together still holds.
func (g *guesses) forget(now time.Time) {
	for key, b := range g.known {
		if b.at(now, wrongEvery).spent == 0 {
			delete(g.known, key)
		}
	}
	if len(g.known) >= maxKnown {
		clear(g.known)
	}
}
