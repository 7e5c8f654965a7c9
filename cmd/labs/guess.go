package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"socketlabs/labs/telemetry"
)

// guesses are the predictions that were answered or skipped.
func (o outcome) guesses() []telemetry.Guess {
	out := []telemetry.Guess{}
	for _, g := range o.end.Guesses {
		if g.Given != nil || g.Skipped {
			out = append(out, g)
		}
	}
	return out
}

// printGuesses writes each answer beside what was measured, how good it was, and
// how wide the band was that counted as right.
func (o outcome) printGuesses(w io.Writer) {
	guesses := o.guesses()
	if len(guesses) == 0 {
		return
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, g := range guesses {
		switch {
		case g.Skipped:
			fmt.Fprintf(t, "  –\t%s\tskipped\n", g.ID)
		case g.Answer == nil:
			fmt.Fprintf(t, "  –\t%s\tno answer: %s\n", g.ID, g.Why)
		default:
			fmt.Fprintf(t, "  %s\t%s\tguessed %s\tmeasured %s\t%s\n", mark(g.Right), g.ID, plain(g.Given), plain(g.Answer), score(g))
		}
	}
	t.Flush()
}

// plain is an answer in words; of a list, its numbers.
func plain(v any) string {
	switch v := v.(type) {
	case float64:
		return fmt.Sprintf("%.4g", v)
	case []float64:
		texts := make([]string, len(v))
		for i, n := range v {
			texts[i] = plain(n)
		}
		return strings.Join(texts, ",")
	case []any:
		texts := make([]string, len(v))
		for i, n := range v {
			texts[i] = plain(n)
		}
		return strings.Join(texts, ",")
	case nil:
		return "–"
	}
	return fmt.Sprint(v)
}

// score says how good a guess was and what it was given.
func score(g telemetry.Guess) string {
	if len(g.Bands) == 0 {
		return ""
	}
	text := "tolerance " + g.Tolerance
	if g.Noise > 0 {
		text += fmt.Sprintf(" and this run's own ±%.3g", g.Noise)
	}
	if g.Kind == "number" {
		return fmt.Sprintf("%.4g to %.4g is right: %s", g.Bands[0].Low, g.Bands[0].High, text)
	}
	if g.Score != nil {
		text = fmt.Sprintf("%.0f %% of the steps, %s", 100**g.Score, text)
	}
	if g.Shape != nil {
		text += fmt.Sprintf("; shape %.0f %%", 100**g.Shape)
	}
	return text
}
