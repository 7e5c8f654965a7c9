//go:build linux

// Limits speaks the toy RPC and gives nobody more than a share: a token bucket
// for each client, a cap on connections, an end for idle ones. What it costs is a
// bounded table of clients, and that every refusal must be one that they understand.
package main

import (
	"container/list"
	"flag"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/loop"
	"socketlabs/labs/internal/rpc"
	"socketlabs/labs/telemetry"
)

var (
	rate    = flag.Int("rate", 1000, "calls a second that a client may make [1..1000000 per second]")
	burst   = flag.Int("burst", 100, "calls that it may make at once after a pause [1..10000]")
	per     = flag.String("per", "address", "who is one client: a source address, or each connection [address|connection]")
	clients = flag.Int("clients", 1024, "clients that are remembered [1..100000]")
	most    = flag.Int("max-connections", 1024, "connections that may be open [1..10000]")
	idle    = flag.Duration("idle-timeout", 10*time.Second, "how long a connection may make no whole call, 0 for ever [0s..60s]")
	sample  = flag.Int("log-sample", 5, "lines of log a second for each class, 0 for none [0..1000]")
	logBy   = flag.String("log", "class", "what the log keeps: so many lines of each class, or one of a hundred in all [class|share]")
	mask    = flag.Bool("mask", true, "log the network of a client, not its address")
	backlog = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	loop.Counts
	Requests, Allowed, Limited, Refused, IdleClosed, Evicted telemetry.Counter
	BadRequests, BadLogged, LogLines, LogLeftOut             telemetry.Counter
	Clients, Served                                          telemetry.Gauge
}

// client is who makes calls, and its bucket: a call takes one token, and tokens
// come back as time passes. That is computed when somebody asks, not by a timer.
type client struct {
	key    any // netip.Addr or *loop.Conn
	tokens float64
	at     time.Time // when there were so many
}

// state is what a connection has beside its bytes.
type state struct {
	addr   netip.Addr
	latest time.Time     // its latest whole call
	quiet  *list.Element // nil: it is on its way out
}

var (
	table = map[any]*list.Element{} // of client
	seen  = list.New()              // the same, the one that was away longest first
	quiet = list.New()              // of *loop.Conn, the most idle first
)

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	defer leftOut()
	return loop.Serve(addr, quit, loop.Config{
		Counts: &m.Counts, Backlog: *backlog, Accept: enter, Receive: drain, Closed: leave,
		Every: 50 * time.Millisecond, Tick: tick,
	})
}

// drain takes the calls that have arrived. Only a whole call renews the idle
// time: a byte now and then would buy for ever.
func drain(c *loop.Conn) error {
	s, now := c.Data.(*state), time.Now()
	err := rpc.Each(c, func(c *loop.Conn, r rpc.Request) {
		m.Requests.Inc()
		s.latest = now
		if s.quiet != nil {
			quiet.MoveToBack(s.quiet)
		}
		answer(c, s, r, now)
	})
	if err != nil {
		m.BadRequests.Inc()
		note(malformed, s.addr, "%d bytes are no call", len(c.In)) // never the bytes
		rpc.Refuse(c, "")
	}
	return nil
}

// answer answers a call that has its token, and tells the others when to come again.
func answer(c *loop.Conn, s *state, r rpc.Request, now time.Time) {
	who := any(s.addr)
	if *per == "connection" {
		who = c
	}
	if wait := take(lookup(who, now), now); wait > 0 {
		m.Limited.Inc()
		note(limited, s.addr, "more than %d calls a second", *rate)
		c.Send(rpc.AppendBusy(nil, r.ID, wait+time.Millisecond)) // whole milliseconds: rounded up
		return
	}
	m.Allowed.Inc()
	switch r.Method {
	case rpc.Echo, rpc.Work:
		c.Send(rpc.Append(nil, r.ID, rpc.OK, r.Body))
	case rpc.Name:
		c.Send(rpc.Append(nil, r.ID, rpc.OK, []byte("limits")))
	default:
		c.Send(rpc.Append(nil, r.ID, rpc.UnknownMethod, nil))
	}
}

// take takes a token, or returns how long it is until there is one.
func take(b *client, now time.Time) (wait time.Duration) {
	b.tokens = min(float64(*burst), b.tokens+now.Sub(b.at).Seconds()*float64(*rate))
	b.at = now
	if b.tokens < 1 {
		return time.Duration((1 - b.tokens) / float64(*rate) * 1e9)
	}
	b.tokens--
	return 0
}

// lookup finds the client, or makes it with a full bucket. The table is bounded:
// who was away longest is forgotten, and its bucket is the one that is most
// likely full again, so that nothing is lost.
func lookup(key any, now time.Time) *client {
	if e, ok := table[key]; ok {
		seen.MoveToBack(e)
		return e.Value.(*client)
	}
	if seen.Len() >= *clients {
		m.Evicted.Inc()
		delete(table, seen.Remove(seen.Front()).(*client).key)
	}
	b := &client{key: key, tokens: float64(*burst), at: now}
	table[key] = seen.PushBack(b)
	m.Clients.Set(seen.Len())
	return b
}

// tick ends the connections that have made no call for too long.
func tick(_ *loop.Loop, now time.Time) {
	for e := quiet.Front(); *idle > 0 && e != nil; e = quiet.Front() {
		c := e.Value.(*loop.Conn)
		s := c.Data.(*state)
		if now.Sub(s.latest) < *idle {
			break
		}
		m.IdleClosed.Inc()
		forget(s)
		c.Send(rpc.Append(nil, 0, rpc.GoAway, nil)) // a call that is on its way was not done
		c.Finish()
	}
	if now.Sub(second) >= time.Second {
		second = now
		leftOut()
	}
}

// enter lets the connection in, or tells it that there is no room. A client can
// not tell a close without a word from a crash, and would come back at once.
func enter(c *loop.Conn) {
	s := &state{addr: peer(c.FD), latest: time.Now()}
	c.Data = s
	if quiet.Len() >= *most {
		m.Refused.Inc()
		note(refused, s.addr, "%d connections are open", *most)
		c.Send(rpc.Append(nil, 0, rpc.GoAway, nil))
		c.Finish()
		return
	}
	s.quiet = quiet.PushBack(c)
	m.Served.Set(quiet.Len())
}

// leave is the end of a connection. As a client it is not needed any more; an
// address stays, or a new connection would have a new bucket.
func leave(c *loop.Conn) {
	forget(c.Data.(*state))
	if e, ok := table[c]; ok {
		seen.Remove(e)
		delete(table, c)
		m.Clients.Set(seen.Len())
	}
}

func forget(s *state) {
	if s.quiet != nil {
		quiet.Remove(s.quiet)
		s.quiet = nil
		m.Served.Set(quiet.Len())
	}
}

// peer is the address of the other end.
func peer(fd int) netip.Addr {
	sa, _ := unix.Getpeername(fd) // ENOTCONN: it has left already
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(sa.Addr)
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(sa.Addr).Unmap()
	}
	return netip.Addr{}
}
