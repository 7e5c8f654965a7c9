package judge

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

// TestQuantileT against the table of Student's t in the NIST/SEMATECH e-Handbook
// of Statistical Methods (1.3.6.7.2), and its closed forms for one and two
// degrees of freedom.
func TestQuantileT(t *testing.T) {
	for _, row := range []struct{ p, df, want float64 }{
		{0.995, 5, 4.0321}, {0.995, 11, 3.1058}, {0.975, 1, 12.7062}, {0.975, 2, 4.3027}, {0.95, 10, 1.8125},
		{0.9, 3, 1.6377}, {0.999, 7, 4.7853}, {0.99, 30, 2.4573}, {0.995, 100, 2.6259}, {0.995, 3, 5.8409}, {0.995, 4, 4.6041},
		{0.999, 1, math.Tan(math.Pi * 0.499)}, // the Cauchy distribution
		{0.9975, 2, 0.995 * math.Sqrt(2/(1-0.995*0.995))},
		{0.5, 9, 0},
	} {
		if got := quantileT(row.p, row.df); math.Abs(got-row.want) > 1e-4*max(1, row.want) {
			t.Errorf("t(%g, df %g) = %.5f, want %.4f", row.p, row.df, got, row.want)
		}
	}
	if got := quantileT(0.975, 1e7); math.Abs(got-1.959964) > 1e-5 {
		t.Errorf("with many degrees of freedom it is the normal distribution's: %.6f", got)
	}
}

// rounds makes the blocks of A B B A rounds in which the expression x is what
// value says.
func rounds(n int, value func(slot, arm int) float64) []Block {
	var out []Block
	for slot := range 4 * n {
		arm := [4]int{0, 1, 1, 0}[slot%4]
		out = append(out, Block{Number: slot, Slot: slot, Arm: arm, BlockEnd: telemetry.BlockEnd{
			Label: "ab"[arm : arm+1], Trust: "green", Watched: map[string]float64{"x": value(slot, arm)}, Missing: map[string]string{"y": "nobody sent y"}}})
	}
	return out
}

func asking(better string, exprs ...string) telemetry.Comparing {
	var c telemetry.Comparing
	for _, e := range exprs {
		c.Metrics = append(c.Metrics, telemetry.Compared{Expr: e, Better: better})
	}
	return c
}

func TestCompare(t *testing.T) {
	wobble := []float64{1, 1.01, 0.99, 1.02, 1, 0.98, 1.01, 1, 0.99, 1.01, 1, 1}
	for why, row := range map[string]struct {
		better, verdict string
		value           func(slot, arm int) float64
	}{
		"half the cost":                {"lower", "better", func(s, arm int) float64 { return wobble[s] / float64(1+arm) }},
		"twice the cost":               {"lower", "worse", func(s, arm int) float64 { return wobble[s] * float64(1+arm) }},
		"twice the work done":          {"higher", "better", func(s, arm int) float64 { return wobble[s] * float64(1+arm) }},
		"twice of what is neither":     {"", "higher", func(s, arm int) float64 { return wobble[s] * float64(1+arm) }},
		"half of what is neither":      {"", "lower", func(s, arm int) float64 { return wobble[s] / float64(1+arm) }},
		"the same":                     {"lower", "none", func(s, arm int) float64 { return wobble[s] }},
		"equal in every digit":         {"lower", "none", func(s, arm int) float64 { return 7 }},
		"a machine that slows down":    {"lower", "none", func(s, arm int) float64 { return wobble[s] * math.Exp(0.3*float64(s)) }},
		"exactly twice, without noise": {"lower", "worse", func(s, arm int) float64 { return float64(1 + arm) }},
	} {
		got := Compare(asking(row.better, "x"), rounds(3, row.value)).Metrics[0]
		if got.Verdict != row.verdict {
			t.Errorf("%s: %q, want %q: %g [%g, %g]", why, got.Verdict, row.verdict, *got.Ratio, *got.Low, *got.High)
		}
		if !(*got.Low <= *got.Ratio && *got.Ratio <= *got.High) || math.Abs(*got.High / *got.Ratio - *got.Least) > 1e-9 {
			t.Errorf("%s: %g [%g, %g] and least %g", why, *got.Ratio, *got.Low, *got.High, *got.Least)
		}
	}
}

