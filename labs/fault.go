package labs

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"socketlabs/labs/telemetry"
)

// Fault is what goes wrong and when. Its time is a window of the same name.
type Fault struct {
	ID   string         `json:"id"` // [a-z][a-z0-9_]*
	Kind string         `json:"kind"`
	At   float64        `json:"at"`            // seconds of the measured time
	For  float64        `json:"for,omitempty"` // seconds; 0: to the end
	With map[string]any `json:"with,omitempty"`
}

// FaultKind is something that a run can be given to suffer.
type FaultKind struct {
	Name     string
	Doc      string
	Settings []Setting
	// OnServer says that the runner does it to the lab's process; the others are
	// clients that misbehave, and the load generator plays them.
	OnServer bool
}

// FaultKinds lists what can go wrong, each with its parameters.
func FaultKinds() []FaultKind {
	connections := Setting{Name: "connections", Kind: Int, Default: 1.0, Min: 1, Max: 10000, Doc: "misbehaving connections"}
	size := Setting{Name: "size", Kind: Int, Default: 64.0, Min: 1, Max: 64 << 20, Unit: "bytes", Doc: "bytes that each connection sends"}
	pause := Setting{Name: "pause", Kind: Duration, Default: 0.1, Min: 0.001, Max: 60, Unit: "seconds", Doc: "seconds between two steps"}
	chunk := Setting{Name: "chunk", Kind: Int, Default: 1.0, Min: 1, Max: 1 << 20, Unit: "bytes", Doc: "bytes of one step"}
	ahead := Setting{Name: "ahead", Kind: Int, Default: 0.0, Min: 0, Max: 64 << 20, Unit: "bytes", Doc: "bytes that leave at once, before the first step"}
	many := connections
	many.Default = 1000.0
	frame := Setting{Name: "size", Kind: Int, Default: 64.0, Min: 2, Max: 64 << 20, Unit: "bytes", Doc: "bytes of the frame that is announced"}
	announce := Setting{Name: "announce", Kind: Int, Default: float64(math.MaxUint32), Min: 0, Max: math.MaxUint32, Unit: "bytes", Doc: "bytes that the frame claims to have"}
	inflated := Setting{Name: "size", Kind: Int, Default: float64(16 << 20), Min: 1, Max: 1 << 30, Unit: "bytes", Doc: "bytes that the payload inflates to"}
	last := Setting{Name: "size", Kind: Int, Default: 64.0, Min: 0, Max: 16 << 10, Unit: "bytes", Doc: "bytes sent before nothing is heard any more; 0: none"}
	share := Setting{Name: "share", Kind: Float, Default: 0.05, Min: 0, Max: 1, Doc: "share of the segments that are lost"}
	files := Setting{Name: "files", Kind: Int, Default: 0.0, Min: 0, Max: 1 << 20, Doc: "descriptors that may still be opened"}
	return []FaultKind{
		{Name: "idle", Doc: "connects and says nothing", Settings: []Setting{connections}},
		{Name: "slow-reader", Doc: "sends size bytes and takes the answer chunk by chunk with pauses", Settings: []Setting{connections, size, chunk, pause}},
		{Name: "slow-writer", Doc: "sends size bytes chunk by chunk with pauses, reads every answer", Settings: []Setting{connections, size, ahead, chunk, pause}},
		{Name: "reset", Doc: "sends size bytes and closes with RST, again after each pause", Settings: []Setting{connections, size, pause}},
		{Name: "half-close", Doc: "sends size bytes, closes its sending side and reads to the end", Settings: []Setting{connections, size}},
		{Name: "churn", Doc: "sends size bytes, takes the answer and closes, again after each pause", Settings: []Setting{connections, size, pause}},
		{Name: "flood", Doc: "all connect at once and say nothing", Settings: []Setting{many}},
		{Name: "garbage", Doc: "sends size random bytes, again after each pause", Settings: []Setting{connections, size, pause}},
		{Name: "truncated", Doc: "announces a frame of size bytes, sends half of it and FIN; once it was ended, again after the pause", Settings: []Setting{connections, frame, pause}},
		{Name: "cut", Doc: "announces a frame of size bytes, sends half of it and RST, again after each pause", Settings: []Setting{connections, frame, pause}},
		{Name: "oversized", Doc: "announces a frame and sends nothing of it; once it was ended, again after the pause", Settings: []Setting{connections, announce, pause}},
		{Name: "bomb", Doc: "sends a small frame whose deflated payload inflates to size, again after each pause", Settings: []Setting{connections, inflated, pause}},
		{Name: "blackhole", Doc: "sends size bytes and hears nothing any more: nothing is acknowledged, as if its cable were cut", Settings: []Setting{connections, last}},
		{Name: "loss", Doc: "a share of the segments to the load's own connections is lost", Settings: []Setting{share}},
		{Name: "freeze", Doc: "stops the server's process (SIGSTOP) and lets it go on (SIGCONT)", OnServer: true},
		{Name: "fd-limit", Doc: "lets the server's process open so many more descriptors (RLIMIT_NOFILE)", Settings: []Setting{files}, OnServer: true},
		{Name: "term", Doc: "tells the server's process to end (SIGTERM), once; the run goes on when it ends with status 0", OnServer: true},
		{Name: "hup", Doc: "sends the server's process SIGHUP, once", OnServer: true},
	}
}

