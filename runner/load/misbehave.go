//go:build linux

package load

import (
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// gang is the clients of one fault: they misbehave from its time on, each on a
// connection of its own, and leave with its end.
type gang struct {
	fault
	rogues  []rogue
	on      bool
	pending int // rogues that were told to connect early and have not yet tried
	timer   timer

	loop    *loop
	pattern pattern
	buf     []byte
	meter   *meter
	say     func(level, text string)
	told    func(f fault, on bool) // it was switched
}

// rogue is one client that misbehaves. What each kind does is in act, step,
// sentAll and handle.
type rogue struct {
	socket
	stream
	gang   *gang
	number int
	acting bool
	step   timer // between two steps
	at     time.Duration
	probes int // for unsent bytes
}

func newGang(l *loop, m *meter, f fault, first int, p pattern, buf []byte) *gang {
	g := &gang{fault: f, rogues: make([]rogue, f.connections), loop: l, pattern: p, buf: buf, meter: m}
	for i := range g.rogues {
		r := &g.rogues[i]
		r.gang, r.number = g, first+i
		r.socket = socket{loop: l, opened: r.begin, failed: r.unreached, ready: r.handle}
		if f.kind == "slow-reader" {
			r.rcvbuf = int(min(max(f.chunk, 4<<10), 64<<10)) // room for one step, and little more
		}
		r.step.fire = r.next
	}
	return g
}

// connect has the clients connected without doing anything yet.
func (g *gang) connect() {
	g.pending = len(g.rogues)
	for i := range g.rogues {
		g.rogues[i].connect()
	}
}

// start switches the fault on, and at its end off. A fault that lasts to the end
// of the run is left on: its end might let through what it held up.
func (g *gang) start(end time.Duration) {
	g.on = true
	g.told(g.fault, true)
	for i := range g.rogues {
		switch r := &g.rogues[i]; r.state {
		case shut:
			r.connect()
		case connected:
			r.act()
		}
	}
	if g.to < end {
		g.timer.fire = g.stop
		g.loop.timers.start(&g.timer, g.to)
	}
}

// stop switches it off.
func (g *gang) stop() {
	g.loop.timers.stop(&g.timer)
	for i := range g.rogues {
		g.rogues[i].leave()
		g.rogues[i].close()
	}
	if g.on {
		g.on = false
		g.told(g.fault, false)
	}
}

func (r *rogue) begin() {
	g := r.gang
	g.pending = max(0, g.pending-1)
	g.meter.misbehaving++
	g.meter.reached = true
	r.stream.begin(r.number)
	if err := r.watch(r.wanted()); err != nil {
		g.meter.fail(err)
		r.end()
	} else if g.on {
		r.act()
	}
}

func (r *rogue) unreached(err error) {
	r.gang.pending = max(0, r.gang.pending-1)
	r.gang.meter.unreached(err)
}

// act begins to misbehave, on an open connection.
func (r *rogue) act() {
	r.acting = true
	r.at = r.loop.now()
	switch r.gang.kind {
	case "reset", "half-close":
		r.owe(r.gang.size)
	case "slow-reader":
		r.owe(r.gang.size)
		r.pause()
	case "slow-writer":
		r.next()
	}
}

// pause waits until the next step. Steps keep their distance from the first
// one, however long each takes.
func (r *rogue) pause() {
	r.at = max(r.at+r.gang.pause, r.loop.now())
	r.loop.timers.start(&r.step, r.at)
}

// next does one step.
func (r *rogue) next() {
	g := r.gang
	switch g.kind {
	case "slow-reader":
		if r.take(g.chunk) && r.rewatch() && r.got < g.size {
			r.pause()
		}
	case "slow-writer":
		if r.owe(min(g.chunk, g.size-r.owed)) && r.owed < g.size {
			r.pause()
		}
	case "reset":
		r.sentAll()
	}
}

// owe sends n more bytes. It says whether the connection still stands.
func (r *rogue) owe(n int64) bool {
	r.owed += n
	return r.flush()
}

func (r *rogue) flush() bool {
	for r.sent < r.owed {
		n, err := r.send(r.rest(r.gang.pattern))
		if err == unix.EAGAIN {
			return r.rewatch()
		}
		if err != nil {
			r.ended(err)
			return false
		}
		r.sent += int64(n)
		r.gang.meter.faultSent += uint64(n)
	}
	if r.owed == r.gang.size && r.acting {
		r.sentAll()
	}
	return r.rewatch()
}

// sentAll is called when the last byte was written.
func (r *rogue) sentAll() {
	switch r.gang.kind {
	case "half-close":
		unix.Shutdown(r.fd, unix.SHUT_WR) // what fails here, the next read tells
	case "reset":
		if r.unsent() {
			r.loop.timers.start(&r.step, r.loop.now()+time.Millisecond)
			return
		}
		// close(2) now sends RST and no FIN (socket(7), SO_LINGER).
		unix.SetsockoptLinger(r.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		r.end()
		r.reconnect(r.gang.pause)
	}
}

// unsent says that the server's host has not taken all bytes yet: RST would
// destroy the rest. It gives up after 100 times.
func (r *rogue) unsent() bool {
	r.probes++
	n, err := unix.IoctlGetInt(r.fd, unix.SIOCOUTQ)
	return err == nil && n > 0 && r.probes < 100
}

// wanted is what epoll is to watch for.
func (r *rogue) wanted() uint32 {
	var events uint32
	if r.gang.kind != "slow-reader" || r.got == r.gang.size {
		events |= unix.EPOLLIN
	}
	if r.sent < r.owed {
		events |= unix.EPOLLOUT
	}
	return events
}

func (r *rogue) rewatch() bool {
	if r.state != connected {
		return false
	}
	if err := r.watch(r.wanted()); err != nil {
		r.ended(err)
		return false
	}
	return true
}

func (r *rogue) handle(events uint32) {
	if events&unix.EPOLLOUT != 0 && r.sent < r.owed && !r.flush() {
		return
	}
	if events&^unix.EPOLLOUT != 0 {
		r.take(most)
	}
}

// take reads at most n bytes. It says whether the connection still stands.
func (r *rogue) take(n int64) bool {
	for n > 0 {
		buf := r.gang.buf[:min(n, most)]
		got, err := r.recv(buf)
		if err == unix.EAGAIN {
			return true
		}
		if err != nil {
			r.ended(err)
			return false
		}
		r.gang.meter.faultReceived += uint64(got)
		if r.gang.kind != "idle" && !r.accept(r.gang.pattern, buf[:got]) {
			r.gang.meter.mismatches++
			r.gang.say("warn", "fault "+r.gang.id+": "+mismatch(r.number, r.got-int64(got), got))
			r.end()
			return false
		}
		n -= int64(got)
	}
	return true
}

// ended is called when the server has ended the connection. That is its right,
// except before it has answered all that a half-closed connection sent.
func (r *rogue) ended(err error) {
	r.gang.meter.faultClosed++
	if r.gang.kind == "half-close" && (r.got < r.gang.size || !errors.Is(err, io.EOF)) {
		r.gang.meter.fail(err)
	}
	r.end()
	if r.gang.kind == "reset" {
		r.reconnect(r.gang.pause)
	}
}

// end closes the connection.
func (r *rogue) end() {
	r.leave()
	r.close()
}

// leave is what closing means for the numbers, if it was open.
func (r *rogue) leave() {
	r.loop.timers.stop(&r.step)
	r.acting, r.probes = false, 0
	if r.state == connected {
		r.gang.meter.misbehaving--
	}
}
