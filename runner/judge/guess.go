package judge

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"socketlabs/labs/telemetry"
)

// Queues are the answers of a prediction of kind queue: where bytes or requests
// wait.
var Queues = []string{"client", "sendq", "link", "recvq", "accept", "parser", "workers", "out", "none"}

// answer is a prediction with its compiled answer.
type answer struct {
	telemetry.Prediction
	node
	tolerance tolerance
}

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

// compileAnswer compiles a prediction's answer: a number, or one of the choices.
func (v *vocabulary) compileAnswer(p telemetry.Prediction) (answer, error) {
	a := answer{Prediction: p}
	var err error
	if a.node, err = v.compile(p.Answer); err != nil {
		return a, err
	}
	want := text
	switch p.Kind {
	case "number":
		want = number
		if a.tolerance, err = parseTolerance(p.Tolerance); err != nil {
			return a, err
		}
	case "queue":
		a.Choices = Queues
	case "choice":
	case "curve":
		return a, errors.New("curve: later: a prediction is of kind choice, number or queue")
	default:
		return a, fmt.Errorf("%q: a prediction is of kind choice, number or queue", p.Kind)
	}
	if a.kind != want {
		return a, fmt.Errorf("%s is %s and not %s", p.Answer, a.kind, want)
	}
	for _, s := range a.texts {
		if !slices.Contains(a.Choices, s) {
			return a, a.stranger(s)
		}
	}
	return a, nil
}

func (a answer) stranger(s string) error {
	return fmt.Errorf("the answer %q is none of %s", s, strings.Join(a.Choices, ", "))
}

// judge compares what was given with what was measured.
func (a answer) judge(v view) telemetry.Guess {
	g := telemetry.Guess{ID: a.ID, Kind: a.Kind, Given: a.Given, Skipped: a.Skipped}
	measured, err := a.eval(v)
	if err == nil && a.kind == text && !slices.Contains(a.Choices, measured.s) {
		err = a.stranger(measured.s)
	}
	if err != nil {
		g.Why = err.Error()
		return g
	}
	g.Answer = measured.bare()
	given, err := fromBare(a.Given)
	switch {
	case err != nil || given.kind != a.kind: // not asked, or asked for something else
	case a.kind == text:
		g.Right = given.s == measured.s
	default:
		g.Right = a.tolerance.admits(given.n, measured.n, a.noise(v, measured.n))
	}
	return g
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
	const parts = 4
	if !a.uses.counters || a.uses.others {
		return 0
	}
	var at [parts]float64
	var mean float64
	for i := range at {
		part := v
		part.from = v.from + (v.to-v.from)*i/parts
		part.to = v.from + (v.to-v.from)*(i+1)/parts
		value, err := a.eval(part)
		if err != nil {
			return 0
		}
		at[i] = value.n
		mean += value.n / parts
	}
	var squares float64
	for _, x := range at {
		squares += (x - mean) * (x - mean)
	}
	if mean == 0 {
		return 0
	}
	share := 2 * math.Sqrt(squares/(parts-1)/parts) / math.Abs(mean)
	return math.Abs(whole) * min(share, maxNoise)
}
