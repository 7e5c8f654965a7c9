package labs

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// guestFile is a version's text as a file of its own.
type guestFile struct {
	text []byte // without the clause package main
	file *ast.File
}

// directive is a comment that tells the compiler something: another line, an
// embedded file, a function that is linked in.
var directive = regexp.MustCompile(`^//(go:|line |export |extern )|^/\*line `)

// clauseLine is put above a text without its own package clause.
const clauseLine = "package main\n"

// readGuest parses a version's text and refuses what is not exactly the function.
func readGuest(v Version, host *hostFile) (*guestFile, error) {
	if len(v.Text) > MaxVersion {
		return nil, wrongAt(1, "the text has %d bytes: at most %d", len(v.Text), MaxVersion)
	}
	text, above := v.Text, 0
	if _, err := parser.ParseFile(token.NewFileSet(), "", text, parser.PackageClauseOnly); err != nil {
		text, above = clauseLine+text, 1
	}
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "", text, parser.ParseComments)
	line := func(p token.Pos) int { return set.Position(p).Line - above }
	if list, ok := err.(scanner.ErrorList); ok {
		return nil, wrongAt(list[0].Pos.Line-above, "%s", list[0].Msg)
	}
	if err != nil {
		return nil, wrongAt(1, "%v", err)
	}
	if f.Name.Name != "main" {
		return nil, wrongAt(line(f.Name.Pos()), "the package is main, as in the lab")
	}
	if err := only(v, f, line, host); err != nil {
		return nil, err
	}
	g := &guestFile{text: []byte(text), file: f}
	for _, group := range f.Comments { // a build constraint means nothing here
		for _, c := range group.List {
			at := set.Position(c.Pos()).Offset
			if c.Pos() < f.Package && strings.HasPrefix(c.Text, "//go:build ") {
				blank(g.text, at, at+len(c.Text))
			} else if directive.MatchString(c.Text) {
				return nil, wrongAt(line(c.Pos()), "%s: a version of a function has no directives", strings.Fields(c.Text)[0])
			}
		}
	}
	end := set.Position(f.Name.End()).Offset
	if rest := bytes.TrimLeft(g.text[end:], " \t"); bytes.HasPrefix(rest, []byte(";")) {
		end = len(g.text) - len(rest) + 1
	}
	blank(g.text, set.Position(f.Package).Offset, end)
	g.text = g.text[above*len(clauseLine):]
	return g, nil
}

// only says whether a text is imports and exactly the function.
func only(v Version, f *ast.File, line func(token.Pos) int, host *hostFile) error {
	found := false
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			if d.Tok != token.IMPORT {
				return wrongAt(line(d.Pos()), "%s: only the function %s can be changed; write what it needs inside it", d.Tok, v.Func)
			}
		case *ast.FuncDecl:
			if d.Name.Name != v.Func || found {
				return wrongAt(line(d.Pos()), "func %s: only the function %s can be changed, once; write what it needs inside it", d.Name.Name, v.Func)
			}
			if want, got := receiver(host.decl), receiver(d); got != want {
				return wrongAt(line(d.Pos()), "the receiver of %s is %s, not %s", v.Func, cmp.Or(want, "none"), cmp.Or(got, "none"))
			}
			if d.Body == nil {
				return wrongAt(line(d.Pos()), "func %s has no body", v.Func)
			}
			found = true
		}
	}
	for _, imp := range f.Imports {
		if err := importable(imp, host); err != nil {
			return wrongAt(line(imp.Pos()), "%v", err)
		}
	}
	if !found {
		return wrongAt(1, "the function %s is missing", v.Func)
	}
	return nil
}

// receiver is the type of a method's receiver, "" of a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) != 1 {
		return ""
	}
	return types.ExprString(d.Recv.List[0].Type)
}

// importable says why an import is refused: a version may use what the lab's
// file does, and the standard library.
func importable(imp *ast.ImportSpec, host *hostFile) error {
	at, name := importPath(imp), importName(imp)
	first, _, _ := strings.Cut(at, "/")
	known := false
	for _, p := range host.imports {
		known = known || p == at
	}
	switch {
	case name == "_" || name == ".":
		return fmt.Errorf("import %s %q: import it under a name", name, at)
	case at == "C" || at == "unsafe":
		return fmt.Errorf("import %q is not allowed in a version", at)
	case !known && (strings.Contains(first, ".") || first == "socketlabs" || first == "internal"):
		return fmt.Errorf("import %q: what the lab's file imports is there already, and the standard library can be added", at)
	}
	return nil
}

// whole is the version as a file: the imports of the lab's file that it uses,
// then its own text, whose lines the compiler counts from 1.
func (g *guestFile) whole(v Version, host *hostFile) []byte {
	own := names(g.file.Imports, importName)
	var out bytes.Buffer
	out.WriteString(clauseLine)
	used := names(g.file.Unresolved, func(id *ast.Ident) string { return id.Name })
	for name, at := range host.imports {
		if slices.Contains(used, name) && !slices.Contains(own, name) {
			fmt.Fprintf(&out, "import %s %q\n", name, at)
		}
	}
	fmt.Fprintf(&out, "//line %s:1:1\n", v.Base())
	out.Write(g.text)
	return append(out.Bytes(), '\n')
}
