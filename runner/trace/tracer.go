//go:build linux

package trace

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// tracer is who stops the others. Everything but over happens on one thread,
// the one that ptrace(2) knows as the tracer.
type tracer struct {
	plan    Plan
	say     func(Line)
	zero    time.Duration // of CLOCK_MONOTONIC: when the schedule begins; 0: not yet known
	threads map[int]*thread
	bound   map[[2]int]string   // what a descriptor of a process is bound to
	symbols map[string]*symbols // by who
	held    []Event             // from before zero is known
	kept    int
	calls   map[string]map[string]int
	heard   func()        // the server is ready
	ready   bool          // heard was called
	begun   func()        // zero is known
	listens time.Duration // since when it listens; 0: it does not
	over    atomic.Bool   // nothing is written down any more
	late    atomic.Bool   // it took too long
	full    bool
	exits   map[int]string // of processes that were started here, by PID

	mu      sync.Mutex
	started map[int]int // guards: pidfd by PID
}

// thread is one that is traced.
type thread struct {
	who     string
	pid     int
	inside  bool   // a call
	pending *Event // that call, when it is shown
	nr      uint64
	args    [6]uint64
	waiting bool // it was seen before its parent told of it
}

func newTracer(plan Plan, say func(Line)) *tracer {
	return &tracer{plan: plan, say: say, threads: map[int]*thread{}, bound: map[[2]int]string{}, symbols: map[string]*symbols{},
		calls: map[string]map[string]int{Server: {}, Client: {}}, exits: map[int]string{}, started: map[int]int{}}
}

// monotonic reads CLOCK_MONOTONIC, as the client does too.
func monotonic() time.Duration {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // fails for no valid clock
	return time.Duration(ts.Nano())
}

// call is a stop at the entry or the exit of a system call.
func (t *tracer) call(tid int, th *thread) {
	now := monotonic()
	in, err := infoOf(tid)
	switch {
	case err != nil:
	case in.Op == atEntry:
		t.enter(tid, th, in, now)
	case in.Op == atExit && th.inside:
		t.leave(tid, th, in, now)
	}
}

func (t *tracer) enter(tid int, th *thread, in info, now time.Duration) {
	th.inside, th.nr = true, in.A[0]
	copy(th.args[:], in.A[1:7])
	if th.who == Client && th.nr == marks && int32(th.args[0]) == -1 {
		t.step(now)
		return
	}
	c, shown := named(th.nr)
	if !t.over.Load() && th.who != "" {
		t.calls[th.who][c.name]++
	}
	if t.listens != 0 && !t.ready && now-t.listens > readyTime {
		t.ready = true
		t.heard()
	}
	if !shown || t.over.Load() {
		return
	}
	m := memory{tid}
	e := entered(c, th.args[:], m)
	e.Who, e.PID, e.TID, e.T = th.who, th.pid, tid, now.Seconds()
	if t.symbols[th.who] != nil {
		e.pcs = m.callers(in)
	}
	th.pending = &e
	if t.listens != 0 && !t.ready && t.waits(e) {
		t.ready = true
		t.heard()
	}
}

// readyTime is how long a server may take from listening to waiting for a client.
const readyTime = time.Second

// waits says whether a server that listens begins to wait for connections. A Go
// program may use poll(2) beside that, for its own end.
func (t *tracer) waits(e Event) bool {
	s := t.symbols[e.Who]
	switch e.Call {
	case "accept", "accept4", "epoll_wait", "epoll_pwait", "epoll_pwait2", "io_uring_enter":
		return s == nil || len(s.stack(e.pcs)) > 0
	case "poll", "ppoll", "select", "pselect6":
		return s == nil
	}
	return false
}

// step notes that the client takes its next step; the schedule begins with the first.
func (t *tracer) step(now time.Duration) {
	if t.zero == 0 {
		t.zero = now
		t.begun()
	}
	at := (now - t.zero).Seconds()
	t.say(Line{Step: &at})
}

func (t *tracer) leave(tid int, th *thread, in info, now time.Duration) {
	th.inside = false
	r, errno := in.result()
	e := th.pending
	if e == nil {
		return
	}
	th.pending = nil
	left(e, th.args[:], r, errno, memory{tid})
	took := now.Seconds() - e.T
	e.Took = &took
	t.keep(*e, th)
	t.notice(*e)
}

// notice sees the server listen where it was told to.
func (t *tracer) notice(e Event) {
	switch {
	case e.Who != Server || e.FD == nil || e.Errno != "":
	case e.Call == "bind":
		t.bound[[2]int{e.PID, *e.FD}] = e.Peer
	case e.Call == "listen" && t.listens == 0 && samePort(t.bound[[2]int{e.PID, *e.FD}], t.plan.Addr):
		t.listens = monotonic()
	}
}

// keep writes an event down, once the time that it counts from is known.
func (t *tracer) keep(e Event, th *thread) {
	switch {
	case th.who == "" || t.over.Load() && e.Took != nil:
		return
	case t.zero == 0: // who starts slowly has no fewer calls left for the schedule
		t.held = append(t.held, e)
		t.held = t.held[max(0, len(t.held)-maxHeld):]
		return
	case t.kept >= t.plan.Events:
		t.full = true
		t.stop()
		return
	}
	t.kept++
	t.held = append(t.held, e)
	t.tell()
}

// maxHeld bounds the calls before the server is ready.
const maxHeld = 200

// tell says what was held back.
func (t *tracer) tell() {
	for _, e := range t.held {
		e.T -= t.zero.Seconds()
		e.Own = true
		if s := t.symbols[e.Who]; s != nil {
			e.Stack = s.stack(e.pcs)
			e.Own = len(e.Stack) > 0
		}
		t.say(Line{Event: &e})
	}
	t.held = nil
}

// stop ends everything that was started.
func (t *tracer) stop() {
	t.over.Store(true)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, fd := range t.started {
		unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}
