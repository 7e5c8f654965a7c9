package site

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"socketlabs/content"
	"socketlabs/site/workshop"
)

// lessonSpreads are the predictions of a lesson.
type lessonSpreads struct {
	Title  content.Text
	Spread []spreadView
}

// spreadView is a prediction with how it was answered.
type spreadView struct {
	workshop.QuestionLine
	question
	In      content.Text // the unit of numbers
	Bars    []bar        // of choices
	Numbers *strip       // of numbers
}

// bar is one choice: how many gave it, and for how many it was measured.
type bar struct {
	Text            content.Text
	Given, Measured int
	First, Second   int // in the two votes
	Of              int // the largest of all: a whole bar
}

// strip is numbers on one axis.
type strip struct {
	Given, Measured       []float64 // in percent of the axis
	Low, High             float64   // of the axis
	GivenMid, MeasuredMid *float64  // medians
}

// inOrder sorts names of lessons, or of predictions as LESSON/EXPERIMENT/PREDICTION, as
// the workbook has them; what is not in it comes last, by name: of its lesson, or of all.
func (e *edition) inOrder(names []string) []string {
	at := map[string]int{}
	for _, part := range e.book.Parts {
		for _, l := range part.Lessons {
			at[l.ID] = len(at) + 1
			for _, section := range l.Sections {
				for _, b := range section.Body {
					for _, p := range b.Predict {
						at[l.ID+"/"+p.Experiment+"/"+p.ID] = len(at) + 1
					}
				}
			}
		}
	}
	rank := func(name string) int { return cmp.Or(at[name], math.MaxInt) }
	lesson := func(name string) string { lesson, _, _ := strings.Cut(name, "/"); return lesson }
	return slices.SortedFunc(slices.Values(names), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(lesson(a)), rank(lesson(b))), cmp.Compare(lesson(a), lesson(b)), cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
}

// spreads puts predictions into the order of the workbook, by lesson.
func (s *Site) spreads(e *edition, lines []workshop.QuestionLine) (list []lessonSpreads) {
	of, names := map[string]workshop.QuestionLine{}, []string{}
	for _, line := range lines {
		if line.Answered+line.Skipped+line.Measured.N == 0 && line.Votes == nil {
			continue
		}
		of[line.Name], names = line, append(names, line.Name)
	}
	before := ""
	for _, name := range e.inOrder(names) {
		line := of[name]
		v := spreadView{QuestionLine: line, question: s.inWords(e, line.Name)}
		if v.Kind == "number" || v.Kind == "" && line.Given.Numbers != nil {
			v.Numbers = newStrip(line.Given.Numbers, line.Measured.Numbers)
			v.In = e.book.Words.Units[v.Unit]
		} else {
			v.Bars = v.bars()
		}
		lesson, _, _ := strings.Cut(name, "/")
		if lesson != before {
			list = append(list, lessonSpreads{Title: e.titled(lesson)})
		}
		before = lesson
		last := &list[len(list)-1]
		last.Spread = append(last.Spread, v)
	}
	return list
}

// Unanswered says whether nobody has answered it, nor skipped it: it was only run.
func (v spreadView) Unanswered() bool { return v.Answered+v.Skipped == 0 && v.Votes == nil }

// Unjudged is how many answers no run of whoever gave them has judged: what only the
// instructor has run proves nobody right or wrong.
func (v spreadView) Unjudged() int { return max(0, v.Answered-v.Right-v.Wrong) }

// bars are the choices in their order, then answers that are none of them any more.
func (v spreadView) bars() []bar {
	var votes [2]workshop.Distribution
	if v.Votes != nil {
		votes = *v.Votes
	}
	counts := []map[string]int{v.Given.Choices, v.Measured.Choices, votes[0].Choices, votes[1].Choices}
	choices := slices.Clone(v.Choices)
	most := 1
	for _, count := range counts {
		for _, id := range sortedKeys(count) {
			most = max(most, count[id])
			if !slices.ContainsFunc(choices, func(c choice) bool { return c.ID == id }) {
				choices = append(choices, choice{id, content.Text{Ko: id, En: id}})
			}
		}
	}
	var list []bar
	for _, c := range choices {
		list = append(list, bar{c.Text, counts[0][c.ID], counts[1][c.ID], counts[2][c.ID], counts[3][c.ID], most})
	}
	return list
}

// newStrip lays sorted numbers on one axis; nil when there are none.
func newStrip(given, measured []float64) *strip {
	all := slices.Concat(given, measured)
	if len(all) == 0 {
		return nil
	}
	s := &strip{Low: slices.Min(all), High: slices.Max(all), GivenMid: middle(given), MeasuredMid: middle(measured)}
	place := func(list []float64) (at []float64) {
		for _, v := range list {
			at = append(at, 2+96*(v-s.Low)/cmp.Or(s.High-s.Low, 1))
		}
		return at
	}
	s.Given, s.Measured = place(given), place(measured)
	return s
}

// middle is the median of sorted numbers; nil: of none.
func middle(sorted []float64) *float64 {
	if len(sorted) == 0 {
		return nil
	}
	m := quantile(sorted, 0.5)
	return &m
}
