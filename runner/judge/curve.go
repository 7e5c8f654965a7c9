package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"socketlabs/labs/telemetry"
)

// goodCurve is the share of a curve's steps that must lie in their bands for it
// to be right.
const goodCurve = 0.75

// compileCurve compiles the answer of a curve: one metric, which has a value in
// each step of the measured time. A counter's is its rate, a gauge's its mean,
// and of a histogram one says which quantile.
func (v *vocabulary) compileCurve(a answer) (answer, error) {
	tree, err := parse(a.Answer)
	if err != nil {
		return a, err
	}
	path, err := dotted(tree)
	of := v.track(path)
	if err != nil || of == nil {
		return a, fmt.Errorf("%s: a curve is one metric over time, like load.requests or load.p99", a.Answer)
	}
	if a.node, err = v.compile(a.Answer); err != nil {
		return a, err
	}
	if a.node.gauge != "" {
		if a.node, err = v.compile(a.Answer + ".mean"); err != nil {
			return a, err
		}
	}
	a.per, a.fine = a.uses.counters, of.Kind != telemetry.KindHistogram
	a.tolerance, err = parseTolerance(a.Tolerance)
	return a, err
}

// track returns what was heard of the metric that a name without a window is, or
// is a part of; nil when it is none.
func (v *vocabulary) track(path []string) *track {
	for i := len(path); i > 0; i-- {
		if t, ok := v.tracks[strings.Join(path[:i], ".")]; ok {
			return t
		}
	}
	return nil
}

// steps is into how many the measured time is cut: as many as were drawn.
func (a answer) steps(v view) int {
	if n := len(telemetry.Numbers(a.Given)); n > 0 {
		return min(n, max(v.to-v.from, 1))
	}
	return telemetry.CurvePoints(v.seconds())
}

// edges are the ticks at which the answer cuts histograms, beside the windows'
// own: the steps of a curve, the quarters from which noise is taken.
func (a answer) edges(v view, q telemetry.Question) []int {
	var out []int
	cut := func(s span, n int) {
		for i := range n {
			out = append(out, s.share(i, n).to)
		}
	}
	switch a.Kind {
	case "curve":
		cut(v.span, a.steps(v))
	case "number":
		cut(v.span, quarters)
		for _, w := range q.Windows {
			cut(span{v.zero + ticks(w.From), v.zero + ticks(w.To)}, quarters)
		}
	}
	return out
}

// measure returns the metric in each of n steps, NaN where it has no value, and why.
func (a answer) measure(v view, n int) (at []float64, why error) {
	for i := range n {
		part := v
		part.span = v.share(i, n)
		part.where = fmt.Sprintf("step %d", i+1)
		x, err := a.eval(part)
		if err != nil {
			at, why = append(at, math.NaN()), err
			continue
		}
		if a.per {
			x.n /= part.seconds()
		}
		at = append(at, x.n)
	}
	return at, why
}

// judgeCurve compares a drawn curve with the measured one, step by step.
//
// Score is the share of the steps in which the drawn value lies in the band: the
// measured value, give or take the lesson's tolerance (a share is one of the
// curve's height, the largest measured value) and the run's noise. Steps in
// which nothing was measured do not count.
func (a answer) judgeCurve(g *telemetry.Guess, v view) {
	at, why := a.measure(v, a.steps(v))
	if !slices.ContainsFunc(at, isNumber) {
		g.Why = why.Error()
		return
	}
	whole := height(at)
	g.Tolerance, g.Noise = a.Tolerance, min(a.jitter(v, at), maxNoise*whole)
	answer := make([]any, len(at))
	g.Bands = make([]*telemetry.Band, len(at))
	for i, x := range at {
		if isNumber(x) {
			band := a.tolerance.band(x, whole, g.Noise)
			answer[i], g.Bands[i] = x, &band
		}
	}
	g.Answer = answer
	if given := telemetry.Numbers(a.Given); len(given) == len(at) {
		score := hits(given, g.Bands)
		g.Score, g.Shape = &score, concordance(given, at, g.Bands)
		g.Right = score >= goodCurve
	}
}

func isNumber(x float64) bool { return !math.IsNaN(x) }

// hits is the share of the bands that hold their guess.
func hits(given []float64, bands []*telemetry.Band) float64 {
	in, all := 0, 0
	for i, b := range bands {
		if b == nil {
			continue
		}
		if all++; within(given[i], *b) {
			in++
		}
	}
	return float64(in) / float64(all)
}

// jitter is the noise of each step of the curve at. Where samples tell of every
// tick it is that of the ticks, of which a step is the mean.
func (a answer) jitter(v view, at []float64) float64 {
	ticks := v.to - v.from
	if !a.fine || ticks <= len(at) {
		return jitter(at)
	}
	fine, _ := a.measure(v, ticks)
	return jitter(fine) / math.Sqrt(float64(ticks)/float64(len(at)))
}

// jitter is the noise of a curve, as twice the standard deviation of one of its
// values, in which 95 of 100 lie if they are normal. The deviation is that of
// each value from the straight line between its neighbours, so that what the
// curve does slowly is no noise: the pseudo-residuals of Gasser, Sroka and
// Jennen-Steinmetz (Biometrika 73, 1986), whose variance is 3/2 of the values'.
// Their median absolute value takes the place of the mean square (divided by
// 0.6745, the normal's), so that a jump or two is no noise either. 0 when there
// are fewer than three of them.
func jitter(at []float64) float64 {
	var residuals []float64
	for i := 1; i+1 < len(at); i++ {
		if r := math.Abs((at[i-1]+at[i+1])/2 - at[i]); isNumber(r) {
			residuals = append(residuals, r)
		}
	}
	if len(residuals) < 3 {
		return 0
	}
	slices.Sort(residuals)
	n := len(residuals)
	median := (residuals[(n-1)/2] + residuals[n/2]) / 2
	return 2 * median / 0.6745 / math.Sqrt(1.5)
}

// concordance is how much of a curve's shape was drawn: of all pairs of steps
// that differ, the share that was drawn in the same order (one that was drawn
// level counts half). It is Harrell's index of concordance (JAMA 247, 1982): 1 is
// the right order throughout, whatever the height; 0.5 is chance or a flat line;
// 0 is upside down. Two steps differ when neither would have been right in the
// place of the other. nil when no two do: the run is flat.
func concordance(given, at []float64, bands []*telemetry.Band) *float64 {
	same, pairs := 0.0, 0.0
	for i := range at {
		for k := range i {
			if bands[i] == nil || bands[k] == nil || within(at[k], *bands[i]) || within(at[i], *bands[k]) {
				continue
			}
			pairs++
			switch drawn := given[i] - given[k]; {
			case drawn == 0:
				same += 0.5
			case (drawn > 0) == (at[i] > at[k]):
				same++
			}
		}
	}
	if pairs == 0 {
		return nil
	}
	share := same / pairs
	return &share
}

// height is the largest of the values, whatever their signs.
func height(at []float64) float64 {
	h := 0.0
	for _, x := range at {
		if isNumber(x) {
			h = max(h, math.Abs(x))
		}
	}
	return h
}
