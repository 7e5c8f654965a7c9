package judge

import (
	"fmt"
	"slices"
	"strings"

	"socketlabs/labs/telemetry"
)

// view is the part of a run that an expression sees.
type view struct {
	span
	zero, now int    // ticks: where the measured time begins; nothing after now is seen
	where     string // in words

	nth, parts int // only this part of each window is seen, of so many; 0: all of it
}

// narrow returns the part of the view's run that a window names.
func (v view) narrow(w telemetry.Window) (view, error) {
	n := v
	n.span = span{v.zero + ticks(w.From), min(v.zero+ticks(w.To), v.now)}
	n.where = "the window " + w.Name
	if v.parts > 0 {
		n.span = n.share(v.nth, v.parts)
	}
	if n.to <= n.from {
		return n, fmt.Errorf("%s has not begun", n.where)
	}
	return n, nil
}

// name resolves a name with its dots.
func (v *vocabulary) name(path []string) (node, error) {
	w, ok := v.windows[path[0]]
	if !ok {
		return v.plain(path)
	}
	if len(path) == 1 {
		return node{}, fmt.Errorf("%s is a window: write %s.seconds, or %s. before a metric", w.Name, w.Name, w.Name)
	}
	if _, twice := v.windows[path[1]]; twice {
		return node{}, fmt.Errorf("%s: one window is enough", strings.Join(path, "."))
	}
	inner, err := v.plain(path[1:])
	if err != nil {
		return node{}, fmt.Errorf("%s.%w", w.Name, err)
	}
	eval := inner.eval
	inner.eval = func(in view) (value, error) {
		part, err := in.narrow(w)
		if err != nil {
			return value{}, err
		}
		return eval(part)
	}
	inner.uses.until = max(inner.uses.until, w.To)
	if inner.gauge != "" {
		inner.gauge = w.Name + "." + inner.gauge
	}
	return inner, nil
}

// plain resolves a name without a window before it.
func (v *vocabulary) plain(path []string) (node, error) {
	name := strings.Join(path, ".")
	if name == "seconds" {
		return node{kind: number, eval: func(in view) (value, error) { return numberOf(in.seconds()), nil }}, nil
	}
	if name == "bottleneck" {
		return node{kind: text, uses: uses{others: true, cost: 1}, eval: func(in view) (value, error) { return textOf(v.bottleneck(in)), nil }}, nil
	}
	if d, ok := v.derived[name]; ok {
		return d, nil
	}
	if fixed, ok := v.fixed[name]; ok {
		n := constant(fixed)
		n.texts = nil // it is known for this run, and another next time
		return n, nil
	}
	for i := len(path); i > 0; i-- {
		if t, ok := v.tracks[strings.Join(path[:i], ".")]; ok {
			return v.metric(t, path, path[i:])
		}
	}
	return node{}, v.unknown(path)
}

// metric resolves what stands behind a metric's name.
func (v *vocabulary) metric(t *track, path, suffix []string) (node, error) {
	which := strings.Join(suffix, ".")
	switch {
	case t.Kind == telemetry.KindCounter && which == "":
		return measured(strings.Join(path, "."), uses{counters: true}, t.increase), nil
	case t.Kind == telemetry.KindCounter:
		return node{}, fmt.Errorf("%s: %s is a counter: it has its increase and no .%s", strings.Join(path, "."), t.Name, which)
	case t.Kind == telemetry.KindHistogram:
		return v.shape(t, path, suffix)
	case which == "":
		n := measured(strings.Join(path, "."), uses{others: true}, func(in view) (float64, error) { return t.level(in, "last") })
		n.gauge = t.Name
		return n, nil
	case slices.Contains(levels, which):
		is := uses{others: which != "mean", averages: which == "mean"}
		return measured(strings.Join(path, "."), is, func(in view) (float64, error) { return t.level(in, which) }), nil
	}
	return node{}, fmt.Errorf("%s: %s is a gauge: it has .%s", strings.Join(path, "."), t.Name, strings.Join(levels, ", ."))
}

// shape resolves a quantile, mean, min, max or count of a histogram.
func (v *vocabulary) shape(t *track, path, suffix []string) (node, error) {
	which := strings.Join(suffix, ".")
	share, coarse := shares[strings.TrimPrefix(which, "coarse.")], strings.HasPrefix(which, "coarse.")
	var of func(telemetry.Histogram) float64
	switch {
	case which == "":
		return node{}, fmt.Errorf("%s is a histogram: write %s.%s", t.Name, t.Name, strings.Join(suffixes(t.Kind), ", ."))
	case share > 0 && coarse:
		of = func(h telemetry.Histogram) float64 { return h.CoarseQuantile(share) }
	case share > 0:
		of = func(h telemetry.Histogram) float64 { return h.Quantile(share) }
	case which == "mean":
		of = telemetry.Histogram.Mean
	case which == "min":
		of = func(h telemetry.Histogram) float64 { return h.Min }
	case which == "max":
		of = func(h telemetry.Histogram) float64 { return h.Max }
	case which == "count":
		return measured(strings.Join(path, "."), uses{counters: true}, func(in view) (float64, error) {
			h, err := t.cut(in)
			return float64(h.Count), err
		}), nil
	default:
		return node{}, v.unknown(path)
	}
	near := which == "mean" || share > 0 && share <= 0.95
	return measured(strings.Join(path, "."), uses{averages: near, others: !near}, func(in view) (float64, error) { return observed(t, in, of) }), nil
}

// observed returns a property of what a histogram observed in the view.
func observed(t *track, in view, of func(telemetry.Histogram) float64) (float64, error) {
	h, err := t.cut(in)
	if err == nil && h.Count == 0 {
		err = fmt.Errorf("%s observed nothing in %s", t.Name, in.where)
	}
	if err != nil {
		return 0, err
	}
	return of(h), nil
}
