//go:build linux

package load

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"socketlabs/labs/telemetry"
)

const (
	// drainTime is how long answers are waited for after the last request.
	drainTime = 200 * time.Millisecond
	// maxAhead is how far away the beginning of a plan may be.
	maxAhead = 60 * time.Second
	// maxBehind is how late a plan may be that a busy machine has kept from being
	// begun. It ends at once then, with its samples missing.
	maxBehind = 10 * time.Second
	// reachTime is how long a server may refuse everything at least.
	reachTime = 300 * time.Millisecond
	// earlyTime is how long the load lets misbehaving clients connect first.
	earlyTime = time.Second
)

// Run does what the plan says and returns at its end, or early when ctx ends.
// It calls emit from its own goroutine with every event; emit must not block,
// and may keep the event. The error says why the plan could not be carried out.
func Run(ctx context.Context, p Plan, emit func(telemetry.Event)) error {
	return perform(ctx, p, nil, emit)
}

// perform is Run that takes orders.
func perform(ctx context.Context, p Plan, orders <-chan Order, emit func(telemetry.Event)) error {
	s, err := p.check()
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l, err := newLoop(ctx, s.addr, orders)
	if err != nil {
		return err
	}
	defer l.close()
	if now := l.now(); s.start > now+maxAhead || s.end <= now-maxBehind {
		return fmt.Errorf("plan: start: it is %.1f s from now, and the plan's end is to come", (s.start - now).Seconds())
	}
	e, err := newEngine(s, l, emit)
	if err != nil {
		return err
	}
	defer e.close()
	return e.run()
}

// engine is one plan being carried out.
type engine struct {
	script
	*loop
	meter  meter
	crowd  *crowd  // nil: no load
	beside *beside // nil: no closed-loop client beside it
	gangs  []*gang
	emit   func(telemetry.Event)

	pattern pattern
	buf     []byte
	streams int // numbers that are given away

	began   time.Duration
	tick    timer
	last    time.Duration // grid time of the last sample
	running bool          // the state was said
	over    bool          // the measured time
	err     error
}

func newEngine(s script, l *loop, emit func(telemetry.Event)) (*engine, error) {
	e := &engine{script: s, loop: l, emit: emit, began: l.now()}
	e.pattern, e.buf = newPattern(), make([]byte, most)
	if s.load != nil {
		e.streams = s.load.connections
		var err error
		if e.crowd, err = newCrowd(l, &e.meter, s.load, 0, &e.script, e.pattern, e.buf); err != nil {
			return nil, err
		}
		e.crowd.say, e.crowd.ready = e.say, e.ready
		if e.beside, err = e.newBeside(); err != nil {
			return nil, err
		}
	}
	for _, f := range s.faults {
		e.recruit(f)
	}
	l.ordered = e.order
	return e, nil
}

// recruit has one more gang.
func (e *engine) recruit(f fault) *gang {
	g := newGang(e.loop, &e.meter, f, e.streams, e.pattern, e.buf)
	g.say, g.told = e.say, e.switched
	g.timer.fire = func() { g.start(e.end) }
	e.gangs = append(e.gangs, g)
	e.streams += f.connections
	return g
}

// order switches a fault now, as somebody wants it.
func (e *engine) order(o Order) {
	now := e.now()
	switch {
	case e.over || now >= e.end:
	case o.On == nil:
		for _, g := range e.gangs {
			if g.id == o.Off {
				g.stop()
			}
		}
	case len(e.gangs) >= maxFaults:
		e.say("warn", fmt.Sprintf("fault %s: there may be %d", o.On.ID, maxFaults))
	default:
		from := max(now, e.start)
		o.On.At = 0
		f, err := e.fault(*o.On, from)
		if err != nil {
			e.say("warn", fmt.Sprintf("fault %s: %v", o.On.ID, err))
			return
		}
		e.timers.start(&e.recruit(f).timer, from)
	}
}

func (e *engine) run() error {
	if err := e.connect(); err != nil {
		return err
	}
	e.tick.fire = e.beat
	e.timers.start(&e.tick, max(e.start, e.began.Truncate(telemetry.Tick)+telemetry.Tick))
	for !e.over && !e.quit {
		if err := e.step(); err != nil {
			return err
		}
	}
	return e.finish()
}

func (e *engine) step() error {
	e.timers.fire(e.now())
	if e.over || e.err != nil { // nothing need happen any more
		return e.err
	}
	until := never
	if e.crowd != nil {
		until = min(e.crowd.give(e.now()), e.beside.give(e.now()))
	}
	return e.turn(until)
}

