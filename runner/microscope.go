package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/trace"
)

// ErrNoTrace is for a trace that there is not, or not any more.
var ErrNoTrace = errors.New("runner: no such trace")

// Bounds of traces. They are kept in memory: one is made anew in seconds, its
// times prove nothing, and nothing is judged by it.
const (
	keptTraces  = 12
	maxCalls    = 3000             // events of one
	traceTime   = 30 * time.Second // of one, once the machine is its own
	maxTrace    = 15               // seconds of a schedule
	maxTraceLog = 40               // lines of what the server said
)

// TraceOrder says what to look at.
type TraceOrder struct {
	Lab      string
	Knobs    map[string]any // as Spec's
	Schedule string         // id of one of trace.Schedules; empty: the first
	Seconds  float64        // instead of the schedule's; 0: the schedule's
	Command  []string       // a server that is not ours, in the lab's place
	By       string         // as Asked's
}

// Trace is a trace as far as it has come. Events are in the order of their entry.
type Trace struct {
	ID       string                    `json:"id"`
	Lab      string                    `json:"lab,omitempty"`
	Knobs    map[string]any            `json:"knobs"`
	Command  []string                  `json:"command,omitempty"`
	Schedule trace.Schedule            `json:"schedule"`
	Began    time.Time                 `json:"began"`
	Phase    telemetry.Phase           `json:"phase"`  // queued, building, running, finished, failed, stopped
	Reason   *telemetry.Reason         `json:"reason"` // why it has no, or not all, events
	Steps    []float64                 `json:"steps"`  // when each step of the schedule was taken
	Events   []trace.Event             `json:"events"`
	Packets  []trace.Packet            `json:"packets"`
	NoPacket string                    `json:"no_packets"` // why there are none
	Cost     trace.Cost                `json:"cost"`
	Calls    map[string]map[string]int `json:"calls"` // by who and call, those of the runtime too
	Lanes    []trace.Lane              `json:"lanes"`
	Conns    []trace.Conn              `json:"conns"`
	Sources  map[string]trace.Quote    `json:"sources"` // by FILE:LINE of the events' frames
	Log      []string                  `json:"log"`     // what the server said
}

// Tracing is a trace that was begun.
type Tracing struct {
	runner  *Runner
	order   TraceOrder
	lab     labs.Lab
	context context.Context
	stop    context.CancelCauseFunc
	done    chan struct{}

	mu  sync.Mutex
	now Trace // guards
}

// ID of the trace.
func (t *Tracing) ID() string { return t.now.ID }

// By is the person who asked for it, see Asked.
func (t *Tracing) By() string { return t.order.By }

// Stop ends it.
func (t *Tracing) Stop() { t.stop(errStopped) }

// Done is closed when it has ended and no process is left.
func (t *Tracing) Done() <-chan struct{} { return t.done }

// View returns the trace as it is now; its events come with its end.
func (t *Tracing) View() Trace {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.now
	if !v.Phase.Over() { // they are still being put in order
		v.Events, v.Packets, v.Lanes, v.Conns, v.Log = []trace.Event{}, []trace.Packet{}, []trace.Lane{}, []trace.Conn{}, []string{}
	}
	return v
}

func (t *Tracing) change(f func(*Trace)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.now)
}

// Trace begins one, when no other goes on: it waits for the measuring slot.
// ErrBusy, ErrOneAtATime, ErrClosed.
func (r *Runner) Trace(o TraceOrder) (*Tracing, error) {
	t, err := r.newTracing(o)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return nil, ErrClosed
	case slices.ContainsFunc(r.traces, func(old *Tracing) bool { return !over(old.done) }):
		return nil, ErrBusy
	}
	if err := r.limited(o.By); err != nil {
		return nil, err
	}
	r.traces = append(r.traces, t)
	r.traces = r.traces[max(0, len(r.traces)-keptTraces):]
	t.context, t.stop = context.WithCancelCause(r.closing)
	r.work.Go(func() {
		defer close(t.done)
		defer t.stop(nil)
		t.finish(t.carry())
	})
	return t, nil
}

func over(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// newTracing checks an order.
func (r *Runner) newTracing(o TraceOrder) (*Tracing, error) {
	schedule, ok := trace.ScheduleNamed(o.Schedule)
	if !ok {
		return nil, fmt.Errorf("runner: no schedule %q", o.Schedule)
	}
	if o.Seconds != 0 && !(o.Seconds >= 0.1 && o.Seconds <= maxTrace) {
		return nil, fmt.Errorf("runner: a trace takes from 0.1 s to %d s, not %g s", maxTrace, o.Seconds)
	}
	schedule.Seconds = cmp.Or(o.Seconds, schedule.Seconds)
	t := &Tracing{runner: r, order: o, done: make(chan struct{})}
	now := time.Now().UTC()
	t.now = Trace{ID: newID(now), Lab: o.Lab, Knobs: o.Knobs, Command: o.Command, Schedule: schedule, Began: now, Phase: telemetry.Queued,
		Steps: []float64{}, Events: []trace.Event{}, Packets: []trace.Packet{}, Lanes: []trace.Lane{}, Conns: []trace.Conn{}, Log: []string{}}
	if o.Command != nil {
		path, err := exec.LookPath(o.Command[0])
		if err == nil {
			path, err = filepath.Abs(path)
		}
		if err != nil {
			return nil, fmt.Errorf("runner: %w", err)
		}
		t.order.Command = append([]string{path}, o.Command[1:]...)
		return t, nil
	}
	catalog, err := r.Catalog()
	if err != nil {
		return nil, err
	}
	if t.lab, ok = catalog.Lab(o.Lab); !ok {
		return nil, fmt.Errorf("runner: no lab %q: labs/ has %s", o.Lab, strings.Join(names(catalog), ", "))
	}
	for name, v := range o.Knobs {
		if err := allowed(t.lab.Knobs, name, v); err != nil {
			return nil, fmt.Errorf("runner: knob.%w", err)
		}
	}
	return t, nil
}

// Traced returns one of the last traces.
func (r *Runner) Traced(id string) (*Tracing, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.traces, func(t *Tracing) bool { return t.now.ID == id })
	if i < 0 {
		return nil, ErrNoTrace
	}
	return r.traces[i], nil
}

// Traces returns the last traces, the newest at the end.
func (r *Runner) Traces() []*Tracing {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.traces)
}
