package content

import (
	"go/scanner"
	"go/token"
	"html"
	"html/template"
	"slices"
	"strings"

	"socketlabs/labs"
)

// highlight returns a function's lines as HTML: <b> for keywords, <i> for
// comments, everything else escaped, tabs kept.
func highlight(f labs.Func) []SourceLine {
	text := []byte(strings.ReplaceAll(f.Text, "\r\n", "\n"))
	lines := []string{""}
	for _, t := range tokens(text) {
		for i, part := range strings.Split(t.text, "\n") {
			if i > 0 {
				lines = append(lines, "")
			}
			lines[len(lines)-1] += t.mark(part)
		}
	}
	out := make([]SourceLine, len(lines))
	for i, line := range lines {
		out[i] = SourceLine{N: f.Line + i, HTML: template.HTML(line), Metric: counted(f, f.Line+i)}
	}
	return out
}

func counted(f labs.Func, line int) string {
	i := slices.IndexFunc(f.Counts, func(c labs.Count) bool { return c.Line == line })
	if i < 0 {
		return ""
	}
	return f.Counts[i].Metric
}

// token is a piece of code with the element that marks it, or "".
type codeToken struct{ text, tag string }

func (t codeToken) mark(part string) string {
	part = html.EscapeString(part)
	if t.tag == "" || part == "" {
		return part
	}
	return "<" + t.tag + ">" + part + "</" + t.tag + ">"
}

// tokens cuts code into keywords, comments and what is between them; their
// texts joined are the code again.
func tokens(code []byte) []codeToken {
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(code))
	var s scanner.Scanner
	s.Init(file, code, func(token.Position, string) {}, scanner.ScanComments)
	var list []codeToken
	done := 0
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return append(list, codeToken{string(code[done:]), ""})
		}
		tag := ""
		switch {
		case tok.IsKeyword():
			tag = "b"
		case tok == token.COMMENT:
			tag = "i"
		default:
			continue
		}
		from := file.Offset(pos)
		to := min(from+len(lit), len(code))
		list = append(list, codeToken{string(code[done:from]), ""}, codeToken{string(code[from:to]), tag})
		done = to
	}
}
