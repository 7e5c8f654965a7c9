package judge

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

// The pseudo-residuals of 0 1 0 1 0 are 1 1 1 in size, so the deviation that a
// normal curve of that median has is 1/0.6745/sqrt(1.5), and the noise twice it.
func TestJitter(t *testing.T) {
	none := math.NaN()
	one := 2 / 0.6745 / math.Sqrt(1.5)
	for _, tt := range []struct {
		at   []float64
		want float64
		why  string
	}{
		{[]float64{5, 5, 5, 5, 5}, 0, "flat"},
		{[]float64{0, 1, 2, 3, 4, 5}, 0, "a slope is no noise"},
		{[]float64{0, 0, 0, 0, 9, 9, 9, 9, 9}, 0, "one jump is none"},
		{[]float64{0, 1, 0, 1, 0}, one, "up and down by one"},
		{[]float64{7, 8, 7, 8, 7}, one, "wherever it is"},
		{[]float64{0, 1, 0, none, 0, 1}, 0, "too few that have both neighbours"},
		{[]float64{0, 1, 0}, 0, "too few"},
		{nil, 0, "none"},
	} {
		if got := jitter(tt.at); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", tt.why, got, tt.want)
		}
	}
}

// For normal values the estimator is consistent: its deviation is theirs.
func TestJitterOfNormalValues(t *testing.T) {
	at := make([]float64, 20000)
	seed := uint64(1)
	for i := range at { // a sum of twelve uniforms has the variance 1
		for range 12 {
			seed = seed*6364136223846793005 + 1442695040888963407
			at[i] += float64(seed>>11) / (1 << 53)
		}
		at[i] += float64(i) / 1000 // and a slope
	}
	if got := jitter(at); math.Abs(got-2) > 0.06 {
		t.Errorf("%v, want 2: twice the deviation", got)
	}
}

func TestConcordance(t *testing.T) {
	none := math.NaN()
	for _, tt := range []struct {
		given, at []float64
		noise     float64
		want      float64 // NaN: no shape
		why       string
	}{
		{[]float64{1, 2, 3}, []float64{10, 20, 30}, 0, 1, "the right order, at another height"},
		{[]float64{3, 2, 1}, []float64{10, 20, 30}, 0, 0, "upside down"},
		{[]float64{5, 5, 5}, []float64{10, 20, 30}, 0, 0.5, "a flat line says nothing"},
		{[]float64{1, 3, 2}, []float64{10, 20, 30}, 0, 2.0 / 3, "one of three pairs the wrong way"},
		{[]float64{1, 3, 1}, []float64{0, 9, 0}, 0, 1, "a peak: the pair of its feet is level"},
		{[]float64{1, 2, 3}, []float64{7, 7, 7}, 0, none, "a flat run has no shape"},
		{[]float64{1, 2, 3}, []float64{10, 11, 10}, 1, none, "within the noise it is flat"},
		{[]float64{1, 2, 3}, []float64{10, none, 30}, 0, 1, "what is missing is in no pair"},
	} {
		bands := make([]*telemetry.Band, len(tt.at))
		for i, x := range tt.at {
			if isNumber(x) {
				bands[i] = &telemetry.Band{Low: x - tt.noise, High: x + tt.noise}
			}
		}
		got := concordance(tt.given, tt.at, bands)
		if (got == nil) != math.IsNaN(tt.want) || got != nil && math.Abs(*got-tt.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", tt.why, show(got), tt.want)
		}
	}
}

func TestBands(t *testing.T) {
	for _, tt := range []struct {
		tolerance            string
		answer, whole, noise float64
		want                 telemetry.Band
	}{
		{"0", 10, 10, 0, telemetry.Band{Low: 10, High: 10}},
		{"0", 10, 10, 2, telemetry.Band{Low: 8, High: 12}},
		{"5", 10, 10, 2, telemetry.Band{Low: 3, High: 17}},
		{"10%", 10, 10, 2, telemetry.Band{Low: 7, High: 13}},
		{"10%", 10, 100, 0, telemetry.Band{Low: 0, High: 20}}, // a step of a curve that is 100 high
		{"x2", 10, 10, 2, telemetry.Band{Low: 4, High: 24}},
		{"x2", -10, 10, 2, telemetry.Band{Low: -24, High: -4}},
		{"x2", 0, 10, 1, telemetry.Band{Low: -0.5, High: 2}},
	} {
		tol, err := parseTolerance(tt.tolerance)
		if got := tol.band(tt.answer, tt.whole, tt.noise); err != nil || got != tt.want {
			t.Errorf("%s of %g, %g high, noise %g: %v, %v; want %v", tt.tolerance, tt.answer, tt.whole, tt.noise, got, err, tt.want)
		}
	}
}

// drawn judges a curve of the standard run, whose four seconds have 20 steps.
func drawn(t *testing.T, p telemetry.Prediction, change func(*world)) telemetry.Guess {
	t.Helper()
	q, w := question(), standard()
	if change != nil {
		change(&w)
	}
	p.ID, p.Kind = "p", "curve"
	q.Predictions = []telemetry.Prediction{p}
	return judged(t, q, w).Finish().Guesses[0]
}

func flat(v float64) []float64 {
	list := make([]float64, 20)
	for i := range list {
		list[i] = v
	}
	return list
}

