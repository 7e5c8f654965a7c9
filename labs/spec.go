package labs

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/telemetry"
)

// Setting is a knob, a setting of the load or a parameter of a fault; see its
// Parse, Check, Text and Allowed.
type Setting = lab.Setting

// The kinds of a Setting.
const (
	Bool     = lab.Bool
	Int      = lab.Int
	Float    = lab.Float
	Duration = lab.Duration
	Choice   = lab.Choice
)

// Spec says what to run. Values in its maps are bool, float64 or string, as
// Setting.Check returns them; every setting that is not named has its default.
type Spec struct {
	Name   string            `json:"name"` // LESSON/EXPERIMENT: a label
	Lab    string            `json:"lab"`
	Knobs  map[string]any    `json:"knobs,omitempty"`
	Load   map[string]any    `json:"load"` // nil: no load; empty: all defaults
	Client map[string]any    `json:"client,omitempty"`
	Faults []Fault           `json:"faults,omitempty"`
	Net    string            `json:"net,omitempty"` // host (default), own
	Sysctl map[string]string `json:"sysctl,omitempty"`
	// Workbook is the Lab.Code that the lesson was written against: the code of
	// its author's recording. Empty when there is none.
	Workbook string `json:"workbook,omitempty"`
	// Version replaces one function of the lab. Such a run counts for an exercise
	// only.
	Version *Version `json:"version,omitempty"`

	Warmup      float64                `json:"warmup,omitempty"`
	Seconds     float64                `json:"seconds"`
	Windows     []telemetry.Window     `json:"windows,omitempty"`
	Derive      []telemetry.Formula    `json:"derive,omitempty"`
	Checks      []telemetry.Formula    `json:"checks,omitempty"`
	Watch       []string               `json:"watch,omitempty"`
	Charts      []telemetry.Chart      `json:"charts,omitempty"`
	Predictions []telemetry.Prediction `json:"predictions,omitempty"`

	// Sweep makes one block of each of its values. Checks and Predictions are
	// then about all of them. Nil: one block.
	Sweep *telemetry.Sweeping `json:"sweep,omitempty"`
}

// Bounds of every run.
const (
	MaxSeconds = 60 // of a block, warm-up included
	MaxWarmup  = 30
)

// Client is a kind of client that the load generator has: what it speaks, and
// the settings under `with`.
type Client struct {
	Name     string
	Doc      string
	Settings []Setting
}

// LoadSettings are the settings of every load, in the order of the page.
func LoadSettings() []Setting {
	return []Setting{
		{Name: "model", Kind: Choice, Default: "closed", Choices: []string{"closed", "open"}, Doc: "closed: each connection waits for its answer; open: requests leave on a schedule"},
		{Name: "connections", Kind: Int, Default: 1.0, Min: 1, Max: 10000, Doc: "connections opened before the run"},
		{Name: "size", Kind: Int, Default: 64.0, Min: 1, Max: 16 << 20, Unit: "bytes", Doc: "bytes of a request"},
		{Name: "rate", Kind: Float, Default: 1000.0, Min: 1, Max: 1e6, Unit: "per second", Doc: "open: requests a second in all"},
		{Name: "burst", Kind: Int, Default: 1.0, Min: 1, Max: 1000, Doc: "requests that leave in one write"},
		{Name: "depth", Kind: Int, Default: 1.0, Min: 1, Max: 1000, Doc: "requests in flight per connection, at most"},
		{Name: "renew", Kind: Int, Default: 0.0, Min: 0, Max: 1e6, Doc: "requests after which a client opens a new connection; 0: never"},
		{Name: "sources", Kind: Int, Default: 1.0, Min: 1, Max: 250, Doc: "addresses that the connections come from: 127.0.0.1, 127.0.0.2 and on"},
		{Name: "shape", Kind: Choice, Default: "steady", Choices: []string{"steady", "ramp", "steps"}, Doc: "open: how the rate becomes the peak while it is measured"},
		{Name: "peak", Kind: Float, Default: 1000.0, Min: 1, Max: 1e6, Unit: "per second", Doc: "open: the rate at the end of a ramp or of steps"},
		{Name: "steps", Kind: Int, Default: 5.0, Min: 2, Max: 20, Doc: "open: steps of equal length, from the rate to the peak"},
		{Name: "beside", Kind: Int, Default: 0.0, Min: 0, Max: 1000, Doc: "open: connections of a closed-loop client beside it, measured apart, as load.closed: each asks at the same pace, but never before it has its answer"},
		{Name: "client", Kind: Choice, Default: "echo", Choices: names(Clients(), func(c Client) string { return c.Name }), Doc: "what the client speaks"},
	}
}

