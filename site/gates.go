package site

import (
	"cmp"
	"slices"

	"socketlabs/content"
)

// spots are what a class can be led to in a lesson, in the order of its text:
// sections, experiments and comparisons, by id.
func spots(l *content.Lesson) (ids []string) {
	for _, section := range l.Sections {
		ids = append(ids, section.ID)
		for _, b := range section.Body {
			if id := stepOf(b); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// stepOf is the experiment or the comparison of a block; empty: it has none.
func stepOf(b content.Block) string {
	switch {
	case b.Experiment != nil:
		return b.Experiment.ID
	case b.Compare != nil:
		return b.Compare.ID
	case b.Exercise != nil:
		return b.Exercise.Goal.ID
	}
	return ""
}

// beyond says whether an experiment or a comparison of a lesson lies behind the gate. A
// section that the class may go to is open to its end.
func beyond(l *content.Lesson, upto, id string) bool {
	ids := spots(l)
	gate, at := slices.Index(ids, upto), slices.Index(ids, id)
	if upto == "" || gate < 0 || at < 0 {
		return false
	}
	if slices.ContainsFunc(l.Sections, func(s content.Section) bool { return s.ID == upto }) {
		next := slices.IndexFunc(ids[gate+1:], func(id string) bool {
			return slices.ContainsFunc(l.Sections, func(s content.Section) bool { return s.ID == id })
		})
		return next >= 0 && at > gate+next
	}
	return at > gate
}

// gated says why a learner has to wait for the class before an experiment or a
// comparison: it has not come so far, or is voting on it.
func (s *Site) gated(v visitor, e *edition, l *content.Lesson, id string) error {
	switch {
	case !v.learns():
		return nil
	case beyond(l, s.cfg.Class.Lead().Gates[l.ID], id):
		return errGate
	case s.voting(e, l.ID+"/"+id):
		return errVoting
	}
	return nil
}

// titleOf is what a section, an experiment or a comparison of a lesson is called.
func titleOf(l *content.Lesson, id string) (title content.Text, ok bool) {
	for _, s := range l.Sections {
		if s.ID == id && id != "" {
			return s.Plain, true
		}
	}
	for _, x := range l.Experiments {
		if x.ID == id {
			return x.Title, true
		}
	}
	for _, c := range l.Comparisons {
		if c.ID == id {
			return c.Title, true
		}
	}
	return title, false
}

// placed is where the class is, with what it is called.
type placed struct {
	Lesson     string       `json:"lesson"`
	Section    string       `json:"section,omitempty"`
	Experiment string       `json:"experiment,omitempty"`
	Since      string       `json:"since"` // one call to gather is told from the next by it
	Title      content.Text `json:"title"`
	Spot       content.Text `json:"spot"`
}

// placed returns where the class is; nil: nowhere in particular.
func (s *Site) placed(e *edition) *placed {
	h := s.cfg.Class.Lead().Here
	if h == nil {
		return nil
	}
	p := &placed{Lesson: h.Lesson, Section: h.Section, Experiment: h.Experiment, Since: h.Since.UTC().Format("2006-01-02T15:04:05.000Z"), Title: content.Text{Ko: h.Lesson, En: h.Lesson}}
	if l, _, _ := e.book.Lesson(h.Lesson); l != nil {
		p.Title = l.Title
		p.Spot, _ = titleOf(l, cmp.Or(h.Experiment, h.Section))
	}
	return p
}

// leadLesson is what a class can be led to in one lesson.
type leadLesson struct {
	ID    string       `json:"id"`
	Title content.Text `json:"title"`
	Spots []leadSpot   `json:"spots"` // in the order of the text
	Asks  []question   `json:"asks"`
	Hints int          `json:"hints"` // of its exercise
}

// leadSpot is one place in it.
type leadSpot struct {
	ID    string       `json:"id"`
	Kind  string       `json:"kind"` // section, experiment, comparison
	Title content.Text `json:"title"`
}

// led is what a class can be led to, lesson by lesson.
func (s *Site) led() []leadLesson {
	e, list := s.shelf.edition(), []leadLesson{}
	for _, part := range e.book.Parts {
		for _, l := range part.Lessons {
			list = append(list, s.ledTo(e, l))
		}
	}
	return list
}

func (s *Site) ledTo(e *edition, l *content.Lesson) leadLesson {
	to := leadLesson{ID: l.ID, Title: l.Title, Spots: []leadSpot{}, Asks: []question{}}
	for _, id := range spots(l) {
		if title, ok := titleOf(l, id); ok {
			to.Spots = append(to.Spots, leadSpot{id, kindOf(l, id), title})
		}
	}
	ask := func(of string, list []*content.Prediction) {
		for _, p := range list {
			q := s.inWords(e, of+"/"+p.ID)
			q.Choices, q.Lesson = nil, nil
			to.Asks = append(to.Asks, q)
		}
	}
	for _, x := range l.Experiments {
		ask(x.Spec.Name, x.Predictions)
	}
	for _, c := range l.Comparisons {
		ask(c.Name, c.Predictions)
	}
	if l.Exercise != nil {
		to.Hints = len(l.Exercise.Hints)
	}
	return to
}

// kindOf is what an id of a lesson names.
func kindOf(l *content.Lesson, id string) string {
	switch {
	case slices.ContainsFunc(l.Experiments, func(x *content.Experiment) bool { return x.ID == id }):
		return "experiment"
	case slices.ContainsFunc(l.Comparisons, func(c *content.Comparison) bool { return c.ID == id }):
		return "comparison"
	}
	return "section"
}
