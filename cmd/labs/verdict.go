package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
	"socketlabs/site"
)

// result is a comparison in one word: holds or fails against what the lesson
// expects, measured when nobody expects anything, void, or the phase it ended in.
func (o compared) result() string {
	switch c := o.end.Comparison; {
	case o.end.Phase != telemetry.Finished:
		return string(o.end.Phase)
	case o.end.Trust == "void" || c == nil:
		return "void"
	case o.plan.Compare.Expect == "":
		return "measured"
	case c.As != nil && *c.As:
		return "holds"
	}
	return "fails"
}

func (o compared) status() error {
	switch o.result() {
	case "holds", "measured":
		return nil
	case "fails":
		return status(statusFails)
	case "void":
		return status(statusVoid)
	}
	return status(statusError)
}

// report is the --json form.
func (o compared) report() map[string]any {
	blocks := []map[string]any{}
	for _, b := range o.blocks {
		blocks = append(blocks, map[string]any{"label": b.Label, "trust": b.Trust, "doubts": b.Doubts, "repeated": b.Retry, "values": b.Watched})
	}
	report := map[string]any{
		"run": o.id, "comparison": o.plan.Name, "result": o.result(), "trust": o.end.Trust,
		"a": o.plan.Arms[0].Label, "b": o.plan.Arms[1].Label, "blocks": blocks, "metrics": []any{},
	}
	if c := o.end.Comparison; c != nil {
		report["level"], report["pairs"], report["lost"], report["metrics"] = c.Level, c.Pairs, c.Lost, c.Metrics
	}
	if expect := o.plan.Compare.Expect; expect != "" {
		report["expect"] = expect
	}
	if o.end.Reason != nil {
		report["reason"] = o.end.Reason
	}
	return report
}

// print writes the comparison for a person.
func (o compared) print(w io.Writer) {
	fmt.Fprintf(w, "%s  %s  %s%s\n", o.plan.Name, o.result(), o.id, because(o.end.Reason))
	c := o.end.Comparison
	if c == nil {
		return
	}
	fmt.Fprintf(w, "  a: %s   b: %s   %d pairs of blocks, b ÷ a with %.0f %% intervals\n\n", o.plan.Arms[0].Label, o.plan.Arms[1].Label, c.Pairs, 100*c.Level)
	printDifferences(w, c.Metrics, o.units, o.units)
	if expect := o.plan.Compare.Expect; expect != "" {
		fmt.Fprintf(w, "\n  the lesson expects: %s%s\n", expect, within(*o.plan.Compare))
	}
	for i, b := range o.blocks {
		for _, d := range b.Doubts {
			fmt.Fprintf(w, "  block %d, %s: %s: %s is %.3g, the bound is %.3g%s\n", i+1, b.Label, doubtLevel(d), d.Code, d.Value, d.Bound, again(b))
		}
	}
	if c.Lost > 0 {
		fmt.Fprintf(w, "  %d pairs do not count: a block of theirs is void\n", c.Lost)
	}
}

func within(c telemetry.Comparing) string {
	if c.Expect != "none" {
		return ""
	}
	return fmt.Sprintf(", and the whole interval within %.3g %%", 100*c.Within)
}

func again(b telemetry.BlockEnd) string {
	if b.Retry {
		return "; repeated"
	}
	return ""
}

// printSoFar writes what the pairs say that have ended, when the last block has
// ended one and others are to come. It is no verdict and ends nothing.
func (o compared) printSoFar(w io.Writer) {
	last := len(o.blocks) - 1
	c := o.blocks[last].SoFar
	before := 0
	if last > 0 && o.blocks[last-1].SoFar != nil {
		before = o.blocks[last-1].SoFar.Pairs
	}
	if c == nil || c.Pairs == before || c.Pairs >= len(o.plan.Order)/2 {
		return
	}
	fmt.Fprintf(w, "%s: provisional, %d of %d pairs, b ÷ a\n", o.plan.Name, c.Pairs, len(o.plan.Order)/2)
	if before == 0 {
		fmt.Fprintln(w, "  "+site.Said("en", "compare.sofar.why"))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, d := range c.Metrics {
		fmt.Fprintf(t, "  %s\t%s → %s\t%s\t%s\n", d.Expr, amount(d.A, o.units.Of(d.Expr)), amount(d.B, o.units.Of(d.Expr)), ratio(d), d.Line)
	}
	t.Flush()
}

// printDifferences writes the values of both sides, each in the units of its own.
func printDifferences(w io.Writer, list []telemetry.Difference, a, b *judge.Units) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, d := range list {
		fmt.Fprintf(t, "  %s\t%s → %s\t%s\t%s\n", d.Expr, amount(d.A, a.Of(d.Expr)), amount(d.B, b.Of(d.Expr)), ratio(d), inWords(d))
	}
	t.Flush()
}

func amount(v *float64, unit string) string {
	if v == nil {
		return "–"
	}
	return site.Quantity(*v, unit)
}

func ratio(d telemetry.Difference) string {
	switch {
	case d.Ratio == nil:
		return "–"
	case d.Low == nil || d.High == nil:
		return fmt.Sprintf("×%.3g", *d.Ratio)
	}
	return fmt.Sprintf("×%.3g [%.3g, %.3g]", *d.Ratio, *d.Low, *d.High)
}

// inWords is the verdict, or why there is none.
func inWords(d telemetry.Difference) string {
	switch {
	case d.Verdict == "none" && d.Least != nil && *d.Least > 2:
		return fmt.Sprintf("no detectable difference; this run could have seen a factor of %.2g: take more rounds", *d.Least)
	case d.Verdict == "none" && d.Least != nil:
		return fmt.Sprintf("no detectable difference; this run could have seen %.2g %%", 100*math.Max(*d.Least-1, 1e-4))
	case d.Verdict != "":
		return d.Verdict
	case d.Line != "":
		return "no verdict: " + d.Line
	}
	return "no verdict"
}

// overlay lays two recordings over each other.
func (p *place) overlay(cmd *cobra.Command, a, b runner.At, asJSON bool) error {
	r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
	if err != nil {
		return err
	}
	defer closeRunner(r)
	o, err := r.Overlay(a, b)
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	if asJSON {
		return json.NewEncoder(w).Encode(o)
	}
	for i, side := range []runner.Side{o.A, o.B} {
		fmt.Fprintf(w, "%c: %s  %s\n", 'a'+i, []runner.At{a, b}[i], strings.TrimSpace(side.Experiment+"  "+side.Label))
	}
	fmt.Fprintln(w, "Two runs, one after the other: no pairs, so no interval and no verdict. `labs compare EXPERIMENT --with …` runs them in turns.")
	for _, d := range o.Differ {
		fmt.Fprintf(w, "  differs: %s: %s → %s\n", d.What, d.A, d.B)
	}
	fmt.Fprintln(w)
	printDifferences(w, o.Metrics, o.A.Units, o.B.Units)
	for _, f := range o.Source {
		fmt.Fprintf(w, "\n  %s\n", f.Name)
		for _, l := range f.Lines {
			fmt.Fprintf(w, "  %s %s\n", l.Op, telemetry.Visible(strings.TrimRight(l.Text, "\n")))
		}
	}
	return nil
}
