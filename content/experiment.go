package content

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// planned is an experiment while its lesson is read.
type planned struct {
	*Experiment
	lab     labs.Lab
	line    int
	derived bool          // every derived metric is known
	linter  *judge.Linter // from then on, once it was needed
	lists   *judge.Linter // of expressions over all blocks of a sweep, likewise
}

// defaultSeconds is how long is measured when the experiment does not say.
const defaultSeconds = 5

// experiment reads one experiment: the entries of the one that it is like, and
// its own laid on top.
func (d *draft) experiment(f field, plans map[string]value) {
	before := len(d.problems.list)
	own := value{d.like(f, plans), f.file}
	keys := own.keys("an experiment",
		[]string{"like", "lab", "knobs", "load", "faults", "net", "sysctl", "warmup", "seconds", "windows", "sweep", "charts", "watch", "predictions", "checks"},
		[]string{"link"})
	plans[f.name] = own
	e := &planned{Experiment: &Experiment{ID: f.name}, line: f.line}
	e.Spec.Name = d.ID + "/" + f.name
	d.experiments = append(d.experiments, e)
	if !d.labOf(e, keys["lab"], f) || own.node == nil {
		return
	}
	e.Spec.Knobs = settings(keys["knobs"].fields(), "knob", "labs/"+e.lab.Name+" has", e.lab.Knobs)
	d.loadOf(e, keys["load"])
	d.length(e, keys["warmup"], keys["seconds"])
	d.windows(e, keys["windows"])
	d.faults(e, keys["faults"])
	d.net(e, keys["net"], keys["sysctl"])
	d.sweep(e, keys["sweep"])
	d.deriveOf(e)
	d.charts(e, keys["charts"])
	d.watch(e, keys["watch"])
	d.predict(e, keys["predictions"])
	d.check(e, keys["checks"])
	d.words.lab(e.lab)
	if len(d.problems.list) == before {
		d.whole(e)
	}
}

// like returns the experiment's entries, with those of the one it is like below
// them; predictions and checks are never inherited. It returns nil when there is
// no such experiment.
func (d *draft) like(f field, plans map[string]value) *yaml.Node {
	if f.node.Kind != yaml.MappingNode {
		return f.node
	}
	i := index(f.node, "like")
	if i < 0 {
		return f.node
	}
	name := value{f.node.Content[i+1], f.file}
	text := name.text()
	base, ok := plans[text]
	if !ok && text != "" {
		name.fail("%s", unknown("like", text, "the experiments above are", sortedKeys(plans)))
	}
	if !ok || base.node == nil || base.node.Kind != yaml.MappingNode {
		return nil
	}
	return merge(without(base.node, "like", "predictions", "checks"), f.node)
}

// labOf finds the experiment's lab. That the lesson's is unknown is said there.
func (d *draft) labOf(e *planned, v value, f field) bool {
	e.Spec.Lab = d.Lab
	if !v.absent() {
		e.Spec.Lab = v.text()
	}
	if e.Spec.Lab == "" && v.absent() {
		return f.keyed().fail("experiment %q has no lab: name one here, or lab: at the top for all", f.name)
	}
	lab, ok := d.catalog.Lab(e.Spec.Lab)
	if !ok && e.Spec.Lab != d.Lab {
		v.fail("%s", unknown("lab", e.Spec.Lab, "there are", labNames(d.catalog)))
	}
	if lab.Broken != "" {
		return v.fail("labs/%s is broken: %s", lab.Name, lab.Broken)
	}
	e.lab = lab
	return ok
}

// settings checks values against their declarations.
func settings(fields []field, what, where string, list []labs.Setting) map[string]any {
	var out map[string]any
	for _, f := range fields {
		i := slices.IndexFunc(list, func(s labs.Setting) bool { return s.Name == f.name })
		if i < 0 {
			f.keyed().fail("%s", unknown(what, f.name, where, settingNames(list)))
			continue
		}
		v, err := list[i].Check(f.scalar())
		if err != nil {
			f.fail("%s %v", what, err)
			continue
		}
		if out == nil {
			out = map[string]any{}
		}
		out[f.name] = v
	}
	return out
}

