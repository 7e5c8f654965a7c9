//go:build linux

package load

import (
	"context"
	"encoding/json"
	"io"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// Main is the load generator as a process. It reads one Plan as JSON from stdin
// and prints events as JSON lines on stdout until the plan's end: a state
// "running" once all connections are open, or at the start without some; a
// sample on every tick of the grid from the start on; faults switched on and
// off; warnings. After the plan stdin may bring Orders. When it is closed, or at
// SIGTERM, it ends early: whoever started it holds stdin open for as long as load
// is wanted.
//
// It returns the exit code: 0 at the end of the plan, early or not; 1 when the
// plan is wrong or the server cannot be reached, and then the last event is a
// log line of level error that says why.
func Main(stdin io.Reader, stdout io.Writer) int {
	in := newInput(stdin)
	p, err := in.plan() // a signal before that ends the process
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := newPrinter(stdout, cancel)
	defer out.close()
	if err == nil {
		orders := make(chan Order)
		go func() { // until stdin is closed, by the other side or by the end of this process
			defer cancel()
			for {
				var o Order
				if in.next(&o) != nil {
					return
				}
				orders <- o
			}
		}()
		err = perform(ctx, p, orders, out.print)
	}
	if err != nil {
		out.print(telemetry.Event{T: newClock().now().Seconds(), Kind: telemetry.KindLog, From: telemetry.FromLoad, Level: "error", Text: err.Error()})
		return 1
	}
	return 0
}

// printer writes events on a goroutine of its own: a reader that is slow must
// not hold up the load.
type printer struct {
	events chan telemetry.Event
	work   sync.WaitGroup
}

// maxEvents is more than a plan gives rise to: a minute of samples, faults and
// warnings.
const maxEvents = 1024

func newPrinter(w io.Writer, gone func()) *printer {
	p := &printer{events: make(chan telemetry.Event, maxEvents)}
	p.work.Go(func() {
		encoder := json.NewEncoder(w)
		for e := range p.events {
			if encoder.Encode(e) != nil {
				gone() // nobody reads any more
			}
		}
	})
	return p
}

func (p *printer) print(e telemetry.Event) { p.events <- e }

// close returns when everything is written.
func (p *printer) close() {
	close(p.events)
	p.work.Wait()
}
