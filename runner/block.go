package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
	"socketlabs/runner/shim"
)

// How long a block waits.
const (
	listenTime = 5 * time.Second         // for the lab to listen
	leadTime   = 100 * time.Millisecond  // from then to the load's first request,
	dialTime   = 100 * time.Microsecond  // and for each connection that it opens first,
	shakeTime  = 3 * time.Millisecond    // or for each under TLS
	drainTime  = 2500 * time.Millisecond // for the lab to end: it cuts its drain short after 2 s itself
	lateTime   = 3 * time.Second         // for the load to end after its time
)

// block is one execution of an experiment: fresh processes, one clock. What the
// processes and the observer say comes to one goroutine, which writes it down.
type block struct {
	run  *Run
	arm  *arm
	slot int // its place in the plan
	sup  *shim.Shim
	lab  *child
	load *child // nil: no load

	orders chan<- []byte                 // lines for the load; nil: it was not started
	relief map[string]context.CancelFunc // ends a fault of the server

	said  chan telemetry.Event // T as in the recording
	ended chan *child          // its exit is known
	work  sync.WaitGroup       // everything that says
	quit  context.CancelFunc   // ends the observer and the faults

	measuring context.Context // that quit ends

	score    score
	addr     netip.AddrPort // of the lab, from its announcement on
	told     netip.AddrPort // where a server that is not ours is to listen
	last     []string       // the lab's last log lines
	panic    string         // the line with which the Go runtime ended it
	draining bool
	termed   atomic.Bool // a fault has told the lab to end

	complaint string // the load generator's last error
}

// execute runs an arm's lab and load, and returns the judge of what was measured.
func (r *Run) execute(ctx context.Context, a *arm, slot int) (*judge.Judge, error) {
	if err := r.enter(telemetry.Starting, nil, nil); err != nil {
		return nil, err
	}
	verdicts, err := judge.New(a.question, r.runner.host)
	if err != nil {
		return nil, err
	}
	b := &block{run: r, arm: a, slot: slot, relief: map[string]context.CancelFunc{}, said: make(chan telemetry.Event, 1024), ended: make(chan *child, 2)}
	b.score.begin(r, verdicts)
	err = b.perform(ctx, a.binary)
	b.close()
	if e := b.score.rest(); err == nil {
		err = e
	}
	return verdicts, err
}

// perform takes the block through its phases.
func (b *block) perform(ctx context.Context, binary string) error {
	if err := b.startLab(binary); err != nil {
		return err
	}
	if err := b.await(ctx); errors.Is(err, errLate) {
		return b.deaf()
	} else if err != nil {
		return err
	}
	if err := b.enter(telemetry.Running, map[string]string{"addr": b.addr.String(), "pid": fmt.Sprint(b.lab.PID)}); err != nil {
		return err
	}
	if err := b.startMeasuring(ctx); err != nil {
		return err
	}
	most := b.score.stop.time() - monotonic() + lateTime
	if err := b.wait(ctx, most, b.measured); errors.Is(err, errLate) {
		return fails("load-failed", "the load generator did not end in time")
	} else if err != nil {
		return err
	}
	return b.drain(ctx)
}

// measured says whether the load has ended and its last tick is written.
func (b *block) measured() bool {
	return (b.load == nil || b.load.over) && b.score.next > b.score.stop
}

// drain tells the lab to end and waits for it.
func (b *block) drain(ctx context.Context) error {
	b.draining = true
	b.quit()
	if err := b.enter(telemetry.Draining, nil); err != nil {
		return err
	}
	b.lab.signal(unix.SIGTERM)
	err := b.wait(ctx, drainTime, func() bool { return b.lab.over })
	if errors.Is(err, errLate) {
		return nil // close ends it
	}
	return err
}

