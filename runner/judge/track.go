package judge

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"socketlabs/labs/telemetry"
)

// ring is how many snapshots of a histogram are kept behind the newest, so that
// the last second can always be cut out.
const ring = 11

// ticks returns seconds as steps of the grid. What lies further away than any
// run lasts is brought near, so that sums of ticks cannot wrap.
func ticks(seconds float64) int {
	const far = 1e9
	return int(math.Round(min(max(seconds/telemetry.Tick.Seconds(), -far), far)))
}

// track is what was heard of one metric, by tick of the run's clock.
type track struct {
	telemetry.Metric
	points []point    // of counters and gauges
	snaps  []snapshot // of histograms
	cuts   map[span]telemetry.Histogram
}

type point struct {
	tick int
	v    float64
}

type snapshot struct {
	tick int
	h    telemetry.Histogram
}

// span is the time after from up to and including to, in ticks of the run's clock.
type span struct{ from, to int }

// share is part i of n equal ones, to the tick.
func (s span) share(i, n int) span {
	return span{s.from + (s.to-s.from)*i/n, s.from + (s.to-s.from)*(i+1)/n}
}

func (s span) seconds() float64 { return float64(s.to-s.from) * telemetry.Tick.Seconds() }

// add keeps one value. Of two at the same tick the later counts; what comes
// from the past or is no number is dropped.
func (t *track) add(tick int, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	last := len(t.points) - 1
	switch {
	case last < 0 || t.points[last].tick < tick:
		t.points = append(t.points, point{tick, v})
	case t.points[last].tick == tick:
		t.points[last].v = v
	}
}

// addHist keeps one snapshot, and lets go of the one that fell out of the ring
// unless it is the last before one of the edges. Without edges all are kept.
func (t *track) addHist(tick int, h telemetry.Histogram, edges []int) {
	n := len(t.snaps)
	if n > 0 && t.snaps[n-1].tick >= tick {
		return
	}
	t.snaps = append(t.snaps, snapshot{tick, h})
	clear(t.cuts)
	old := n - ring
	if old < 0 || len(edges) == 0 {
		return
	}
	next := t.snaps[old+1].tick
	i := sort.SearchInts(edges, t.snaps[old].tick)
	if i == len(edges) || edges[i] >= next {
		t.snaps = slices.Delete(t.snaps, old, old+1)
	}
}

// at returns how many of the points lie at or before the tick.
func (t *track) at(tick int) int {
	return sort.Search(len(t.points), func(i int) bool { return t.points[i].tick > tick })
}

// within returns the points after s.from up to s.to.
func (t *track) within(s span) []point { return t.points[t.at(s.from):max(t.at(s.from), t.at(s.to))] }

// silent says why there is no value.
func (t *track) silent(v view) error {
	if len(t.points) == 0 && len(t.snaps) == 0 {
		return fmt.Errorf("nobody sent %s", t.Name)
	}
	return fmt.Errorf("%s: no sample in %s", t.Name, v.where)
}

// increase returns how much a counter grew in the view: from the last sample at
// or before its beginning to the last in it. Before its first sample a counter
// is 0, but those of the host, which count since the machine started, are
// measured from their first sample on.
func (t *track) increase(v view) (float64, error) {
	first, end := t.at(v.from), t.at(v.to)
	if end <= first {
		return 0, t.silent(v)
	}
	base := 0.0
	switch {
	case first > 0:
		base = t.points[first-1].v
	case space(t.Name) == telemetry.FromHost:
		base = t.points[0].v
	}
	grown := t.points[end-1].v - base
	if grown < 0 {
		return 0, fmt.Errorf("%s went backwards in %s", t.Name, v.where)
	}
	return grown, nil
}

// level returns a gauge's last, min, max or mean over the samples in the view.
func (t *track) level(v view, which string) (float64, error) {
	points := t.within(v.span)
	if len(points) == 0 {
		return 0, t.silent(v)
	}
	low, high, sum := points[0].v, points[0].v, 0.0
	for _, p := range points {
		low, high, sum = min(low, p.v), max(high, p.v), sum+p.v
	}
	switch which {
	case "last":
		return points[len(points)-1].v, nil
	case "min":
		return low, nil
	case "max":
		return high, nil
	}
	return sum / float64(len(points)), nil
}

// cut returns what a histogram observed in the view.
func (t *track) cut(v view) (telemetry.Histogram, error) {
	if h, ok := t.cuts[v.span]; ok {
		return h, nil
	}
	after := func(tick int) int {
		return sort.Search(len(t.snaps), func(i int) bool { return t.snaps[i].tick > tick })
	}
	first, end := after(v.from), after(v.to)
	if end <= first {
		return telemetry.Histogram{}, t.silent(v)
	}
	h := t.snaps[end-1].h
	if first > 0 {
		base := t.snaps[first-1].h
		if base.Count > h.Count {
			return h, fmt.Errorf("%s went backwards in %s", t.Name, v.where)
		}
		h = h.Since(base)
	}
	if t.cuts == nil {
		t.cuts = map[span]telemetry.Histogram{}
	}
	t.cuts[v.span] = h
	return h, nil
}
