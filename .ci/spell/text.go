package main

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// line is one line of a file with what a person reads: code spans stay, other
// code is gone.
type line struct {
	file string
	n    int // from 1
	text string
}

// read returns the prose of a file: of a Markdown text its paragraphs and labels,
// of a YAML file its values and comments, of a lesson.yaml its comments alone, of
// a Go file its comments and messages, of a module of the page its comments.
func read(root, name string) ([]line, error) {
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return nil, err
	}
	switch base := filepath.Base(name); {
	case base == "lesson.yaml":
		return each(name, string(text), yamlComment), nil
	case filepath.Ext(name) == ".yaml" || base == "toc.txt":
		return each(name, string(text), yamlValue), nil
	case filepath.Ext(name) == ".md":
		return markdown(name, string(text)), nil
	case filepath.Ext(name) == ".js":
		return each(name, string(text), jsComment), nil
	}
	return goText(name, text), nil
}

func each(name, text string, prose func(string) string) []line {
	var list []line
	for i, l := range strings.Split(text, "\n") {
		if l = prose(l); strings.TrimSpace(l) != "" {
			list = append(list, line{name, i + 1, l})
		}
	}
	return list
}

var (
	key     = regexp.MustCompile(`(^\s*(?:- )?|[{,]\s*)[A-Za-z0-9_.-]+:(\s|$)`)
	ids     = regexp.MustCompile(`^\s*(- )?(id|lesson|experiments|vote|source|taught|see|mark|minutes|sections): |^\s*[a-z0-9-]+$`)
	comment = regexp.MustCompile(`(^|\s)# ?(.*)$`)
	jsNote  = regexp.MustCompile(`(?:^|\s)(?://|/?\*\*?)\s(.*)$`)
	jsDoc   = regexp.MustCompile(`@\w+( \{.*\})?( \[?[\w.]+\]?)?|\{[^}]*\}`)
)

func yamlValue(l string) string {
	if ids.MatchString(l) {
		return ""
	}
	return key.ReplaceAllString(l, "$1$2")
}

func yamlComment(l string) string {
	if m := comment.FindStringSubmatch(l); m != nil {
		return m[2]
	}
	return ""
}

func jsComment(l string) string {
	if m := jsNote.FindStringSubmatch(l); m != nil {
		return jsDoc.ReplaceAllString(m[1], " ")
	}
	return ""
}

// fences are the blocks whose body is YAML with texts.
var fences = regexp.MustCompile("^```(experiment|breakit|compare|predict|check|exercise)$")

func markdown(name, text string) []line {
	var list []line
	whole := func(l string) string { return l }
	prose, fenced := whole, false // nil: code
	for i, l := range strings.Split(text, "\n") {
		switch {
		case fences.MatchString(l):
			prose, fenced = yamlValue, true
		case strings.HasPrefix(l, "```"):
			if fenced = !fenced; fenced {
				prose = nil
			} else {
				prose = whole
			}
		case prose != nil:
			list = append(list, line{name, i + 1, prose(l)})
		}
	}
	return list
}

// message is a string that speaks.
var message = regexp.MustCompile(`\b(?:the|an?|is|are|to|of|no|not|has|and|in|for) `)

// goText returns the comments of a Go file and, but for tests, the messages.
func goText(name string, src []byte) []line {
	var list []line
	fset := token.NewFileSet()
	file := fset.AddFile(name, -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, scanner.ScanComments)
	for {
		pos, tok, lit := s.Scan()
		switch {
		case tok == token.EOF:
			return list
		case tok == token.COMMENT && !strings.HasPrefix(lit, "//go:"):
			lit = strings.TrimLeft(lit, "/")
		case tok == token.STRING && message.MatchString(lit) && !strings.HasSuffix(name, "_test.go"):
			if text, err := strconv.Unquote(lit); err == nil && lit[0] == '"' {
				lit = text
			}
		default:
			continue
		}
		for i, l := range strings.Split(lit, "\n") {
			list = append(list, line{name, file.Line(pos) + i, l})
		}
	}
}

// identifiers adds the names that a program's code has: they are no prose, and
// comments may say them.
func identifiers(src []byte, known map[string]bool) {
	file := token.NewFileSet().AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, 0)
	for {
		_, tok, lit := s.Scan()
		if tok == token.EOF {
			return
		}
		if tok == token.IDENT {
			known[lit] = true
		}
	}
}