// close ends every process, and hears what they have said.
func (b *block) close() {
	if b.quit != nil {
		b.quit()
	}
	if b.sup != nil {
		b.sup.Close()
	}
	if b.orders != nil {
		close(b.orders)
	}
	silent := make(chan struct{})
	go func() {
		b.work.Wait()
		close(silent)
	}()
	for {
		select {
		case e := <-b.said:
			b.hear(e)
		case <-b.ended:
		case <-silent:
			for len(b.said) > 0 {
				b.hear(<-b.said)
			}
			return
		}
	}
}

// errLate is the error of a wait that took too long.
var errLate = errors.New("runner: too late")

// wait hears and writes down until done, for at most so long.
func (b *block) wait(ctx context.Context, most time.Duration, done func() bool) error {
	late := time.NewTimer(most)
	defer late.Stop()
	for !done() {
		beat := time.NewTimer(b.score.due() - monotonic())
		err := error(nil)
		select {
		case e := <-b.said:
			b.hear(e)
			if b.score.complete() {
				err = b.score.write()
			}
		case <-beat.C:
			err = b.score.write()
		case c := <-b.ended:
			err = b.exited(c)
		case o := <-b.run.orders:
			b.order(o)
		case <-late.C:
			err = errLate
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		beat.Stop()
		if err != nil {
			return err
		}
	}
	return nil
}

// hear takes one event of whoever says it.
func (b *block) hear(e telemetry.Event) {
	switch {
	case e.Kind == telemetry.KindState && e.From == telemetry.FromLab:
		b.addr = netip.MustParseAddrPort(e.State.Facts["addr"]) // see admission
		return
	case e.Kind == telemetry.KindLog && e.From == telemetry.FromLab:
		b.last = append(b.last, e.Text)
		b.last = b.last[max(0, len(b.last)-20):]
		if b.panic == "" && (strings.HasPrefix(e.Text, "panic: ") || strings.HasPrefix(e.Text, "fatal error: ")) {
			b.panic = e.Text
		}
	}
	if e.Kind == telemetry.KindLog && e.From == telemetry.FromLoad && e.Level == "error" {
		b.complaint = e.Text
	}
	b.score.add(e)
}

// exited decides what the end of a process means.
func (b *block) exited(c *child) error {
	for len(b.said) > 0 { // its last words
		b.hear(<-b.said)
	}
	c.over = true
	switch {
	case c == b.load && c.exit.OK():
		b.score.gone(telemetry.FromLoad)
		return nil
	case c == b.load:
		return fails("load-failed", cmp.Or(b.complaint, c.exit.String()))
	case b.draining:
		b.score.gone(telemetry.FromLab)
		return nil
	case b.termed.Load() && c.exit.OK():
		b.score.gone(telemetry.FromLab)
		b.hear(telemetry.Event{T: b.run.now(), Kind: telemetry.KindLog, From: telemetry.FromRunner, Level: "info",
			Text: "the server has ended, as it was told to: exit status 0"})
		return nil
	}
	return b.crashed(c.exit)
}

// crashed is the ending of a run whose lab ended by itself. The Go runtime exits
// with status 2 when it panics, as a lab does that refuses its flags.
func (b *block) crashed(x shim.Status) error {
	e := fails("lab-crashed", cmp.Or(b.panic, x.String()))
	switch {
	case b.addr.IsValid() || b.panic != "" || b.run.command != nil:
	case x.Code == 3 && strings.Contains(b.lastLine(), unix.EADDRINUSE.Error()):
		e = fails("port-taken", b.lastLine())
	case x.Code == 2, x.Code == 3:
		e = fails("lab-refused", b.lastLine())
	}
	e.reason.Args = map[string]string{"exit": x.String(), "log": strings.Join(b.last, "\n")}
	return e
}

func (b *block) lastLine() string {
	if len(b.last) == 0 {
		return ""
	}
	return b.last[len(b.last)-1]
}

// enter writes what was heard before a phase, and then the phase.
func (b *block) enter(p telemetry.Phase, facts map[string]string) error {
	if err := b.score.flush(); err != nil {
		return err
	}
	return b.run.enter(p, nil, facts)
}
