package labs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
