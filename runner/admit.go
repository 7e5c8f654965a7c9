package runner

import (
	"bytes"
	"encoding/json"
	"math"
	"net/netip"
	"regexp"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// What a lab may say.
const (
	maxEvent   = 64 << 10 // bytes of an event's line
	maxUnknown = 64       // metrics that its source does not declare
)

var labMetric = regexp.MustCompile(`^lab\.[a-z0-9_]{1,64}$`)

// admission decides which lines of a lab's standard output are events. A lab is
// what a learner edits: nothing that it prints can pass for another source's
// word, another time, or the runner's own.
type admission struct {
	names     map[string]bool // declared, and up to maxUnknown others
	room      int             // for others
	listening bool
	last      tick // of its newest sample
}

func newAdmission(l labs.Lab) *admission {
	a := &admission{names: map[string]bool{}, room: maxUnknown}
	for _, m := range l.Metrics {
		a.names[m.Name] = true
	}
	return a
}

// verdict on a line.
type verdict int

const (
	plain   verdict = iota // no event: a line of log
	ready                  // it listens: the event holds the address
	sample                 // its T is on the grid of CLOCK_MONOTONIC
	message                // a line of log with a level
	refused                // an event that a lab may not say, or not now
)

// judge reads a line; now is the current tick.
func (a *admission) judge(line []byte, now tick) (telemetry.Event, verdict) {
	line = bytes.TrimSpace(line)
	var e telemetry.Event
	if len(line) == 0 || line[0] != '{' || !bytes.Contains(line, []byte(`"kind"`)) || json.Unmarshal(line, &e) != nil {
		return e, plain
	}
	switch e.Kind {
	case telemetry.KindState:
		return a.state(e)
	case telemetry.KindSample:
		return a.sample(e, now)
	case telemetry.KindLog:
		if e.Level != "warn" && e.Level != "error" {
			e.Level = "info"
		}
		return telemetry.Event{Kind: e.Kind, From: telemetry.FromLab, Level: e.Level, Text: e.Text}, message
	}
	return e, refused
}

// state admits one announcement of an address on this machine.
func (a *admission) state(e telemetry.Event) (telemetry.Event, verdict) {
	if a.listening || e.State == nil || e.State.Phase != telemetry.Running {
		return e, refused
	}
	addr, err := netip.ParseAddrPort(e.State.Facts["addr"])
	if err != nil || !addr.Addr().IsLoopback() || addr.Port() == 0 {
		return e, refused
	}
	a.listening = true
	return telemetry.Event{Kind: e.Kind, From: telemetry.FromLab, State: &telemetry.State{
		Phase: telemetry.Running, Facts: map[string]string{"addr": addr.String()}}}, ready
}

// sample admits one sample for each tick, none of the future: the last word of
// a lab that ends belongs to the tick to come.
func (a *admission) sample(e telemetry.Event, now tick) (telemetry.Event, verdict) {
	if !(math.Abs(e.T) < 1e12) {
		return e, refused
	}
	at := tickOf(e.T)
	if !a.listening || at <= a.last || at > now+1 || at < now-100 {
		return e, refused
	}
	a.last = at
	s := telemetry.Event{T: e.T, Kind: e.Kind, From: telemetry.FromLab}
	for name, v := range e.Values {
		if a.admits(name) {
			if s.Values == nil {
				s.Values = map[string]float64{}
			}
			s.Values[name] = v
		}
	}
	for name, h := range e.Hists {
		if a.admits(name) {
			if s.Hists == nil {
				s.Hists = map[string]telemetry.Histogram{}
			}
			s.Hists[name] = h
		}
	}
	return s, sample
}

// admits says whether the lab may have a metric of that name.
func (a *admission) admits(name string) bool {
	if a.names[name] {
		return true
	}
	if a.room == 0 || !labMetric.MatchString(name) {
		return false
	}
	a.names[name] = true
	a.room--
	return true
}
