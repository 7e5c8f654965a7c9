package content

import (
	"errors"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// inspector looks at every node of a text before it is rendered: it registers
// placeholders, notes links, and refuses what a lesson may not have.
type inspector struct {
	*page
	file  *file
	shown []int
}

func (in *inspector) fail(n ast.Node, format string, args ...any) {
	in.file.fail(in.lineOf(n), format, args...)
}

func (in *inspector) visit(n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	switch n := n.(type) {
	case *ast.RawHTML, *ast.HTMLBlock:
		in.fail(n, "HTML is not read in a lesson: write Markdown, or `code` around it")
	case *ast.Heading:
		in.subheading(n)
	case *ast.FencedCodeBlock:
		if kind := in.blockKind(n); kind != "" {
			in.fail(n, "the block %s does not stand inside a list or quotation", kind)
		}
	case *ast.Image:
		in.fail(n, "a drawing is a paragraph of its own: ![what happens](x.svg)")
	case *ast.Link:
		in.link(n, string(n.Destination))
	case *ast.AutoLink:
		in.link(n, string(n.URL(in.src)))
	case *placeholderNode:
		in.placeholder(n)
	case *ast.CodeSpan:
		return ast.WalkSkipChildren, nil // code is what it is
	}
	return ast.WalkContinue, nil
}

func (in *inspector) subheading(h *ast.Heading) {
	switch {
	case h.Level <= 2 && h.Parent() != nil && h.Parent().Kind() != ast.KindDocument:
		in.fail(h, "a heading of a section does not stand inside a list or quotation")
	case h.Level > 2 && len(h.Attributes()) > 0:
		in.fail(h, "only ## headings have an id")
	}
}

// placeholder registers {{…}} and lints its expression against its experiment.
func (in *inspector) placeholder(n *placeholderNode) {
	if n.open {
		in.fail(n, "a placeholder ends in }} on its line: {{run:EXPERIMENT EXPR}}")
		return
	}
	p, wrong := parsePlaceholder(n.body)
	if wrong != "" {
		in.fail(n, "%s", wrong)
		return
	}
	e := in.plan(p.Experiment)
	if e == nil {
		in.fail(n, "%s", unknown("experiment", p.Experiment, "lesson.yaml has", in.experimentIDs()))
		return
	}
	if e.lab.Name == "" {
		return // its own problem is reported already
	}
	if err := e.lint(p.Expr, false); err != nil {
		in.fail(n, "%s", in.explain(e, p.Expr, err))
	}
	n.n = in.show(p)
	in.shown = append(in.shown, n.n)
}

var lessonLink = regexp.MustCompile(`^([a-z0-9-]*)(?:#([a-z0-9-]+))?$`)

// link notes a link to a lesson for later, and marks one that leads outside.
func (in *inspector) link(n ast.Node, to string) {
	if m := lessonLink.FindStringSubmatch(to); m != nil && to != "" {
		l := link{file: in.file, line: in.lineOf(n), lesson: m[1], id: m[2]}
		if l.lesson == "" {
			l.lesson = in.ID
		}
		in.links = append(in.links, l)
		return
	}
	u, err := url.Parse(to)
	if strings.HasPrefix(to, "#"+in.lang+"-fn") {
		return // a footnote
	}
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		in.fail(n, "link %q: write a lesson like blocking or blocking#id, or an address with https://", to)
		return
	}
	n.SetAttributeString("rel", []byte("external noopener noreferrer"))
}

// found is a node of prose with the callouts in it.
type found struct {
	node  ast.Node
	kinds []string
}

// callouts replaces > [!KIND] by a callout.
func (p *page) callouts(n ast.Node) found {
	quote, ok := n.(*ast.Blockquote)
	if !ok {
		return found{node: n}
	}
	first, ok := quote.FirstChild().(*ast.Paragraph)
	if !ok || first.Lines().Len() == 0 {
		return found{node: n}
	}
	line := first.Lines().At(0)
	mark := strings.TrimSpace(string(line.Value(p.src)))
	if !strings.HasPrefix(mark, "[!") {
		return found{node: n}
	}
	kind := strings.TrimSuffix(strings.TrimPrefix(mark, "[!"), "]")
	title, ok := calloutTitles()[kind]
	if !ok || mark != "[!"+kind+"]" {
		p.fail(n, "%s", unknown("callout", mark, "there are", []string{"[!NOTE]", "[!WARNING]", "[!SHAPE]"}))
		return found{node: n}
	}
	c := &calloutNode{kind: strings.ToLower(kind), title: title.in(p.lang)}
	c.SetPos(line.Start)
	cutLine(first, line)
	for child := quote.FirstChild(); child != nil; child = quote.FirstChild() {
		c.AppendChild(c, child)
	}
	quote.Parent().ReplaceChild(quote.Parent(), quote, c)
	return found{c, []string{c.kind}}
}

// cutLine removes a paragraph's first line, and the paragraph if nothing is left.
func cutLine(p *ast.Paragraph, line text.Segment) {
	for child := p.FirstChild(); child != nil && child.Pos() < line.Stop; child = p.FirstChild() {
		p.RemoveChild(p, child)
	}
	if p.FirstChild() == nil {
		p.Parent().RemoveChild(p.Parent(), p)
	}
}

// figure replaces a paragraph that is one image by the drawing itself.
func (p *page) figure(n ast.Node) ast.Node {
	para, ok := n.(*ast.Paragraph)
	if !ok || para.ChildCount() != 1 {
		return n
	}
	img, ok := para.FirstChild().(*ast.Image)
	if !ok {
		return n
	}
	fig := &figureNode{}
	fig.SetPos(img.Pos())
	fig.html = p.draw(img)
	para.Parent().ReplaceChild(para.Parent(), para, fig)
	return fig
}

func (p *page) draw(img *ast.Image) string {
	name := string(img.Destination)
	alt, ok := alternative(img, p.src)
	switch {
	case !ok:
		p.fail(img, "a text alternative has no placeholder: it tells what happens, on any machine")
	case alt == "":
		p.fail(img, "the drawing has no text alternative: ![what happens](%s)", name)
	}
	if !strings.HasSuffix(name, ".svg") || strings.ContainsAny(name, `/\`) {
		p.fail(img, "drawing %q: an .svg file in the lesson's folder", name)
		return ""
	}
	src, err := fs.ReadFile(p.fsys, path.Join(p.ID, name))
	if err != nil {
		p.fail(img, "%s", unknown("drawing", name, "the lesson's folder has", p.drawings()))
		return ""
	}
	p.figures++
	out, err := drawing(src, p.lang+"-"+strconv.Itoa(p.figures)+"-", alt)
	var wrong *svgError
	if errors.As(err, &wrong) {
		p.problems.add(path.Join(p.prefix, p.ID, name), wrong.line, "%s", wrong.text)
	}
	return out
}

func (p *page) drawings() []string {
	entries, _ := fs.ReadDir(p.fsys, p.ID)
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".svg") {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names
}

// alternative is an image's text; false when it would show a measurement.
func alternative(img ast.Node, src []byte) (string, bool) {
	var out strings.Builder
	ok := true
	ast.Walk(img, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if _, measured := n.(*placeholderNode); measured {
			ok = false
		}
		if t, isText := n.(*ast.Text); isText && entering {
			out.Write(t.Segment.Value(src))
			if t.SoftLineBreak() {
				out.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return strings.TrimSpace(out.String()), ok
}
