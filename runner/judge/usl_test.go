package judge

import (
	"math"
	"testing"
)

// near01 says whether got is want to within the share.
func closeTo(got, want, share float64) bool { return math.Abs(got-want) <= share*math.Abs(want) }

// Throughput of a Cisco UCS server by threads, 1 to 32 (B. Schwartz, Practical
// Scalability Analysis with the Universal Scalability Law, 2015), where the fit
// is λ = 995.6486, σ = 0.02671591, κ = 0.0007690945, N* = 35, X(N*) = 12341.
var cisco = []float64{
	955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08,
	7219.8, 7867.61, 8278.71, 8646.7, 9047.84, 9426.55, 9645.37, 9897.24,
	10097.6, 10240.5, 10532.39, 10798.52, 11151.43, 11518.63, 11806, 12089.37,
	12075.41, 12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.4, 12074.39,
}

func TestTheLawFitsPublishedMeasurements(t *testing.T) {
	var ucs []Load
	for i, x := range cisco {
		ucs = append(ucs, Load{float64(i + 1), x})
	}
	for _, c := range []struct {
		name                 string
		loads                []Load
		lambda, sigma, kappa float64
		peak                 float64
		exact                float64 // digits that the source gives
	}{
		{"Cisco UCS (Schwartz 2015)", ucs, 995.6486, 0.02671591, 0.0007690945, 35.57, 2e-5},
		// Gunther 2007 and the R package usl, whose nls gives σ = 0.0277285 and κ = 0.0001044.
		{"SPEC SDM91 on a SPARCcenter 2000", []Load{{1, 64.9}, {18, 995.9}, {36, 1652.4}, {72, 1853.2}, {108, 1828.9}, {144, 1775.0}, {216, 1702.2}},
			89.99, 0.0277285, 0.0001044, 96.5, 1e-3},
	} {
		l := FitLaw(c.loads)
		if !closeTo(l.Lambda, c.lambda, c.exact) || !closeTo(l.Sigma, c.sigma, c.exact) || !closeTo(l.Kappa, c.kappa, c.exact) || !closeTo(l.Peak, c.peak, 1e-3) {
			t.Errorf("%s: λ %.7g σ %.7g κ %.7g N* %.4g, want %.7g %.7g %.7g %.4g", c.name, l.Lambda, l.Sigma, l.Kappa, l.Peak, c.lambda, c.sigma, c.kappa, c.peak)
		}
		t.Logf("%s: %v, R² %.4f, off %.3f, fits %v %s", c.name, l, l.R2, l.Off, l.Fits, l.Why)
	}
	if l := FitLaw(ucs); !l.Fits || !closeTo(l.R2, 0.9972, 1e-3) || !l.Beyond {
		t.Errorf("Cisco UCS: fits %v, R² %.4f, beyond %v; want a fit with R² 0.9972 whose peak no step has reached", l.Fits, l.R2, l.Beyond)
	}
}

// Steps that are the law itself give its parameters back, also on the bounds.
func TestTheLawIsFoundAgain(t *testing.T) {
	for _, c := range []struct {
		why                  string
		lambda, sigma, kappa float64
		peak, ceiling        float64
	}{
		{"inside", 1000, 0.05, 0.0002, 68.92, 0},
		{"no contention: σ on its bound", 5e4, 0, 0.001, 31.62, 0},
		{"no coherency: κ on its bound, Amdahl's law", 20, 0.1, 0, 0, 200},
		{"all in one line: X is the same for every N", 700, 1, 0, 0, 700},
		{"perfect: X grows with N for ever", 123, 0, 0, 0, 0},
		{"worse with each client from the first on", 9e4, 0.9, 0.4, 0.5, 9e4},
	} {
		var loads []Load
		for _, n := range []float64{1, 2, 4, 8, 16, 32, 64, 128} {
			loads = append(loads, Load{n, c.lambda * n / (1 + c.sigma*(n-1) + c.kappa*n*(n-1))})
		}
		l := FitLaw(loads)
		near := func(got, want float64) bool { return math.Abs(got-want) <= 1e-6*max(math.Abs(want), 1e-3) }
		if !l.Fits || !near(l.Lambda, c.lambda) || !near(l.Sigma, c.sigma) || !near(l.Kappa, c.kappa) || l.R2 < 1-1e-9 {
			t.Errorf("%s: fits %v (%s), λ %g σ %g κ %g R² %g", c.why, l.Fits, l.Why, l.Lambda, l.Sigma, l.Kappa, l.R2)
		}
		if math.Abs(l.Peak-c.peak) > 0.01 || c.ceiling > 0 && !near(l.Ceiling, c.ceiling) {
			t.Errorf("%s: peak %g, ceiling %g; want %g, %g", c.why, l.Peak, l.Ceiling, c.peak, c.ceiling)
		}
	}
}

func TestTheLawSaysWhyItDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		why   string
		loads []Load
	}{
		{"few", []Load{{1, 10}, {2, 19}, {4, 35}, {8, 60}}},
		{"few", []Load{{1, 10}, {1, 10}, {1, 11}, {2, 19}, {2, 19}, {2, 20}}},       // repeats are not steps
		{"few", []Load{{1, 0}, {2, 0}, {4, 0}, {8, 0}, {16, 0}, {32, 0}}},           // nothing was answered
		{"zigzag", []Load{{1, 10}, {2, 19}, {4, 12}, {8, 30}, {16, 31}}},            // one peak at most
		{"superlinear", []Load{{1, 10}, {2, 30}, {4, 90}, {8, 250}, {16, 700}}},     // σ and κ are costs
		{"residual", []Load{{1, 10}, {2, 20}, {4, 40}, {8, 80}, {16, 81}, {32, 8}}}, // a wall and a cliff
	} {
		if l := FitLaw(c.loads); l.Fits || l.Why != c.why {
			t.Errorf("%v: fits %v because of %q, want no fit because of %q (%v, off %.3f)", c.loads, l.Fits, l.Why, c.why, l, l.Off)
		}
	}
}

// A few percent of noise, as a run has it, do not hide the law.
func TestTheLawIsFoundInNoise(t *testing.T) {
	noise := []float64{1.02, 0.97, 1.03, 0.99, 1.01, 0.98, 1.02, 0.99}
	var loads []Load
	for i, n := range []float64{1, 2, 4, 8, 16, 32, 64, 128} {
		loads = append(loads, Load{n, noise[i] * 1000 * n / (1 + 0.05*(n-1) + 0.0002*n*(n-1))})
	}
	if l := FitLaw(loads); !l.Fits || !closeTo(l.Sigma, 0.05, 0.2) || !closeTo(l.Peak, 68.9, 0.2) {
		t.Errorf("fits %v: %v, peak %g; want σ 0.05 and a peak at 69 to within 20 %%", l.Fits, l, l.Peak)
	}
}
