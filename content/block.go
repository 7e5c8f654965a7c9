package content

import (
	"bytes"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"go.yaml.in/yaml/v3"
)

// block is a fence of ko.md or en.md: its kind, and what it puts here.
type block struct {
	kind  string
	line  int
	items []item
}

// item is one thing that a block puts in its place: an experiment, prediction
// or check by its id, or the function that a source block quotes.
type item struct {
	id    string
	line  int
	texts []labelled
}

// labelled is a text of an item: ask, why, choice:ID, or "".
type labelled struct {
	label string
	sentence
}

func (i item) text(label string) sentence {
	for _, t := range i.texts {
		if t.label == label {
			return t.sentence
		}
	}
	return sentence{}
}

// blockKind returns the kind of a fence that is a block, or "".
func (p *page) blockKind(code *ast.FencedCodeBlock) string {
	kind := string(code.Language(p.src))
	if slices.Contains([]string{"source", "experiment", "compare", "predict", "check", "breakit", "exercise"}, kind) {
		return kind
	}
	return ""
}

func (p *page) readBlock(kind string, code *ast.FencedCodeBlock) *block {
	b := &block{kind: kind, line: p.fenceLine(code)}
	var body bytes.Buffer
	for i := range code.Lines().Len() {
		line := code.Lines().At(i)
		body.Write(line.Value(p.src))
	}
	if body.Len() == 0 {
		p.file.fail(b.line, "the block %s is empty", kind)
		return nil
	}
	v, ok := parseYAML(p.file.from(b.line), body.Bytes())
	if !ok {
		return nil
	}
	switch kind {
	case "source":
		b.items = p.sourceItem(v)
	case "experiment":
		b.items = p.plainItem(v)
	case "compare":
		b.items = p.compareItem(v)
	case "predict":
		b.items = p.predictItems(v)
	case "check":
		b.items = p.checkItems(v)
	case "breakit":
		b.items = p.breakItem(v)
	case "exercise":
		b.items = p.exerciseItem(v)
	}
	return b
}

// fenceLine is the line of the opening fence.
func (p *page) fenceLine(code *ast.FencedCodeBlock) int {
	if code.Info != nil {
		return 1 + bytes.Count(p.src[:code.Info.Segment.Start], []byte("\n"))
	}
	return p.lineOf(code)
}

func (p *page) sourceItem(v value) []item {
	text := v.text()
	if text == "" {
		return nil
	}
	if _, err := p.sourceOf(text); err != nil {
		v.fail("%v", err)
	}
	return []item{{id: text, line: v.line()}}
}

// experimentItem reads id: title, or a bare id that takes the heading above.
func (p *page) experimentItem(v value) []item {
	var it item
	title := p.last().title
	switch {
	case v.node.Kind == yaml.ScalarNode:
		it = item{id: v.word(), line: v.line()}
		if title.html == "" {
			v.fail("there is no heading above: write %s: title", it.id)
		}
	default:
		fields := v.fields()
		if len(fields) != 1 {
			v.fail("one experiment a block: id: title")
			return nil
		}
		it = item{id: fields[0].name, line: fields[0].line}
		title = p.sentence(fields[0].value)
	}
	if len(title.shown) > 0 {
		v.fail("an experiment's title has no placeholder: write id: title")
	}
	it.texts = []labelled{{"", sentence{line: title.line, html: title.html}}}
	e := p.plan(it.id)
	if e == nil {
		v.fail("%s", unknown("experiment", it.id, "lesson.yaml has", p.experimentIDs()))
		return nil
	}
	p.place(it.id, v.file, it.line)
	p.order(e, v.file, it.line)
	return []item{it}
}

// plainItem is an experiment that has no block of another kind.
func (p *page) plainItem(v value) []item {
	items := p.experimentItem(v)
	for _, it := range items {
		if p.BreakIt != nil && it.id == p.BreakIt.Run.ID {
			v.fail("%s is the run of breakit: write the block breakit", it.id)
		}
		if p.Exercise != nil && it.id == p.Exercise.Goal.ID {
			v.fail("%s is the goal of the exercise: its place is the block exercise", it.id)
		}
	}
	return items
}

