package judge

import "math"

// quantileT returns the p-quantile of Student's t distribution with df degrees
// of freedom, for 0.5 ≤ p < 1: the t at which its distribution function is p.
func quantileT(p, df float64) float64 {
	low, high := 0.0, 1.0
	for distributionT(high, df) < p && high < 1e300 {
		high *= 2
	}
	for range 200 {
		mid := (low + high) / 2
		if mid == low || mid == high {
			break
		}
		if distributionT(mid, df) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// distributionT is the distribution function for t ≥ 0:
// 1 − I(df/2, 1/2; df/(df+t²))/2 (Abramowitz and Stegun, 26.5.27 and 26.7.1).
func distributionT(t, df float64) float64 {
	return 1 - incompleteBeta(df/2, 0.5, df/(df+t*t))/2
}

// incompleteBeta is the regularised incomplete beta function I(a, b; x), by its
// continued fraction (DLMF 8.17.22) where that converges fast, and by the
// symmetry 8.17.4 elsewhere.
func incompleteBeta(a, b, x float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	case x > (a+1)/(a+b+2):
		return 1 - incompleteBeta(b, a, 1-x)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab - la - lb + a*math.Log(x) + b*math.Log1p(-x))
	return front / a * betaFraction(a, b, x)
}

// betaFraction evaluates the continued fraction of DLMF 8.17.22 by Lentz's
// method (Press et al., Numerical Recipes, 5.2).
func betaFraction(a, b, x float64) float64 {
	const tiny = 1e-300
	keep := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/keep(1-(a+b)*x/(a+1))
	h := d
	for i := 1; i <= 500; i++ {
		m := float64(i)
		for _, coefficient := range [2]float64{
			m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m)),
			-(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1)),
		} {
			d = 1 / keep(1+coefficient*d)
			c = keep(1 + coefficient/c)
			h *= c * d
		}
		if math.Abs(c*d-1) < 1e-15 {
			break
		}
	}
	return h
}
