package judge

import (
	"errors"
	"fmt"
	"maps"
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
	for _, m := range q.Metrics {
		if space(m.Name) != telemetry.FromLab {
			return nil, fmt.Errorf("metric %s: a lab's own are named lab.NAME", m.Name)
		}
		v.tracks[m.Name] = &track{Metric: m}
	}
	if err := v.fix("knob.", q.Knob); err != nil {
		return nil, err
	}
	if err := v.fix("ask.", q.Ask); err != nil {
		return nil, err
	}
	for _, w := range q.Windows {
		if err := v.free(w.Name); err != nil {
			return nil, fmt.Errorf("window %s: %w", w.Name, err)
		}
		if !(w.From < w.To) {
			return nil, fmt.Errorf("window %s: it ends at %g s and begins at %g s", w.Name, w.To, w.From)
		}
		v.windows[w.Name] = w
	}
	return v, nil
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
var words = []string{"seconds", "link", "in", "not", "and", "or", "matches", "contains", "let", "if", "else", "true", "false", "nil"}

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

// unknown says what a name is not, what it could have been, and what there is.
func (v *vocabulary) unknown(path []string) error {
	name := strings.Join(path, ".")
	if path[0] == "link" {
		return fmt.Errorf("%s: later: there are no links yet", name)
	}
	if !slices.Contains(spaces, path[0]) {
		there := slices.Concat(v.order, slices.Sorted(maps.Keys(v.windows)), []string{"seconds"})
		return fmt.Errorf("%s: no such name%s there are %s, and what begins with %s.",
			name, nearest(name, slices.Concat(there, spaces)), strings.Join(there, ", "), strings.Join(spaces, "., "))
	}
	full, short := v.inSpace(path[0])
	if len(full) == 0 {
		return fmt.Errorf("%s: no such name: %s", name, map[string]string{
			"lab": "this lab exports no metrics", "knob": "this lab has no knobs", "ask": "this experiment has no load"}[path[0]])
	}
	return fmt.Errorf("%s: no such name%s %s has %s", name, nearest(name, full), path[0], strings.Join(short, ", "))
}

// inSpace lists a namespace: as one may write the names, and what there is in short.
func (v *vocabulary) inSpace(in string) (full, short []string) {
	for name := range v.fixed {
		if space(name) == in {
			full, short = append(full, name), append(short, strings.TrimPrefix(name, in+"."))
		}
	}
	for name, t := range v.tracks {
		if space(name) != in {
			continue
		}
		full = append(full, name)
		if rest := strings.TrimPrefix(name, in+"."); rest != name {
			short = append(short, rest)
		}
		for _, s := range suffixes(t.Kind) {
			full = append(full, name+"."+s)
			if name == in {
				short = append(short, s)
			}
		}
	}
	slices.Sort(full)
	slices.Sort(short)
	return full, short
}

// suffixes of a metric's name; coarse quantiles are left out.
func suffixes(k telemetry.MetricKind) []string {
	switch k {
	case telemetry.KindGauge:
		return levels
	case telemetry.KindHistogram:
		return slices.Concat(quantiles, shapes)
	}
	return nil
}

// nearest returns ", did you mean X?" when one of the names is close, or else ":".
func nearest(name string, names []string) string {
	best, least := "", max(2, len(name)/4)+1
	for _, n := range names {
		if d := distance(name, n); d < least {
			best, least = n, d
		}
	}
	if best == "" {
		return ":"
	}
	return ", did you mean " + best + "?"
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to turn a into b (the restricted Damerau–Levenshtein distance).
func distance(a, b string) int {
	before, last := []int(nil), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			replace := last[j]
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, replace)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