// TestCompareByHand: six pairs whose log ratios are 0.1 ± 0.05, so their mean is
// 0.1, its standard error 0.05·√(6/5)/√6, and t(0.995, 5) = 4.0321.
func TestCompareByHand(t *testing.T) {
	got := Compare(asking("lower", "x"), rounds(3, func(slot, arm int) float64 {
		if arm == 0 {
			return 2
		}
		return 2 * math.Exp(0.1+0.05*float64(1-2*(slot/2%2)))
	})).Metrics[0]
	half := 4.0321 * 0.05 / math.Sqrt(5)
	for name, pair := range map[string][2]float64{
		"ratio": {*got.Ratio, math.Exp(0.1)}, "low": {*got.Low, math.Exp(0.1 - half)}, "high": {*got.High, math.Exp(0.1 + half)},
		"least": {*got.Least, math.Exp(half)}, "a": {*got.A, 2}, "b": {*got.B, 2 * math.Exp(0.1)},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-4 {
			t.Errorf("%s: %g, want %g", name, pair[0], pair[1])
		}
	}
}

// TestCompareSaysWhatIsMissing: no ratio of nothing, of what nobody sent, or of
// too few pairs; a void block takes its pair with it, unless it was repeated.
func TestCompareSaysWhatIsMissing(t *testing.T) {
	half := func(_, arm int) float64 { return 1 / float64(1+arm) }
	why := func(c telemetry.Comparison) string { return c.Metrics[0].Why + " " + c.Metrics[0].Line }
	if got := why(Compare(asking("", "x"), rounds(3, func(slot, arm int) float64 { return float64(1 - slot/11) }))); !strings.Contains(got, "zero block 11, a: it is 0") {
		t.Errorf("zero: %s", got)
	}
	if got := why(Compare(asking("", "y"), rounds(3, half))); !strings.Contains(got, "missing block 0, a: nobody sent y") {
		t.Errorf("missing: %s", got)
	}
	if got := Compare(asking("", "x"), rounds(1, half)[:2]); got.Metrics[0].Why != "few" || got.Pairs != 1 || *got.Metrics[0].B != 0.5 {
		t.Errorf("few: %+v", got)
	}
	if got := Compare(asking("", "x"), nil); got.Metrics[0].Why != "few" || got.Metrics[0].A != nil {
		t.Errorf("nothing: %+v", got)
	}
	blocks := rounds(3, half)
	blocks[5].Trust = "void"
	blocks[5].Watched["x"] = 99
	got := Compare(asking("lower", "x"), blocks)
	if got.Pairs != 5 || got.Lost != 1 || math.Abs(*got.Metrics[0].Ratio-0.5) > 1e-9 {
		t.Errorf("a void block: %+v", got)
	}
	again := rounds(3, half)[5]
	again.Number = 12
	if got := Compare(asking("lower", "x"), append(blocks, again)); got.Pairs != 6 || got.Lost != 0 {
		t.Errorf("repeated: %+v", got)
	}
}

func TestExpectation(t *testing.T) {
	wobble := func(slot, _ int) float64 { return 1 + 0.002*float64(slot%3) }
	for _, row := range []struct {
		expect string
		within float64
		want   bool
	}{{"none", 0.1, true}, {"none", 0.0001, false}, {"better", 0, false}} {
		c := asking("lower", "x")
		c.Expect, c.Within = row.expect, row.within
		if got := Compare(c, rounds(3, wobble)); got.As == nil || *got.As != row.want {
			t.Errorf("%+v: %v", row, got.As)
		}
	}
}

