//go:build linux

package main

import (
	"bytes"
	"flag"
	"log"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/loop"
	"socketlabs/labs/internal/rpc"
)

// A worker's descriptors.
const (
	lifeline = 0 // readable: drain and end
	listener = 3
)

// maxKept bounds the bodies of calls that are worked on.
const maxKept = 64 << 20

var (
	kept     int       // bytes
	leaveBy  time.Time // zero: nobody has to
	reported reporter
)

// work is the main of a worker.
func work() {
	log.SetFlags(0)
	signal.Ignore(unix.SIGPIPE, unix.SIGINT, unix.SIGTERM, unix.SIGHUP) // they are for the supervisor
	flag.Parse()
	if err := run(); err != nil {
		log.Print(err)
		os.Exit(lab.Failed)
	}
	reported.report()
}

func run() error {
	l, err := loop.New(loop.Config{Counts: &m.Counts, Receive: drain, Stop: stop, Every: 50 * time.Millisecond, Tick: tick})
	if err != nil {
		return err
	}
	if err := l.Listen(listener); err != nil {
		return err
	}
	reported.report()
	return l.Run(lifeline)
}

// drain takes the calls that have arrived.
func drain(c *loop.Conn) error {
	if err := rpc.Each(c, answer); err != nil {
		rpc.Refuse(c, err.Error())
	}
	return nil
}

// answer does a call, and answers it when it is done.
func answer(c *loop.Conn, r rpc.Request) {
	m.Requests.Inc()
	switch r.Method {
	case rpc.Echo:
		reply(c, r.ID, rpc.OK, r.Body)
	case rpc.Name:
		reply(c, r.ID, rpc.OK, []byte("generation "+os.Getenv(generation)))
	case rpc.Work:
		if kept += len(r.Body); kept > maxKept {
			kept -= len(r.Body)
			m.Refused.Inc()
			c.Send(rpc.AppendBusy(nil, r.ID, 50*time.Millisecond))
			return
		}
		body := bytes.Clone(r.Body)
		m.Working.Inc()
		c.Hold()
		time.AfterFunc(rpc.WorkTime(body), func() {
			c.Post(func() {
				kept -= len(body)
				m.Working.Dec()
				reply(c, r.ID, rpc.OK, body)
				c.Release()
			})
		})
	default:
		reply(c, r.ID, rpc.UnknownMethod, nil)
	}
}

func reply(c *loop.Conn, id uint32, s rpc.Status, body []byte) {
	m.Answered.Inc()
	c.Send(rpc.Append(nil, id, s, body))
}

// stop is called when the queue is taken and the listener closed. The connections
// are not: their clients are told to send no more calls on them, and what they
// have sent before they knew is answered.
func stop(l *loop.Loop) {
	if !*polite {
		reported.report()
		os.Exit(0) // what SIGTERM does by itself
	}
	goAway := rpc.Append(nil, 0, rpc.GoAway, nil)
	l.Each(func(c *loop.Conn) {
		m.GoAways.Inc()
		c.Send(goAway)
	})
	leaveBy = time.Now().Add(*drainTime)
}

// tick ends a drain that takes too long: first the connections of clients that
// do not leave, when all that has arrived is answered, and then the worker.
func tick(l *loop.Loop, now time.Time) {
	reported.report()
	if leaveBy.IsZero() || now.Before(leaveBy) {
		return
	}
	if now.After(leaveBy.Add(time.Second)) { // not even the answers are taken
		log.Printf("drain: %d connections are cut", m.Open.Value())
		os.Exit(lab.CutShort)
	}
	l.Each(func(c *loop.Conn) {
		if c.Data == nil {
			c.Data = "hurried"
			m.Cut.Inc()
			c.Hurry()
		}
	})
}