// Clients lists what the load generator speaks.
func Clients() []Client {
	return []Client{
		{Name: "echo", Doc: "sends bytes and expects the same bytes back, every one of them verified"},
		{Name: "frames", Doc: "sends frames of size payload bytes and expects each of them back", Settings: []Setting{
			{Name: "codec", Kind: Choice, Default: "length", Choices: []string{"length", "delimiter", "tlv"}, Doc: "where a frame ends"},
			{Name: "payload", Kind: Choice, Default: "bytes", Choices: []string{"bytes", "json"}, Doc: "what is in a frame"},
			{Name: "compress", Kind: Bool, Default: false, Doc: "the payload is deflated (RFC 1951)"},
			{Name: "tls", Kind: Choice, Default: "off", Choices: []string{"off", "1.2", "1.3"}, Doc: "version of TLS below the frames"},
			{Name: "resume", Kind: Bool, Default: false, Doc: "TLS: resume sessions"},
			{Name: "certificate", Kind: Bool, Default: false, Doc: "TLS: present a client certificate"},
		}},
		{Name: "rpc", Doc: "calls methods, many in flight on one connection, answered in any order", Settings: []Setting{
			{Name: "method", Kind: Choice, Default: "echo", Choices: []string{"echo", "work", "add", "name"}, Doc: "what is called"},
			{Name: "work", Kind: Duration, Default: 0.001, Min: 0, Max: 60, Unit: "seconds", Doc: "how long a call of work takes the server"},
			{Name: "heavy", Kind: Float, Default: 0.0, Min: 0, Max: 1, Doc: "share of the calls that are work instead"},
			{Name: "budget", Kind: Duration, Default: 0.0, Min: 0, Max: 60, Unit: "seconds", Doc: "time that a call has, retries included; 0: for ever"},
			{Name: "retries", Kind: Int, Default: 0.0, Min: 0, Max: 10, Doc: "how often a call is tried again at most"},
			{Name: "backoff", Kind: Duration, Default: 0.01, Min: 0, Max: 10, Unit: "seconds", Doc: "pause before the first retry, doubled with each"},
			{Name: "jitter", Kind: Bool, Default: true, Doc: "the pause is random, from 0 to that (full jitter)"},
			{Name: "retry-share", Kind: Float, Default: 1.0, Min: 0, Max: 1, Doc: "retry budget: retries allowed for each call made; 1: no budget"},
			{Name: "unsafe", Kind: Bool, Default: false, Doc: "retries add too, which is not idempotent"},
		}},
		{Name: "file", Doc: "asks for the first size bytes of the server's file", Settings: []Setting{
			{Name: "verify", Kind: Bool, Default: true, Doc: "verify every byte; without, the kernel discards them (MSG_TRUNC)"},
		}},
	}
}

// ClientNamed returns the client of that name.
func ClientNamed(name any) (Client, bool) {
	for _, c := range Clients() {
		if c.Name == name {
			return c, true
		}
	}
	return Client{}, false
}

// ClientSettings are the settings of the client that the spec's load uses: those
// under `with`.
func (s Spec) ClientSettings() []Setting {
	if s.Load == nil {
		return nil
	}
	c, _ := ClientNamed(Full(LoadSettings(), s.Load)["client"])
	return c.Settings
}

func names[T any](list []T, name func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = name(v)
	}
	return out
}

// find returns the setting of that name.
func find(list []Setting, name string) (Setting, bool) {
	i := slices.IndexFunc(list, func(s Setting) bool { return s.Name == name })
	if i < 0 {
		return Setting{}, false
	}
	return list[i], true
}

// Clone returns a copy that shares nothing with s that Set, Add and SetSeconds change.
func (s Spec) Clone() Spec {
	s.Knobs, s.Load, s.Client, s.Sysctl = maps.Clone(s.Knobs), maps.Clone(s.Load), maps.Clone(s.Client), maps.Clone(s.Sysctl)
	s.Faults, s.Predictions = slices.Clone(s.Faults), slices.Clone(s.Predictions)
	return s
}

