//go:build linux

package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// Plan is what to do, and when, as JSON on standard input.
type Plan struct {
	Addr   string         `json:"addr"`             // IP:port of the server
	Load   map[string]any `json:"load,omitempty"`   // every one of labs.LoadSettings; nil: no load
	Client map[string]any `json:"client,omitempty"` // every setting of the client
	Faults []labs.Fault   `json:"faults,omitempty"` // the clients that misbehave
	// Start is when load begins, in seconds of CLOCK_MONOTONIC, a multiple of 0.1.
	// Measuring begins Warmup seconds later and lasts for Seconds.
	Start   float64 `json:"start"`
	Warmup  float64 `json:"warmup,omitempty"`
	Seconds float64 `json:"seconds"`
}

// NewPlan returns the load generator's part of spec against the server at addr,
// from start on: seconds of CLOCK_MONOTONIC on the grid. The faults that the
// runner does to the server are left out.
func NewPlan(spec labs.Spec, addr string, start float64) Plan {
	p := Plan{Addr: addr, Start: start, Warmup: spec.Warmup, Seconds: spec.Seconds}
	if spec.Load != nil {
		p.Load = labs.Full(labs.LoadSettings(), spec.Load)
		p.Client = spec.Client
		if c, ok := labs.ClientNamed(p.Load["client"]); ok {
			p.Client = labs.Full(c.Settings, spec.Client)
		}
	}
	for _, f := range spec.Faults {
		kind, err := labs.FaultNamed(f.Kind)
		if err == nil && kind.OnServer {
			continue
		}
		f.With = labs.Full(kind.Settings, f.With)
		p.Faults = append(p.Faults, f)
	}
	return p
}

// Idle says that there is nothing to do for the load generator.
func (p Plan) Idle() bool { return p.Load == nil && len(p.Faults) == 0 }

// maxPlan bounds the text of a plan, maxFaults the groups in it.
const (
	maxPlan   = 1 << 20
	maxFaults = 100
)

// Order switches a fault while the plan is carried out, as one more line of JSON
// on standard input. It has one of its fields.
type Order struct {
	On  *labs.Fault `json:"on,omitempty"`  // from now on, whatever its At says
	Off string      `json:"off,omitempty"` // the fault of that id
}

// input is what comes on standard input: a plan, and then orders.
type input struct {
	bound   io.LimitedReader
	decoder *json.Decoder
}

func newInput(r io.Reader) *input {
	in := &input{bound: io.LimitedReader{R: r}}
	in.decoder = json.NewDecoder(&in.bound)
	in.decoder.DisallowUnknownFields()
	return in
}

// next reads the next value.
func (in *input) next(v any) error {
	in.bound.N = maxPlan
	return in.decoder.Decode(v)
}

// plan reads the plan.
func (in *input) plan() (Plan, error) {
	var p Plan
	if err := in.next(&p); err != nil {
		return Plan{}, fmt.Errorf("plan: %w", err)
	}
	return p, nil
}

// script is a plan that was checked.
type script struct {
	addr    netip.AddrPort
	load    *settings // nil: no load
	faults  []fault
	dialect dialect // of the load's clients
	// CLOCK_MONOTONIC, on the grid; measuring begins at zero.
	start, zero, end time.Duration
}

// fault is a group of clients that misbehave.
type fault struct {
	id, kind    string
	from, to    time.Duration // CLOCK_MONOTONIC; to is at most the script's end
	connections int
	size, chunk int64 // bytes
	ahead       int64
	announce    uint32
	pause       time.Duration
	share       float64
	dialect     dialect
}

