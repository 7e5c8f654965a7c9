package judge

import (
	"fmt"
	"math"
	"slices"
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
	per       bool // of a curve: the answer is an increase, drawn per second
	fine      bool // of a curve: every tick has a value
}

// compileAnswer compiles a prediction's answer: a number, one of the choices, or
// the metric of a curve.
func (v *vocabulary) compileAnswer(p telemetry.Prediction) (answer, error) {
	a := answer{Prediction: p}
	if p.Kind == "curve" {
		return v.compileCurve(a)
	}
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
	default:
		return a, fmt.Errorf("%q: a prediction is of kind choice, number, queue or curve", p.Kind)
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
	if a.Kind == "curve" {
		a.judgeCurve(&g, v)
		return g
	}
	measured, err := a.eval(v)
	if err == nil && a.kind == text && !slices.Contains(a.Choices, measured.s) {
		err = a.stranger(measured.s)
	}
	if err != nil {
		g.Why = err.Error()
		return g
	}
	g.Answer = measured.bare()
	if a.Kind == "number" {
		g.Tolerance, g.Noise = a.Tolerance, a.noise(v, measured.n)
		band := a.tolerance.band(measured.n, math.Abs(measured.n), g.Noise)
		g.Bands = []*telemetry.Band{&band}
	}
	given, err := fromBare(a.Given)
	switch {
	case err != nil || given.kind != a.kind: // not asked, or asked for something else
	case a.kind == text:
		g.Right = given.s == measured.s
	default:
		g.Right = within(given.n, *g.Bands[0])
	}
	return g
}
