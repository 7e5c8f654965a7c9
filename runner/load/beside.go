//go:build linux

package load

import (
	"time"

	"socketlabs/labs/telemetry"
)

// beside is the closed-loop client that runs beside an open load in the same
// process, on connections of its own: what many load generators are, and what
// they claim of the same server at the same moment. It is measured apart, so
// that every load.* but load.closed tells of the open load alone. Its nil value
// does nothing.
type beside struct {
	crowd *crowd
	meter meter
}

func (e *engine) newBeside() (*beside, error) {
	load := e.load.closed()
	if load == nil {
		return nil, nil
	}
	b := &beside{}
	var err error
	b.crowd, err = newCrowd(e.loop, &b.meter, load, e.streams, &e.script, e.pattern, e.buf)
	if err != nil {
		return nil, err
	}
	b.crowd.say, b.crowd.ready = e.say, func() {}
	e.streams += load.connections
	return b, nil
}

func (b *beside) connect() {
	if b != nil {
		b.crowd.connect()
	}
}

func (b *beside) give(now time.Duration) time.Duration {
	if b == nil {
		return never
	}
	return b.crowd.give(now)
}

func (b *beside) stop() {
	if b != nil {
		b.crowd.over = true
	}
}

func (b *beside) close() {
	if b != nil {
		b.crowd.close()
	}
}

// report adds what it claims, and its errors to the load's: a wrong byte is one,
// whoever got it.
func (b *beside) report(values map[string]float64, hists map[string]telemetry.Histogram) {
	if b == nil {
		hists["load.closed"] = telemetry.Histogram{}
		return
	}
	hists["load.closed"] = b.meter.service.Clone()
	own := b.meter.values(0, 0, 0)
	for _, name := range []string{"load.errors", "load.mismatches"} {
		values[name] += own[name]
	}
	for _, errno := range telemetry.Errnos {
		values["load.errno."+errno] += own["load.errno."+errno]
	}
}