// check returns the plan as a script. The errors say what is wrong with which value.
func (p Plan) check() (script, error) {
	var s script
	addr, err := netip.ParseAddrPort(p.Addr)
	if err != nil || addr.Addr().Zone() != "" || addr.Port() == 0 {
		return s, fmt.Errorf("plan: addr: %q is no address: it takes an IP address and a port, like 127.0.0.1:9000", p.Addr)
	}
	s.addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	if err := p.checkTimes(); err != nil {
		return s, err
	}
	s.start = grid(p.Start)
	s.zero = s.start + grid(p.Warmup)
	s.end = s.zero + grid(p.Seconds)
	if s.load, err = p.settings(); err != nil {
		return s, err
	}
	s.dialect = dialectOf(p)
	if s.load != nil && s.load.sources > 1 && s.addr.Addr().As16()[12] != 127 {
		return s, fmt.Errorf("plan: load.sources: %d addresses of loopback do not reach %s", s.load.sources, s.addr)
	}
	if len(p.Faults) > maxFaults {
		return s, fmt.Errorf("plan: %d faults: there may be %d", len(p.Faults), maxFaults)
	}
	for _, f := range p.Faults {
		checked, err := s.fault(f, s.zero)
		if err != nil {
			return s, fmt.Errorf("plan: fault %s: %w", f.ID, err)
		}
		s.faults = append(s.faults, checked)
	}
	return s, nil
}

func (p Plan) checkTimes() error {
	switch ticks := p.Start * 10; {
	case !(p.Start >= 0 && p.Start < 1e9) || math.Abs(ticks-math.Round(ticks)) > 1e-3:
		return fmt.Errorf("plan: start: %g is not on the grid of 0.1 s", p.Start)
	case !(p.Warmup >= 0 && p.Warmup <= labs.MaxWarmup):
		return fmt.Errorf("plan: warmup: %g is not from 0 to %d s", p.Warmup, labs.MaxWarmup)
	case !(p.Seconds >= 0.1 && p.Warmup+p.Seconds <= labs.MaxSeconds):
		return fmt.Errorf("plan: seconds: %g is not from 0.1 to %g s", p.Seconds, labs.MaxSeconds-p.Warmup)
	}
	return nil
}

// fault is a fault of the script, its time counted from zero.
func (s *script) fault(f labs.Fault, zero time.Duration) (fault, error) {
	kind, err := labs.FaultNamed(f.Kind)
	if err != nil || kind.OnServer {
		return fault{}, fmt.Errorf("%q is no client that misbehaves", f.Kind)
	}
	if !(math.Abs(f.At) <= labs.MaxSeconds && f.For >= 0 && f.For <= labs.MaxSeconds) {
		return fault{}, fmt.Errorf("at %g for %g is not within %d s", f.At, f.For, labs.MaxSeconds)
	}
	v, err := checked(kind.Settings, f.With)
	if err != nil {
		return fault{}, err
	}
	number := func(name string) float64 {
		n, _ := v[name].(float64)
		return n
	}
	out := fault{
		id: f.ID, kind: f.Kind, from: zero + seconds(f.At), to: s.end, dialect: s.dialect,
		connections: int(number("connections")), size: int64(number("size")), chunk: int64(number("chunk")), ahead: int64(number("ahead")),
		announce: uint32(number("announce")), pause: seconds(number("pause")), share: number("share"),
	}
	if f.For > 0 {
		out.to = min(s.end, out.from+seconds(f.For))
	}
	return out, nil
}

// checked returns a value that is allowed for every setting of the list.
func checked(list []labs.Setting, given map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(list))
	for _, s := range list {
		v, ok := given[s.Name]
		if !ok {
			v = s.Default
		}
		v, err := s.Check(v)
		if err != nil {
			return nil, err
		}
		out[s.Name] = v
	}
	for name := range given {
		if _, ok := out[name]; !ok {
			return nil, errors.New(name + ": no such setting")
		}
	}
	return out, nil
}

func whole(v any) int { return int(v.(float64)) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// grid is the grid time nearest to s seconds.
func grid(s float64) time.Duration {
	return time.Duration(math.Round(s*float64(time.Second/telemetry.Tick))) * telemetry.Tick
}
