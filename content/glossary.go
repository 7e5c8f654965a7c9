package content

import (
	"cmp"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// Term is an entry of the glossary.
type Term struct {
	ID     string
	Name   Text // the one form that lessons write
	Text   HTML // what it means: the inside of one paragraph
	Source []string
	Taught []Place
	See    []string // ids of terms

	forms map[string][]string // by language: the name and what else means it in a text
	mark  bool                // its first use in a lesson is marked
	only  []string            // in these lessons alone; empty: in all
}

// Place is a section of a lesson, or with "" its beginning.
type Place struct{ Lesson, Section string }

// Term returns the term of that id, or nil.
func (b *Book) Term(id string) *Term {
	for _, t := range b.Glossary {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// glossary is glossary.yaml while the book is read.
type glossary struct {
	file  *file
	terms []*Term
	lines map[string]int      // of each term
	forms map[string][]wanted // by language, the longest first
	links []link              // into the lessons
}

// wanted is a written form that is sought in a text.
type wanted struct {
	form string
	term *Term
}

// readGlossary reads glossary.yaml. A book may have none.
func readGlossary(fsys fs.FS, prefix string, p *problems) *glossary {
	g := &glossary{file: &file{path.Join(prefix, "glossary.yaml"), 0, p, 0}, lines: map[string]int{}, forms: map[string][]wanted{}}
	source, err := fs.ReadFile(fsys, "glossary.yaml")
	if err != nil {
		return g
	}
	v, ok := parseYAML(g.file, source)
	if !ok {
		return g
	}
	taken := map[string]string{} // the term that has a form, by language and form
	for _, f := range v.fields() {
		if n := len(g.terms); n > 0 && f.name <= g.terms[n-1].ID {
			f.keyed().fail("%s stands after %s: the terms are sorted by their ids", f.name, g.terms[n-1].ID)
		}
		g.term(f, taken)
	}
	for _, t := range g.terms {
		g.seen(t)
	}
	for lang, list := range g.forms {
		slices.SortStableFunc(list, func(a, b wanted) int { return cmp.Compare(len(b.form), len(a.form)) })
		g.forms[lang] = list
	}
	return g
}

// term reads one entry.
func (g *glossary) term(f field, taken map[string]string) {
	if !idPattern.MatchString(f.name) {
		f.keyed().fail("id %q: lower-case letters, digits and - only", f.name)
	}
	keys := f.keys("a term", []string{"ko", "en", "also", "text", "source", "taught", "see", "mark"}, nil)
	t := &Term{ID: f.name, mark: true, forms: map[string][]string{}}
	t.Name = Text{Ko: keys["ko"].word(), En: keys["en"].word()}
	also := keys["also"].keys("also", []string{"ko", "en"}, nil)
	meaning := keys["text"].keys("a term's text", []string{"ko", "en"}, nil)
	for _, lang := range []string{"ko", "en"} {
		if _, ok := keys[lang]; !ok {
			f.keyed().fail("the term %s has no form in %s", f.name, lang)
		}
		said, ok := meaning[lang]
		if !ok {
			f.keyed().fail("the term %s is not explained in %s: text: {%s: …}", f.name, lang, lang)
		}
		html := said.definition(lang)
		if lang == "ko" {
			t.Text.Ko = html
		} else {
			t.Text.En = html
		}
		for _, form := range append([]string{t.Name.in(lang)}, also[lang].texts()...) {
			key := lang + " " + strings.ToLower(form)
			switch other := taken[key]; {
			case form == "":
			case other != "":
				f.keyed().fail("%q is a form of %s already", form, other)
			default:
				taken[key] = t.ID
				t.forms[lang] = append(t.forms[lang], form)
				g.forms[lang] = append(g.forms[lang], wanted{form, t})
			}
		}
	}
	t.Source = keys["source"].texts()
	t.See = keys["see"].texts()
	for _, item := range keys["taught"].items() {
		g.place(t, item)
	}
	t.marking(keys["mark"], g)
	g.lines[t.ID] = f.line
	g.terms = append(g.terms, t)
}

// definition renders a term's text.
func (v value) definition(lang string) template.HTML { return v.paragraph("a definition", lang) }

// paragraph renders one paragraph of words, `code` and *stress*.
func (v value) paragraph(what, lang string) template.HTML {
	body := v.word()
	if body == "" {
		return ""
	}
	md, source := markdown(lang), []byte(body)
	doc := md.Parser().Parse(text.NewReader(source))
	first := doc.FirstChild()
	if _, ok := first.(*ast.Paragraph); !ok || first.NextSibling() != nil {
		v.fail("%s is one paragraph: no list, heading or code block", what)
		return ""
	}
	ast.Walk(first, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n.(type) {
		case *ast.Paragraph, *ast.Text, *ast.String, *ast.CodeSpan, *ast.Emphasis:
		default:
			if entering {
				v.fail("%s has words, `code` and *stress*: no link, drawing, HTML or placeholder", what)
			}
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	var out strings.Builder
	if err := md.Renderer().Render(&out, source, first); err != nil {
		v.fail("render: %v", err)
	}
	return inner(template.HTML(out.String()))
}

// place reads lesson#section; whether it is there is known when all are read.
func (g *glossary) place(t *Term, v value) {
	to := v.text()
	m := lessonLink.FindStringSubmatch(to)
	if m == nil || m[1] == "" {
		if to != "" {
			v.fail("taught %q: write lesson or lesson#section", to)
		}
		return
	}
	t.Taught = append(t.Taught, Place{m[1], m[2]})
	g.links = append(g.links, link{file: v.file, line: v.line(), lesson: m[1], id: m[2]})
}

// marking reads false, or the only lessons in which the term is marked.
func (t *Term) marking(v value, g *glossary) {
	if v.absent() {
		return
	}
	if b, ok := v.scalar().(bool); ok {
		t.mark = b
		return
	}
	for _, item := range v.items() {
		if id := item.text(); id != "" {
			t.only = append(t.only, id)
			g.links = append(g.links, link{file: v.file, line: item.line(), lesson: id})
		}
	}
}

// seen checks the terms that another refers to.
func (g *glossary) seen(t *Term) {
	for _, id := range t.See {
		switch {
		case id == t.ID:
			g.file.fail(g.lines[t.ID], "see: %s refers to itself", id)
		case !slices.ContainsFunc(g.terms, func(o *Term) bool { return o.ID == id }):
			g.file.fail(g.lines[t.ID], "%s", unknown("see", id, "the terms are", g.ids()))
		}
	}
}

func (g *glossary) ids() []string {
	var ids []string
	for _, t := range g.terms {
		ids = append(ids, t.ID)
	}
	return ids
}

// checkLinks checks what the glossary says of the lessons.
func (g *glossary) checkLinks(drafts []*draft) { checkTargets(g.links, drafts) }

// of are the terms of these ids, in the glossary's order.
func (g *glossary) of(ids map[string]bool) (list []*Term) {
	for _, t := range g.terms {
		if ids[t.ID] {
			list = append(list, t)
		}
	}
	return list
}

// termNode is the first use of a term in a lesson: a link to the glossary, which
// the page's scripts turn into one that opens the term in place.
type termNode struct {
	ast.BaseInline
	id string
}

var kindTerm = ast.NewNodeKind("Term")

func (*termNode) Kind() ast.NodeKind       { return kindTerm }
func (n *termNode) Dump(src []byte, l int) { ast.DumpHelper(n, src, l, nil, nil) }

// markTerms marks the first use of each term in a node of prose: not in
// headings, code, links and footnotes.
func (p *page) markTerms(n ast.Node) {
	var texts []*ast.Text
	ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n.Kind() {
		case ast.KindHeading, ast.KindCodeSpan, ast.KindLink, ast.KindAutoLink, ast.KindImage, east.KindTableHeader, east.KindFootnoteList, kindFigure:
			return ast.WalkSkipChildren, nil
		}
		if t, ok := n.(*ast.Text); ok && entering {
			texts = append(texts, t)
		}
		return ast.WalkContinue, nil
	})
	for _, t := range texts {
		p.markText(t)
	}
}

// markText cuts a text where terms stand in it.
func (p *page) markText(t *ast.Text) {
	said := string(t.Segment.Value(p.src))
	parent, start := t.Parent(), t.Segment.Start
	for _, u := range p.glossary.uses(p.lang, p.ID, said, p.marked) {
		p.marked[u.term.ID] = true
		link := &termNode{id: u.term.ID}
		link.AppendChild(link, ast.NewTextSegment(text.NewSegment(t.Segment.Start+u.from, t.Segment.Start+u.to)))
		if from := t.Segment.Start + u.from; from > start {
			parent.InsertBefore(parent, t, ast.NewTextSegment(text.NewSegment(start, from)))
		}
		parent.InsertBefore(parent, t, link)
		start = t.Segment.Start + u.to
	}
	t.Segment = t.Segment.WithStart(start) // the rest, with the line's end
}

// use is where a term stands in a text.
type use struct {
	from, to int
	term     *Term
}

// uses finds the first use of each term that is not marked yet, the longest form
// first: a term that is part of another is not found inside it.
func (g *glossary) uses(lang, lesson, said string, marked map[string]bool) (list []use) {
	here := map[string]bool{}
	for i := 0; i < len(said); {
		w, n := g.at(lang, said, i)
		if n == 0 {
			i++
			for i < len(said) && said[i]&0xc0 == 0x80 { // to the next character
				i++
			}
			continue
		}
		t := w.term
		if t.mark && (len(t.only) == 0 || slices.Contains(t.only, lesson)) && !marked[t.ID] && !here[t.ID] {
			here[t.ID] = true
			list = append(list, use{i, i + n, t})
		}
		i += n
	}
	return list
}

// at returns the longest form that stands at a place as a word of its own, and
// how many bytes it has.
func (g *glossary) at(lang, said string, i int) (wanted, int) {
	if !wordBegins(said[:i]) {
		return wanted{}, 0
	}
	for _, w := range g.forms[lang] {
		n := len(w.form)
		if i+n <= len(said) && sameForm(said[i:i+n], w.form) && wordEnds(said[i+n:]) {
			return w, n
		}
	}
	return wanted{}, 0
}

// sameForm compares without regard to case, unless the form has capitals.
func sameForm(said, form string) bool {
	return said == form || strings.EqualFold(said, form) && strings.ToLower(form) == form
}

func (t *Term) String() string { return fmt.Sprintf("%s (%s)", t.Name.Ko, t.Name.En) }
