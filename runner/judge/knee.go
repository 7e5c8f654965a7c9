package judge

import "slices"

// Knee is the step of a curve where throughput is bought at the best price in
// waiting: where throughput ÷ mean response time, which is called power, is
// largest (A. Giessler et al., "Free buffer allocation", Computer Networks 2,
// 1978; L. Kleinrock, "Power and deterministic rules of thumb for probabilistic
// problems in computer communications", ICC 1979). It needs no threshold and no
// smoothing, so few steps are enough. Of M/M/1 it is at half the service rate.
type Knee struct {
	Step int `json:"step"` // index into the curve's steps
	// End says that it is the first or the last step, and that the real one may
	// lie outside of what was swept.
	End string `json:"end,omitempty"`
}

// knee finds it among the steps that count; nil when fewer than three do. A step at
// which somebody starves has no mean that tells.
func knee(steps []Point) *Knee {
	best, power, first, last, n := -1, 0.0, -1, -1, 0
	for i, s := range steps {
		if !s.counts() || s.Starved || s.Throughput == nil || s.Mean == nil || *s.Mean <= 0 {
			continue
		}
		n++
		if first < 0 {
			first = i
		}
		last = i
		if p := *s.Throughput / *s.Mean; p > power {
			best, power = i, p
		}
	}
	switch {
	case n < 3 || best < 0:
		return nil
	case best == last:
		return &Knee{Step: best, End: "last"}
	case best == first:
		return &Knee{Step: best, End: "first"}
	}
	return &Knee{Step: best}
}

// Break is where a curve leaves its objective.
type Break struct {
	Last  int  `json:"last"`            // the last step that met it before; -1: none
	First int  `json:"first"`           // the first step that did not; -1: all met it
	Again bool `json:"again,omitempty"` // a later step met it again, so the place is not sharp
}

// breaks finds where the objective first fails, in the order of the steps; nil
// when no step tells.
func breaks(steps []Point) *Break {
	b := Break{-1, -1, false}
	for i, s := range steps {
		switch {
		case !s.counts() || s.Met == nil:
		case *s.Met && b.First < 0:
			b.Last = i
		case *s.Met:
			b.Again = true
		case b.First < 0:
			b.First = i
		}
	}
	if b.First < 0 && b.Last < 0 {
		return nil
	}
	return &b
}

// counts says whether the step's numbers may be used.
func (s Point) counts() bool { return s.Trust != "void" && s.Trust != "" }

// ordered returns the steps by value where the values are numbers.
func ordered(steps []Point) []Point {
	if slices.ContainsFunc(steps, func(s Point) bool { return s.At == nil }) {
		return steps
	}
	steps = slices.Clone(steps)
	slices.SortStableFunc(steps, func(a, b Point) int { return order(*a.At, *b.At) })
	return steps
}
