//go:build linux

package load

import (
	"math"
	"testing"
	"time"
)

// TestPace compares schedules with how many groups a rate means.
func TestPace(t *testing.T) {
	const start, zero, end = 10 * time.Second, 11 * time.Second, 15 * time.Second
	for _, c := range []struct {
		why   string
		s     settings
		after []float64 // groups due 0, 1, 2, 3, 4 and 5 s after the start
	}{
		{"steady", settings{rate: 100}, []float64{0, 100, 200, 300, 400, 500}},
		{"a burst is one group", settings{rate: 100, burst: 10}, []float64{0, 10, 20, 30, 40, 50}},
		{"a ramp begins where measuring does: 100 + 400t²/8", settings{rate: 100, peak: 500, shape: "ramp"}, []float64{0, 100, 250, 500, 850, 1300}},
		{"a ramp down", settings{rate: 500, peak: 100, shape: "ramp"}, []float64{0, 500, 950, 1300, 1550, 1700}},
		{"a ramp to where it was", settings{rate: 100, peak: 100, shape: "ramp"}, []float64{0, 100, 200, 300, 400, 500}},
		{"four steps of a second, 100 to 400", settings{rate: 100, peak: 400, steps: 4, shape: "steps"}, []float64{0, 100, 200, 400, 700, 1100}},
		{"two steps of two seconds", settings{rate: 100, peak: 300, steps: 2, shape: "steps"}, []float64{0, 100, 200, 300, 600, 900}},
	} {
		t.Run(c.why, func(t *testing.T) {
			c.s.burst = max(c.s.burst, 1)
			p := newPace(&c.s, start, zero, end)
			for i, want := range c.after {
				at := start + time.Duration(i)*time.Second
				if n := p.count(at); math.Abs(n-want) > 1e-6 {
					t.Errorf("after %d s %g are due: want %g", i, n, want)
				}
				if due := p.due(int64(want)); (due - at).Abs() > time.Microsecond {
					t.Errorf("group %g is due at %v: want %v", want, due, at)
				}
			}
			last := time.Duration(0)
			for g := range int64(c.after[5]) {
				due := p.due(g)
				if due < last || math.Abs(p.count(due)-float64(g)) > 1e-3 {
					t.Fatalf("group %d is due at %v, after %v, when %g are", g, due, last, p.count(due))
				}
				last = due
			}
		})
	}
}
