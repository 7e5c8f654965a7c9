package content

import (
	"slices"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// Comparison is two experiments of a lesson that are run interleaved and judged:
// b against a.
type Comparison struct {
	ID          string
	Name        string // LESSON/COMPARISON
	Title       Text
	ATitle      Text
	BTitle      Text
	A, B        *Experiment
	Rounds      int // of A B B A
	Compare     telemetry.Comparing
	Predictions []*Prediction
	// Author is the author's recording, gzipped JSON lines; nil when there is none.
	Author []byte
}

// DefaultRounds are how many rounds of A B B A a comparison has when the lesson
// does not say.
const DefaultRounds = 3

// Plan is what runs the comparison, in so many rounds; 0: as the lesson says.
func (c *Comparison) Plan(rounds int) labs.Plan {
	if rounds == 0 {
		rounds = c.Rounds
	}
	return labs.Interleaved(c.Name, armOf(c.A), armOf(c.B), rounds, c.Compare)
}

// armOf is an experiment as an arm. Its own predictions are not asked here.
func armOf(x *Experiment) labs.Arm {
	spec := x.Spec.Clone()
	spec.Predictions = nil
	return labs.Arm{Label: x.ID, Spec: spec}
}

// comparisons reads the key of that name, when the experiments are known.
func (d *draft) comparison(f field) {
	d.name(f.name, "a comparison", f.keyed())
	keys := f.keys("a comparison", []string{"a", "b", "metric", "better", "expect", "within", "rounds", "predictions"}, nil)
	c := &Comparison{ID: f.name, Name: d.ID + "/" + f.name, Rounds: DefaultRounds}
	a, b := d.compared(keys["a"], "a", f), d.compared(keys["b"], "b", f)
	if a == nil || b == nil {
		return
	}
	c.A, c.B = a.Experiment, b.Experiment
	d.comparedMetric(c, a, b, keys["metric"], keys["better"], f)
	d.expectation(c, keys["expect"], keys["within"], f)
	c.Rounds = d.roundsOf(c, keys["rounds"], f)
	for _, q := range keys["predictions"].fields() {
		d.foretell(c, q)
	}
	d.Comparisons = append(d.Comparisons, c)
}

// compared finds one of the two experiments.
func (d *draft) compared(v value, which string, f field) *planned {
	if v.absent() {
		f.keyed().fail("comparison %s has no %s: name an experiment", f.name, which)
		return nil
	}
	id := v.text()
	e := d.plan(id)
	if e == nil && id != "" {
		v.fail("%s", unknown("experiment", id, "lesson.yaml has", d.experimentIDs()))
	}
	return e
}

// comparedMetric reads what is compared, which both experiments must be able to say.
func (d *draft) comparedMetric(c *Comparison, a, b *planned, metric, better value, f field) {
	if metric.absent() {
		f.keyed().fail("comparison %s has no metric: an expression that both experiments have", f.name)
		return
	}
	m := telemetry.Compared{Expr: metric.expr(), Better: "lower"}
	known := a.lab.Name != "" && b.lab.Name != "" // else their own problem is reported already
	if known && d.expression(a, m.Expr, false, metric) {
		d.expression(b, m.Expr, false, metric)
	}
	if !better.absent() {
		m.Better = better.text()
		if m.Better != "" && m.Better != "lower" && m.Better != "higher" {
			better.fail("%s", unknown("better", m.Better, "it is", []string{"lower", "higher"}))
		}
	}
	if metricName.MatchString(m.Expr) { // another expression is shown as it is written
		d.words.metric(m.Expr, "compared in "+d.file.name)
	}
	c.Compare.Metrics = []telemetry.Compared{m}
}

// verdicts are what a lesson may expect.
var verdicts = []string{"better", "worse", "none"}

// expectation reads the verdict that the lesson claims. That nothing differs is
// claimed with a bound.
func (d *draft) expectation(c *Comparison, expect, within value, f field) {
	if expect.absent() {
		f.keyed().fail("comparison %s expects nothing: expect is better, worse or none, of b against a", f.name)
		return
	}
	c.Compare.Expect = expect.text()
	if c.Compare.Expect != "" && !slices.Contains(verdicts, c.Compare.Expect) {
		expect.fail("%s", unknown("expect", c.Compare.Expect, "it is", verdicts))
	}
	c.Compare.Within = within.number(0)
	none := c.Compare.Expect == "none"
	switch {
	case none && within.absent():
		expect.fail("expect: none needs within: the share, like 0.1, inside which the whole interval must lie")
	case !none && !within.absent():
		within.fail("within belongs to expect: none")
	case none && !(c.Compare.Within > 0 && c.Compare.Within < 1):
		within.fail("%s is not allowed: a share between 0 and 1", digits(c.Compare.Within))
	}
}

// roundsOf reads how many rounds there are, which must fit into one run.
func (d *draft) roundsOf(c *Comparison, v value, f field) int {
	n := v.number(DefaultRounds)
	if n != float64(int(n)) || n < 1 || n > labs.MaxBlocks/4 {
		v.fail("%s is not allowed: rounds of A B B A, a whole number from 1 to %d", digits(n), labs.MaxBlocks/4)
		return DefaultRounds
	}
	if err := c.Plan(int(n)).Check(); err != nil {
		f.keyed().fail("comparison %v", err)
	}
	return int(n)
}

// foretell reads a prediction of the verdict.
func (d *draft) foretell(c *Comparison, f field) {
	d.name(f.name, "a prediction", f.keyed())
	p := &Prediction{Experiment: c.ID}
	p.ID = f.name
	keys := f.keys("a prediction", []string{"kind", "answer", "tolerance", "choices", "unit"}, nil)
	d.predictions[f.name] = p
	switch p.Kind = keys["kind"].text(); p.Kind {
	case "choice":
		p.Prediction.Choices = d.choices(keys["choices"], f)
	case "number":
		d.amount(p, keys["unit"], keys["tolerance"], f)
	case "curve": // there are many blocks, and one ratio comes of them
		f.keyed().fail("prediction %s: a comparison ends in one ratio, and no time runs along it: ask for the curve in experiment %s or %s", f.name, c.A.ID, c.B.ID)
		return
	default:
		f.keyed().fail("prediction %s: of a comparison there are the kinds choice, number", f.name)
		return
	}
	p.Answer = keys["answer"].expr()
	if keys["answer"].absent() {
		f.keyed().fail("prediction %s has no answer: an expression of verdict, ratio, low and high", f.name)
	} else if err := judge.LintComparison(p.Prediction); err != nil && p.Answer != "" {
		keys["answer"].fail("%v", err)
	}
	c.Predictions = append(c.Predictions, p)
	c.Compare.Predictions = append(c.Compare.Predictions, p.Prediction)
}

// comparisonOf returns the lesson's comparison of that id, or nil.
func (l *Lesson) comparisonOf(id string) *Comparison {
	for _, c := range l.Comparisons {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (l *Lesson) comparisonIDs() []string {
	var ids []string
	for _, c := range l.Comparisons {
		ids = append(ids, c.ID)
	}
	return ids
}

// compareItem reads a block compare: id, and the titles of it and its two sides.
func (p *page) compareItem(v value) []item {
	fields := v.fields()
	if len(fields) != 1 {
		v.fail("one comparison a block: id: with title, a, b")
		return nil
	}
	f := fields[0]
	c := p.comparisonOf(f.name)
	if c == nil {
		f.keyed().fail("%s", unknown("comparison", f.name, "lesson.yaml has", p.comparisonIDs()))
		return nil
	}
	keys := f.keys("a comparison's text", []string{"title", "a", "b"}, nil)
	it := item{id: f.name, line: f.line}
	for _, name := range []string{"title", "a", "b"} {
		if _, ok := keys[name]; !ok {
			f.keyed().fail("comparison %s has no %s", f.name, name)
			continue
		}
		text := p.sentence(keys[name])
		if len(text.shown) > 0 {
			keys[name].fail("a comparison's titles have no placeholder")
		}
		it.texts = append(it.texts, labelled{name, text})
	}
	p.place(f.name, f.file, f.line)
	for _, q := range c.Predictions {
		if p.placed[q.ID] == 0 {
			f.file.fail(f.line, "the prediction %s of %s does not stand above its comparison: move it there", q.ID, c.ID)
		}
	}
	return []item{it}
}
