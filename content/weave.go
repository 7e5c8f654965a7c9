package content

import (
	"maps"
	"slices"
	"strings"
)

// write reads both languages and puts them side by side.
func (d *draft) write() {
	ko, en := d.readPage("ko"), d.readPage("en")
	if ko == nil || en == nil {
		return
	}
	d.Title = Text{Ko: ko.title, En: en.title}
	for _, e := range d.experiments {
		d.Experiments = append(d.Experiments, e.Experiment)
	}
	slices.SortStableFunc(d.Experiments, func(a, b *Experiment) int { return ko.placed[a.ID] - ko.placed[b.ID] })
	if a, b := ko.ordered(), en.ordered(); !a || !b {
		return
	}
	words := 0
	for i := range ko.sections {
		words += en.sections[i].words() // first: weaving takes the section apart
		d.Sections = append(d.Sections, d.weave(ko, en, ko.sections[i], en.sections[i]))
	}
	d.Minutes = d.minutes(words)
	maps.Copy(ko.marked, en.marked)
	d.Terms = d.glossary.of(ko.marked)
}

// ordered checks a page's headings against the order of lesson.yaml.
func (p *page) ordered() bool {
	var have []string
	for _, s := range p.sections[1:] {
		if !slices.Contains(p.draft.sections, s.id) {
			return false // said where it stands
		}
		have = append(have, s.id)
	}
	if slices.Equal(have, p.draft.sections) {
		return true
	}
	for i, id := range p.draft.sections {
		if i < len(have) && have[i] == id {
			continue
		}
		line := p.last().line
		if i < len(have) {
			line = p.sections[i+1].line
		}
		p.file.fail(line, "%s the section %s here: the headings are %s, in that order", p.outline(), id, strings.Join(p.draft.sections, ", "))
		return false
	}
	p.file.fail(p.sections[len(p.draft.sections)+1].line, "%s no further section: the headings are %s", p.outline(), strings.Join(p.draft.sections, ", "))
	return false
}

// words counts the words of a section's prose.
func (s *chapter) words() int {
	n := len(strings.Fields(plainText(s.title.html)))
	for _, piece := range s.body {
		n += len(strings.Fields(plainText(piece.html)))
		if piece.block == nil {
			continue
		}
		for _, it := range piece.block.items {
			for _, t := range it.texts {
				n += len(strings.Fields(plainText(t.html)))
			}
		}
	}
	return n
}

// weave makes one section of both languages: prose side by side, blocks shared.
func (d *draft) weave(ko, en *page, a, b *chapter) Section {
	out := Section{
		ID:    a.id,
		Title: HTML{Ko: a.title.html, En: b.title.html},
		Plain: Text{Ko: plainText(a.title.html), En: plainText(b.title.html)},
	}
	d.sameShown(en, b.line, a.title.shown, b.title.shown)
	for {
		prose, ok := d.prose(ko, en, a, b)
		if !ok {
			return out
		}
		if prose != nil {
			out.Body = append(out.Body, Block{Prose: prose})
		}
		if len(a.body) == 0 && len(b.body) == 0 {
			return out
		}
		shared, ok := d.shared(ko, en, a, b)
		if !ok {
			return out
		}
		out.Body = append(out.Body, shared)
	}
}

// next takes the prose at the head of a section's body, if there is any.
func (s *chapter) next() (piece, bool) {
	if len(s.body) == 0 || s.body[0].block != nil {
		return piece{line: s.line}, false
	}
	head := s.body[0]
	s.body = s.body[1:]
	return head, true
}

// prose pairs the prose up to the next block.
func (d *draft) prose(ko, en *page, a, b *chapter) (*HTML, bool) {
	left, hasKo := a.next()
	right, hasEn := b.next()
	switch {
	case !hasKo && !hasEn:
		return nil, true
	case !hasEn:
		return nil, en.missing(ko, left.line, right.line)
	case !hasKo:
		return nil, ko.missing(en, right.line, left.line)
	}
	d.sameShown(en, right.line, left.shown, right.shown)
	if !slices.Equal(left.callouts, right.callouts) {
		en.file.fail(right.line, "callouts differ from %s: here %s, there %s", ko.name(), list(right.callouts), list(left.callouts))
	}
	return &HTML{Ko: left.html, En: right.html}, true
}

