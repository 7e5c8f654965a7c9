package judge

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"socketlabs/labs/telemetry"
)

// What may stand behind the name of a metric.
var (
	levels    = []string{"last", "min", "max", "mean"}
	quantiles = []string{"p50", "p90", "p95", "p99", "p999"}
	shapes    = []string{"mean", "min", "max", "count"} // of a histogram, beside its quantiles
	shares    = map[string]float64{"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}
)

// vocabulary is every name that an expression may use.
type vocabulary struct {
	tracks  map[string]*track
	fixed   map[string]value // knob.* ask.* host.*: known before the run
	windows map[string]telemetry.Window
	derived map[string]node
	order   []string // of derived
	many    *many    // not nil: expressions are over several blocks, see Sweep

	bottleneck func(view) string // one of Queues
}

// spaces are the namespaces, in the order of messages.
var spaces = []string{"lab", "load", "kernel", "host", "knob", "ask"}

// newVocabulary returns the question's names, without those that it derives.
func newVocabulary(q telemetry.Question, host telemetry.Host) (*vocabulary, error) {
	v := &vocabulary{
		tracks:  map[string]*track{},
		fixed:   hostFacts(host),
		windows: map[string]telemetry.Window{},
		derived: map[string]node{},
	}
	for _, m := range telemetry.Catalogue() {
		v.tracks[m.Name] = &track{Metric: m}
	}
	return v, cmp.Or(v.addMetrics(q.Metrics), v.fix("knob.", q.Knob), v.fix("ask.", q.Ask), v.addWindows(q.Windows))
}

// addMetrics adds the lab's own.
func (v *vocabulary) addMetrics(metrics []telemetry.Metric) error {
	for _, m := range metrics {
		if space(m.Name) != telemetry.FromLab {
			return fmt.Errorf("metric %s: a lab's own are named lab.NAME", m.Name)
		}
		v.tracks[m.Name] = &track{Metric: m}
	}
	return nil
}

func (v *vocabulary) addWindows(windows []telemetry.Window) error {
	for _, w := range windows {
		if err := v.free(w.Name); err != nil {
			return fmt.Errorf("window %s: %w", w.Name, err)
		}
		if !(w.From < w.To) {
			return fmt.Errorf("window %s: it ends at %g s and begins at %g s", w.Name, w.To, w.From)
		}
		v.windows[w.Name] = w
	}
	return nil
}

func hostFacts(h telemetry.Host) map[string]value {
	return map[string]value{
		"host.name": textOf(h.Name), "host.os": textOf(h.OS), "host.kernel": textOf(h.Kernel),
		"host.cpu": textOf(h.CPU), "host.go": textOf(h.Go), "host.congestion": textOf(h.Congestion),
		"host.cores": numberOf(float64(h.Cores)), "host.memory": numberOf(float64(h.Memory)),
	}
}

func (v *vocabulary) fix(prefix string, settings map[string]any) error {
	for name, bare := range settings {
		value, err := fromBare(bare)
		if err != nil {
			return fmt.Errorf("%s%s: %w", prefix, name, err)
		}
		v.fixed[prefix+name] = value
	}
	return nil
}

// free says whether a window or a derived metric may have this name.
func (v *vocabulary) free(name string) error {
	_, window := v.windows[name]
	_, derived := v.derived[name]
	switch {
	case !isName(name):
		return errors.New("a name in expressions is made of a-z, 0-9 and _ and begins with a letter")
	case slices.Contains(spaces, name) || slices.Contains(words, name):
		return errors.New("this word has a meaning in expressions: take another")
	case window || derived:
		return errors.New("there is a window or a derived metric of this name already")
	}
	return nil
}

// words mean something else in an expression.
var words = []string{"seconds", "bottleneck", "link", "in", "not", "and", "or", "matches", "contains", "let", "if", "else", "true", "false", "nil"}

func isName(s string) bool {
	for i, r := range s {
		if !(r >= 'a' && r <= 'z' || i > 0 && (r == '_' || r >= '0' && r <= '9')) {
			return false
		}
	}
	return s != ""
}

// space returns what stands before a name's first dot.
func space(name string) string {
	first, _, _ := strings.Cut(name, ".")
	return first
}
