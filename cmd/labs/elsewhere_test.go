package main

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// On a system that is not Linux nothing runs, but lessons are read and recordings
// replayed, so the packages that run things have a small part there (elsewhere.go).
// It must have all that the runner uses. A whole build for such a system takes
// too long here: GOOS=darwin go build ./cmd/labs.
func TestTheRunnerFindsItsPackagesElsewhere(t *testing.T) {
	system := build.Default
	system.GOOS, system.CgoEnabled = "darwin", false
	uses := map[string][]string{}
	for _, f := range sources(t, &system, "runner") {
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok {
					uses[x.Name] = append(uses[x.Name], sel.Sel.Name)
				}
			}
			return true
		})
	}
	for _, pkg := range []string{"load", "observe", "shim"} {
		has := declared(sources(t, &system, "runner", pkg))
		if len(uses[pkg]) == 0 {
			t.Errorf("the runner uses nothing of %s", pkg)
		}
		for _, name := range uses[pkg] {
			if !slices.Contains(has, name) {
				t.Errorf("runner/%s has no %s where there is no Linux: add it to elsewhere.go", pkg, name)
			}
		}
	}
}

// sources parses the files that a package has on a system, tests left out.
func sources(t *testing.T, system *build.Context, dir ...string) (files []*ast.File) {
	t.Helper()
	folder := filepath.Join(append([]string{"..", ".."}, dir...)...)
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if ok, err := system.MatchFile(folder, filepath.Base(name)); err != nil || !ok || strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		t.Fatalf("%s has no files", path.Join(dir...))
	}
	return files
}

// declared are the names at the top of a package.
func declared(files []*ast.File) (names []string) {
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				names = append(names, d.Name.Name)
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						names = append(names, s.Name.Name)
					case *ast.ValueSpec:
						for _, n := range s.Names {
							names = append(names, n.Name)
						}
					}
				}
			}
		}
	}
	return names
}
