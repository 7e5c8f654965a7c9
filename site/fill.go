package site

import (
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strconv"

	"socketlabs/content"
)

// empty is a placeholder as the renderer leaves it.
var empty = regexp.MustCompile(`<data class="measured" data-n="([0-9]+)"></data>`)

// fill puts values into the placeholders of a rendered text.
func fill(text template.HTML, values []value) template.HTML {
	return template.HTML(empty.ReplaceAllStringFunc(string(text), func(data string) string {
		n, err := strconv.Atoi(empty.FindStringSubmatch(data)[1])
		if err != nil || n >= len(values) {
			return data
		}
		v, class, why := values[n], "measured", ""
		if v.Author {
			class += " is-author"
		}
		if v.Why != "" {
			class += " is-missing"
			why = ` title="` + html.EscapeString(v.Why) + `"`
		}
		return fmt.Sprintf(`<data class="%s" data-n="%d"%s>%s</data>`, class, n, why, html.EscapeString(v.Text))
	}))
}

// filled returns a copy of a lesson with every placeholder filled in. What
// sections and experiments share stays shared.
func filled(l *content.Lesson, values []value) *content.Lesson {
	f := &filler{values: values, experiments: map[*content.Experiment]*content.Experiment{},
		predictions: map[*content.Prediction]*content.Prediction{}, checks: map[*content.Check]*content.Check{}}
	c := *l
	c.Experiments = each(l.Experiments, f.experiment)
	c.Sections = make([]content.Section, len(l.Sections))
	for i, s := range l.Sections {
		s.Title = f.html(s.Title)
		s.Body = append([]content.Block(nil), s.Body...)
		for k := range s.Body {
			f.block(&s.Body[k])
		}
		c.Sections[i] = s
	}
	return &c
}

// filler copies what holds text, each thing once.
type filler struct {
	values      []value
	experiments map[*content.Experiment]*content.Experiment
	predictions map[*content.Prediction]*content.Prediction
	checks      map[*content.Check]*content.Check
}

func (f *filler) html(h content.HTML) content.HTML {
	return content.HTML{Ko: fill(h.Ko, f.values), En: fill(h.En, f.values)}
}

func (f *filler) block(b *content.Block) {
	if b.Prose != nil {
		h := f.html(*b.Prose)
		b.Prose = &h
	}
	if b.Experiment != nil {
		b.Experiment = f.experiment(b.Experiment)
	}
	if b.BreakIt != nil {
		b.BreakIt = &content.BreakIt{Run: f.experiment(b.BreakIt.Run), Cure: f.experiment(b.BreakIt.Cure)}
	}
	if b.Exercise != nil {
		b.Exercise = f.exercise(b.Exercise)
	}
	b.Predict, b.Check = each(b.Predict, f.prediction), each(b.Check, f.check)
}

func (f *filler) experiment(x *content.Experiment) *content.Experiment {
	return once(f.experiments, x, func(c *content.Experiment) {
		c.Predictions, c.Checks = each(x.Predictions, f.prediction), each(x.Checks, f.check)
	})
}

func (f *filler) exercise(x *content.Exercise) *content.Exercise {
	c := *x
	c.Goal, c.Task, c.Why, c.Hints = f.experiment(x.Goal), f.html(x.Task), f.html(x.Why), each(x.Hints, f.html)
	return &c
}

func (f *filler) prediction(p *content.Prediction) *content.Prediction {
	return once(f.predictions, p, func(c *content.Prediction) {
		c.Ask, c.Why = f.html(p.Ask), f.html(p.Why)
		c.Choices = each(p.Choices, func(x content.ChoiceText) content.ChoiceText { x.Text = f.html(x.Text); return x })
	})
}

func (f *filler) check(c *content.Check) *content.Check {
	return once(f.checks, c, func(n *content.Check) { n.Text = f.html(c.Text) })
}

// once returns the copy of x that change has changed.
func once[T any](copies map[*T]*T, x *T, change func(*T)) *T {
	if c, ok := copies[x]; ok {
		return c
	}
	c := *x
	copies[x] = &c
	change(&c)
	return &c
}

func each[T any](from []T, f func(T) T) []T {
	var to []T
	for _, x := range from {
		to = append(to, f(x))
	}
	return to
}
