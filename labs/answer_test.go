package labs

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

func asking() Spec {
	return Spec{Name: "l/x", Seconds: 1, Predictions: []telemetry.Prediction{
		{ID: "which", Kind: "choice", Choices: []string{"a", "b"}},
		{ID: "many", Kind: "number"},
		{ID: "course", Kind: "curve", Range: []float64{0, 100}},
	}}
}

func TestAnswer(t *testing.T) {
	flat := func(n int, v any) (list []any) {
		for range n {
			list = append(list, v)
		}
		return list
	}
	for _, tt := range []struct {
		ask   int
		given any
		says  string // empty: it is taken
		why   string
	}{
		{0, "a", "", "a choice"},
		{0, "c", "one of a, b", "none of the choices"},
		{0, 1.0, "one of a, b", "a number is no choice"},
		{1, 4.0, "", "a number"},
		{1, "4", "a number", "JSON numbers only"},
		{1, math.Inf(1), "a number", "not finite"},
		{1, math.NaN(), "a number", "none"},
		{1, []any{1.0}, "a number", "a list"},
		{2, flat(10, 5.0), "", "one for each tenth of a second"},
		{2, flat(9, 5.0), "10 numbers from 0 to 100", "one is missing"},
		{2, flat(11, 5.0), "10 numbers", "one too many"},
		{2, flat(10, "5"), "10 numbers", "texts"},
		{2, flat(10, nil), "10 numbers", "holes"},
		{2, flat(10, -1.0), "10 numbers", "below the axis"},
		{2, flat(10, 100.5), "10 numbers", "above it"},
		{2, flat(10, math.NaN()), "10 numbers", "not finite"},
		{2, flat(10000, 5.0), "10 numbers", "far too many"},
		{2, 5.0, "10 numbers", "no list"},
	} {
		got, err := Answer(asking().Predictions[tt.ask], 1, tt.given)
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, %v", tt.why, got, err)
		}
	}
}

func TestGuess(t *testing.T) {
	s := asking()
	for _, tt := range []struct{ text, says string }{
		{"which=b", ""}, {"many=1e3", ""}, {"course=0,10,20,30,40,50,60,70,80,90", ""},
		{"which", "ID=VALUE"},
		{"witch=b", "no such question: l/x asks which, many, course"},
		{"which=c", "one of a, b"},
		{"many=lots", "takes a number"},
		{"course=1,2", "10 numbers from 0 to 100"},
		{"course=1,x", "10 numbers from 0 to 100"},
	} {
		if err := s.Guess(tt.text); (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.text, err)
		}
	}
	want := []any{"b", 1000.0, []float64{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}}
	for i, p := range s.Predictions {
		if !reflect.DeepEqual(p.Given, want[i]) || p.Skipped {
			t.Errorf("%s: %+v", p.ID, p)
		}
	}
	if err := s.Guess("many="); err != nil || s.Predictions[1].Given != nil || !s.Predictions[1].Skipped {
		t.Errorf("skipped: %v, %+v", err, s.Predictions[1])
	}
}

func TestCurvePoints(t *testing.T) {
	for seconds, want := range map[float64]int{0.1: 1, 1: 10, 2: 20, 2.1: 11, 3: 15, 4: 20, 5: 10, 10: 20, 20: 20, 30: 15, 40: 20, 60: 12} {
		if got := telemetry.CurvePoints(seconds); got != want {
			t.Errorf("%g s: %d points, want %d", seconds, got, want)
		}
	}
}
