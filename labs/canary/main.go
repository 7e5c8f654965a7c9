//go:build linux

// Canary is a front that gives a new version a small share of the calls, compares
// it with the old one, and goes on or rolls back by itself. What it costs is that
// two versions run at once, and that somebody says beforehand what is too bad.
package main

import (
	"flag"
	"math/rand/v2"
	"net/netip"
	"time"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/loop"
	"socketlabs/labs/internal/rpc"
	"socketlabs/labs/internal/sock"
	"socketlabs/labs/telemetry"
)

var (
	first     = flag.Int("share", 5, "percent of the calls that the new version gets in the first step [1..100 %]")
	stepTime  = flag.Duration("step-time", time.Second, "how long a step takes at least [100ms..60s]")
	minCalls  = flag.Int("min-calls", 50, "answers of the new version in a step before it is judged [1..100000]")
	maxErrors = flag.Float64("max-errors", 0.05, "how much the new version's share of errors may be above the old one's [0..1]")
	maxSlower = flag.Float64("max-slower", 2, "how many times the old version's median the new one's may be [1..100]")
	fault     = flag.String("fault", "none", "what is wrong with the new version [none|errors|slow]")
	errorRate = flag.Float64("errors", 0.2, "fault errors: share of the new version's calls that fail [0..1]")
	delay     = flag.Duration("delay", 20*time.Millisecond, "fault slow: what each call takes more [0s..1s]")
)

// m is every number this lab exports; a field's name is its metric's name. Open
// includes the front's two connections to the versions.
var m struct {
	loop.Counts
	OldCalls, NewCalls, OldErrors, NewErrors, Refused, Promotions, Rollbacks telemetry.Counter
	Share, Step                                                              telemetry.Gauge
	OldMicros, NewMicros                                                     telemetry.Gauge // medians of this step
}

// maxKept bounds the bodies of the calls in flight, maxPending what waits to be
// sent to a version: then a call is refused.
const (
	maxKept    = 64 << 20
	maxPending = 4 << 20
)

// call is in flight to a version, under an id that is unique there.
type call struct {
	client  *loop.Conn
	id      uint32 // the client's
	size    int
	version *version
	sent    time.Time
}

var (
	old, next = &version{name: "old"}, &version{name: "new"}
	calls     = map[uint32]call{}
	last      uint32 // id
	kept      int    // bytes of bodies
	clients   int
	stopping  bool
)

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	l, err := loop.New(loop.Config{Counts: &m.Counts, Accept: enter, Receive: drain, Closed: leave, Stop: stop,
		Every: 100 * time.Millisecond, Tick: func(_ *loop.Loop, now time.Time) { judge(now) }})
	if err != nil {
		return err
	}
	switch *fault {
	case "errors":
		next.errors = *errorRate
	case "slow":
		next.delay = *delay
	}
	for _, v := range []*version{old, next} {
		at, err := v.start()
		if err != nil {
			return err
		}
		defer v.stop()
		if v.conn, err = l.Dial(at, v); err != nil {
			return err
		}
	}
	lfd, err := sock.Listen(addr, l.Backlog)
	if err != nil {
		return err
	}
	if err := l.Listen(lfd); err != nil {
		return err
	}
	shares[1] = *first
	begin(1, time.Now())
	lab.Listening(lfd)
	return l.Run(quit)
}

// drain takes what has arrived, from a client or from a version.
func drain(c *loop.Conn) error {
	if v, ok := c.Data.(*version); ok {
		for r, n := rpc.NextResponse(c.In); n > 0; r, n = rpc.NextResponse(c.In) {
			c.Take(n)
			reply(v, r)
		}
		return nil
	}
	if err := rpc.Each(c, answer); err != nil {
		rpc.Refuse(c, err.Error())
	}
	return nil
}

// answer passes a call on. Each call is drawn on its own: neither a client nor a
// connection belongs to a version.
func answer(c *loop.Conn, r rpc.Request) {
	v := old
	if rand.IntN(100) < int(m.Share.Value()) {
		v = next
	}
	if kept+len(r.Body) > maxKept || v.conn.Pending() > maxPending {
		m.Refused.Inc()
		c.Send(rpc.AppendBusy(nil, r.ID, 50*time.Millisecond))
		return
	}
	if v == next {
		m.NewCalls.Inc()
	} else {
		m.OldCalls.Inc()
	}
	last++
	calls[last] = call{client: c, id: r.ID, size: len(r.Body), version: v, sent: time.Now()}
	kept += len(r.Body)
	c.Hold()
	r.ID = last
	if v.conn.Closed() {
		reply(v, rpc.Response{ID: last, Status: rpc.Failed})
		return
	}
	v.conn.Send(rpc.AppendRequest(nil, r))
}

// reply passes an answer back and remembers how it was.
func reply(v *version, r rpc.Response) {
	k, ok := calls[r.ID]
	if !ok {
		return
	}
	delete(calls, r.ID)
	kept -= k.size
	bad := r.Status == rpc.Failed || r.Status == rpc.Timeout
	v.seen.add(time.Since(k.sent), bad)
	switch {
	case bad && v == next:
		m.NewErrors.Inc()
	case bad:
		m.OldErrors.Inc()
	}
	k.client.Send(rpc.Append(nil, k.id, r.Status, r.Body))
	k.client.Release()
}

func enter(*loop.Conn) { clients++ }

func leave(c *loop.Conn) {
	if v, ok := c.Data.(*version); ok { // what it had is lost
		for id, k := range calls {
			if k.version == v {
				reply(v, rpc.Response{ID: id, Status: rpc.Failed})
			}
		}
		return
	}
	clients--
	release()
}

// stop has every client answered; the versions are needed as long as that takes.
func stop(l *loop.Loop) {
	stopping = true
	l.Each(func(c *loop.Conn) {
		if c.Data == nil {
			c.Hurry()
		}
	})
	release()
}

func release() {
	if stopping && clients == 0 {
		old.conn.Hurry()
		next.conn.Hurry()
	}
}