func TestBetter(t *testing.T) {
	for expr, want := range map[string]string{
		"load.p99": "lower", "load.requests": "higher", "kernel.cpu / load.requests": "lower", "kernel.recvq.max": "lower",
		"lab.wakeups": "", "lab.wakeups / load.requests": "", "load.requests / kernel.cpu": "", "load.service.p50": "lower",
		"2 * load.p99": "", "load.errors": "lower", "kernel.threads": "", "load.requests / seconds": "higher",
	} {
		if got := Better(expr); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

// simulate compares log-normal values whose noise in a block is sigma and whose
// arms differ by the factor, n times, and returns the share that had a verdict.
func simulate(n, k, metrics int, sigma, factor float64, random *rand.Rand) float64 {
	found := 0
	exprs := []string{"x"}
	for i := 1; i < metrics; i++ {
		exprs = append(exprs, "x"+strings.Repeat("x", i))
	}
	for range n {
		machine := 0.0 // drifts, for both arms
		blocks := rounds(k, func(_, arm int) float64 { return 0 })
		for i := range blocks {
			machine += 0.002 * random.NormFloat64()
			for _, e := range exprs {
				blocks[i].Watched[e] = math.Exp(machine+sigma*random.NormFloat64()) * math.Pow(factor, float64(blocks[i].Arm))
			}
		}
		for _, d := range Compare(asking("lower", exprs...), blocks).Metrics {
			if d.Verdict != "none" {
				found++
				break
			}
		}
	}
	return float64(found) / float64(n)
}

// TestStatisticsAgainstTruth: of comparisons in which nothing differs, one in a
// hundred may claim a difference, whatever the number of metrics; and one that is
// there is found as often as the noncentral t distribution says.
func TestStatisticsAgainstTruth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const n = 3000
	for _, metrics := range []int{1, 4} {
		if share := simulate(n, 3, metrics, 0.03, 1, random); share > 0.01+3*math.Sqrt(0.01*0.99/n) {
			t.Errorf("%d metrics: %.2f %% of comparisons of a thing with itself find a difference", metrics, 100*share)
		}
	}
	for _, row := range []struct{ sigma, factor float64 }{{0.03, 1.1}, {0.03, 1.05}, {0.06, 1.1}} {
		pair := math.Hypot(row.sigma, row.sigma)
		want := powerT(6, math.Log(row.factor)/pair*math.Sqrt(6), quantileT(0.995, 5))
		got := simulate(n, 3, 1, row.sigma, row.factor, random)
		if math.Abs(got-want) > 3*math.Sqrt(want*(1-want)/n)+0.01 {
			t.Errorf("noise %g, factor %g: found in %.1f %%, by calculation in %.1f %%", row.sigma, row.factor, 100*got, 100*want)
		}
	}
}

// powerT is the probability that noncentral t with n-1 degrees of freedom and
// that noncentrality exceeds the bound: the normal tail over the distribution of
// the standard deviation, by the trapezoidal rule.
func powerT(n int, noncentrality, bound float64) float64 {
	nu := float64(n - 1)
	lg, _ := math.Lgamma(nu / 2)
	sum, step := 0.0, 0.001
	for s := step; s < 6; s += step {
		density := math.Exp(math.Log(2) + nu/2*math.Log(nu/2) - lg + (nu-1)*math.Log(s) - nu*s*s/2)
		sum += density * 0.5 * math.Erfc((bound*s-noncentrality)/math.Sqrt2) * step
	}
	return sum
}

// TestForetold: what a comparison came to answers its predictions.
func TestForetold(t *testing.T) {
	c := asking("lower", "x")
	c.Predictions = []telemetry.Prediction{
		{ID: "which", Kind: "choice", Answer: "verdict", Choices: []string{"better", "worse", "none"}, Given: "worse"},
		{ID: "how-much", Kind: "number", Answer: "ratio", Tolerance: "10%", Given: 2.1},
	}
	twice := func(slot, arm int) float64 { return float64(1+arm) * (1 + 0.001*float64(slot%3)) }
	v := Conclude(telemetry.Run{Compare: &c}, rounds(3, twice))
	if v.Comparison == nil || len(v.Guesses) != 2 || !v.Guesses[0].Right || !v.Guesses[1].Right || v.Guesses[0].Answer != "worse" {
		t.Errorf("%+v", v)
	}
	if v := Conclude(telemetry.Run{Compare: &c}, rounds(3, func(slot, arm int) float64 { return 0 })); v.Guesses[0].Right || !strings.Contains(v.Guesses[0].Why, "no verdict") {
		t.Errorf("%+v", v.Guesses)
	}
	if v := Conclude(telemetry.Run{Compare: &c}, rounds(1, twice)[:2]); v.Trust != "void" {
		t.Errorf("one pair: %s", v.Trust)
	}
	for answer, want := range map[string]string{"verdct": "did you mean verdict?", "load.p99": "made of verdict", `ratio > 1 ? "up" : "none"`: `"up" is none of`, "ratio": "not a text"} {
		p := telemetry.Prediction{Kind: "choice", Answer: answer, Choices: []string{"none", "better"}}
		if err := LintComparison(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}
