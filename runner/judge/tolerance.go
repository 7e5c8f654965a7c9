package judge

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"socketlabs/labs/telemetry"
)

// tolerance is how far a number may be from the answer.
type tolerance struct {
	by     float64
	share  bool // by is a share of the answer
	factor bool // between the answer divided by by and multiplied by it
}

// parseTolerance reads 0, 5, 10% and x10; nothing is 0.
func parseTolerance(s string) (tolerance, error) {
	var t tolerance
	digits, share := strings.CutSuffix(s, "%")
	digits, factor := strings.CutPrefix(digits, "x")
	t.share, t.factor = share, factor
	if s == "" {
		return t, nil
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || share && factor || !(n >= 0) || math.IsInf(n, 0) || factor && n < 1 {
		return t, fmt.Errorf("tolerance %q: write 0, 5, 10%% or x10", s)
	}
	if t.by = n; share {
		t.by /= 100
	}
	return t, nil
}

// band is what is right when the run knows its answer to within noise. A share
// is one of the whole: of a number the answer itself, of a curve its height.
func (t tolerance) band(answer, whole, noise float64) telemetry.Band {
	low, high := answer-noise, answer+noise
	switch {
	case t.factor && answer < 0:
		return telemetry.Band{Low: low * t.by, High: high / t.by}
	case t.factor:
		return telemetry.Band{Low: low / t.by, High: high * t.by}
	case t.share:
		return telemetry.Band{Low: low - t.by*whole, High: high + t.by*whole}
	}
	return telemetry.Band{Low: low - t.by, High: high + t.by}
}

// within says whether a guess lies in a band, whose edges belong to it.
func within(guess float64, b telemetry.Band) bool {
	return order(guess, b.Low) >= 0 && order(guess, b.High) <= 0
}

// The noise of an answer is at most this share of it: it forgives the run and
// not the guess.
const maxNoise = 0.1

// quarters is into how many parts a run is cut to see its noise, and student
// the 97.5 % quantile of Student's t with one degree of freedom less: the mean
// of so many parts lies within that many standard errors in 95 of 100 runs.
const (
	quarters = 4
	student  = 3.1824463
)

// noise is how exactly a run knows an answer: the half width of its 95 %
// confidence interval, from the answers of four quarters of the time that it is
// about. If M is the quarters' mean and S their sample standard deviation, the
// mean is known to within student*S/sqrt(4), and the answer, be it their mean (a
// ratio, a level) or their sum (a count), to within the same share of itself.
//
// It is 0 for what is no mean of the run: a gauge's last, min and max, and the
// far quantiles and the maximum of a histogram are taken as exact.
func (a answer) noise(v view, whole float64) float64 {
	if !a.uses.counters && !a.uses.averages || a.uses.others {
		return 0
	}
	at, ok := a.quarters(v)
	var mean, squares float64
	for _, x := range at {
		mean += x / quarters
	}
	for _, x := range at {
		squares += (x - mean) * (x - mean)
	}
	if !ok || mean == 0 {
		return 0
	}
	deviation := math.Sqrt(squares / (quarters - 1))
	share := student * deviation / math.Sqrt(quarters) / math.Abs(mean)
	return math.Abs(whole) * min(share, maxNoise)
}

// quarters returns the answer in each quarter of the view and of every window
// that the answer names, if all have one.
func (a answer) quarters(v view) (at [quarters]float64, ok bool) {
	for i := range at {
		part := v
		part.span = v.span.share(i, quarters)
		part.nth, part.parts = i, quarters
		value, err := a.eval(part)
		if err != nil {
			return at, false
		}
		at[i] = value.n
	}
	return at, true
}
