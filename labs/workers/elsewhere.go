//go:build linux

package main

import (
	"encoding/binary"
	"io"
	"log"
	"net"
	"time"

	"socketlabs/labs/internal/rpc"
)

// place is what a thread has for work that is done elsewhere.
type place struct {
	upstream net.Conn
}

// outside serves for upstream: another server, which this one starts itself.
var outside net.Listener

// open gives a thread what the kind of work needs.
func (p *place) open() (err error) {
	if *kind == "upstream" {
		p.upstream, err = net.Dial("tcp", outside.Addr().String())
	}
	return err
}

func (p *place) close() {
	if p.upstream != nil {
		p.upstream.Close()
	}
}

// ask has the upstream take d for an answer.
func (p *place) ask(d time.Duration) error {
	at := time.Now()
	word := binary.BigEndian.AppendUint32(nil, uint32(d.Microseconds()))
	_, err := p.upstream.Write(word)
	if err == nil {
		_, err = io.ReadFull(p.upstream, word)
	}
	m.UpstreamCalls.Inc()
	m.UpstreamWait.Add(int(time.Since(at).Microseconds()))
	return err
}

// startUpstream listens on loopback: each answer takes as long as was asked for.
func startUpstream() (err error) {
	if *kind != "upstream" {
		return nil
	}
	if outside, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	go func() {
		for {
			c, err := outside.Accept()
			if err != nil {
				return // it was closed
			}
			go delay(c)
		}
	}()
	return nil
}

// delay answers a client of the upstream, each time as late as it asked for.
func delay(c net.Conn) {
	defer c.Close()
	word := make([]byte, 4)
	for {
		if _, err := io.ReadFull(c, word); err != nil {
			return
		}
		wait(rpc.WorkTime(word))
		if _, err := c.Write(word); err != nil {
			log.Print(err)
			return
		}
	}
}
