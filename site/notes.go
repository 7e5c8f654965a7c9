package site

import (
	"cmp"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"socketlabs/content"
	"socketlabs/runner"
)

// notesView is the instructor's notes of a lesson, with their values filled in.
type notesView struct {
	Lesson   *content.Lesson
	Title    content.Text
	Sections []content.Section
	Vote     *content.Prediction // that the class answers twice
}

// notesPage shows the notes of a lesson.
func (s *Site) notesPage(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	l, _, _, err := e.find(r.PathValue("lesson"))
	if err == nil && l.Notes == nil {
		err = errNotFound
	}
	if err != nil {
		return err
	}
	p := s.page(r, e)
	p.Notes = s.notesOf(e, l, s.listed(s.visitor(r)))
	p.Terms = termViews(e, l.Notes.Terms)
	return s.show(w, r, http.StatusOK, "notes", p, &pageData{})
}

// notesOf fills in the notes of a lesson that has them. runs are the reader's.
func (s *Site) notesOf(e *edition, l *content.Lesson, runs []runner.Summary) *notesView {
	n := l.Notes
	values := s.shown.of(e, &content.Lesson{ID: l.ID, Experiments: l.Experiments, Shown: n.Shown}, runs)
	v := &notesView{Lesson: l, Title: n.Title, Vote: s.asks(e, l, n.Vote.ID, runs)}
	f := &filler{values: values}
	for _, section := range n.Sections {
		section.Title = rooted(f.html(section.Title))
		section.Body = slices.Clone(section.Body)
		for i, b := range section.Body {
			prose := rooted(f.html(*b.Prose))
			section.Body[i].Prose = &prose
		}
		v.Sections = append(v.Sections, section)
	}
	return v
}

// asks is a prediction of a lesson with its question and choices filled in; nil when
// the lesson has none of that id.
func (s *Site) asks(e *edition, l *content.Lesson, id string, runs []runner.Summary) *content.Prediction {
	var found *content.Prediction
	for _, x := range l.Experiments {
		found = cmp.Or(found, predictionIn(x.Predictions, id))
	}
	for _, c := range l.Comparisons {
		found = cmp.Or(found, predictionIn(c.Predictions, id))
	}
	if found == nil {
		return nil
	}
	texts := string(found.Ask.Ko)
	for _, c := range found.Choices {
		texts += string(c.Text.Ko)
	}
	values := make([]value, len(l.Shown)) // of which only its own are asked for
	for _, m := range empty.FindAllStringSubmatch(texts, -1) {
		if n, err := strconv.Atoi(m[1]); err == nil && n < len(values) {
			values[n] = s.shown.of(e, &content.Lesson{ID: l.ID, Experiments: l.Experiments, Shown: l.Shown[n : n+1]}, runs)[0]
		}
	}
	f := &filler{values: values, predictions: map[*content.Prediction]*content.Prediction{}}
	return f.prediction(found)
}

func predictionIn(list []*content.Prediction, id string) *content.Prediction {
	for _, p := range list {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// near is an address beside a lesson's page, as its prose has it.
var near = regexp.MustCompile(`\bhref="([a-z0-9-]+(?:#[^"]*)?)"`)

// rooted makes addresses of prose that is read elsewhere than on a lesson's page lead
// to where they lead there.
func rooted(h content.HTML) content.HTML {
	return content.HTML{
		Ko: template.HTML(near.ReplaceAllString(string(h.Ko), `href="/ko/$1"`)),
		En: template.HTML(near.ReplaceAllString(string(h.En), `href="/en/$1"`)),
	}
}

// planView is a plan with the times of day that its steps have when it starts then.
type planView struct {
	*content.Plan
	Start, End string
	Wrong      bool // the start that was asked for is no time of day
	With       bool // the notes of its lessons stand below
	Steps      []planStep
	Notes      []*notesView
}

// planStep is a step with what it refers to.
type planStep struct {
	content.Step
	From, To string
	Of       *content.Lesson // nil: a break, or a lesson that cannot be shown
	Runs     []planRun
	Vote     *content.Prediction
}

// planRun is an experiment or a comparison of a step.
type planRun struct {
	ID    string
	Title content.Text
}

// clock is a time of day as a form has it.
const clock = "15:04"

// planStart is when a plan starts that nobody has chosen a start for.
const planStart = "09:00"

// planPage shows a plan for paper: ?start=13:30, ?notes=1 for the notes of its lessons.
func (s *Site) planPage(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	i := slices.IndexFunc(e.book.Plans, func(p *content.Plan) bool { return p.ID == r.PathValue("plan") })
	if i < 0 {
		return errNotFound
	}
	p := s.page(r, e)
	p.Plan = s.planOf(e, e.book.Plans[i], cmp.Or(r.FormValue("start"), planStart), r.FormValue("notes") != "", s.listed(s.visitor(r)))
	p.Terms = termsOf(e, p.Plan.Notes)
	return s.show(w, r, http.StatusOK, "plan", p, &pageData{})
}

// planOf lays a plan on the clock.
func (s *Site) planOf(e *edition, plan *content.Plan, start string, with bool, runs []runner.Summary) *planView {
	v := &planView{Plan: plan, With: with}
	at, err := time.Parse(clock, start)
	if v.Wrong = err != nil; v.Wrong {
		at, _ = time.Parse(clock, planStart)
	}
	v.Start = at.Format(clock)
	seen := map[string]bool{}
	for _, step := range plan.Steps {
		x := planStep{Step: step, From: at.Format(clock)}
		at = at.Add(time.Duration(step.Minutes) * time.Minute)
		x.To = at.Format(clock)
		if l, _, _ := e.book.Lesson(step.Lesson); l != nil {
			x.Of, x.Runs = l, stepRuns(l, step.Experiments)
			if _, id, voted := strings.Cut(step.Vote, "/"); voted {
				x.Vote = s.asks(e, l, id, runs)
			}
			if with && l.Notes != nil && !seen[l.ID] {
				v.Notes = append(v.Notes, s.notesOf(e, l, runs))
			}
			seen[l.ID] = true
		}
		v.Steps = append(v.Steps, x)
	}
	v.End = at.Format(clock)
	return v
}

// stepRuns are the experiments and comparisons of those ids.
func stepRuns(l *content.Lesson, ids []string) (list []planRun) {
	for _, id := range ids {
		for _, x := range l.Experiments {
			if x.ID == id {
				list = append(list, planRun{id, x.Title})
			}
		}
		for _, c := range l.Comparisons {
			if c.ID == id {
				list = append(list, planRun{id, c.Title})
			}
		}
	}
	return list
}

// termsOf are the terms that notes mark, each once.
func termsOf(e *edition, notes []*notesView) []termView {
	var all []*content.Term
	for _, n := range notes {
		for _, t := range n.Lesson.Notes.Terms {
			if !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	return termViews(e, all)
}
