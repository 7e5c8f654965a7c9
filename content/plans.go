package content

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Plan is a workshop: what is done when. Its steps add up to its minutes.
type Plan struct {
	ID      string
	Title   Text
	For     HTML // whom it is for, and what they can do afterwards
	Minutes int
	Steps   []Step
}

// Step is a stretch of a plan: of a lesson, or a break.
type Step struct {
	Minutes     int
	Title       Text
	What        HTML
	Lesson      string   // its id; empty: of none
	Experiments []string // of the lesson, comparisons too: their ids
	Vote        string   // EXPERIMENT/PREDICTION of the lesson, answered twice; empty: none
}

// maxPlan is how many minutes a plan has at most.
const maxPlan = 24 * 60

// plans reads plans.yaml. A book may have none; a plan with problems is left out.
func (l *loader) plans(drafts []*draft) []*Plan {
	f := &file{path.Join(l.prefix, "plans.yaml"), 0, l.problems, 0}
	source, err := fs.ReadFile(l.fsys, "plans.yaml")
	if err != nil {
		return nil
	}
	v, ok := parseYAML(f, source)
	if !ok {
		return nil
	}
	var list []*Plan
	for _, item := range v.items() {
		before := len(l.problems.list)
		p := readPlan(item, drafts)
		if slices.ContainsFunc(list, func(o *Plan) bool { return o.ID == p.ID }) {
			item.fail("plan %q stands here twice", p.ID)
		}
		if len(l.problems.list) == before {
			list = append(list, p)
		}
	}
	return list
}

func readPlan(v value, drafts []*draft) *Plan {
	keys := v.keys("a plan", []string{"id", "minutes", "title", "for", "steps"}, nil)
	required(v, "a plan", keys, "id", "minutes", "title", "for", "steps")
	p := &Plan{ID: keys["id"].word(), Title: keys["title"].both("a title"), For: keys["for"].said("what a plan is for")}
	if !keys["id"].absent() && !idPattern.MatchString(p.ID) {
		keys["id"].fail("id %q: lower-case letters, digits and - only", p.ID)
	}
	p.Minutes = keys["minutes"].minutes()
	sum := 0
	for _, item := range keys["steps"].items() {
		s := readStep(item, drafts)
		sum += s.Minutes
		p.Steps = append(p.Steps, s)
	}
	if sum != p.Minutes && !keys["minutes"].absent() && !keys["steps"].absent() {
		keys["minutes"].fail("the steps take %d minutes together, and the plan %d", sum, p.Minutes)
	}
	return p
}

func readStep(v value, drafts []*draft) Step {
	keys := v.keys("a step", []string{"minutes", "lesson", "experiments", "vote", "title", "what"}, nil)
	required(v, "a step", keys, "minutes", "title", "what")
	s := Step{Minutes: keys["minutes"].minutes(), Title: keys["title"].both("a title"), What: keys["what"].said("what is done"),
		Lesson: keys["lesson"].text(), Experiments: keys["experiments"].texts(), Vote: keys["vote"].text()}
	if keys["lesson"].absent() {
		for _, name := range []string{"experiments", "vote"} {
			if of, given := keys[name]; given {
				of.fail("%s of which lesson? name it as lesson", name)
			}
		}
		return s
	}
	d := draftOf(keys["lesson"], s.Lesson, drafts)
	if d == nil {
		return s
	}
	for _, item := range keys["experiments"].items() {
		if id := item.text(); id != "" && !d.runs(id) {
			item.fail("%s", unknownIn("experiment", id, " in lesson \""+d.ID+"\"", "it has", d.runIDs()))
		}
	}
	if s.Vote != "" {
		d.voted(keys["vote"], s)
	}
	return s
}

// draftOf is the lesson of that id; nil, with the reason said, when it cannot be used.
func draftOf(v value, id string, drafts []*draft) *draft {
	var have []string
	for _, d := range drafts {
		if d.ID == id {
			if d.Title == (Text{}) { // it could not be read, and that is said where it is
				return nil
			}
			return d
		}
		have = append(have, d.ID)
	}
	if id != "" {
		v.fail("%s", unknown("lesson", id, "there are", have))
	}
	return nil
}

// voted checks EXPERIMENT/PREDICTION: the prediction is of that experiment, and the
// step runs it.
func (d *draft) voted(v value, s Step) {
	experiment, id, ok := strings.Cut(s.Vote, "/")
	var have []string
	for _, p := range sortedKeys(d.predictions) {
		have = append(have, d.predictions[p].Experiment+"/"+p)
	}
	q := d.predictions[id]
	switch {
	case !ok || q == nil || q.Experiment != experiment:
		v.fail("%s", unknownIn("vote", s.Vote, " in lesson \""+d.ID+"\"", "its predictions are", have))
	case !slices.Contains(s.Experiments, experiment):
		v.fail("the vote is about %s, which this step does not run: add it to experiments", experiment)
	}
}

// required says which keys are missing.
func required(v value, what string, keys map[string]value, names ...string) {
	for _, name := range names {
		if _, ok := keys[name]; !ok {
			v.fail("%s has no %s", what, name)
		}
	}
}

// minutes reads a whole number of them.
func (v value) minutes() int {
	if v.absent() {
		return 0
	}
	n := v.number(1)
	if n != float64(int(n)) || n < 1 || n > maxPlan {
		v.fail("%s is not allowed: whole minutes, from 1 to %d", digits(n), maxPlan)
		return 0
	}
	return int(n)
}

// languages reads {ko: …, en: …}, with neither missing.
func (v value) languages(what string) map[string]value {
	if v.absent() {
		return nil
	}
	keys := v.keys(what, []string{"ko", "en"}, nil)
	for _, lang := range []string{"ko", "en"} {
		if _, ok := keys[lang]; !ok {
			v.fail("%s is missing in %s", what, lang)
		}
	}
	return keys
}

// both reads a text of both languages.
func (v value) both(what string) Text {
	keys := v.languages(what)
	return Text{Ko: keys["ko"].word(), En: keys["en"].word()}
}

// said reads a paragraph of both languages.
func (v value) said(what string) HTML {
	keys := v.languages(what)
	return HTML{Ko: keys["ko"].paragraph(what, "ko"), En: keys["en"].paragraph(what, "en")}
}
