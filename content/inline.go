package content

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

var (
	kindPlaceholder = ast.NewNodeKind("Placeholder")
	kindMath        = ast.NewNodeKind("Math")
	kindFigure      = ast.NewNodeKind("Figure")
	kindCallout     = ast.NewNodeKind("Callout")
)

// placeholderNode is {{run:ID EXPR | FORMAT}}.
type placeholderNode struct {
	ast.BaseInline
	body string
	open bool // there is no }} on its line
	n    int  // in Lesson.Shown, once it is registered
}

func (*placeholderNode) Kind() ast.NodeKind       { return kindPlaceholder }
func (n *placeholderNode) Dump(src []byte, l int) { ast.DumpHelper(n, src, l, nil, nil) }

// mathNode is a formula: \(…\), or \[…\] and $$…$$ on lines of its own.
type mathNode struct {
	ast.BaseInline
	text    string
	display bool
}

func (*mathNode) Kind() ast.NodeKind       { return kindMath }
func (n *mathNode) Dump(src []byte, l int) { ast.DumpHelper(n, src, l, nil, nil) }

// figureNode is a drawing, already checked.
type figureNode struct {
	ast.BaseBlock
	html string
}

func (*figureNode) Kind() ast.NodeKind       { return kindFigure }
func (n *figureNode) Dump(src []byte, l int) { ast.DumpHelper(n, src, l, nil, nil) }

// calloutNode is > [!NOTE] with its paragraphs as children.
type calloutNode struct {
	ast.BaseBlock
	kind, title string
}

func (*calloutNode) Kind() ast.NodeKind       { return kindCallout }
func (n *calloutNode) Dump(src []byte, l int) { ast.DumpHelper(n, src, l, nil, nil) }

// placeholders parses {{…}}, on one line.
type placeholders struct{}

func (placeholders) Trigger() []byte { return []byte{'{'} }

func (placeholders) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if !bytes.HasPrefix(line, []byte("{{")) {
		return nil
	}
	end := bytes.Index(line, []byte("}}"))
	if end < 0 {
		block.Advance(2)
		return &placeholderNode{open: true}
	}
	block.Advance(end + 2)
	return &placeholderNode{body: string(line[2:end])}
}

var (
	placeholderForm = regexp.MustCompile(`^(run|author):([a-z0-9-]+)\s+(\S.*)$`)
	formatForm      = regexp.MustCompile(`^(.*[^|\s])\s*\|\s*([^|\s]+)$`)
)

// parsePlaceholder reads what stands between the braces. The second result says
// what is wrong with it, or "".
func parsePlaceholder(body string) (Placeholder, string) {
	// In a table a | inside a cell is written \|.
	body = strings.TrimSpace(strings.ReplaceAll(body, `\|`, "|"))
	m := placeholderForm.FindStringSubmatch(body)
	if m == nil {
		return Placeholder{}, "placeholder {{" + body + "}}: write {{run:EXPERIMENT EXPR}} or {{author:EXPERIMENT EXPR}}"
	}
	p := Placeholder{Author: m[1] == "author", Experiment: m[2], Expr: m[3]}
	if f := formatForm.FindStringSubmatch(p.Expr); f != nil {
		p.Expr, p.Format = f[1], f[2]
		if !slices.Contains(formats(), p.Format) {
			return p, unknown("format", p.Format, "there are", formats())
		}
	}
	return p, ""
}

// formulas parses \(…\), \[…\] and $$…$$, which may span lines of a paragraph, as
// long as none of them begins like a list. A single $ is money.
type formulas struct{}

func (formulas) Trigger() []byte { return []byte{'\\', '$'} }

func (formulas) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, _ := block.PeekLine()
	ends := map[string]string{`\(`: `\)`, `\[`: `\]`, "$$": "$$"}
	if len(line) < 2 || ends[string(line[:2])] == "" {
		return nil
	}
	open, end := string(line[:2]), ends[string(line[:2])]
	block.Advance(2)
	var body strings.Builder
	for {
		line, _ := block.PeekLine()
		if line == nil {
			return nil // never closed: the caller puts the reader back
		}
		if i := bytes.Index(line, []byte(end)); i >= 0 {
			body.Write(line[:i])
			block.Advance(i + 2)
			break
		}
		body.Write(line)
		block.AdvanceLine()
	}
	if strings.TrimSpace(body.String()) == "" {
		return nil
	}
	return &mathNode{text: strings.TrimSpace(body.String()), display: open != `\(`}
}
