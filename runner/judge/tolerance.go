package judge

import (
	"fmt"
	"math"
	"strconv"
	"strings"
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

// admits says whether the guess is within the tolerance of an answer that the
// run knows to within noise.
func (t tolerance) admits(guess, answer, noise float64) bool {
	low, high := answer-noise, answer+noise
	switch {
	case t.factor:
		a, b := low/t.by, high*t.by
		if answer < 0 {
			a, b = low*t.by, high/t.by
		}
		low, high = a, b
	case t.share:
		low, high = low-t.by*math.Abs(answer), high+t.by*math.Abs(answer)
	default:
		low, high = low-t.by, high+t.by
	}
	return order(guess, low) >= 0 && order(guess, high) <= 0
}

// The noise of an answer is at most this share of it: it forgives the run and
// not the guess.
const maxNoise = 0.1

// noise is how exactly a run knows an answer that is made of counters: two
// standard errors, from the answers of the window's four quarters. If M is the
// quarters' mean and S their sample standard deviation, the mean is known to
// within S/sqrt(4), and the answer, be it their mean (a ratio) or their sum (a
// count), to within the same share of itself. Other answers are taken as exact.
func (a answer) noise(v view, whole float64) float64 {
	if !a.uses.counters || a.uses.others {
		return 0
	}
	at, ok := a.quarters(v)
	var mean, squares float64
	for _, x := range at {
		mean += x / float64(len(at))
	}
	for _, x := range at {
		squares += (x - mean) * (x - mean)
	}
	if !ok || mean == 0 {
		return 0
	}
	deviation := math.Sqrt(squares / float64(len(at)-1))
	share := 2 * deviation / math.Sqrt(float64(len(at))) / math.Abs(mean)
	return math.Abs(whole) * min(share, maxNoise)
}

// quarters returns the answer in each quarter of the view, if all have one.
func (a answer) quarters(v view) (at [4]float64, ok bool) {
	for i := range at {
		part := v
		part.from = v.from + (v.to-v.from)*i/len(at)
		part.to = v.from + (v.to-v.from)*(i+1)/len(at)
		value, err := a.eval(part)
		if err != nil {
			return at, false
		}
		at[i] = value.n
	}
	return at, true
}
