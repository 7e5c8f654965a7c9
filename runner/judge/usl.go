package judge

import (
	"fmt"
	"math"
	"slices"
)

// Load is one step of a sweep over a number of clients: N of them got X answers
// a second.
type Load struct{ N, X float64 }

// Law is the Universal Scalability Law fitted to steps of a sweep:
//
//	X(N) = λN / (1 + σ(N−1) + κN(N−1)),  λ > 0, σ ≥ 0, κ ≥ 0
//
// (N. J. Gunther, Guerrilla Capacity Planning, Springer 2007, chapters 4 to 6;
// the form with λ is B. Schwartz's, Practical Scalability Analysis with the
// Universal Scalability Law, 2015). σ is the share of the work that waits in
// line; κ is what each pair of clients costs in keeping in step.
type Law struct {
	Fits bool `json:"fits"`
	// Why it does not fit: few, zigzag, superlinear, residual. It was not tried
	// when few or zigzag, and the numbers are then 0.
	Why string `json:"why,omitempty"`
	// Args fill the sentence about Why.
	Args map[string]float64 `json:"args,omitempty"`

	Lambda float64 `json:"lambda"` // X(1), per second
	Sigma  float64 `json:"sigma"`
	Kappa  float64 `json:"kappa"`
	R2     float64 `json:"r2"`       // 1 − Σ(X−X̂)²/Σ(X−mean)²; 1 when all X are the same and met
	Off    float64 `json:"residual"` // root of the mean of (X−X̂)², as a share of the mean X
	// Peak is N* = sqrt((1−σ)/κ), where X is largest; 0: it only approaches
	// Ceiling. Beyond says that no step went so far.
	Peak    float64 `json:"peak,omitempty"`
	Ceiling float64 `json:"ceiling,omitempty"` // the largest X: at the peak, or λ/σ; 0: none
	Beyond  bool    `json:"beyond,omitempty"`
}

// When the law is said to fit.
const (
	minLoads = 5    // different N: three parameters are found, and two steps are left to contradict
	maxOff   = 0.10 // root mean square of the residuals, as a share of the mean X
	maxDip   = 0.10 // a fall or rise in X that is no noise
	maxGain  = 1.10 // X/N against the best before it, above which X grows faster than N
)

// FitLaw fits the law by least squares on X. With a = 1/λ, b = σ/λ and c = κ/λ
// it is X = N/(a + b(N−1) + cN(N−1)), whose denominator is linear in a, b and c.
// The constraints b, c ≥ 0 are kept by trying each of their four faces: at the
// constrained minimum those that bind are 0 and the others are free.
func FitLaw(loads []Load) Law {
	loads = slices.DeleteFunc(slices.Clone(loads), func(l Load) bool { return !(l.N >= 1 && l.X > 0) })
	slices.SortStableFunc(loads, func(a, b Load) int { return int(math.Copysign(1, a.N-b.N)) })
	if n := different(loads); n < minLoads {
		return Law{Why: "few", Args: map[string]float64{"n": float64(n), "least": minLoads}}
	}
	if low, high, ok := zigzag(loads); ok {
		return Law{Why: "zigzag", Args: map[string]float64{"from": low, "to": high}}
	}
	best, least := [3]float64{}, math.Inf(1)
	for _, face := range [][]int{{0}, {0, 1}, {0, 2}, {0, 1, 2}} {
		p := leastSquares(loads, face)
		if p[0] <= 0 || p[1] < 0 || p[2] < 0 {
			continue
		}
		// A parameter that gains nothing but rounding stays 0.
		if s := squares(loads, p); s < least*(1-1e-6)-1e-15*squares(loads, [3]float64{math.Inf(1)}) {
			best, least = p, s
		}
	}
	return lawOf(loads, best)
}

// different counts the N that there are, of steps in order of N.
func different(loads []Load) int {
	n := 0
	for i, l := range loads {
		if i == 0 || l.N != loads[i-1].N {
			n++
		}
	}
	return n
}

// zigzag says whether X falls by more than maxDip and then rises by more than
// that, between which N: the law has one peak at most.
func zigzag(loads []Load) (from, to float64, ok bool) {
	top, bottom := loads[0], Load{}
	for _, l := range loads[1:] {
		switch {
		case bottom.N > 0 && l.X > bottom.X*(1+maxDip):
			return bottom.N, l.N, true
		case bottom.N > 0 && l.X < bottom.X, l.X < top.X*(1-maxDip) && bottom.N == 0:
			bottom = l
		case l.X > top.X:
			top = l
		}
	}
	return 0, 0, false
}

func at(p [3]float64, n float64) float64 { return n / (p[0] + p[1]*(n-1) + p[2]*n*(n-1)) }

func squares(loads []Load, p [3]float64) float64 {
	sum := 0.0
	for _, l := range loads {
		d := l.X - at(p, l.N)
		sum += d * d
	}
	return sum
}