func settingNames(list []labs.Setting) []string {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = s.Name
	}
	slices.Sort(names)
	return names
}

// loadOf reads the load; load: none takes an inherited one away.
func (d *draft) loadOf(e *planned, v value) {
	if v.absent() || v.scalar() == "none" {
		return
	}
	var with value
	fields := slices.DeleteFunc(v.fields(), func(f field) bool {
		if f.name == "with" {
			with = f.value
		}
		return f.name == "with"
	})
	e.Spec.Load = settings(fields, "load setting", "there are", labs.LoadSettings())
	if e.Spec.Load == nil {
		e.Spec.Load = map[string]any{} // all defaults; nil would be no load
	}
	if c, ok := labs.ClientNamed(labs.Full(labs.LoadSettings(), e.Spec.Load)["client"]); ok {
		e.Spec.Client = settings(with.fields(), "setting", "the client "+c.Name+" has", c.Settings)
		d.words.settings(c.Settings, "the client "+c.Name)
	}
}

// length reads warmup and seconds, both on the grid of samples.
func (d *draft) length(e *planned, warmup, seconds value) {
	e.Spec.Warmup = d.time(warmup, 0, 0, labs.MaxWarmup)
	e.Spec.Seconds = d.time(seconds, defaultSeconds, 0.1, labs.MaxSeconds)
	if sum := e.Spec.Warmup + e.Spec.Seconds; sum > labs.MaxSeconds {
		d.file.fail(max(warmup.line(), seconds.line()), "warmup and seconds are %s s together: a run has at most %d s", digits(sum), labs.MaxSeconds)
	}
}

// time reads seconds within bounds, a multiple of 0.1.
func (d *draft) time(v value, def, least, most float64) float64 {
	t := v.number(def)
	tenths := t / telemetry.Tick.Seconds()
	switch {
	case v.absent():
	case t < least || t > most:
		v.fail("%s s is not allowed: from %s to %s s", digits(t), digits(least), digits(most))
		return def
	case math.Abs(tenths-math.Round(tenths)) > 1e-6:
		v.fail("%s s is not on the grid of samples: a multiple of 0.1 s", digits(t))
	}
	return t
}

func (d *draft) windows(e *planned, v value) {
	for _, f := range v.fields() {
		ends := f.items()
		if !d.window(e, f) || ends == nil {
			continue
		}
		if len(ends) != 2 {
			f.fail("window %s: write [from, to] in seconds of the measured time", f.name)
			continue
		}
		from := d.time(ends[0], 0, 0, e.Spec.Seconds)
		to := d.time(ends[1], e.Spec.Seconds, 0, e.Spec.Seconds)
		if from >= to {
			f.fail("window %s: it ends before it begins", f.name)
			from, to = 0, e.Spec.Seconds
		}
		e.Spec.Windows = append(e.Spec.Windows, telemetry.Window{Name: f.name, From: from, To: to})
	}
}

// window checks the name of a window or fault: one of each in an experiment.
func (d *draft) window(e *planned, f field) bool {
	taken := slices.ContainsFunc(e.Spec.Windows, func(w telemetry.Window) bool { return w.Name == f.name })
	if taken || d.isDerived(f.name) {
		return f.keyed().fail("name %q: a window or derived metric has it already; take another", f.name)
	}
	return d.variable(f.name, f)
}

func (d *draft) faults(e *planned, v value) {
	for _, f := range v.fields() {
		if d.window(e, f) {
			d.fault(e, f)
		}
	}
}