// order checks that an experiment's predictions stand above it and its checks
// below.
func (p *page) order(e *planned, f *file, line int) {
	for _, q := range e.Predictions {
		if p.placed[q.ID] == 0 {
			f.fail(line, "the prediction %s of %s does not stand above its experiment: move it there", q.ID, e.ID)
		}
	}
	for _, c := range e.Checks {
		if p.placed[c.ID] != 0 {
			f.fail(line, "the check %s of %s stands above its experiment: move it below", c.ID, e.ID)
		}
	}
}

// place notes where something stands, once.
func (p *page) place(id string, f *file, line int) {
	if before := p.placed[id]; before != 0 {
		f.fail(line, "%s has its place on line %d already", id, before)
		return
	}
	p.placed[id] = f.offset + line
}

func (p *page) predictItems(v value) []item {
	var list []item
	for _, f := range v.fields() {
		q := p.predictions[f.name]
		if q == nil {
			f.keyed().fail("%s", unknown("prediction", f.name, "lesson.yaml has", sortedKeys(p.predictions)))
			continue
		}
		p.place(f.name, f.file, f.line)
		list = append(list, item{f.name, f.line, p.question(q, f)})
	}
	return list
}

// question reads ask, why and, of a choice, the texts of its answers.
func (p *page) question(q *Prediction, f field) []labelled {
	known := []string{"ask", "why"}
	if q.Kind == "choice" {
		known = append(known, "choices")
	}
	keys := f.keys("a prediction of kind "+q.Kind, known, nil)
	var list []labelled
	for _, name := range []string{"ask", "why"} {
		if _, ok := keys[name]; !ok {
			f.keyed().fail("prediction %s has no %s", f.name, name)
			continue
		}
		list = append(list, labelled{name, p.sentence(keys[name])})
	}
	if q.Kind != "choice" {
		return list
	}
	given := map[string]value{}
	for _, c := range keys["choices"].fields() {
		given[c.name] = c.value
		if !slices.Contains(q.Prediction.Choices, c.name) {
			c.keyed().fail("%s", unknown("choice", c.name, "lesson.yaml has", q.Prediction.Choices))
		}
	}
	for _, id := range q.Prediction.Choices {
		if _, ok := given[id]; !ok {
			f.keyed().fail("prediction %s has no text for the choice %s", f.name, id)
			continue
		}
		list = append(list, labelled{"choice:" + id, p.sentence(given[id])})
	}
	return list
}

func (p *page) checkItems(v value) []item {
	var list []item
	for _, f := range v.fields() {
		if p.checks[f.name] == nil {
			f.keyed().fail("%s", unknown("check", f.name, "lesson.yaml has", sortedKeys(p.checks)))
			continue
		}
		p.place(f.name, f.file, f.line)
		list = append(list, item{f.name, f.line, []labelled{{"", p.sentence(f.value)}}})
	}
	return list
}

func sortedKeys[T any](m map[string]T) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// everythingPlaced reports what lesson.yaml has and the page does not show.
func (p *page) everythingPlaced() {
	missing := func(what, id string) {
		if p.placed[id] == 0 {
			p.file.fail(1+bytes.Count(p.src, []byte("\n")), "%s %s has no place in %s.md: add it in a block %s", what, id, p.lang, strings.Replace(what, "prediction", "predict", 1))
		}
	}
	for _, e := range p.experiments {
		switch {
		case p.Exercise != nil && e.ID == p.Exercise.Goal.ID: // its block has the checks, too
			missing("exercise", e.ID)
			continue
		case p.BreakIt != nil && e.ID == p.BreakIt.Run.ID:
			missing("breakit", e.ID)
		default:
			missing("experiment", e.ID)
		}
		for _, q := range e.Predictions {
			missing("prediction", q.ID)
		}
		for _, c := range e.Checks {
			missing("check", c.ID)
		}
	}
	for _, c := range p.Comparisons {
		if p.placed[c.ID] == 0 {
			p.file.fail(1+bytes.Count(p.src, []byte("\n")), "comparison %s has no place in %s.md: add it in a block compare", c.ID, p.lang)
		}
		for _, q := range c.Predictions {
			missing("prediction", q.ID)
		}
	}
}