// FaultNamed returns the kind of that name, or an error that lists those there are.
func FaultNamed(name string) (FaultKind, error) {
	kinds := FaultKinds()
	i := slices.IndexFunc(kinds, func(k FaultKind) bool { return k.Name == name })
	if i < 0 {
		return FaultKind{}, fmt.Errorf("%q is no kind of fault: there are %s", name, strings.Join(names(kinds, func(k FaultKind) string { return k.Name }), ", "))
	}
	return kinds[i], nil
}

// when are a fault's time as settings, within so many measured seconds.
func when(measured float64) []Setting {
	tick := telemetry.Tick.Seconds()
	return []Setting{
		{Name: "at", Kind: Duration, Default: 0.0, Min: 0, Max: measured - tick, Unit: "seconds", Doc: "when it begins"},
		{Name: "for", Kind: Duration, Default: 0.0, Min: tick, Max: measured, Unit: "seconds", Doc: "how long it lasts; to the end when it is not given"},
	}
}

// ParseFault reads KIND[,name=value…], the form of the command line.
func ParseFault(text string, measured float64) (Fault, error) {
	kind, rest, _ := strings.Cut(text, ",")
	given := map[string]string{}
	for rest != "" {
		var p string
		p, rest, _ = strings.Cut(rest, ",")
		name, value, ok := strings.Cut(p, "=")
		if _, err := FaultNamed(kind); err == nil && !ok {
			return Fault{}, fmt.Errorf("%s: %q: write it as name=value, like at=1", kind, p)
		}
		given[name] = value
	}
	return ReadFault(kind, given, measured)
}

// ReadFault returns a fault of a kind with the parameters that a person has
// typed; at and for among them are its time, within so many measured seconds.
// The errors of a value begin with KIND: NAME.
func ReadFault(kind string, texts map[string]string, measured float64) (Fault, error) {
	f := Fault{Kind: kind}
	k, err := FaultNamed(kind)
	if err != nil {
		return f, err
	}
	list := append(when(measured), k.Settings...)
	given := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		s, ok := find(list, name)
		if !ok {
			return f, noParameter(kind, name, list)
		}
		if given[name], err = s.Parse(texts[name]); err != nil {
			return f, fmt.Errorf("%s: %w", kind, err)
		}
	}
	return f.filled(given), nil
}

// filled takes values that were checked: those of at and for are its time.
func (f Fault) filled(given map[string]any) Fault {
	f.With = nil
	for name, v := range given {
		switch {
		case name == "at":
			f.At = v.(float64)
		case name == "for":
			f.For = v.(float64)
		case f.With == nil:
			f.With = map[string]any{name: v}
		default:
			f.With[name] = v
		}
	}
	return f
}

func noParameter(kind, name string, list []Setting) error {
	return fmt.Errorf("%s: %q is no parameter: there are %s", kind, name, strings.Join(names(list, func(s Setting) string { return s.Name }), ", "))
}

// Check returns the fault with its kind's parameters in the form of their
// settings, or an error that names what is wrong with which value. Its time must
// lie within so many measured seconds.
func (f Fault) Check(measured float64) (Fault, error) {
	kind, err := FaultNamed(f.Kind)
	if err != nil {
		return f, err
	}
	list := append(when(measured), kind.Settings...)
	given := map[string]any{"at": f.At}
	if f.For != 0 {
		given["for"] = f.For
	}
	for name, v := range f.With {
		if _, ok := find(kind.Settings, name); !ok {
			return f, noParameter(f.Kind, name, list)
		}
		given[name] = v
	}
	for name, v := range given {
		s, _ := find(list, name)
		if given[name], err = s.Check(v); err != nil {
			return f, fmt.Errorf("%s: %w", f.Kind, err)
		}
	}
	if f.At+f.For > measured+1e-9 {
		return f, fmt.Errorf("%s: at %g for %g s it ends after the %g s that are measured: begin earlier, shorten it, or measure longer", f.Kind, f.At, f.For, measured)
	}
	return f.filled(given), nil
}

// maxFaults bounds the faults of a run.
const maxFaults = 20

// Add gives the run one more fault, checked, under a name that no window has yet.
// It returns that name.
func (s *Spec) Add(f Fault) (string, error) {
	f, err := f.Check(s.Seconds)
	if err != nil {
		return "", err
	}
	if len(s.Faults) >= maxFaults {
		return "", fmt.Errorf("%s: a run has at most %d faults", f.Kind, maxFaults)
	}
	f.ID = s.free(strings.ReplaceAll(f.Kind, "-", "_"))
	s.Faults = append(s.Faults, f)
	return f.ID, nil
}

// free returns a name for a window that is like this one.
func (s *Spec) free(name string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(s.Windows, func(w telemetry.Window) bool { return w.Name == name }) ||
			slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.ID == name }) ||
			slices.ContainsFunc(s.Derive, func(f telemetry.Formula) bool { return f.ID == name })
	}
	free := name
	for n := 2; taken(free); n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	return free
}