// lawOf says how well the parameters describe the steps.
func lawOf(loads []Load, p [3]float64) Law {
	out := Law{Lambda: 1 / p[0], Sigma: p[1] / p[0], Kappa: p[2] / p[0], R2: 1}
	mean, spread := 0.0, 0.0
	for _, l := range loads {
		mean += l.X / float64(len(loads))
	}
	for _, l := range loads {
		spread += (l.X - mean) * (l.X - mean)
	}
	if spread > 1e-12*mean*mean {
		out.R2 = 1 - squares(loads, p)/spread
	}
	out.Off = math.Sqrt(squares(loads, p)/float64(len(loads))) / mean
	out.Fits = out.Off <= maxOff
	if !out.Fits {
		out.Why, out.Args = "residual", map[string]float64{"residual": out.Off, "bound": maxOff}
		if from, to, gain := superlinear(loads); gain > maxGain {
			out.Why, out.Args = "superlinear", map[string]float64{"from": from, "to": to, "gain": gain}
		}
	}
	switch most := loads[len(loads)-1].N; {
	case out.Kappa > 0 && out.Sigma < 1:
		out.Peak = math.Sqrt((1 - out.Sigma) / out.Kappa)
		out.Ceiling, out.Beyond = at(p, max(out.Peak, 1)), out.Peak > most
	case out.Sigma > 0:
		out.Ceiling = out.Lambda / out.Sigma
	}
	return out
}

// superlinear finds where X/N grows most. σ and κ of the law are costs and can
// not tell of a gain.
func superlinear(loads []Load) (from, to, gain float64) {
	for i, a := range loads {
		for _, b := range loads[i+1:] {
			if g := b.X / b.N / (a.X / a.N); g > gain {
				from, to, gain = a.N, b.N, g
			}
		}
	}
	return from, to, gain
}

// leastSquares finds the parameters named by face, the others being 0, by
// Levenberg and Marquardt's method (K. Levenberg 1944, D. W. Marquardt 1963). It
// begins with the linear fit of N/X, weighted so that each step's error in X
// counts alike, in which all is linear.
func leastSquares(loads []Load, face []int) [3]float64 {
	p := linear(loads, face)
	damp, sum := 1e-3, squares(loads, p)
	for range 200 {
		step := normal(loads, face, damp, func(l Load) (row [3]float64, rest float64) {
			x := at(p, l.N)
			for k, t := range terms(l.N) {
				row[k] = -x * x / l.N * t
			}
			return row, l.X - x
		})
		next := p
		for k := range next {
			next[k] += step[k]
		}
		s := squares(loads, next)
		if !(s < sum) || !positive(loads, next) {
			if damp *= 4; damp > 1e12 {
				break
			}
			continue
		}
		done := sum-s <= 1e-15*sum
		p, sum, damp = next, s, max(damp/4, 1e-12)
		if done {
			break
		}
	}
	return p
}

// terms are what a, b and c are multiplied with.
func terms(n float64) [3]float64 { return [3]float64{1, n - 1, n * (n - 1)} }

func positive(loads []Load, p [3]float64) bool {
	return !slices.ContainsFunc(loads, func(l Load) bool { return !(at(p, l.N) > 0) })
}

func linear(loads []Load, face []int) [3]float64 {
	return normal(loads, face, 0, func(l Load) (row [3]float64, rest float64) {
		w := l.X * l.X / l.N
		for k, t := range terms(l.N) {
			row[k] = w * t
		}
		return row, w * l.N / l.X
	})
}

// normal solves the damped normal equations of rows·step = rest for the
// parameters of face; the others stay 0.
func normal(loads []Load, face []int, damp float64, row func(Load) ([3]float64, float64)) [3]float64 {
	n := len(face)
	m := make([][]float64, n) // with the right side as its last column
	for i := range m {
		m[i] = make([]float64, n+1)
	}
	for _, l := range loads {
		r, rest := row(l)
		for i, a := range face {
			for j, b := range face {
				m[i][j] += r[a] * r[b]
			}
			m[i][n] += r[a] * rest
		}
	}
	for i := range m {
		m[i][i] *= 1 + damp
	}
	out := [3]float64{}
	for i, v := range solve(m) {
		out[face[i]] = v
	}
	return out
}

// solve solves linear equations by Gaussian elimination with scaled rows and
// partial pivoting; what cannot be determined is 0.
func solve(m [][]float64) []float64 {
	n := len(m)
	scale := make([]float64, n) // of the unknowns, so that their sizes do not matter
	for i := range m {
		scale[i] = 1
		if m[i][i] > 0 {
			scale[i] = 1 / math.Sqrt(m[i][i])
		}
	}
	for i := range m {
		for j := range n {
			m[i][j] *= scale[i] * scale[j]
		}
		m[i][n] *= scale[i]
	}
	for k := range n {
		pivot := k
		for i := k + 1; i < n; i++ {
			if math.Abs(m[i][k]) > math.Abs(m[pivot][k]) {
				pivot = i
			}
		}
		m[k], m[pivot] = m[pivot], m[k]
		if math.Abs(m[k][k]) < 1e-14 {
			return make([]float64, n)
		}
		for i := k + 1; i < n; i++ {
			f := m[i][k] / m[k][k]
			for j := k; j <= n; j++ {
				m[i][j] -= f * m[k][j]
			}
		}
	}
	out := make([]float64, n)
	for k := n - 1; k >= 0; k-- {
		out[k] = m[k][n]
		for j := k + 1; j < n; j++ {
			out[k] -= m[k][j] * out[j]
		}
		out[k] /= m[k][k]
	}
	for k := range out {
		out[k] *= scale[k]
	}
	return out
}

// String is the law with its numbers.
func (l Law) String() string {
	return fmt.Sprintf("X(N) = %.4g·N / (1 + %.3g·(N−1) + %.3g·N·(N−1))", l.Lambda, l.Sigma, l.Kappa)
}
