//go:build linux

package load

import (
	"bytes"
	"time"

	"golang.org/x/sys/unix"
)

// gang is the clients of one fault: they misbehave from its time on, each on a
// connection of its own, and leave with its end. What each kind does is its manner.
type gang struct {
	fault
	manner
	head    []byte // what each connection sends before its part of the pattern
	rogues  []rogue
	started bool
	pending int // rogues that were told to connect early and have not yet tried
	timer   timer

	loop    *loop
	pattern pattern
	buf     []byte
	meter   *meter
	say     func(level, text string)
	told    func(f fault, on bool) // it was switched
}

// rogue is one client that misbehaves.
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
	g := &gang{fault: f, manner: manners[f.kind], rogues: make([]rogue, f.connections), loop: l, pattern: p, buf: buf, meter: m}
	if g.manner.head != nil {
		g.head = g.manner.head(f)
	}
	for i := range g.rogues {
		r := &g.rogues[i]
		r.gang, r.number = g, first+i
		r.socket = socket{loop: l, rogue: true, rush: g.rush, opened: r.begin, failed: r.unreached, ready: r.handle}
		if g.slow {
			r.rcvbuf = int(min(max(f.chunk, 4<<10), 64<<10)) // room for one step, and little more
		}
		r.step.fire = r.next
	}
	return g
}

// asks says whether the clients get back what they send.
func (g *gang) asks() bool { return g.manner.asks && g.dialect.echo }

// total is how many bytes a connection sends.
func (g *gang) total() int64 { return int64(len(g.head)) + g.size }

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
	g.started = true
	g.told(g.fault, true)
	if g.on != nil {
		g.on(g)
	}
	for i := range g.rogues {
		switch r := &g.rogues[i]; r.state {
		case shut:
			r.connect()
		case connected:
			r.begins()
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
		g.rogues[i].end()
	}
	if g.started {
		g.started = false
		if g.off != nil {
			g.off(g)
		}
		g.told(g.fault, false)
	}
}

// lossy has the load's own connections lose segments.
func (g *gang) lossy(on bool) {
	if err := g.loop.lossy(g.share, on); err != nil {
		g.say("warn", "fault "+g.id+": segments cannot be dropped: "+err.Error())
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
	} else if g.started {
		r.begins()
	}
}

// unreached counts a connection that could not be opened. Of a flood, that some
// cannot is the point, and no error of the load's.
func (r *rogue) unreached(err error) {
	g := r.gang
	g.pending = max(0, g.pending-1)
	if !g.rush {
		g.meter.unreached(err)
	}
}

// begins misbehaves, on an open connection.
func (r *rogue) begins() {
	r.acting = true
	r.at = r.loop.now()
	if r.gang.act != nil {
		r.gang.act(r)
	}
}

// pause waits until the next step, if the connection still stands. Steps keep
// their distance from the first one, however long each takes.
func (r *rogue) pause() {
	if r.state != connected {
		return
	}
	r.at = max(r.at+r.gang.pause, r.loop.now())
	r.loop.timers.start(&r.step, r.at)
}

// next does one step.
func (r *rogue) next() { r.gang.manner.step(r) }

// owe sends n more bytes. It says whether the connection still stands.
func (r *rogue) owe(n int64) bool {
	r.owed += n
	return r.flush()
}

func (r *rogue) flush() bool {
	for r.sent < r.owed {
		n, err := r.send(r.part(r.sent, min(r.owed-r.sent, most)))
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
	if r.acting && r.owed > 0 && r.gang.sent != nil {
		r.gang.sent(r)
	}
	return r.rewatch()
}

// part returns at most n bytes of what the connection sends, from place on.
func (r *rogue) part(place, n int64) []byte {
	if head := r.gang.head; place < int64(len(head)) {
		return head[place:min(place+n, int64(len(head)))]
	}
	return r.gang.pattern.at(r.base+place, int(n))
}

// answers takes bytes that came back and says whether they are what was sent.
func (r *rogue) answers(data []byte) bool {
	if r.got+int64(len(data)) > r.sent {
		return false
	}
	for len(data) > 0 {
		want := r.part(r.got, int64(len(data)))
		if !bytes.HasPrefix(data, want) {
			return false
		}
		data = data[len(want):]
		r.got += int64(len(want))
	}
	return true
}

// wanted is what epoll is to watch for.
func (r *rogue) wanted() uint32 {
	var events uint32
	if !r.gang.slow || r.got == r.gang.total() {
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
		if from := r.got; !r.gang.asks() {
			r.got += int64(got)
		} else if !r.answers(buf[:got]) {
			r.gang.meter.mismatches++
			r.gang.say("warn", "fault "+r.gang.id+": "+mismatch(r.number, from, got))
			r.end()
			return false
		}
		if r.acting && r.gang.took != nil {
			if r.gang.took(r); r.state != connected {
				return false
			}
		}
		n -= int64(got)
	}
	return true
}

// ended is called when the server has ended the connection, which is its right.
func (r *rogue) ended(err error) {
	g := r.gang
	g.meter.faultClosed++
	if g.lost != nil {
		g.lost(r, err)
	}
	r.end()
	if g.again {
		r.reconnect(g.pause)
	}
}

// end closes the connection, whatever its state.
func (r *rogue) end() {
	r.loop.timers.stop(&r.step)
	r.probes = 0
	if r.state == connected {
		r.gang.meter.misbehaving--
		if r.acting && r.gang.left != nil {
			r.gang.left(r)
		}
	}
	r.acting = false
	r.close()
}
