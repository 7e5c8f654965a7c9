package content

import (
	"regexp"
	"slices"
	"strings"

	"socketlabs/labs/telemetry"
)

// groups are the charts' groups, in the order of the page.
func groups() []string {
	return []string{"throughput", "latency", "queues", "calls", "cpu", "memory", "sockets", "errors", "link"}
}

// queues are the answers of a queue prediction, in the order of the way that a
// byte goes.
func queues() []string {
	return []string{"client", "sendq", "link", "recvq", "accept", "parser", "workers", "out", "none"}
}

var metricName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$`)

func (d *draft) charts(e *planned, v value) {
	for _, f := range v.fields() {
		if !slices.Contains(groups(), f.name) {
			f.keyed().fail("%s", unknown("group", f.name, "there are", groups()))
			continue
		}
		if metrics := d.metrics(e, f.value); len(metrics) > 0 {
			e.Spec.Charts = append(e.Spec.Charts, telemetry.Chart{Group: f.name, Metrics: metrics})
		}
		d.words.group(f.name)
	}
}

func (d *draft) watch(e *planned, v value) { e.Spec.Watch = d.metrics(e, v) }

// metrics reads names of metrics, each of which needs a label.
func (d *draft) metrics(e *planned, v value) []string {
	var list []string
	for _, item := range v.items() {
		name := item.text()
		switch {
		case name == "":
		case !metricName.MatchString(name):
			item.fail("metric %q: a name like kernel.recvq; give an expression a name under derive", name)
		case slices.Contains(list, name):
			item.fail("metric %q stands here twice", name)
		case d.drawable(e, name, item):
			list = append(list, name)
			d.words.metric(name, "shown in "+d.file.name)
		}
	}
	return list
}

func (d *draft) check(e *planned, v value) {
	for _, f := range v.fields() {
		expr := f.expr()
		d.name(f.name, "a check", f.keyed())
		d.expression(e, expr, true, f.value)
		c := &Check{Formula: telemetry.Formula{ID: f.name, Expr: expr}, Experiment: e.ID}
		d.checks[f.name] = c
		e.Checks = append(e.Checks, c)
		e.Spec.Checks = append(e.Spec.Checks, c.Formula)
	}
}

func (d *draft) predict(e *planned, v value) {
	for _, f := range v.fields() {
		d.name(f.name, "a prediction", f.keyed())
		p := &Prediction{Experiment: e.ID}
		p.ID = f.name
		d.question(e, p, f)
		d.predictions[f.name] = p
		e.Predictions = append(e.Predictions, p)
		e.Spec.Predictions = append(e.Spec.Predictions, p.Prediction)
	}
}

// tolerance is 0, 10%, 5 (in the unit) or x10 (a factor).
var tolerance = regexp.MustCompile(`^(\d+(\.\d+)?%?|x\d+(\.\d+)?)$`)

// question reads a prediction. What does not belong to its kind is refused.
func (d *draft) question(e *planned, p *Prediction, f field) {
	keys := f.keys("a prediction", []string{"kind", "answer", "tolerance", "choices", "unit", "range"}, nil)
	p.Kind = keys["kind"].text()
	own := map[string][]string{"choice": {"choices"}, "number": {"unit", "tolerance"}, "queue": {}, "curve": {"tolerance", "range"}}
	if _, ok := own[p.Kind]; !ok {
		d.noPrediction(f, keys["kind"])
		return
	}
	for _, name := range []string{"choices", "unit", "tolerance", "range"} {
		if v, given := keys[name]; given && !slices.Contains(own[p.Kind], name) {
			v.fail("%s does not belong to a prediction of kind %s", name, p.Kind)
		}
	}
	switch p.Kind {
	case "choice":
		p.Prediction.Choices = d.choices(keys["choices"], f)
	case "queue":
		p.Prediction.Choices = queues()
	case "number":
		d.amount(p, keys["unit"], keys["tolerance"], f)
	case "curve":
		d.curve(e, p, keys, f)
		return
	}
	d.answer(e, p, keys["answer"], f)
}

// predictionKinds are the kinds of predictions.
func predictionKinds() []string { return []string{"choice", "number", "queue", "curve"} }

func (d *draft) noPrediction(f field, kind value) {
	switch text := kind.text(); {
	case kind.absent():
		f.keyed().fail("prediction %s has no kind: there are %s", f.name, strings.Join(predictionKinds(), ", "))
	case text != "":
		kind.fail("%s", unknown("kind", text, "there are", predictionKinds()))
	}
}

// curve reads what belongs to a curve: the metric, which must stand on a chart,
// the tolerance, and the axis.
func (d *draft) curve(e *planned, p *Prediction, keys map[string]value, f field) {
	d.tolerance(p, keys["tolerance"])
	p.Range = d.axis(keys["range"], f)
	if keys["answer"].absent() {
		f.keyed().fail("prediction %s has no answer: a metric of a chart", f.name)
		return
	}
	p.Answer = keys["answer"].text()
	if p.Answer == "" || !d.expression(e, p.Answer, false, keys["answer"]) {
		return
	}
	if err := e.linter.Curve(p.Answer); err != nil {
		keys["answer"].fail("%v", err)
		return
	}
	drawn := func(c telemetry.Chart) bool { return slices.Contains(c.Metrics, p.Answer) }
	if !slices.ContainsFunc(e.Spec.Charts, drawn) {
		keys["answer"].fail("%s stands on no chart, where the curve is to lie over it: name it under charts", p.Answer)
	}
}

// axis reads [from, to].
func (d *draft) axis(v value, f field) []float64 {
	if v.absent() {
		f.keyed().fail("prediction %s: kind curve has a range: [from, to], the axis that it is drawn on", f.name)
		return nil
	}
	ends := v.items()
	if len(ends) != 2 {
		v.fail("range: write [from, to] in the metric's unit; a counter's is per second")
		return nil
	}
	axis := []float64{ends[0].number(0), ends[1].number(0)}
	if !(axis[0] < axis[1]) {
		v.fail("range: it ends at %s and begins at %s", digits(axis[1]), digits(axis[0]))
	}
	return axis
}

func (d *draft) choices(v value, f field) []string {
	var list []string
	for _, item := range v.items() {
		id := item.text()
		switch {
		case id == "":
		case !idPattern.MatchString(id):
			item.fail("choice %q: lower-case letters, digits and - only", id)
		case slices.Contains(list, id):
			item.fail("choice %q stands here twice", id)
		default:
			list = append(list, id)
		}
	}
	if len(list) < 2 {
		f.keyed().fail("prediction %s: kind choice has choices: [a, b], at least two", f.name)
	}
	return list
}

func (d *draft) amount(p *Prediction, unit, widen value, f field) {
	p.Unit = unit.text()
	if unit.absent() {
		f.keyed().fail("prediction %s: kind number has a unit: what the learner types", f.name)
	}
	d.words.unit(p.Unit, "asked in "+d.file.name)
	d.tolerance(p, widen)
}

func (d *draft) tolerance(p *Prediction, widen value) {
	if p.Tolerance = widen.word(); widen.absent() {
		p.Tolerance = "0"
	} else if !tolerance.MatchString(p.Tolerance) {
		widen.fail("tolerance %q: write 0, 10%%, 5 (in the unit) or x10 (a factor)", p.Tolerance)
	}
}

// outcomes finds the texts that an expression can come to: it is one, or they
// are the branches of a condition ? "a" : "b".
var outcomes = regexp.MustCompile(`(?:^|[?:])[\s(]*(?:"([^"]*)"|'([^']*)')`)

func (d *draft) answer(e *planned, p *Prediction, v value, f field) {
	if v.absent() {
		f.keyed().fail("prediction %s has no answer: an expression over the run", f.name)
		return
	}
	p.Answer = v.expr()
	if !d.expression(e, p.Answer, false, v) || p.Kind == "number" {
		return
	}
	for _, m := range outcomes.FindAllStringSubmatch(p.Answer, -1) {
		if text := m[1] + m[2]; !slices.Contains(p.Prediction.Choices, text) {
			v.fail("%s", unknown("answer", text, "the choices are", p.Prediction.Choices))
		}
	}
}
