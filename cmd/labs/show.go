package main

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"text/tabwriter"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
	"socketlabs/site"
)

// progressLine tells how a run goes: on a terminal one line that is rewritten,
// otherwise a line for each phase.
type progressLine struct {
	w     io.Writer
	spec  labs.Spec
	live  bool
	quiet bool // no line for each phase: a run of several blocks has too many
	phase telemetry.Phase
	start float64 // T at which load begins
	now   map[string]float64
}

func (p *progressLine) event(e telemetry.Event) {
	switch e.Kind {
	case telemetry.KindState:
		p.phase = e.State.Phase
		if !p.live && !p.quiet {
			fmt.Fprintf(p.w, "%s: %s%s\n", p.spec.Name, p.phase, because(e.State.Reason))
		}
	case telemetry.KindBlock:
		p.start = e.Begin.Start
	case telemetry.KindSample:
		if e.From == telemetry.FromJudge {
			p.now = e.Values
		}
	case telemetry.KindLog:
		if e.Level == "error" {
			p.clear()
			fmt.Fprintf(p.w, "%s: %s\n", e.From, telemetry.Visible(e.Text))
		}
	}
	if p.live && p.phase != "" {
		fmt.Fprintf(p.w, "\r\x1b[K%s  %s  %.1f / %.1f s%s", p.spec.Name, p.phase, max(0, e.T-p.start), p.spec.Warmup+p.spec.Seconds, p.latency())
	}
}

func (p *progressLine) latency() string {
	p50, ok := p.now["load.p50"]
	if !ok {
		return ""
	}
	return fmt.Sprintf("  p50 %s  p99 %s", content.Format(p50, "ms"), content.Format(p.now["load.p99"], "ms"))
}

func (p *progressLine) clear() {
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func because(r *telemetry.Reason) string {
	if r == nil {
		return ""
	}
	parts := []string{r.Code}
	if r.File != "" {
		parts = append(parts, fmt.Sprintf("%s:%d", r.File, r.At))
	}
	if r.Line != "" {
		parts = append(parts, telemetry.Visible(r.Line))
	}
	if place := r.Args["place"]; place != "" {
		parts = append(parts, fmt.Sprintf("%s ahead, about %s s", place, r.Args["wait"]))
	}
	return " (" + strings.Join(parts, ": ") + ")"
}

// print writes the outcome for a person: figures, checks, doubts, what to do.
func (o outcome) print(w io.Writer) {
	fmt.Fprintf(w, "%s  %s  %s%s\n\n", o.spec.Name, o.result(), o.id, because(o.end.Reason))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, name := range o.figures() {
		fmt.Fprintf(t, "  %s\t%s\n", name, site.Quantity(o.end.Metrics[name], o.units.Of(name)))
	}
	t.Flush()
	if len(o.end.Checks) > 0 {
		fmt.Fprintln(w)
	}
	for _, c := range o.end.Checks {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", mark(c.Pass), c.ID, measured(c), c.Expr)
	}
	t.Flush()
	o.printGuesses(w)
	for _, d := range o.end.Doubts {
		fmt.Fprintf(w, "  %s: %s is %.3g, the bound is %.3g\n", doubtLevel(d), d.Code, d.Value, d.Bound)
	}
}

func mark(pass bool) string {
	if pass {
		return "✓"
	}
	return "✗"
}

func doubtLevel(d telemetry.Doubt) string {
	if d.Void {
		return "void"
	}
	return "doubt"
}

// measured is a check's value beside its bound, or why there is no value.
func measured(c telemetry.Check) string {
	if c.Value == nil || c.Bound == nil {
		return "no value: " + c.Why
	}
	return fmt.Sprintf("%.6g %s %.6g", *c.Value, c.Op, *c.Bound)
}

// figures are the metrics of the summary: latency, requests and what the
// experiment watches.
func (o outcome) figures() []string {
	want := map[string]bool{"load.requests": true, "load.errors": true, "load.p50": true, "load.p99": true, "load.service.p99": true, "kernel.cpu": true}
	for _, name := range o.spec.Watch {
		want[name], want[name+".last"] = true, true
	}
	for _, d := range o.spec.Derive {
		want[d.ID] = true
	}
	var names []string
	for name := range want {
		if _, ok := o.end.Metrics[name]; ok {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// unitsOf are the units of what a run of spec measures.
func unitsOf(r *runner.Runner, spec labs.Spec) (*judge.Units, error) {
	catalog, err := r.Catalog()
	if err != nil {
		return nil, err
	}
	lab, _ := catalog.Lab(spec.Lab)
	return judge.NewUnits(spec.Question(lab), spec.Units(lab)), nil
}
