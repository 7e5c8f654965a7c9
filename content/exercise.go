package content

import (
	"errors"
	"fmt"
	"go/scanner"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"socketlabs/labs"
)

// BreakIt is a failure that is seen and measured, and what cures it: every check
// of Run holds on Run, and at least one of them fails on Cure.
type BreakIt struct{ Run, Cure *Experiment }

// Exercise is a function that the learner changes until the checks of Goal hold.
type Exercise struct {
	Lesson string
	Lab    string
	Func   labs.Func   // as the lab has it
	Goal   *Experiment // its checks fail on the lab as it is
	// Solution replaces the function, and Goal holds. Its File is in the
	// lesson's folder.
	Solution labs.Version
	// Wrong replace the function too, and Goal fails: each is a way around what is
	// asked, which the checks must see.
	Wrong []labs.Version

	Task  HTML
	Hints []HTML // from the gentlest on
	Why   HTML   // the explanation of the solution
}

// Spec is the goal's with a version built in.
func (x *Exercise) Spec(v labs.Version) labs.Spec {
	spec := x.Goal.Spec.Clone()
	spec.Version = &v
	return spec
}

var header = regexp.MustCompile(`(?m)^(//go:build .*|package main)\n+`)

// Answer is the solution as the learner reads it.
func (x *Exercise) Answer() string { return header.ReplaceAllString(x.Solution.Text, "") }

// breakIt reads which experiment shows the failure, and which the cure.
func (d *draft) breakIt(v value) {
	if v.absent() {
		return
	}
	keys := v.keys("breakit", []string{"run", "cure"}, nil)
	run, cure := d.named(v, keys, "run"), d.named(v, keys, "cure")
	if run == nil || cure == nil {
		return
	}
	switch {
	case run == cure:
		keys["cure"].fail("cure: %s is the run itself: name the experiment in which the failure is gone", cure.ID)
	case len(run.Checks) == 0:
		keys["run"].fail("run: %s has no checks: they say what the failure is", run.ID)
	}
	for _, c := range run.Checks {
		if err := cure.lint(c.Expr, true); err != nil {
			keys["cure"].fail("the check %s of %s has no meaning in %s: %s", c.ID, run.ID, cure.ID, d.explain(cure, c.Expr, err))
		}
	}
	d.BreakIt = &BreakIt{run.Experiment, cure.Experiment}
}

// named returns the experiment that a key names.
func (d *draft) named(v value, keys map[string]value, key string) *planned {
	name, ok := keys[key]
	if !ok {
		v.fail("%s is missing: the id of an experiment", key)
		return nil
	}
	id := name.text()
	e := d.plan(id)
	if e == nil && id != "" {
		name.fail("%s", unknown(key, id, "the experiments are", d.experimentIDs()))
	}
	return e
}

// maxHints is how many hints an exercise may have: more is a lesson.
const maxHints = 6

// exercise reads what is changed, to what end, and how it can be done.
func (d *draft) exercise(v value) {
	if v.absent() {
		return
	}
	keys := v.keys("an exercise", []string{"edit", "goal", "solution", "wrong", "hints"}, nil)
	goal := d.named(v, keys, "goal")
	x := &Exercise{Lesson: d.ID}
	if goal == nil || !d.edit(x, v, keys["edit"], goal) {
		return
	}
	x.Goal = goal.Experiment
	switch {
	case len(goal.Checks) == 0:
		keys["goal"].fail("goal: %s has no checks: they say when the exercise is done", goal.ID)
	case len(goal.Predictions) > 0:
		keys["goal"].fail("goal: %s has predictions: an exercise is run again and again, and asks nothing", goal.ID)
	case d.BreakIt != nil && (d.BreakIt.Run == x.Goal || d.BreakIt.Cure == x.Goal):
		keys["goal"].fail("goal: %s belongs to breakit: give the exercise an experiment of its own", goal.ID)
	}
	if d.solution(x, v, keys["solution"]) && d.wrong(x, keys["wrong"]) && d.hints(x, v, keys["hints"]) {
		d.Exercise = x
	}
}

// edit reads lab#func.
func (d *draft) edit(x *Exercise, at, v value, goal *planned) bool {
	if v.absent() {
		return at.fail("edit is missing: lab#func, the function to change")
	}
	text := v.text()
	if text == "" {
		return false
	}
	s, err := d.sourceOf(text)
	if err != nil {
		return v.fail("edit: %v", err)
	}
	if s.Lab != goal.Spec.Lab {
		return v.fail("edit: %s is not of labs/%s, which the goal %s runs", text, goal.Spec.Lab, goal.ID)
	}
	x.Lab, x.Func = s.Lab, s.Func
	return true
}

// solution reads the file that the lesson shows.
func (d *draft) solution(x *Exercise, at, v value) (ok bool) {
	if v.absent() {
		return at.fail("solution is missing: a file that replaces the function, like solution.go")
	}
	x.Solution, ok = d.version(x, "solution", v)
	return ok
}

// wrong reads the files with which the goal must fail.
func (d *draft) wrong(x *Exercise, v value) bool {
	for _, item := range v.items() {
		version, ok := d.version(x, "wrong", item)
		if !ok {
			return false
		}
		if version.Text == x.Solution.Text {
			return item.fail("wrong: %s is the solution", item.text())
		}
		x.Wrong = append(x.Wrong, version)
	}
	return true
}

