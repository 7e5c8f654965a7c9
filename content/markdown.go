package content

import (
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// markdown is CommonMark with tables, strikethrough, footnotes, and our own
// emphasis, formulas and placeholders. Footnotes of the two languages of a page
// have different ids.
func markdown(lang string) goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough,
			extension.NewFootnote(extension.WithFootnoteIDPrefix(lang+"-"))),
		goldmark.WithParserOptions(
			parser.WithHeadingAttribute(),
			parser.WithInlineParsers(
				util.Prioritized(formulas{}, 50),
				util.Prioritized(placeholders{}, 60),
				util.Prioritized(emphasis{}, 450), // the default's 500 is left with _
			)),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(nodes{}, 100))),
	)
}

// nodes renders the nodes that are ours.
type nodes struct{}

func (n nodes) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(kindPlaceholder, entering(func(w util.BufWriter, n ast.Node) {
		fmt.Fprintf(w, `<data class="measured" data-n="%d"></data>`, n.(*placeholderNode).n)
	}))
	reg.Register(kindMath, entering(func(w util.BufWriter, n ast.Node) {
		display := ""
		if n.(*mathNode).display {
			display = " data-display"
		}
		fmt.Fprintf(w, `<span class="math"%s>%s</span>`, display, html.EscapeString(n.(*mathNode).text))
	}))
	reg.Register(kindFigure, entering(func(w util.BufWriter, n ast.Node) {
		fmt.Fprintf(w, "<figure class=\"figure\">%s</figure>\n", n.(*figureNode).html)
	}))
	reg.Register(kindCallout, callout)
	reg.Register(kindTerm, term)
	reg.Register(kindRef, ref)
	reg.Register(ast.KindFencedCodeBlock, code)
	reg.Register(ast.KindCodeBlock, code)
}

// entering makes a renderer of a node without children.
func entering(write func(util.BufWriter, ast.Node)) renderer.NodeRendererFunc {
	return func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			write(w, n)
		}
		return ast.WalkSkipChildren, nil
	}
}

func callout(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	c := n.(*calloutNode)
	if entering {
		fmt.Fprintf(w, "<aside class=\"callout\" data-kind=\"%s\">\n<p class=\"callout-title\">%s</p>\n", c.kind, html.EscapeString(c.title))
	} else {
		fmt.Fprintln(w, "</aside>")
	}
	return ast.WalkContinue, nil
}

func term(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if id := n.(*termNode).id; entering {
		fmt.Fprintf(w, `<a class="term" href="glossary#%s" data-term="%[1]s">`, id)
	} else {
		w.WriteString("</a>")
	}
	return ast.WalkContinue, nil
}

// code renders a block of code. It takes the focus, so that a long line can be
// scrolled from the keyboard.
func code(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		fmt.Fprintf(w, "<pre tabindex=\"0\"><code>%s</code></pre>\n", html.EscapeString(string(n.Lines().Value(source))))
	}
	return ast.WalkSkipChildren, nil
}

// calloutTitles are the kinds of callouts with their titles.
func calloutTitles() map[string]Text {
	return map[string]Text{
		"NOTE":    {Ko: "참고", En: "Note"},
		"WARNING": {Ko: "주의", En: "Warning"},
		"SHAPE":   {Ko: "기대할 모양", En: "What to expect"},
	}
}

func (t Text) in(lang string) string {
	if lang == "ko" {
		return t.Ko
	}
	return t.En
}

// escaped makes HTML of a text that is none.
func (t Text) escaped() HTML {
	return HTML{Ko: template.HTML(html.EscapeString(t.Ko)), En: template.HTML(html.EscapeString(t.En))}
}

var (
	invisible = regexp.MustCompile(`(?s)<svg.*?</svg>|<sup id="[^"]*fnref.*?</sup>|<a [^>]*footnote-backref.*?</a>`)
	ending    = regexp.MustCompile(`</(?:p|li|h\d|td|th|pre|div|figure|aside|blockquote)>|<br\s*/?>|<hr\s*/?>`)
	tag       = regexp.MustCompile(`<[^>]*>`)
)

// Plain returns the text of it, see plainText.
func (h HTML) Plain() Text { return Text{Ko: plainText(h.Ko), En: plainText(h.En)} }

// plainText returns the text of HTML that markdown made: tags stripped,
// drawings and placeholders left out, white space folded.
func plainText(h template.HTML) string {
	s := invisible.ReplaceAllString(string(h), "")
	s = tag.ReplaceAllString(ending.ReplaceAllString(s, "\n"), "")
	return strings.Join(strings.Fields(html.UnescapeString(s)), " ")
}
