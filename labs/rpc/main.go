//go:build linux

// Rpc answers calls: many are in flight on one connection, each is answered as
// soon as it is done, and none is worked on that nobody waits for any more. What
// it costs is a header on every message, and a client that has to know what each
// status allows it to do next.
package main

import (
	"encoding/binary"
	"flag"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/loop"
	"socketlabs/labs/telemetry"
)

var (
	capacity = flag.Int("capacity", 4, "calls that are worked on at the same time [1..64]")
	queue    = flag.Int("queue", 10000, "calls that may wait for that; the next one is refused [1..100000]")
	limit    = flag.Duration("limit", 0, "budget of a call that brings none, 0 for ever [0s..10s]")
	honour   = flag.Bool("honour-budget", true, "no work for a call whose budget has run out")
	fail     = flag.Float64("fail", 0, "share of calls that are done and answered timeout all the same [0..1]")
	inOrder  = flag.Bool("in-order", false, "answer the calls of a connection in the order in which they came")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	loop.Counts
	Requests, Answered, Refused, Expired, Abandoned, Late, Failed, Added, BadRequests, UnknownMethods telemetry.Counter
	Queue, Working                                                                                    telemetry.Gauge
}

// maxKept bounds the bodies of all calls that are not answered.
const maxKept = 64 << 20

// retryAfter is what a refused client is told.
const retryAfter = 50 * time.Millisecond

// call is a request until its answer is sent.
type call struct {
	request
	conn  *loop.Conn
	due   time.Time // zero: never
	reply []byte    // nil: it is not done
}

var (
	turns = make(chan *call) // waiting for one of the pool
	over  = make(chan struct{})
	kept  int    // bytes of bodies; the loop's
	total uint64 // of add; the loop's
)

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	turns = make(chan *call, *queue)
	var pool sync.WaitGroup
	for range *capacity {
		pool.Go(worker)
	}
	err := loop.Serve(addr, quit, loop.Config{Counts: &m.Counts, Receive: drain, MaxIn: requestHeader + maxBody})
	close(over) // whoever still works does so for a client that has gone
	close(turns)
	pool.Wait()
	return err
}

// drain takes the calls that have arrived.
func drain(c *loop.Conn) error {
	for {
		r, n, err := next(c.In)
		if err != nil { // where the next call begins is not known
			m.BadRequests.Inc()
			c.Send(response(r.id, badRequest, []byte(err.Error())))
			c.Finish()
			return nil
		}
		if n == 0 {
			return nil
		}
		c.Take(n)
		answer(c, r)
	}
}

// answer does a call, or has it wait for the pool. A budget counts from here:
// the clocks of two machines do not agree, so what is sent is time that is left.
func answer(c *loop.Conn, r request) {
	m.Requests.Inc()
	k := &call{request: r, conn: c}
	if r.budget == 0 {
		r.budget = *limit
	}
	if r.budget > 0 {
		k.due = time.Now().Add(r.budget)
	}
	c.Hold()
	if *inOrder {
		line, _ := c.Data.([]*call)
		c.Data = append(line, k)
	}
	kept += len(k.body)
	switch r.method {
	case echo:
		reply(k, ok, r.body)
	case add:
		if len(r.body) >= 4 {
			m.Added.Inc()
			total += uint64(binary.BigEndian.Uint32(r.body))
		}
		reply(k, ok, binary.BigEndian.AppendUint64(nil, total))
	case name:
		reply(k, ok, []byte("rpc, version 1"))
	case work:
		handOver(k)
	default:
		m.UnknownMethods.Inc()
		reply(k, unknownMethod, nil)
	}
}

// handOver gives k its place in the queue, or refuses it.
func handOver(k *call) {
	k.body = append([]byte(nil), k.body...) // not the buffer that it came in
	m.Queue.Inc()
	if kept <= maxKept {
		select {
		case turns <- k:
			return
		default:
		}
	}
	m.Queue.Dec()
	m.Refused.Inc()
	reply(k, busy, binary.BigEndian.AppendUint32(nil, uint32(retryAfter.Milliseconds())))
}

// worker is one of the pool.
func worker() {
	for k := range turns {
		m.Queue.Dec()
		m.Working.Inc()
		status := perform(k)
		m.Working.Dec()
		k.conn.Post(func() { reply(k, status, k.body) })
	}
}

// reply answers k: at once, or when the calls before it are answered.
func reply(k *call, status uint16, body []byte) {
	if status == ok && rand.Float64() < *fail {
		m.Failed.Inc()
		status = timeout
	}
	kept -= len(k.body)
	k.reply = response(k.id, status, body)
	if !*inOrder {
		send(k)
		return
	}
	line := k.conn.Data.([]*call)
	for len(line) > 0 && line[0].reply != nil {
		send(line[0])
		line = line[1:]
	}
	k.conn.Data = line
}

func send(k *call) {
	m.Answered.Inc()
	k.conn.Send(k.reply)
	k.conn.Release()
}

// perform does the work of a call: it takes its time, and no CPU, like a
// question to a database. How long is not known before.
func perform(k *call) (status uint16) {
	var d time.Duration
	if len(k.body) >= 4 {
		d = min(time.Duration(binary.BigEndian.Uint32(k.body))*time.Microsecond, time.Second)
	}
	if left := time.Until(k.due); *honour && !k.due.IsZero() && left < d {
		if left <= 0 { // its turn came too late
			m.Expired.Inc()
			return timeout
		}
		m.Abandoned.Inc()
		sleep(left)
		return timeout
	}
	sleep(d)
	if !k.due.IsZero() && time.Now().After(k.due) {
		m.Late.Inc() // done for nobody
		return timeout
	}
	return ok
}

func sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-over:
	}
}