var versionName = regexp.MustCompile(`^[a-z0-9_-]+\.go$`)

// version reads a file that a key names, and says whether it replaces exactly
// the function.
func (d *draft) version(x *Exercise, key string, v value) (version labs.Version, ok bool) {
	name := v.text()
	if name != "" && !versionName.MatchString(name) {
		return version, v.fail("%s %q: a .go file in the lesson's folder", key, name)
	}
	text, err := fs.ReadFile(d.fsys, path.Join(d.ID, name))
	if err != nil {
		return version, v.fail("%s %q: there is no such file in the lesson's folder", key, name)
	}
	version = labs.Version{Func: x.Func.Name, Text: string(text), File: path.Join(d.prefix, d.ID, name)}
	lab, _ := d.catalog.Lab(x.Lab)
	_, err = d.catalog.Overlay(lab, version)
	if wrong, ok := errors.AsType[*labs.VersionError](err); ok {
		d.problems.add(version.File, wrong.Line, "%s", wrong.Text)
		return version, false
	}
	// A slip in the lab takes no lesson away: building it says what is wrong.
	if _, slip := errors.AsType[scanner.ErrorList](err); err != nil && !slip {
		return version, v.fail("%s: %v", key, err)
	}
	if !strings.Contains(version.Text, "//go:build ignore\n") {
		d.problems.add(version.File, 1, "the first line is //go:build ignore: the file is no package of its own")
		return version, false
	}
	return version, true
}

// hints reads how many there are; their texts stand in ko.md and en.md.
func (d *draft) hints(x *Exercise, at, v value) bool {
	if v.absent() {
		return at.fail("hints is missing: how many there are in each language")
	}
	n := v.number(0)
	if n != float64(int(n)) || n < 1 || n > maxHints {
		return v.fail("hints: a whole number from 1 to %d", maxHints)
	}
	x.Hints = make([]HTML, int(n))
	return true
}

// exerciseItem reads the texts of the lesson's one exercise. Its goal has its
// place here, and so have the goal's checks.
func (p *page) exerciseItem(v value) []item {
	x := p.Exercise
	if x == nil {
		v.fail("lesson.yaml has no exercise: write exercise: {edit, goal, solution, hints}")
		return nil
	}
	keys := v.keys("the block exercise", []string{"task", "checks", "hints", "solution"}, nil)
	it := item{id: x.Goal.ID, line: v.line()}
	add := func(label string, v value) { it.texts = append(it.texts, labelled{label, p.sentence(v)}) }
	for _, name := range []string{"task", "solution"} {
		if _, ok := keys[name]; !ok {
			v.fail("the exercise has no %s", name)
			continue
		}
		add(name, keys[name])
	}
	hints := keys["hints"].items()
	if len(hints) != len(x.Hints) {
		v.fail("the exercise has %d hints here and %d in lesson.yaml", len(hints), len(x.Hints))
	}
	for i, h := range hints {
		add(fmt.Sprint("hint:", i), h)
	}
	title := p.last().title
	if title.html == "" || len(title.shown) > 0 {
		v.fail("an exercise takes the heading above, without a placeholder: write ## … {#id}")
	}
	it.texts = append(it.texts, labelled{"", sentence{line: title.line, html: title.html}})
	p.place(x.Goal.ID, v.file, v.line())
	return []item{p.goalChecks(it, v, keys["checks"])}
}

// goalChecks reads a sentence for each check of the goal.
func (p *page) goalChecks(it item, at, v value) item {
	given := map[string]bool{}
	for _, f := range v.fields() {
		c := p.checks[f.name]
		if c == nil || c.Experiment != it.id {
			var have []string
			for _, c := range p.Exercise.Goal.Checks {
				have = append(have, c.ID)
			}
			f.keyed().fail("%s", unknown("check", f.name, "the goal "+it.id+" has", have))
			continue
		}
		given[f.name] = true
		p.place(f.name, f.file, f.line)
		it.texts = append(it.texts, labelled{"check:" + f.name, p.sentence(f.value)})
	}
	for _, c := range p.Exercise.Goal.Checks {
		if !given[c.ID] {
			at.fail("the exercise has no sentence for its goal's check %s: add it under checks", c.ID)
			p.place(c.ID, at.file, at.line())
		}
	}
	return it
}

// breakItem reads the place of the failure: id: title, as of an experiment.
func (p *page) breakItem(v value) []item {
	if p.BreakIt == nil {
		v.fail("lesson.yaml has no breakit: write breakit: {run, cure}")
		return nil
	}
	items := p.experimentItem(v)
	for _, it := range items {
		if it.id != p.BreakIt.Run.ID {
			v.fail("the block breakit shows %s, which lesson.yaml names as run, not %s", p.BreakIt.Run.ID, it.id)
		}
	}
	return items
}

// fillExercise puts the exercise's texts of both languages together.
func (d *draft) fillExercise(both func(label string) HTML) *Exercise {
	x := d.Exercise
	x.Task, x.Why = both("task"), both("solution")
	for i := range x.Hints {
		x.Hints[i] = both(fmt.Sprint("hint:", i))
	}
	for _, c := range x.Goal.Checks {
		c.Text = both("check:" + c.ID)
	}
	return x
}