func ramp(from, step float64) []float64 {
	list := flat(from)
	for i := range list {
		list[i] += step * float64(i)
	}
	return list
}

func TestCurves(t *testing.T) {
	one, half := 1.0, 0.5
	for _, tt := range []struct {
		why    string
		p      telemetry.Prediction
		first  any // answer of the first step
		last   any
		score  *float64
		shape  *float64
		right  bool
		reason string
	}{
		{"a counter is drawn as its rate", telemetry.Prediction{Answer: "load.requests", Given: flat(100)}, 100.0, 100.0, &one, nil, true, ""},
		{"and compared as that", telemetry.Prediction{Answer: "load.requests", Given: flat(109), Tolerance: "10%"}, 100.0, 100.0, &one, nil, true, ""},
		{"beyond the tolerance", telemetry.Prediction{Answer: "load.requests", Given: flat(111), Tolerance: "10%"}, 100.0, 100.0, new(float64), nil, false, ""},
		{"a gauge is its mean in each step", telemetry.Prediction{Answer: "kernel.recvq", Given: ramp(1.5, 2)}, 1.5, 39.5, &one, &one, true, ""},
		{"a share is one of the height", telemetry.Prediction{Answer: "kernel.recvq", Given: flat(20), Tolerance: "25%"}, 1.5, 39.5, &half, &half, false, ""},
		{"a quantile is that of each step", telemetry.Prediction{Answer: "load.p50", Given: flat(0.001), Tolerance: "2%"}, nil, nil, &one, nil, true, ""},
		{"as JSON gives it", telemetry.Prediction{Answer: "load.requests", Given: list(flat(100))}, 100.0, 100.0, &one, nil, true, ""},
		{"skipped", telemetry.Prediction{Answer: "load.requests", Skipped: true}, 100.0, 100.0, nil, nil, false, ""},
		{"no list of numbers", telemetry.Prediction{Answer: "load.requests", Given: "100"}, 100.0, 100.0, nil, nil, false, ""},
		{"nothing was measured", telemetry.Prediction{Answer: "kernel.cwnd", Given: flat(1)}, nil, nil, nil, nil, false, "nobody sent kernel.cwnd"},
	} {
		g := drawn(t, tt.p, nil)
		if !strings.Contains(g.Why, tt.reason) || (tt.reason == "") != (g.Why == "") || g.Right != tt.right {
			t.Errorf("%s: %+v", tt.why, g)
		}
		if !sameShare(g.Score, tt.score) || !sameShare(g.Shape, tt.shape) {
			t.Errorf("%s: score %v, shape %v; want %v, %v", tt.why, show(g.Score), show(g.Shape), show(tt.score), show(tt.shape))
		}
		answer, _ := g.Answer.([]any)
		if tt.first != nil && (len(answer) != 20 || !nearly(answer[0], tt.first) || !nearly(answer[19], tt.last)) {
			t.Errorf("%s: measured %v", tt.why, answer)
		}
	}
}

// A triangle has bends and no noise: there the ticks tell more than the steps. On
// top of them, up and down by one from tick to tick, is the noise of a step of
// two ticks: that of a tick over the square root of two.
func TestNoiseOfACurve(t *testing.T) {
	triangle := func(t float64) float64 { return 100 * math.Abs(math.Mod(t+0.05, 1)-0.5) }
	for _, tt := range []struct {
		of   func(t float64) float64
		want float64
		why  string
	}{
		{triangle, 0, "bends"},
		{func(t float64) float64 { return 50 + math.Mod(math.Round(10*t), 2) }, 2 / 0.6745 / math.Sqrt(1.5) / math.Sqrt2, "up and down"},
	} {
		g := drawn(t, telemetry.Prediction{Answer: "kernel.recvq"}, func(w *world) { w.values["kernel.recvq"] = tt.of })
		if math.Abs(g.Noise-tt.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", tt.why, g.Noise, tt.want)
		}
	}
}

func list(v []float64) (out []any) {
	for _, x := range v {
		out = append(out, x)
	}
	return out
}

func nearly(a, b any) bool { return math.Abs(a.(float64)-b.(float64)) < 1e-9 }

func sameShare(a, b *float64) bool {
	return a == nil && b == nil || a != nil && b != nil && math.Abs(*a-*b) < 1e-9
}

// A step in which nothing was observed is not scored, and is no number in the
// recording.
func TestCurveWithAGap(t *testing.T) {
	g := drawn(t, telemetry.Prediction{Answer: "load.p50", Given: flat(0.001), Tolerance: "2%"}, func(w *world) {
		observe := w.observe["load"]
		w.observe["load"] = func(h *telemetry.Histogram, t float64) {
			if t < 1.05 || t > 1.25 {
				observe(h, t)
			}
		}
	})
	answer, _ := g.Answer.([]any)
	if len(answer) != 20 || answer[5] != nil || g.Bands[5] != nil || answer[4] == nil || g.Score == nil || *g.Score != 1 {
		t.Fatalf("%+v", g)
	}
	text, err := json.Marshal(g)
	var back telemetry.Guess
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil || !reflect.DeepEqual(back.Answer, g.Answer) {
		t.Errorf("%v: %s", err, text)
	}
}