func (d *draft) fault(e *planned, f field) {
	fault := labs.Fault{ID: f.name}
	var params []field
	for _, p := range f.fields() {
		switch p.name {
		case "kind":
			fault.Kind = p.text()
		case "at":
			fault.At = d.time(p.value, 0, 0, e.Spec.Seconds-telemetry.Tick.Seconds())
		case "for":
			fault.For = d.time(p.value, 0, telemetry.Tick.Seconds(), e.Spec.Seconds)
		default:
			params = append(params, p)
		}
	}
	kinds := labs.FaultKinds()
	i := slices.IndexFunc(kinds, func(k labs.FaultKind) bool { return k.Name == fault.Kind })
	if i < 0 {
		d.noKind(f, fault.Kind, kinds)
		e.Spec.Faults = append(e.Spec.Faults, fault) // expressions may name its window
		return
	}
	if fault.At+fault.For > e.Spec.Seconds+1e-9 {
		f.fail("fault %s ends after the %s s that are measured: shorten it, or lengthen seconds", f.name, digits(e.Spec.Seconds))
	}
	fault.With = settings(params, "parameter", "the fault "+fault.Kind+" has at, for and", kinds[i].Settings)
	d.words.fault(kinds[i])
	e.Spec.Faults = append(e.Spec.Faults, fault)
}

func (d *draft) noKind(f field, kind string, kinds []labs.FaultKind) {
	var have []string
	for _, k := range kinds {
		have = append(have, k.Name)
	}
	switch {
	case kind == "":
		f.fail("fault %s has no kind: there are %s", f.name, strings.Join(have, ", "))
	default:
		f.fail("%s", unknown("fault kind", kind, "there are", have))
	}
}

var sysctlName = regexp.MustCompile(`^net(\.[a-z0-9_-]+)+$`)

func (d *draft) net(e *planned, net, sysctl value) {
	if !net.absent() {
		e.Spec.Net = net.text()
	}
	switch e.Spec.Net {
	case "", "host", "own":
	case "link":
		net.fail(`net: link comes later: there are host and own`)
	default:
		net.fail("%s", unknown("net", e.Spec.Net, "there are", []string{"host", "own"}))
	}
	for _, f := range sysctl.fields() {
		if !sysctlName.MatchString(f.name) {
			f.keyed().fail("sysctl %q: a setting of the network like net.core.somaxconn", f.name)
			continue
		}
		if e.Spec.Sysctl == nil {
			e.Spec.Sysctl = map[string]string{}
		}
		e.Spec.Sysctl[f.name] = f.word()
	}
	if e.Spec.Net != "own" && len(e.Spec.Sysctl) > 0 {
		sysctl.fail("sysctl needs net: own, so that the machine keeps its settings")
	}
}

// deriveOf gives the experiment the derived metrics that its lab can have.
func (d *draft) deriveOf(e *planned) {
	for i := range d.derive {
		f := &d.derive[i]
		if f.Expr == "" {
			continue
		}
		if err := e.lintBlock(f.Expr, false); err != nil {
			f.err = err
			continue
		}
		f.used = true
		e.Spec.Derive = append(e.Spec.Derive, f.Formula)
	}
	e.derived = true
}

// expression lints an expression of the experiment where it stands.
func (d *draft) expression(e *planned, expr string, boolean bool, at value) bool {
	if expr == "" {
		return false
	}
	if err := e.lint(expr, boolean); err != nil {
		return at.fail("%s", d.explain(e, expr, err))
	}
	return true
}

// drawable lints what charts and key figures show: of each block.
func (d *draft) drawable(e *planned, name string, at value) bool {
	if err := e.lintBlock(name, false); err != nil {
		return at.fail("%s", d.explain(e, name, err))
	}
	return true
}

// explain adds the reason when a derived metric is missing from the experiment.
func (d *draft) explain(e *planned, expr string, err error) string {
	for _, f := range d.derive {
		has := slices.ContainsFunc(e.Spec.Derive, func(g telemetry.Formula) bool { return g.ID == f.ID })
		if !has && f.err != nil && regexp.MustCompile(`\b`+regexp.QuoteMeta(f.ID)+`\b`).MatchString(expr) {
			return fmt.Sprintf("%s: labs/%s cannot have %s: %v", expr, e.Spec.Lab, f.ID, f.err)
		}
	}
	text := err.Error()
	if strings.Contains(text, expr) || len(expr) > 100 {
		return text
	}
	return expr + ": " + text
}
