package judge

import (
	"fmt"
	"math"

	"socketlabs/labs/telemetry"
)

// level is the probability with which all intervals of a comparison hold what
// they should, together.
const level = 0.99

// leastPairs is how many pairs an interval needs. With two its t is 64: one round
// tells what is counted exactly, and of times next to nothing.
const leastPairs = 2

// pair is two neighbouring blocks of a round, one of each arm.
type pair struct{ a, b Block }

// Compare judges b against a: arm 1 against arm 0. Of each compared expression
// it takes the logarithm of the ratio b ÷ a in every pair of neighbouring blocks,
// and the interval of their mean by Student's t. Drift of the machine meets both
// of a pair alike, and in A B B A it meets the pairs in opposite directions. The
// intervals hold together with the probability level (Bonferroni): each metric
// has its share of the error.
func Compare(c telemetry.Comparing, blocks []Block) telemetry.Comparison {
	pairs, lost := pairsOf(bySlot(blocks))
	out := telemetry.Comparison{Level: level, Pairs: len(pairs), Lost: lost, Metrics: []telemetry.Difference{}}
	for _, m := range c.Metrics {
		out.Metrics = append(out.Metrics, difference(m, pairs, (1-level)/float64(len(c.Metrics))))
	}
	if len(out.Metrics) > 0 && c.Expect != "" && out.Metrics[0].Verdict != "" {
		as := expected(c, out.Metrics[0])
		out.As = &as
	}
	return out
}

// SoFar is what the blocks that have ended say: the pairs and their intervals as
// they are by now, and no verdict. Who looks again and again until an interval
// leaves ×1 out finds differences that are not there, more of them with each look
// (Armitage, McPherson and Rowe 1969): nothing may end early by this.
func SoFar(c telemetry.Comparing, blocks []Block) telemetry.Comparison {
	out := Compare(c, blocks)
	out.As = nil
	for i := range out.Metrics {
		out.Metrics[i].Verdict, out.Metrics[i].Least = "", nil
	}
	return out
}

// pairsOf takes the blocks of slots 0 and 1, 2 and 3 …: in A B B A each two are
// one of each arm. Slots that are missing have not happened.
func pairsOf(slots []Block) (pairs []pair, lost int) {
	at := map[int]Block{}
	last := -1
	for _, b := range slots {
		at[b.Slot] = b
		last = max(last, b.Slot)
	}
	for s := 0; s < last; s += 2 {
		x, hasX := at[s]
		y, hasY := at[s+1]
		switch {
		case !hasX || !hasY || x.Arm == y.Arm:
		case x.Trust == "void" || y.Trust == "void":
			lost++
		case x.Arm == 0:
			pairs = append(pairs, pair{x, y})
		default:
			pairs = append(pairs, pair{y, x})
		}
	}
	return pairs, lost
}

// difference judges one expression; share is its part of the error.
func difference(m telemetry.Compared, pairs []pair, share float64) telemetry.Difference {
	d := telemetry.Difference{Expr: m.Expr, Better: m.Better}
	var logA, logB, logs []float64
	for _, p := range pairs {
		a, b, why, line := both(m.Expr, p)
		if why != "" {
			d.Why, d.Line = why, line
			return d
		}
		if ratio := exp(math.Log(b) - math.Log(a)); ratio != nil {
			d.Pairs = append(d.Pairs, *ratio)
		}
		logA, logB, logs = append(logA, math.Log(a)), append(logB, math.Log(b)), append(logs, math.Log(b)-math.Log(a))
	}
	if len(pairs) > 0 {
		d.A, d.B = exp(mean(logA)), exp(mean(logB))
	}
	if len(pairs) < leastPairs {
		d.Why, d.Line = "few", fmt.Sprintf("pairs of blocks that count: %d; an interval needs %d", len(pairs), leastPairs)
		return d
	}
	centre, half := spread(logs, share)
	d.Ratio, d.Low, d.High, d.Least = exp(centre), exp(centre-half), exp(centre+half), exp(half)
	d.Verdict = verdictOf(centre, half, m.Better)
	return d
}

// both returns an expression's values in a pair, or why there is no ratio.
func both(expr string, p pair) (a, b float64, why, line string) {
	var v [2]float64
	for i, block := range []Block{p.a, p.b} {
		value, ok := block.Watched[expr]
		switch {
		case !ok:
			return 0, 0, "missing", fmt.Sprintf("block %d, %s: %s", block.Number, block.Label, block.Missing[expr])
		case !(value > 0):
			return 0, 0, "zero", fmt.Sprintf("block %d, %s: it is %g, and of that there is no ratio", block.Number, block.Label, value)
		}
		v[i] = value
	}
	return v[0], v[1], "", ""
}

// spread returns the mean of the values and half the length of its interval,
// which misses the truth with the probability share.
func spread(values []float64, share float64) (centre, half float64) {
	n := float64(len(values))
	centre = mean(values)
	squares := 0.0
	for _, v := range values {
		squares += (v - centre) * (v - centre)
	}
	return centre, quantileT(1-share/2, n-1) * math.Sqrt(squares/(n-1)/n)
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// exp is e^x, nil when that is no number that can be told.
func exp(x float64) *float64 {
	v := math.Exp(x)
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	return &v
}

// verdictOf names where the interval of the logarithm lies.
func verdictOf(centre, half float64, better string) string {
	direction := ""
	switch {
	case centre-half > near:
		direction = "higher"
	case centre+half < -near:
		direction = "lower"
	default:
		return "none"
	}
	switch better {
	case "":
		return direction
	case direction:
		return "better"
	}
	return "worse"
}

// expected says whether a difference is what the lesson expects. That there is
// none must be shown: the whole interval lies within.
func expected(c telemetry.Comparing, d telemetry.Difference) bool {
	if c.Expect == "none" {
		return *d.Low >= 1-c.Within && *d.High <= 1+c.Within
	}
	return d.Verdict == c.Expect
}
