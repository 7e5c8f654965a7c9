//go:build linux

package main

import (
	"encoding/binary"
	"io"
	"log"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/rpc"
)

// place is what a thread has for work that is done elsewhere.
type place struct {
	disk     *os.File // a file that has no name any more
	upstream net.Conn
}

// outside serves for upstream: another server, which this one starts itself.
var outside net.Listener

// open gives a thread what the kind of work needs.
func (p *place) open() (err error) {
	switch *kind {
	case "disk":
		if p.disk, err = os.CreateTemp("", "labs-workers-"); err == nil {
			err = os.Remove(p.disk.Name())
		}
	case "upstream":
		p.upstream, err = net.Dial("tcp", outside.Addr().String())
	}
	return err
}

func (p *place) close() {
	if p.disk != nil {
		p.disk.Close()
	}
	if p.upstream != nil {
		p.upstream.Close()
	}
}

// page is what goes to the disk at a time.
var page [4096]byte

// write puts a page on the disk again and again until d is over, at least once:
// fsync(2) comes back when the device says that it has it.
func (p *place) write(d time.Duration) error {
	began := time.Now()
	for first := true; first || time.Since(began) < d; first = false {
		at := time.Now()
		if _, err := p.disk.WriteAt(page[:], 0); err != nil {
			return err
		}
		if err := unix.Fsync(int(p.disk.Fd())); err != nil {
			return os.NewSyscallError("fsync", err)
		}
		m.Syncs.Inc()
		m.DiskWait.Add(int(time.Since(at).Microseconds()))
	}
	return nil
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