// missing says that the other language has text where this one has none.
func (p *page) missing(other *page, line, at int) bool {
	p.file.fail(at, "there is text in %s on line %d and none here", other.name(), line)
	return false
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// sameShown checks that both languages show the same measurements in a place.
// Inside one place their order is the language's own: Korean puts the bound
// before the value.
func (d *draft) sameShown(en *page, line int, ko, inEnglish []int) {
	a, b := slices.Clone(ko), slices.Clone(inEnglish)
	slices.Sort(a)
	slices.Sort(b)
	if !slices.Equal(a, b) {
		en.file.fail(line, "placeholders differ from %s: here %s, there %s", strings.Replace(en.name(), "en.", "ko.", 1), d.showing(b), d.showing(a))
	}
}

func (d *draft) showing(numbers []int) string {
	var names []string
	for _, n := range numbers {
		p := d.Shown[n]
		names = append(names, "{{"+p.Experiment+" "+p.Expr+"}}")
	}
	return list(names)
}

// shared takes the block at the head of both bodies.
func (d *draft) shared(ko, en *page, a, b *chapter) (Block, bool) {
	if len(a.body) == 0 || len(b.body) == 0 {
		short, long, rest := ko, en, b.body
		if len(b.body) == 0 {
			short, long, rest = en, ko, a.body
		}
		line := map[*page]int{ko: a.line, en: b.line}[short]
		short.file.fail(line, "the block %s of %s.md, line %d, is missing in this section", rest[0].block.kind, long.lang, rest[0].line)
		return Block{}, false
	}
	left, right := a.body[0].block, b.body[0].block
	a.body, b.body = a.body[1:], b.body[1:]
	if left.kind != right.kind || !slices.EqualFunc(left.items, right.items, func(x, y item) bool { return x.id == y.id }) {
		en.file.fail(right.line, "the block %s is not the one of ko.md, line %d: %s", right.name(), left.line, left.name())
		return Block{}, false
	}
	out := Block{}
	for i := range left.items {
		d.fill(&out, left.kind, en, left.items[i], right.items[i])
	}
	return out, true
}

func (b *block) name() string {
	text := b.kind
	for _, i := range b.items {
		text += " " + i.id
	}
	return text
}

// fill puts an item of both languages into the block.
func (d *draft) fill(out *Block, kind string, en *page, ko, english item) {
	both := func(label string) HTML {
		a, b := ko.text(label), english.text(label)
		d.sameShown(en, b.line, a.shown, b.shown)
		return HTML{Ko: a.html, En: b.html}
	}
	switch kind {
	case "source":
		out.Source, _ = d.sourceOf(ko.id)
	case "experiment", "breakit":
		out.Experiment = d.titled(ko.id, both(""))
		if d.BreakIt != nil && d.BreakIt.Cure == out.Experiment { // where both are known
			out.BreakIt = d.BreakIt
		}
	case "exercise":
		d.titled(ko.id, both(""))
		out.Exercise = d.fillExercise(both)
	case "compare":
		c := d.comparisonOf(ko.id)
		text := func(label string) Text {
			h := both(label)
			return Text{Ko: plainText(h.Ko), En: plainText(h.En)}
		}
		c.Title, c.ATitle, c.BTitle = text("title"), text("a"), text("b")
		out.Compare = c
	case "predict":
		q := d.predictions[ko.id]
		q.Ask, q.Why = both("ask"), both("why")
		q.Choices = d.choiceTexts(q, both)
		out.Predict = append(out.Predict, q)
	case "check":
		c := d.checks[ko.id]
		c.Text = both("")
		out.Check = append(out.Check, c)
	}
}

// titled gives an experiment its title.
func (d *draft) titled(id string, title HTML) *Experiment {
	e := d.plan(id).Experiment
	e.Title = Text{Ko: plainText(title.Ko), En: plainText(title.En)}
	return e
}

func (d *draft) choiceTexts(q *Prediction, both func(string) HTML) []ChoiceText {
	if q.Kind == "queue" {
		return d.words.queueChoices()
	}
	var list []ChoiceText
	for _, id := range q.Prediction.Choices {
		list = append(list, ChoiceText{ID: id, Text: both("choice:" + id)})
	}
	return list
}
