package labs

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Version is another version of one function of a lab: a learner's, or the
// solution of an exercise. It is built with the lab around it, and labs/ stays
// as it is.
type Version struct {
	Func string `json:"func"` // of the lab; methods by their bare name
	// Text is the function with its comment, and above it the imports that it
	// needs beyond those of the lab's file, if any. It may begin with the clause
	// package main, so that an editor takes it for a Go file.
	Text string `json:"text"`
	File string `json:"file"` // what people call it: exercises/epoll-edge/drain.go
}

// MaxVersion is how many bytes a version's text may have.
const MaxVersion = 32 << 10

// VersionError is what is wrong with a version's text, and where.
type VersionError struct {
	Line int // from 1
	Text string
}

func (e *VersionError) Error() string { return e.Text }

func wrongAt(line int, format string, args ...any) error {
	return &VersionError{max(line, 1), fmt.Sprintf(format, args...)}
}

// Base is the version's file in the lab's folder, and what the compiler calls it.
func (v Version) Base() string { return "version_of_" + v.Func + ".go" }

// With returns the lab as it is with the version built in: its hashes are others.
func (l Lab) With(v Version) Lab {
	for _, hash := range []*string{&l.Code, &l.Build} {
		sum := sha256.Sum256([]byte(*hash + "\x00" + v.Func + "\x00" + v.File + "\x00" + v.Text))
		*hash = hex.EncodeToString(sum[:8])
	}
	return l
}

// Overlay returns the files that stand in for the lab's own while the version is
// built, by their path in the module: the function's file without it, line by
// line, and one more that holds the version under the lines of its own text. The
// error is a *VersionError when the text is not one function of that name.
func (c *Catalog) Overlay(l Lab, v Version) (map[string][]byte, error) {
	f, ok := l.Func(v.Func)
	if !ok {
		return nil, fmt.Errorf("labs/%s has no function %s", l.Name, v.Func)
	}
	text, err := os.ReadFile(filepath.Join(c.Root, f.File))
	if err != nil {
		return nil, err
	}
	host, err := readHost(f, text)
	if err != nil {
		return nil, err
	}
	guest, err := readGuest(v, host)
	if err != nil {
		return nil, err
	}
	name := path.Join(path.Dir(f.File), v.Base())
	if _, err := os.Stat(filepath.Join(c.Root, name)); err == nil {
		return nil, fmt.Errorf("%s is in the way: rename it", name)
	}
	return map[string][]byte{f.File: host.without(), name: guest.whole(v, host)}, nil
}

// hostFile is the lab's file that holds the function.
type hostFile struct {
	text    []byte
	set     *token.FileSet
	decl    *ast.FuncDecl
	file    *ast.File
	imports map[string]string // path by name
}

func readHost(f Func, text []byte) (*hostFile, error) {
	h := &hostFile{text: text, set: token.NewFileSet(), imports: map[string]string{}}
	var err error
	if h.file, err = parser.ParseFile(h.set, f.File, text, parser.ParseComments); err != nil {
		return nil, err
	}
	for _, d := range h.file.Decls {
		if d, ok := d.(*ast.FuncDecl); ok && d.Name.Name == f.Name {
			h.decl = d
			break
		}
	}
	if h.decl == nil {
		return nil, fmt.Errorf("%s has no function %s any more", f.File, f.Name)
	}
	for _, imp := range h.file.Imports {
		h.imports[importName(imp)] = importPath(imp)
	}
	return h, nil
}

// without is the file less the function, and less the imports that only the
// function used: each becomes blanks, so that every other line keeps its number.
func (h *hostFile) without() []byte {
	out := bytes.Clone(h.text)
	from := h.decl.Pos()
	if h.decl.Doc != nil {
		from = h.decl.Doc.Pos()
	}
	blank(out, h.offset(from), h.offset(h.decl.End()))
	used := names(h.others(), func(id *ast.Ident) string { return id.Name })
	for _, d := range h.file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.IMPORT {
			continue
		}
		for _, spec := range g.Specs {
			imp := spec.(*ast.ImportSpec)
			if name := importName(imp); name == "_" || name == "." || slices.Contains(used, name) {
				continue
			}
			var node ast.Node = imp
			if !g.Lparen.IsValid() {
				node = g
			}
			blank(out, h.offset(node.Pos()), h.offset(node.End()))
		}
	}
	return out
}

// others are the names that the file uses outside the function and does not declare.
func (h *hostFile) others() []*ast.Ident {
	return slices.DeleteFunc(slices.Clone(h.file.Unresolved), func(id *ast.Ident) bool {
		return h.decl.Pos() <= id.Pos() && id.Pos() < h.decl.End()
	})
}

func (h *hostFile) offset(p token.Pos) int { return h.set.Position(p).Offset }

// blank overwrites a part of a text, all but its line breaks.
func blank(text []byte, from, to int) {
	for i := from; i < to; i++ {
		if text[i] != '\n' {
			text[i] = ' '
		}
	}
}

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

func importPath(imp *ast.ImportSpec) string {
	at, _ := strconv.Unquote(imp.Path.Value)
	return at
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// importName is the name that an import has in its file.
func importName(imp *ast.ImportSpec) string {
	if imp.Name != nil {
		return imp.Name.Name
	}
	at := importPath(imp)
	if base := path.Base(at); !majorVersion.MatchString(base) {
		return base
	}
	return path.Base(path.Dir(at))
}
