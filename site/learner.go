package site

import (
	"strings"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// resume is where a reader goes on: one link, and beside it another.
type resume struct {
	Main, Other *stop
	Fresh       bool // nothing has been read yet
	All         bool // every check holds
}

// stop is a section of a lesson to go to.
type stop struct {
	content.Place
	Lesson, Section content.Text // titles; the section's is empty at the beginning
}

// learned is what a reader has done in one lesson.
type learned struct {
	*content.Lesson
	Checks       pips
	Right, Asked int             // predictions: right in some run, and answered before one
	Runs         int             // that have ended
	Last         *runner.Summary // the newest
	Best         *runner.Summary // with the most checks that held, the newest of those
	BestHeld     int
}

// learnedAll is what a reader has done in all lessons.
type learnedAll struct {
	Lessons      []learned // in which something was done
	Done         int       // lessons of which every check holds
	Of           int       // lessons that have checks
	Right, Asked int
	Runs         int
}

func stopAt(l *content.Lesson, section string) *stop {
	to := &stop{Place: content.Place{Lesson: l.ID}, Lesson: l.Title}
	for _, s := range l.Sections {
		if s.ID == section && s.ID != "" {
			to.Place.Section, to.Section = s.ID, s.Plain
		}
	}
	return to
}

// resumeOf finds where to go on: where the reader was, or, when every check of that
// lesson holds, the next one that is not done.
func resumeOf(b *content.Book, done Progress) resume {
	var first, open, after, here *content.Lesson
	for _, p := range b.Parts {
		for _, l := range p.Lessons {
			if first == nil {
				first = l
			}
			if done.Place != nil && l.ID == done.Place.Lesson {
				here = l
			}
			if c := done.pips(l); c.Done == c.Total && (c.Total > 0 || l != here) {
				continue
			}
			if open == nil {
				open = l
			}
			if here != nil && after == nil {
				after = l // here itself, or the first behind it
			}
		}
	}
	out := resume{Fresh: here == nil, All: open == nil && first != nil}
	if after == nil {
		after = open
	}
	switch {
	case first == nil:
	case here == nil:
		out.Main = stopAt(first, "")
	default:
		out.Main = stopAt(here, done.Place.Section)
		if after != nil && after != here {
			out.Main, out.Other = stopAt(after, ""), out.Main
		}
	}
	return out
}

// learnerOf sums up what was done, by lesson. runs are the reader's, the newest first.
func learnerOf(b *content.Book, runs []runner.Summary, done Progress) learnedAll {
	of := map[string][]runner.Summary{}
	for _, r := range runs {
		if lesson, _, ok := strings.Cut(r.Experiment, "/"); ok && r.Imported == nil && r.Phase.Over() {
			of[lesson] = append(of[lesson], r)
		}
	}
	var out learnedAll
	for _, p := range b.Parts {
		for _, l := range p.Lessons {
			v := learned{Lesson: l, Checks: done.pips(l), Runs: len(of[l.ID])}
			v.take(of[l.ID])
			if v.Checks.Total > 0 {
				out.Of++
				if v.Checks.Done == v.Checks.Total {
					out.Done++
				}
			}
			if v.Runs > 0 || v.Checks.Done > 0 {
				out.Lessons = append(out.Lessons, v)
			}
			out.Right, out.Asked, out.Runs = out.Right+v.Right, out.Asked+v.Asked, out.Runs+v.Runs
		}
	}
	return out
}

// take looks at the runs of the lesson.
func (v *learned) take(runs []runner.Summary) {
	right := map[string]bool{} // by prediction, of those that were answered
	for i, r := range runs {
		if i == 0 {
			v.Last = &runs[0]
		}
		if r.Phase != telemetry.Finished || r.Trust == "void" || r.Command != nil {
			continue
		}
		for _, g := range r.Guesses {
			if g.Given != nil && !g.Skipped && g.Why == "" {
				key := r.Experiment + "/" + g.ID
				right[key] = right[key] || g.Right
			}
		}
		held := 0
		for _, c := range r.Checks {
			if c.Pass {
				held++
			}
		}
		if r.Kind == "" && held > v.BestHeld {
			v.Best, v.BestHeld = &runs[i], held
		}
	}
	v.Asked = len(right)
	for _, yes := range right {
		if yes {
			v.Right++
		}
	}
}
