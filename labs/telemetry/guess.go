package telemetry

// Guess is a prediction beside what was measured.
type Guess struct {
	ID   string `json:"id"`
	Kind string `json:"kind"` // choice, number, queue, curve
	// Given and Answer are a string or float64; of a curve a list of float64, one
	// for each time step, in which Answer has nil where nothing was measured.
	// Given is nil when skipped or not asked, Answer when there is none.
	Given   any    `json:"given,omitempty"`
	Skipped bool   `json:"skipped,omitempty"`
	Answer  any    `json:"answer"`
	Right   bool   `json:"right"`
	Why     string `json:"why,omitempty"` // why there is no answer

	// Of a number or a curve: what the lesson forgives, by how much the run's own
	// noise widened that (in the unit of the answer), and so which values were
	// right: one band for a number, one for each step of a curve, nil where
	// nothing was measured.
	Tolerance string  `json:"tolerance,omitempty"`
	Noise     float64 `json:"noise,omitempty"`
	Bands     []*Band `json:"bands,omitempty"`
	// Of a curve that was drawn: the share of the steps that lie in their band,
	// and how much of the shape is right, from 0 (upside down) to 1; nil when the
	// run is flat and has none.
	Score *float64 `json:"score,omitempty"`
	Shape *float64 `json:"shape,omitempty"`
}

// Band is the values from Low up to High.
type Band struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// maxCurve bounds the points of a drawn curve.
const maxCurve = 20

// CurvePoints is how many points a curve over so many seconds has: one for each
// step of 0.1, 0.2, 0.5, 1, 2 or 5 s, whichever is the shortest that needs at
// most 20 of them.
func CurvePoints(seconds float64) int {
	ticks := int(seconds/Tick.Seconds() + 0.5)
	for _, step := range []int{1, 2, 5, 10, 20} {
		if n := (ticks + step - 1) / step; n <= maxCurve {
			return max(n, 1)
		}
	}
	return min((ticks+49)/50, maxCurve)
}

// Numbers returns a list of numbers, as it is or as JSON decodes one; nil when
// it is none.
func Numbers(v any) []float64 {
	switch list := v.(type) {
	case []float64:
		return list
	case []any:
		out := make([]float64, len(list))
		for i, x := range list {
			n, ok := x.(float64)
			if !ok {
				return nil
			}
			out[i] = n
		}
		return out
	}
	return nil
}
