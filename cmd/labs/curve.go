package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// sweepLine tells how a sweep goes: on a terminal one line that is rewritten,
// otherwise a line for each block.
type sweepLine struct {
	w     io.Writer
	live  bool
	all   int
	begun int
	label string
}

func (l *sweepLine) event(e telemetry.Event) {
	switch {
	case e.Run != nil:
		l.all = len(e.Run.Arms)
	case e.Begin != nil:
		l.begun++
		l.label = e.Begin.Label
		l.say(fmt.Sprintf("block %d of %d  %s", l.begun, max(l.all, l.begun), l.label))
	case e.BlockEnd != nil && e.BlockEnd.Trust == "void":
		l.clear()
		fmt.Fprintf(l.w, "%s is void (%s)%s\n", e.BlockEnd.Label, doubts(e.BlockEnd.Doubts), repeated(e.BlockEnd.Retry))
	case e.State != nil && (e.State.Phase == telemetry.Queued || e.State.Phase == telemetry.Building):
		l.say(string(e.State.Phase) + because(e.State.Reason))
	case e.Kind == telemetry.KindLog && e.Level == "error":
		l.clear()
		fmt.Fprintf(l.w, "%s: %s\n", e.From, telemetry.Visible(e.Text))
	}
}

func repeated(retry bool) string {
	if retry {
		return ", and is measured again"
	}
	return ""
}

func (l *sweepLine) say(text string) {
	if l.live {
		fmt.Fprintf(l.w, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintln(l.w, text)
}

func (l *sweepLine) clear() {
	if l.live {
		fmt.Fprint(l.w, "\r\x1b[K")
	}
}

func doubts(list []telemetry.Doubt) string {
	var out []string
	for _, d := range list {
		out = append(out, fmt.Sprintf("%s %.3g, bound %.3g", d.Code, d.Value, d.Bound))
	}
	return strings.Join(out, "; ")
}

// print writes the sweep for a person.
func (s swept) print(w io.Writer) {
	fmt.Fprintf(w, "%s  %s  %s%s\nobjective: %s\n", s.spec.Name, s.result(), s.id, because(s.end.Reason), s.Objective)
	for _, c := range s.Curves {
		fmt.Fprintln(w)
		printCurve(w, s.Setting, c)
	}
	if terminal(w) {
		plot(w, s.Curves)
	}
	if len(s.end.Checks) > 0 {
		fmt.Fprintln(w)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range s.end.Checks {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", mark(c.Pass), c.ID, measured(c), c.Expr)
	}
	t.Flush()
}

func printCurve(w io.Writer, setting string, c judge.Curve) {
	if c.Server != "" {
		fmt.Fprintf(w, "%s (labs/%s)%s\n", c.Server, c.Lab, otherLoad(c))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\tanswers/s\tp50\tp99\tCPU each\ttrust\t\n", setting)
	for i, s := range c.Steps {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Value, count(s.Throughput), ms(s.P50), ms(s.P99), micro(s.CPU), trusted(s), remarks(c, i))
	}
	t.Flush()
	fmt.Fprintln(w, "  "+kneeText(setting, c))
	fmt.Fprintln(w, "  "+breakText(setting, c))
	fmt.Fprintln(w, "  "+lawText(c.Law))
}

func otherLoad(c judge.Curve) string {
	if c.Client == "file" {
		return ": another load, downloads of a file, not to be compared with the echoes"
	}
	return ""
}

func count(n *float64) string {
	if n == nil {
		return "–"
	}
	return fmt.Sprintf("%.0f", *n)
}

func ms(n *float64) string {
	if n == nil {
		return "–"
	}
	return content.Format(*n, "ms")
}

func micro(n *float64) string {
	if n == nil {
		return "–"
	}
	return fmt.Sprintf("%.3g µs", *n*1e6)
}

func trusted(s judge.Point) string {
	if s.Trust == "" {
		return "not measured"
	}
	return s.Trust
}

// remarks stand behind a step: why it is void, and what is special about it.
func remarks(c judge.Curve, i int) string {
	var out []string
	s := c.Steps[i]
	if c.Knee != nil && c.Knee.Step == i {
		out = append(out, "◆ knee")
	}
	if s.Met != nil && !*s.Met {
		out = append(out, "✗ objective")
	}
	if s.Starved {
		out = append(out, fmt.Sprintf("somebody waited %.1f s for an answer", *s.Oldest))
	}
	if s.Trust == "void" {
		out = append(out, doubts(s.Doubts))
	}
	if s.Why != "" {
		out = append(out, s.Why)
	}
	return "  " + strings.Join(out, ", ")
}

func kneeText(setting string, c judge.Curve) string {
	if c.Knee == nil {
		return "knee: fewer than three steps count, so there is none to find"
	}
	at := fmt.Sprintf("knee: %s=%s, where throughput ÷ mean response time is largest", setting, c.Steps[c.Knee.Step].Value)
	if c.Knee.End != "" {
		at += "; it is the " + c.Knee.End + " step, so the real one may lie beyond it"
	}
	return at
}

func breakText(setting string, c judge.Curve) string {
	b := c.Break
	switch {
	case b == nil:
		return "objective: no step tells"
	case b.First < 0:
		return fmt.Sprintf("objective: met at every step, up to %s=%s", setting, c.Steps[b.Last].Value)
	case b.Last < 0:
		return fmt.Sprintf("objective: broken from the first step on, %s=%s", setting, c.Steps[b.First].Value)
	}
	text := fmt.Sprintf("objective: met up to %s=%s, broken at %s", setting, c.Steps[b.Last].Value, c.Steps[b.First].Value)
	if b.Again {
		text += "; a later step meets it again, so the place is not sharp"
	}
	return text
}

func lawText(l judge.Law) string {
	if l.Fits {
		text := fmt.Sprintf("scalability law: %v, R² %.3f, off by %.1f %%", l, l.R2, 100*l.Off)
		switch {
		case l.Peak > 0 && l.Beyond:
			text += fmt.Sprintf("; its peak N* = %.0f lies beyond what was measured", l.Peak)
		case l.Peak > 0:
			text += fmt.Sprintf("; peak at N* = %.0f with %.0f/s", l.Peak, l.Ceiling)
		case l.Ceiling > 0:
			text += fmt.Sprintf("; it approaches %.0f/s", l.Ceiling)
		}
		return text
	}
	return "scalability law: " + map[string]string{
		"setting":     "not for this setting; it is about a number of clients or of workers",
		"open":        "not for open load; how many requests are under way follows from the answers then",
		"few":         fmt.Sprintf("not fitted: %.0f steps count, and it takes %.0f", l.Args["n"], l.Args["least"]),
		"zigzag":      fmt.Sprintf("does not fit: throughput falls and rises again between N = %.0f and %.0f, and the law has one peak", l.Args["from"], l.Args["to"]),
		"superlinear": fmt.Sprintf("does not fit: from N = %.0f to %.0f throughput grows faster than N (%.2f times as much for each), and its terms are costs", l.Args["from"], l.Args["to"], l.Args["gain"]),
		"residual":    fmt.Sprintf("does not fit: it is off by %.0f %% on average, and the bound is %.0f %%", 100*l.Args["residual"], 100*l.Args["bound"]),
	}[l.Why]
}
