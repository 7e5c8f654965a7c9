package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// arrows says which packages of the module each may import: the picture in the
// README. Nothing imports site, nothing imports a lab, content never sees a
// process, runner never sees a lesson.
var arrows = map[string][]string{
	"cmd/labs":              {"content", "labs", "labs/telemetry", "runner", "runner/judge", "runner/trace", "site", "site/harden", "site/rehearse", "site/workshop"},
	"site":                  {"content", "labs", "labs/telemetry", "runner", "runner/judge", "runner/trace", "site/harden", "site/workshop"},
	"content":               {"labs", "labs/telemetry", "runner/judge"},
	"site/harden":           {"labs/telemetry"},
	"site/rehearse":         {"labs/telemetry"}, // people as the site meets them: over HTTP, and nothing of its insides
	"site/workshop":         {},                 // people, codes and what is kept of them: no HTTP, no runs
	"labs":                  {"labs/internal/lab", "labs/telemetry"},
	"runner":                {"labs", "labs/telemetry", "runner/judge", "runner/load", "runner/observe", "runner/shim", "runner/trace"},
	"runner/load":           {"labs", "labs/telemetry"},
	"runner/observe":        {"labs/telemetry"},
	"runner/shim":           {},
	"runner/trace":          {}, // ptrace(2) and packets: what a system call is, not what a run is
	"runner/judge":          {"labs/telemetry"},
	"labs/telemetry":        {},
	"labs/internal/lab":     {"labs/telemetry", "labs/internal/sock"},
	"labs/internal/sock":    {},
	"labs/internal/loop":    {"labs/internal/lab", "labs/internal/sock", "labs/telemetry"},
	"labs/internal/rpc":     {"labs/internal/loop"},
	"labs/internal/threads": {"labs/internal/lab", "labs/internal/sock", "labs/telemetry"},
	"labs/internal/labtest": {"labs/internal/rpc", "labs/telemetry"},
	"labs/NAME":             {"labs/internal/lab", "labs/internal/loop", "labs/internal/rpc", "labs/internal/sock", "labs/internal/threads", "labs/telemetry"},
}

func TestPackagesImportOnlyAlongTheArrows(t *testing.T) {
	for pkg, imports := range moduleImports(t) {
		allowed, ok := arrows[pkg]
		if !ok && path.Dir(pkg) == "labs" {
			allowed, ok = arrows["labs/NAME"], true
		}
		if !ok {
			t.Errorf("%s is in no picture: say what it is for in the README and in arrows", pkg)
			continue
		}
		for _, imp := range imports {
			if !strings.Contains(" "+strings.Join(allowed, " ")+" ", " "+imp+" ") {
				t.Errorf("%s imports %s", pkg, imp)
			}
		}
	}
}

// moduleImports maps each package to the packages of this module that it
// imports, tests left out.
func moduleImports(t *testing.T) map[string][]string {
	t.Helper()
	root := filepath.Join("..", "..")
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		for _, c := range f.Comments {
			if strings.Contains(c.Text(), "go:build ignore") || c.Pos() < f.Package && strings.Contains(c.List[0].Text, "//go:build ignore") {
				return nil
			}
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		found[pkg] = append(found[pkg], ours(f.Imports)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// ours returns the imports that are packages of this module, relative to it.
func ours(imports []*ast.ImportSpec) []string {
	var out []string
	for _, imp := range imports {
		name, _ := strconv.Unquote(imp.Path.Value)
		if rest, ok := strings.CutPrefix(name, "socketlabs/"); ok {
			out = append(out, rest)
		}
	}
	return out
}
