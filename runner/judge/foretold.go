package judge

import (
	"errors"
	"fmt"

	"socketlabs/labs/telemetry"
)

// foretold compiles the predictions of a comparison.
func foretold(c telemetry.Comparing) ([]answer, error) {
	var out []answer
	for _, p := range c.Predictions {
		a, err := answerTo(p, nil)
		if err != nil {
			return nil, fmt.Errorf("prediction %s: %w", p.ID, err)
		}
		out = append(out, a)
	}
	return out, nil
}

// LintComparison says what is wrong with the answer of a comparison's prediction.
func LintComparison(p telemetry.Prediction) error {
	_, err := answerTo(p, nil)
	return err
}

// answerTo compiles a prediction against a difference; nil: there is none yet.
func answerTo(p telemetry.Prediction, d *telemetry.Difference) (answer, error) {
	return verdictWords(d).compileAnswer(p)
}

// verdictWords are the names that a comparison's predictions have.
func verdictWords(d *telemetry.Difference) *vocabulary {
	v := &vocabulary{tracks: map[string]*track{}, fixed: map[string]value{}, windows: map[string]telemetry.Window{}, derived: map[string]node{}}
	if d == nil {
		d = &telemetry.Difference{}
	}
	v.word("verdict", text, func() (value, error) {
		if d.Verdict == "" {
			return value{}, errors.New(noVerdict(*d))
		}
		return textOf(d.Verdict), nil
	})
	for name, at := range map[string]**float64{"ratio": &d.Ratio, "low": &d.Low, "high": &d.High} {
		v.word(name, number, func() (value, error) {
			if *at == nil {
				return value{}, errors.New(noVerdict(*d))
			}
			return finite(**at, name)
		})
	}
	v.order = []string{"verdict", "ratio", "low", "high"}
	return v
}

func (v *vocabulary) word(name string, k kind, of func() (value, error)) {
	v.derived[name] = node{kind: k, uses: uses{others: true}, eval: func(view) (value, error) { return of() }}
}

func noVerdict(d telemetry.Difference) string {
	if d.Line == "" {
		return "the comparison has no verdict"
	}
	return "the comparison has no verdict: " + d.Line
}
