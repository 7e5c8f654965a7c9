package content

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

var (
	idPattern   = regexp.MustCompile(`^[a-z0-9-]+$`)
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// maxLessonSeconds is how long a lesson's experiments take together, once each:
// continuous integration runs them all.
const maxLessonSeconds = 40

// draft is a lesson while it is read.
type draft struct {
	*Lesson
	*loader
	file *file // lesson.yaml

	sections    []string
	derive      []derived
	experiments []*planned // in the order of lesson.yaml
	predictions map[string]*Prediction
	checks      map[string]*Check
	ids         map[string]string // what each id names
	shown       map[Placeholder]int
	links       []link
	notes       bool // it is the instructor's notes of the lesson
}

// derived is a metric made of metrics.
type derived struct {
	telemetry.Formula
	value
	used bool // some experiment has all that it needs
	err  error
}

// link is a reference to another lesson, checked when all are read.
type link struct {
	file   *file
	line   int
	lesson string
	id     string
}

// readLesson reads a folder. What is wrong with it stands in the problems.
func (l *loader) readLesson(id string) *draft {
	name := path.Join(l.prefix, id, "lesson.yaml")
	d := &draft{
		Lesson: &Lesson{ID: id}, loader: l, file: &file{name, 0, l.problems, 0},
		predictions: map[string]*Prediction{}, checks: map[string]*Check{},
		ids: map[string]string{}, shown: map[Placeholder]int{},
	}
	text, err := fs.ReadFile(l.fsys, path.Join(id, "lesson.yaml"))
	if err != nil {
		d.file.fail(1, "there is no such file")
		return d
	}
	if v, ok := parseYAML(d.file, text); ok && d.read(v) {
		d.recordings()
		d.write()
		d.readNotes()
	}
	return d
}

// read fills the draft from lesson.yaml. It is false when the lab is broken: all
// that follows would complain too.
func (d *draft) read(v value) bool {
	keys := v.keys("a lesson", []string{"covers", "lab", "sections", "derive", "experiments", "comparisons", "breakit", "exercise"}, nil)
	d.Covers = keys["covers"].texts()
	if !d.readLab(keys["lab"]) {
		return false
	}
	for _, item := range keys["sections"].items() {
		if id := item.text(); id != "" && d.name(id, "a section", item) {
			d.sections = append(d.sections, id)
		}
	}
	for _, f := range keys["derive"].fields() {
		d.derive = append(d.derive, derived{Formula: telemetry.Formula{ID: f.name, Expr: f.expr()}, value: f.value})
		d.variable(f.name, f)
		d.words.metric(f.name, "derived in "+d.file.name)
	}
	plans := map[string]value{}
	for _, f := range keys["experiments"].fields() {
		d.name(f.name, "an experiment", f.keyed())
		d.experiment(f, plans)
	}
	for _, f := range keys["comparisons"].fields() {
		d.comparison(f)
	}
	d.total(v)
	d.unused()
	d.breakIt(keys["breakit"])
	d.exercise(keys["exercise"])
	return true
}

// readLab reads the default lab; experiments without a lab of their own use it.
// It is false when that lab is broken.
func (d *draft) readLab(v value) bool {
	d.Lab = v.text()
	lab, ok := d.catalog.Lab(d.Lab)
	if !ok && d.Lab != "" {
		v.fail("%s", unknown("lab", d.Lab, "there are", labNames(d.catalog)))
	}
	if lab.Broken != "" {
		v.fail("labs/%s is broken: %s", d.Lab, lab.Broken)
	}
	return lab.Broken == ""
}

func labNames(c *labs.Catalog) []string {
	var names []string
	for _, l := range c.Labs {
		names = append(names, l.Name)
	}
	return names
}

// keyed is a field's value with the line of its key.
func (f field) keyed() value {
	if f.node == nil {
		return f.value
	}
	node := *f.node
	node.Line = f.line
	return value{&node, f.file}
}

// expr returns an expression; a number is one.
func (v value) expr() string {
	if !v.absent() && v.node.Tag == "!!bool" {
		v.fail("%s: write a comparison", v.node.Value)
		return ""
	}
	return v.word()
}

// name claims an id for what it names.
func (d *draft) name(id, what string, at value) bool {
	if !idPattern.MatchString(id) {
		return at.fail("id %q: lower-case letters, digits and - only", id)
	}
	if has, taken := d.ids[id]; taken {
		return at.fail("id %q: it names %s already, and ids are unique in the lesson: rename one", id, has)
	}
	d.ids[id] = what
	return true
}

// reserved are the words that expressions have already.
var reserved = []string{"lab", "load", "kernel", "link", "host", "ask", "knob", "seconds", "verdict", "ratio", "low", "high", "true", "false", "nil", "not", "and", "or", "in", "let"}

// variable checks a name that stands in expressions.
func (d *draft) variable(name string, at field) bool {
	switch {
	case !namePattern.MatchString(name):
		return at.keyed().fail("name %q: lower-case letters, digits and _ only, a letter first: it stands in expressions", name)
	case slices.Contains(reserved, name):
		return at.keyed().fail("name %q: expressions have this word already; take another", name)
	}
	return true
}

func (d *draft) isDerived(name string) bool {
	return slices.ContainsFunc(d.derive, func(f derived) bool { return f.ID == name })
}

// total limits the time that all experiments take together.
func (d *draft) total(lesson value) {
	sum := 0.0
	for _, e := range d.experiments {
		sum += e.seconds()
	}
	if sum > maxLessonSeconds {
		lesson.key("experiments").fail("the experiments take %s s together: a lesson has at most %d s; shorten some", digits(sum), maxLessonSeconds)
	}
}

// unused reports the derived metrics that no experiment can have.
func (d *draft) unused() {
	for _, f := range d.derive {
		if !f.used && f.err != nil {
			f.fail("derive %s: %v", f.ID, f.err)
		}
	}
}

// outline says who prescribes the sections.
func (d *draft) outline() string {
	if d.notes {
		return "an instructor's notes have"
	}
	return "lesson.yaml has"
}

// plan returns the experiment of that id, or nil.
func (d *draft) plan(id string) *planned {
	for _, e := range d.experiments {
		if e.ID == id {
			return e
		}
	}
	return nil
}

func (d *draft) experimentIDs() []string {
	var ids []string
	for _, e := range d.experiments {
		ids = append(ids, e.ID)
	}
	return ids
}

// minutes is the time to read the English words, at least one minute, and to
// run the experiments, rounded up.
func (d *draft) minutes(words int) int {
	seconds := 60 * max(1, float64(words)/220)
	for _, e := range d.experiments {
		seconds += e.seconds()
	}
	for _, c := range d.Comparisons {
		seconds += c.Plan(0).Seconds()
	}
	return int((seconds + 59.999) / 60)
}

// show registers a placeholder once and returns its number.
func (d *draft) show(p Placeholder) int {
	n, ok := d.shown[p]
	if !ok {
		n = len(d.Shown)
		d.shown[p] = n
		d.Shown = append(d.Shown, p)
	}
	return n
}

// sourceOf finds lab#func.
func (d *draft) sourceOf(text string) (*Source, error) {
	name, function, ok := strings.Cut(text, "#")
	if !ok {
		return nil, fmt.Errorf("source %q: write lab#func", text)
	}
	lab, ok := d.catalog.Lab(name)
	if !ok {
		return nil, fmt.Errorf("%s", unknown("lab", name, "there are", labNames(d.catalog)))
	}
	f, ok := lab.Func(function)
	if !ok {
		var have []string
		for _, f := range lab.Funcs {
			have = append(have, f.Name)
		}
		return nil, fmt.Errorf("%s", unknown("function", function, "labs/"+name+" has", have))
	}
	return &Source{Lab: name, Func: f, Lines: highlight(f)}, nil
}
