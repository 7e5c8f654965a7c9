package labs

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"socketlabs/labs/telemetry"
)

// Answer returns what was given as an answer to a prediction of a run that
// measures so many seconds: a choice, a finite number, or a curve's finite
// numbers, one for each of its steps, each on its axis. It takes what JSON
// decodes to. The error says what may be given.
func Answer(p telemetry.Prediction, seconds float64, given any) (any, error) {
	switch p.Kind {
	case "number":
		if n, ok := given.(float64); ok && finite(n) {
			return n, nil
		}
		return nil, fmt.Errorf("%s takes a number", p.ID)
	case "curve":
		points, want := telemetry.Numbers(given), telemetry.CurvePoints(seconds)
		low, high := Axis(p)
		out := func(n float64) bool { return !(low <= n && n <= high) }
		if len(points) != want || slices.ContainsFunc(points, out) {
			return nil, fmt.Errorf("%s takes %d numbers from %g to %g, one for each %.3g s", p.ID, want, low, high, seconds/float64(want))
		}
		return points, nil
	}
	if s, ok := given.(string); ok && slices.Contains(p.Choices, s) {
		return s, nil
	}
	return nil, fmt.Errorf("%s takes one of %s", p.ID, strings.Join(p.Choices, ", "))
}

// Axis is what a curve is drawn on: from, to.
func Axis(p telemetry.Prediction) (low, high float64) {
	if len(p.Range) != 2 {
		return 0, math.MaxFloat64
	}
	return p.Range[0], p.Range[1]
}

func finite(n float64) bool { return !math.IsNaN(n) && !math.IsInf(n, 0) }

// Guess answers a prediction of the spec as a person types it, ID=VALUE: a
// choice, a number, a curve's numbers with commas between them, or nothing to
// skip it.
func (s *Spec) Guess(text string) error {
	id, value, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("%s: write it as ID=VALUE, or ID= to skip the question", text)
	}
	i := slices.IndexFunc(s.Predictions, func(p telemetry.Prediction) bool { return p.ID == id })
	if i < 0 {
		return s.noPrediction(id)
	}
	p := &s.Predictions[i]
	if value == "" {
		p.Given, p.Skipped = nil, true
		return nil
	}
	given, err := Answer(*p, s.Seconds, typed(p.Kind, value))
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	p.Given, p.Skipped = given, false
	return nil
}

func (s *Spec) noPrediction(id string) error {
	if len(s.Predictions) == 0 {
		return fmt.Errorf("%s: %s asks nothing", id, s.Name)
	}
	ids := names(s.Predictions, func(p telemetry.Prediction) string { return p.ID })
	return fmt.Errorf("%s: no such question: %s asks %s", id, s.Name, strings.Join(ids, ", "))
}

// typed is a value in the form of its kind, as far as it has that form.
func typed(kind, value string) any {
	switch kind {
	case "number":
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			return n
		}
	case "curve":
		var points []float64
		for _, part := range strings.Split(value, ",") {
			n, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
			if err != nil {
				return value
			}
			points = append(points, n)
		}
		return points
	}
	return value
}
