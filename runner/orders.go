package runner

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/load"
)

// maxOrders is how many orders may wait for a block, which takes them at once.
const maxOrders = 64

// order switches a fault of a run that is being measured. The fault was checked.
type order struct {
	on  *labs.Fault
	off string // its name
}

// Suffer switches a fault on, from now until its For is over; its At is not
// used. It returns the name under which the stream tells of it. The error is
// ErrNotMeasuring, or says what is wrong with which value. A run of several
// blocks is given no fault by hand: its blocks would not be alike.
func (r *Run) Suffer(f labs.Fault) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase.Load() != telemetry.Running || r.several() {
		return "", ErrNotMeasuring
	}
	f.At = 0
	id, err := r.asked.Add(f)
	if err != nil {
		return "", err
	}
	added := r.asked.Faults[len(r.asked.Faults)-1]
	return id, r.send(order{on: &added})
}

// Relieve switches a fault off, or has it not happen; one that is over stays as
// it is. ErrNotMeasuring, ErrNoFault.
func (r *Run) Relieve(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.phase.Load() != telemetry.Running:
		return ErrNotMeasuring
	case !slices.ContainsFunc(r.asked.Faults, func(f labs.Fault) bool { return f.ID == id }):
		return ErrNoFault
	}
	return r.send(order{off: id})
}

func (r *Run) send(o order) error {
	select {
	case r.orders <- o:
		return nil
	default:
		return ErrNotMeasuring
	}
}

// order does what somebody wants while the run is measured.
func (b *block) order(o order) {
	now := monotonic()
	if b.measuring == nil || b.draining || now >= b.score.stop.time() {
		return
	}
	switch {
	case o.on == nil:
		if end := b.relief[o.off]; end != nil {
			end()
			return
		}
		b.tell(load.Order{Off: o.off})
	case onServer(*o.on):
		b.note(*o.on)
		to := b.score.stop.time()
		if o.on.For > 0 {
			to = min(to, now+seconds(o.on.For))
		}
		b.expose(b.measuring, *o.on, now, to)
	default:
		b.note(*o.on)
		b.tell(load.Order{On: o.on})
	}
}

// note writes down what was switched on by hand: nobody has asked for it before.
func (b *block) note(f labs.Fault) {
	kind, _ := labs.FaultNamed(f.Kind)
	with := labs.Full(kind.Settings, f.With)
	text := fmt.Sprintf("fault %s is switched on by hand: %s", f.ID, f.Kind)
	for _, name := range slices.Sorted(maps.Keys(with)) {
		text += fmt.Sprintf(" %s=%v", name, with[name])
	}
	b.hear(telemetry.Event{T: b.run.now(), Kind: telemetry.KindLog, From: telemetry.FromRunner, Level: "info", Text: strings.TrimSpace(text)})
}

// tell gives the load generator an order. When there is none, one is started for
// what is left of the time.
func (b *block) tell(o load.Order) {
	if b.load == nil {
		b.playOnly(o.On)
		return
	}
	text, err := json.Marshal(o)
	if err != nil {
		return
	}
	select {
	case b.orders <- text:
	default: // it does not read any more
	}
}

// playOnly starts a load generator that plays a fault and nothing else.
func (b *block) playOnly(f *labs.Fault) {
	start := tickAt(monotonic()) + 2
	if f == nil || start >= b.score.stop {
		return
	}
	err := b.spawnLoad(load.Plan{Addr: b.addr.String(), Start: float64(start) / 10, Seconds: float64(b.score.stop-start) / 10, Faults: []labs.Fault{*f}})
	if err != nil {
		b.hear(telemetry.Event{T: b.run.now(), Kind: telemetry.KindLog, From: telemetry.FromRunner, Level: "warn",
			Text: "fault " + f.ID + ": the load generator does not start: " + err.Error()})
	}
}
