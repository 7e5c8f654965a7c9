package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"socketlabs/labs/telemetry"
)

// unknown says what a name is not, what it could have been, and what there is.
func (v *vocabulary) unknown(path []string) error {
	name := strings.Join(path, ".")
	if len(v.tracks) == 0 { // of a comparison
		return fmt.Errorf("%s: no such name%s a comparison's answer is made of %s", name, nearest(name, v.order), strings.Join(v.order, ", "))
	}
	if path[0] == "link" {
		return fmt.Errorf("%s: later: there are no links yet", name)
	}
	if !slices.Contains(spaces, path[0]) {
		there := slices.Concat(v.order, slices.Sorted(maps.Keys(v.windows)), []string{"seconds"})
		return fmt.Errorf("%s: no such name%s there are %s, and the spaces %s",
			name, nearest(name, slices.Concat(there, spaces)), strings.Join(there, ", "), strings.Join(spaces, ", "))
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
