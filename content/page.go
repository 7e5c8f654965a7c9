package content

import (
	"bytes"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// page is ko.md or en.md while it is read.
type page struct {
	*draft
	lang     string
	file     *file
	src      []byte
	md       goldmark.Markdown
	title    string
	sections []*chapter
	placed   map[string]int // experiments, predictions and checks: the line of their place
	figures  int
	marked   map[string]bool // terms whose first use is marked
	votes    []vote          // of an instructor's notes
}

// chapter is a heading with what follows it, in one language.
type chapter struct {
	id    string
	line  int
	title sentence
	body  []piece
}

// piece is a stretch of prose or a block.
type piece struct {
	line     int
	html     template.HTML // prose
	shown    []int         // its placeholders, by number
	callouts []string
	block    *block // or nil
}

// sentence is a text of one language, rendered.
type sentence struct {
	line  int
	html  template.HTML
	shown []int
}

// readPage reads one language of the lesson; nil when there is nothing to read.
func (d *draft) readPage(lang string) *page {
	p := d.parsePage(lang+".md", lang)
	if p != nil {
		p.everythingPlaced()
	}
	return p
}

// parsePage reads a text of the lesson's folder; nil when there is nothing to read.
func (d *draft) parsePage(name, lang string) *page {
	f := &file{path.Join(d.prefix, d.ID, name), 0, d.problems, 0}
	src, err := fs.ReadFile(d.fsys, path.Join(d.ID, name))
	switch {
	case err != nil:
		f.fail(1, "there is no such file")
		return nil
	case !utf8.Valid(src):
		f.fail(1+bytes.Count(src[:invalid(src)], []byte("\n")), "the text is not UTF-8")
		return nil
	}
	p := &page{draft: d, lang: lang, file: f, src: src, md: markdown(lang), placed: map[string]int{}, marked: map[string]bool{}}
	p.sections = []*chapter{{line: 1}}
	doc := p.md.Parser().Parse(text.NewReader(src))
	for n := doc.FirstChild(); n != nil; {
		next := n.NextSibling() // n may be replaced
		p.topLevel(n)
		n = next
	}
	if p.title == "" {
		f.fail(1, "the first line is the title: # …")
	}
	return p
}

// name is the page's file in the lesson's folder.
func (p *page) name() string { return path.Base(p.file.name) }

// invalid returns where a text stops being UTF-8.
func invalid(src []byte) int {
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return len(src)
}

// lineOf returns the line on which a node begins.
func (p *page) lineOf(n ast.Node) int {
	for at := n; at != nil; at = at.Parent() {
		if pos := at.Pos(); pos >= 0 && pos <= len(p.src) {
			return 1 + bytes.Count(p.src[:pos], []byte("\n"))
		}
		if at.Type() == ast.TypeBlock && at.Lines().Len() > 0 {
			return 1 + bytes.Count(p.src[:at.Lines().At(0).Start], []byte("\n"))
		}
	}
	return 1
}

func (p *page) fail(n ast.Node, format string, args ...any) {
	p.file.fail(p.lineOf(n), format, args...)
}

func (p *page) last() *chapter { return p.sections[len(p.sections)-1] }

// topLevel takes one node of the document: a heading opens a section, a fence
// with a block's name is a block, all else is prose.
func (p *page) topLevel(n ast.Node) {
	if h, ok := n.(*ast.Heading); ok && h.Level <= 2 {
		p.heading(h)
		return
	}
	if code, ok := n.(*ast.FencedCodeBlock); ok {
		if kind := p.blockKind(code); kind != "" {
			if p.notes {
				p.fail(n, "the block %s has its place in the lesson, not in its notes", kind)
			} else if b := p.readBlock(kind, code); b != nil {
				p.last().body = append(p.last().body, piece{line: b.line, block: b})
			}
			return
		}
	}
	p.prose(n)
}

func (p *page) heading(h *ast.Heading) {
	line := p.lineOf(h)
	title := p.render(h, p.file)
	title.html = inner(title.html)
	if h.Level == 1 {
		if p.title != "" || len(p.sections) > 1 {
			p.fail(h, "a lesson has one title, on its first line: make this ##")
		}
		p.title = plainText(title.html)
		return
	}
	id := p.headingID(h)
	if id == "" {
		p.fail(h, "the heading has no id: ## %s {#id}", plainText(title.html))
	} else if !slices.Contains(p.draft.sections, id) {
		p.fail(h, "%s", unknown("section", id, p.outline(), p.draft.sections))
	}
	p.sections = append(p.sections, &chapter{id: id, line: line, title: title})
}

// headingID returns the id of {#id} and refuses other attributes.
func (p *page) headingID(h *ast.Heading) string {
	id := ""
	for _, a := range h.Attributes() {
		v, _ := a.Value.([]byte)
		if string(a.Name) != "id" {
			p.fail(h, "a heading has an id and no other attribute: {#id}")
			continue
		}
		id = string(v)
	}
	return id
}

// prose renders a node and joins it to the prose before it.
func (p *page) prose(n ast.Node) {
	callouts := p.callouts(n)
	n = p.figure(callouts.node)
	if p.notes {
		p.refer(n)
	}
	p.markTerms(n)
	s := p.render(n, p.file)
	body := &p.last().body
	if len(*body) == 0 || (*body)[len(*body)-1].block != nil {
		*body = append(*body, piece{line: s.line})
	}
	last := &(*body)[len(*body)-1]
	last.html += s.html
	last.shown = append(last.shown, s.shown...)
	last.callouts = append(last.callouts, callouts.kinds...)
}

// render checks a node, registers its placeholders and writes it as HTML.
func (p *page) render(n ast.Node, f *file) sentence {
	s := sentence{line: p.lineOf(n)}
	in := inspector{page: p, file: f}
	ast.Walk(n, in.visit)
	s.shown = in.shown
	var out bytes.Buffer
	if err := p.md.Renderer().Render(&out, p.src, n); err != nil {
		f.fail(s.line, "render: %v", err)
	}
	s.html = template.HTML(out.String())
	return s
}

// sentence renders a text of a YAML block: one paragraph without blocks.
func (p *page) sentence(v value) sentence {
	body := v.word()
	if body == "" {
		return sentence{line: v.line()}
	}
	inside := *p
	inside.src = []byte(body)
	inside.file = v.file.from(v.line() - 1)
	doc := p.md.Parser().Parse(text.NewReader(inside.src))
	first := doc.FirstChild()
	if _, ok := first.(*ast.Paragraph); !ok || first.NextSibling() != nil {
		v.fail("a text here is one paragraph: no list, heading or code block")
		return sentence{line: v.line()}
	}
	s := inside.render(first, inside.file)
	s.html = inner(s.html)
	s.line = v.file.offset + v.line()
	return s
}

// inner takes the outermost element off.
func inner(h template.HTML) template.HTML {
	s := strings.TrimSpace(string(h))
	from, to := strings.IndexByte(s, '>')+1, strings.LastIndex(s, "</")
	if from > to {
		return ""
	}
	return template.HTML(strings.TrimSpace(s[from:to]))
}