// Set changes one setting by its public name, knob.NAME or load.NAME, checked
// against the declared kind and range; load.NAME may be a setting of the load's
// client. The error names the value, what is allowed and, for an unknown name,
// the names there are.
func (s *Spec) Set(l Lab, name, text string) error {
	space, key, _ := strings.Cut(name, ".")
	var list []Setting
	var into *map[string]any
	switch {
	case space == "knob":
		list, into = l.Knobs, &s.Knobs
	case space == "load" && s.Load != nil:
		list, into = LoadSettings(), &s.Load
		if _, ours := find(list, key); !ours {
			list, into = append(list, s.ClientSettings()...), &s.Client
		}
	case space == "load":
		return fmt.Errorf("%s: this experiment has no load", name)
	default:
		return fmt.Errorf("%s: settings are named knob.NAME or load.NAME", name)
	}
	setting, ok := find(list, key)
	if !ok {
		return fmt.Errorf("%s: no such setting: there are %s", name, strings.Join(names(list, func(x Setting) string { return space + "." + x.Name }), ", "))
	}
	v, err := setting.Parse(text)
	if err != nil {
		return fmt.Errorf("%s.%w", space, err)
	}
	if *into == nil {
		*into = map[string]any{}
	}
	(*into)[key] = v
	if name == "load.client" { // another client has other settings
		s.Client = nil
	}
	return nil
}

// SetSeconds changes how long is measured. What the experiment says about
// parts of its time must fit.
func (s *Spec) SetSeconds(seconds float64) error {
	least := 0.1
	for _, w := range s.Windows {
		least = max(least, w.To)
	}
	for _, f := range s.Faults {
		least = max(least, f.At+max(f.For, 0.1))
	}
	if most := MaxSeconds - s.Warmup; seconds < least || seconds > most {
		return fmt.Errorf("%s can be measured for %g s to %g s, not %g s", s.Name, least, most, seconds)
	}
	s.Seconds = math.Round(seconds*10) / 10 // samples lie on that grid
	return nil
}

// Full returns every setting of list with its value from given or its default.
func Full(list []Setting, given map[string]any) map[string]any {
	out := make(map[string]any, len(list))
	for _, s := range list {
		out[s.Name] = s.Default
		if v, ok := given[s.Name]; ok {
			out[s.Name] = v
		}
	}
	return out
}

// Edited says whether the lab's code differs from the workbook's.
func (s Spec) Edited(l Lab) bool { return s.Workbook != "" && s.Workbook != l.Code }

// Question returns what the run's measurements are asked, with all settings
// filled in and each fault's time as a window. In expressions the knob
// -read-timeout is knob.read_timeout, and the client's retry-share is
// ask.retry_share.
func (s Spec) Question(l Lab) telemetry.Question {
	q := telemetry.Question{
		Warmup: s.Warmup, Seconds: s.Seconds,
		Windows: slices.Clone(s.Windows), Derive: s.Derive, Checks: s.Checks,
		Watch: s.Watch, Charts: s.Charts, Predictions: s.Predictions,
		Ask: map[string]any{}, Knob: map[string]any{}, Metrics: l.Metrics,
	}
	for name, v := range Full(l.Knobs, s.Knobs) {
		q.Knob[strings.ReplaceAll(name, "-", "_")] = v
	}
	if s.Load != nil {
		q.Ask = Full(LoadSettings(), s.Load)
		for name, v := range Full(s.ClientSettings(), s.Client) {
			q.Ask[strings.ReplaceAll(name, "-", "_")] = v
		}
	}
	for _, f := range s.Faults {
		to := s.Seconds
		if f.For > 0 {
			to = min(to, f.At+f.For)
		}
		q.Windows = append(q.Windows, telemetry.Window{Name: f.ID, From: max(f.At, 0), To: to})
	}
	return q
}

// Units returns the unit of every setting by the name that it has in expressions, as
// Question names them: ask.size is in bytes, and a count has none.
func (s Spec) Units(l Lab) map[string]string {
	units := map[string]string{}
	add := func(space string, list []Setting) {
		for _, x := range list {
			units[space+strings.ReplaceAll(x.Name, "-", "_")] = x.Unit
		}
	}
	add("knob.", l.Knobs)
	if s.Load != nil {
		add("ask.", LoadSettings())
		add("ask.", s.ClientSettings())
	}
	return units
}

// Args returns the command line of the lab that the knobs ask for, without the
// program's name and the address.
func (s Spec) Args(l Lab) []string {
	var args []string
	for _, k := range l.Knobs {
		if v, ok := s.Knobs[k.Name]; ok {
			args = append(args, "-"+k.Name+"="+k.Text(v))
		}
	}
	return args
}