// connect opens what is open when load begins. Who misbehaves from the
// beginning on connects first, so that it can be the first in an accept queue.
func (e *engine) connect() error {
	var early []*gang
	for _, g := range e.gangs {
		if g.from <= e.start {
			g.connect()
			early = append(early, g)
		}
		if g.from < e.end {
			e.timers.start(&g.timer, max(g.from, e.start))
		}
	}
	for pending(early) && !e.quit && e.now() < e.began+earlyTime {
		e.timers.fire(e.now())
		if err := e.turn(e.began + earlyTime); err != nil {
			return err
		}
	}
	if e.crowd == nil {
		e.ready()
		return nil
	}
	e.crowd.connect()
	e.beside.connect()
	return nil
}

func pending(gangs []*gang) bool {
	for _, g := range gangs {
		if g.pending > 0 {
			return true
		}
	}
	return false
}

// ready says that the connections are open, or that load begins without some.
func (e *engine) ready() {
	if e.running {
		return
	}
	e.running = true
	connections := 0
	if e.load != nil {
		connections = e.load.connections
	}
	e.emit(telemetry.Event{T: e.now().Seconds(), Kind: telemetry.KindState, From: telemetry.FromLoad, State: &telemetry.State{
		Phase: telemetry.Running,
		Facts: map[string]string{
			"pid":         strconv.Itoa(os.Getpid()),
			"connections": strconv.Itoa(connections),
			"open":        strconv.Itoa(e.meter.open),
		},
	}})
}

// beat is called on every tick of the grid from the start on. A tick that it
// missed is missing: the samples are to show that the generator was held up.
func (e *engine) beat() {
	now := e.now()
	t := now.Truncate(telemetry.Tick)
	if t >= e.end {
		e.over = true
		return
	}
	e.ready()
	e.sample(t, now)
	e.complain(now)
	if m := &e.meter; !m.reached && m.refused != nil && now >= e.began+reachTime {
		e.err = fmt.Errorf("connect %s: %w", e.loop.addr, m.refused)
	}
	e.timers.start(&e.tick, t+telemetry.Tick)
}

// finish waits for answers, without doing anything else that was to be done,
// and takes the last sample, which lies at the end of the measured time. When
// it was told to stop, the last sample lies on the next tick.
func (e *engine) finish() error {
	if e.quit {
		if now := e.now(); now >= e.start {
			e.sample(min(now.Truncate(telemetry.Tick)+telemetry.Tick, e.end), now)
		}
		return nil
	}
	if e.crowd != nil {
		e.crowd.stop()
		e.beside.stop()
	}
	for e.meter.inflight > 0 && !e.quit && e.now() < e.end+drainTime {
		if err := e.handle(e.end + drainTime); err != nil {
			return err
		}
	}
	e.ready()
	e.sample(e.end, e.end)
	e.meter.toldAt = 0
	e.complain(e.now())
	return nil
}

// sample reports every number, at t of the grid. Ages count up to now.
func (e *engine) sample(t, now time.Duration) {
	if t <= e.last {
		return
	}
	e.last = t
	var backlog int64
	var oldest time.Duration
	if w := e.crowd; w != nil {
		w.advance(now)
		backlog, oldest = w.backlog(), w.oldest(now)
	}
	values, hists := e.meter.values(backlog, oldest, e.loop.connecting), e.meter.hists()
	e.beside.report(values, hists)
	e.emit(telemetry.Event{
		T: float64(t/telemetry.Tick) / 10, Kind: telemetry.KindSample, From: telemetry.FromLoad, Values: values, Hists: hists,
	})
}

func (e *engine) complain(now time.Duration) {
	if text := e.meter.trouble(now); text != "" {
		e.say("warn", text)
	}
}

// maxWarnings is how many lines say lets through.
const maxWarnings = 100

func (e *engine) say(level, text string) {
	if e.meter.said++; e.meter.said > maxWarnings {
		return
	}
	e.emit(telemetry.Event{T: e.now().Seconds(), Kind: telemetry.KindLog, From: telemetry.FromLoad, Level: level, Text: text})
}

func (e *engine) switched(f fault, on bool) {
	e.emit(telemetry.Event{T: e.now().Seconds(), Kind: telemetry.KindFault, From: telemetry.FromLoad,
		Fault: &telemetry.Fault{ID: f.id, Kind: f.kind, On: on}})
}

// close closes every connection.
func (e *engine) close() {
	for _, g := range e.gangs {
		g.stop()
	}
	if e.crowd != nil {
		e.crowd.close()
		e.beside.close()
	}
}
