package runner

import (
	"errors"

	"socketlabs/labs/telemetry"
)

// ErrOneAtATime is the error of a start by a person one of whose runs waits or is
// measured.
var ErrOneAtATime = errors.New("runner: one run at a time for each person")

// Asked is how a run is asked for. Its zero value is the owner's: measured alone,
// as many of them as Limits.Waiting allows.
type Asked struct {
	// By is the person who asks, by an opaque id that the recording keeps; empty:
	// the owner. A person has one run at a time: ErrOneAtATime.
	By string
	// Shared says that up to Limits.Shared such runs may be measured at the same
	// time. A run that is to be trusted is measured alone.
	Shared bool
}

// An Option changes how a run is asked for.
type Option func(*Asked)

// By says who asks for a run.
func By(person string) Option { return func(a *Asked) { a.By = person } }

// Shared lets a run share the machine with others, see Asked.
func Shared() Option { return func(a *Asked) { a.Shared = true } }

// asked is what the options come to. A machine with room for one shares nothing.
func (r *Runner) asked(options []Option) (a Asked) {
	for _, o := range options {
		o(&a)
	}
	a.Shared = a.Shared && r.limits.Shared > 1
	return a
}

// Waiting is a run, or a trace, in the queue for the measuring slot.
type Waiting struct {
	Ticket
	Place int     `json:"place"` // how many are ahead of it; 0 when it is measured
	Wait  float64 `json:"wait"`  // seconds until it begins, about
}

// Queue returns who measures and who waits for it, of all processes that have
// the data folder open, in their order.
func (r *Runner) Queue() []Waiting {
	s := r.slot
	s.mu.Lock()
	defer s.mu.Unlock()
	line := s.line()
	waits := s.waits(line)
	var list []Waiting
	for i, t := range line {
		w := Waiting{Ticket: t, Place: i, Wait: waits[i]}
		if !t.Began.IsZero() {
			w.Place, w.Wait = 0, 0
		}
		list = append(list, w)
	}
	return list
}

// Push puts a run that waits before the others of this process that do: behind
// what is measured, and no place of another process's is changed. ErrNotWaiting.
func (r *Runner) Push(run string) error { return r.slot.first(run) }

// Pause lets no other run or trace of this process begin to be measured, until
// Resume; those that wait are told so, and keep their places.
func (r *Runner) Pause() error { return r.slot.pause(true) }

// Resume ends a Pause.
func (r *Runner) Resume() error { return r.slot.pause(false) }

// Paused says whether there is a Pause.
func (r *Runner) Paused() bool {
	r.slot.mu.Lock()
	defer r.slot.mu.Unlock()
	return r.slot.paused
}

// StopAll ends every run and trace of this process as Stopped, and returns how
// many there were.
func (r *Runner) StopAll() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, run := range r.live {
		if run.end.Load() == nil {
			run.Stop()
			n++
		}
	}
	for _, t := range r.traces {
		if !over(t.done) {
			t.Stop()
			n++
		}
	}
	return n
}

// Of returns the run or the trace of a person that waits or is measured.
func (r *Runner) Of(person string) (id string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of(person)
}

// of is Of with mu held.
func (r *Runner) of(person string) (id string, ok bool) {
	for id, run := range r.live {
		if run.end.Load() == nil && run.header.By == person {
			return id, true
		}
	}
	for _, t := range r.traces {
		if !over(t.done) && t.order.By == person {
			return t.ID(), true
		}
	}
	return "", false
}

// limited is ErrOneAtATime for a person who has a run; the owner may have several.
// mu is held.
func (r *Runner) limited(person string) error {
	if person == "" {
		return nil
	}
	if _, has := r.of(person); has {
		return ErrOneAtATime
	}
	return nil
}

// queued tells a run that waits how it stands.
func (r *Run) queued(now standing) { r.enter(telemetry.Queued, now.reason(), nil) }
