package labs

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const hostSource = `package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

type conn struct{ fd int }

// drain is what is edited.
func drain(c *conn, b []byte) error {
	if _, err := unix.Read(c.fd, b); err != nil {
		return os.NewSyscallError("read", err)
	}
	return io.EOF
}

func (c *conn) close() error { return os.NewSyscallError("close", unix.Close(c.fd)) }

func main() {}
`

// aLab makes a module with one lab.
func aLab(t *testing.T) (*Catalog, Lab) { return labIn(t, t.TempDir()) }

func labIn(t testing.TB, root string) (*Catalog, Lab) {
	t.Helper()
	for name, text := range map[string]string{"go.mod": "module socketlabs\n", "go.sum": "", "labs/mini/main.go": hostSource} {
		at := filepath.Join(root, name)
		os.MkdirAll(filepath.Dir(at), 0o755)
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	os.MkdirAll(filepath.Join(root, "labs/telemetry"), 0o755)
	c, err := Read(root)
	if err != nil {
		t.Fatal(err)
	}
	l, ok := c.Lab("mini")
	if !ok {
		t.Fatal("there is no lab")
	}
	return c, l
}

func TestOverlayKeepsEveryOtherLine(t *testing.T) {
	c, l := aLab(t)
	text := "import \"time\"\n\n// drain sleeps.\nfunc drain(c *conn, b []byte) error {\n\tio := 1\n\t_ = io\n\ttime.Sleep(1)\n\t_, err := unix.Read(c.fd, b)\n\treturn err\n}"
	files, err := c.Overlay(l, Version{Func: "drain", Text: text, File: "exercises/x/drain.go"})
	if err != nil {
		t.Fatal(err)
	}
	host := string(files["labs/mini/main.go"])
	was, is := strings.Split(hostSource, "\n"), strings.Split(host, "\n")
	if len(was) != len(is) {
		t.Fatalf("%d lines became %d", len(was), len(is))
	}
	for i := range was {
		gone := i >= 11 && i <= 17 || strings.Contains(was[i], `"io"`) // the function, and what only it imported
		if gone && strings.TrimSpace(is[i]) != "" || !gone && is[i] != was[i] {
			t.Errorf("line %d: %q became %q", i+1, was[i], is[i])
		}
	}
	want := "package main\nimport unix \"golang.org/x/sys/unix\"\n//line version_of_drain.go:1:1\n" + text + "\n"
	if got := string(files["labs/mini/version_of_drain.go"]); got != want {
		t.Errorf("the version's file:\n%s\nwant\n%s", got, want)
	}
	for name, text := range files {
		if _, err := parser.ParseFile(token.NewFileSet(), name, text, 0); err != nil {
			t.Error(err)
		}
	}
	if now, err := os.ReadFile(filepath.Join(c.Root, "labs/mini/main.go")); err != nil || string(now) != hostSource {
		t.Error("labs/ was touched")
	}
}

// What a version may not be: each row is a way around "exactly this function".
func TestVersionIsExactlyTheFunction(t *testing.T) {
	c, l := aLab(t)
	const good = "func drain(c *conn, b []byte) error { return nil }\n"
	for _, tt := range []struct {
		why, function, text string
		line                int
		want                string
	}{
		{"nothing", "drain", "", 1, "the function drain is missing"},
		{"no Go", "drain", "hello", 1, "expected declaration, found hello"},
		{"a brace is missing", "drain", "func drain() {\n\tif true {\n", 2, "expected '}', found 'EOF'"},
		{"another function", "drain", "func other() {}\n", 1, "func other: only the function drain can be changed"},
		{"one more function", "drain", good + "func init() {}\n", 2, "func init: only the function drain can be changed"},
		{"the function twice", "drain", good + good, 2, "once"},
		{"a variable, initialized before main", "drain", good + "var _ = boom()\n", 2, "var: only the function drain"},
		{"a type", "drain", "type conn struct{}\n" + good, 1, "type: only"},
		{"a constant", "drain", good + "const x = 1\n", 2, "const: only"},
		{"a method in a function's place", "drain", "func (c *conn) drain(b []byte) error { return nil }", 1, "the receiver of drain is none, not *conn"},
		{"a method of another kind of receiver", "close", "func (c conn) close() error { return nil }", 1, "the receiver of close is *conn, not conn"},
		{"a declaration without a body", "drain", "func drain(c *conn, b []byte) error\n", 1, "has no body"},
		{"another package", "drain", "package other\n" + good, 1, "the package is main"},
		{"cgo", "drain", "import \"C\"\n" + good, 1, `import "C" is not allowed`},
		{"unsafe", "drain", "import \"unsafe\"\n" + good, 1, `import "unsafe" is not allowed`},
		{"an import for its effect", "drain", "import _ \"net/http/pprof\"\n" + good, 1, "import it under a name"},
		{"a dot import", "drain", "import . \"os\"\n" + good, 1, "import it under a name"},
		{"a module from elsewhere", "drain", "\nimport \"example.com/x\"\n" + good, 2, "the standard library can be added"},
		{"a package of this module", "drain", "import \"socketlabs/runner\"\n" + good, 1, "the standard library can be added"},
		{"linkname", "drain", "//go:linkname drain runtime.x\n" + good, 1, "//go:linkname: a version of a function has no directives"},
		{"an embedded file", "drain", "func drain(c *conn, b []byte) error {\n//go:embed x\nreturn nil }", 2, "no directives"},
		{"another line number", "drain", "func drain(c *conn, b []byte) error {\n//line x.go:1\nreturn nil }", 2, "no directives"},
		{"another line number, in a comment of the other kind", "drain", "func drain(c *conn, b []byte) error {\n/*line x.go:1*/ return nil }", 2, "no directives"},
		{"too long", "drain", good + "//" + strings.Repeat("x", MaxVersion), 1, "at most 32768"},
		{"not UTF-8", "drain", "func drain(c *conn, b []byte) error {\n_ = \"\xff\"\nreturn nil }", 2, "illegal UTF-8 encoding"},
		{"nested without end", "drain", "func drain() {" + strings.Repeat("{", 20000), 1, "exceeded max "},
	} {
		_, err := c.Overlay(l, Version{Func: tt.function, Text: tt.text, File: "exercises/x/f.go"})
		wrong, ok := errors.AsType[*VersionError](err)
		if !ok || wrong.Line != tt.line || !strings.Contains(wrong.Text, tt.want) {
			t.Errorf("%s: %#v, want line %d: …%s…", tt.why, err, tt.line, tt.want)
		}
	}
}

func TestAVersionMayBeAFileOfAnEditor(t *testing.T) {
	c, l := aLab(t)
	text := "//go:build ignore\n\npackage main\n\nimport \"os\"\n\nfunc (c *conn) close() error { return os.ErrClosed }\n"
	files, err := c.Overlay(l, Version{Func: "close", Text: text, File: "exercises/x/close.go"})
	if err != nil {
		t.Fatal(err)
	}
	got := string(files["labs/mini/version_of_close.go"])
	if strings.Contains(got, "ignore") || strings.Count(got, "package") != 1 || strings.Count(got, `"os"`) != 1 {
		t.Errorf("the version's file:\n%s", got)
	}
	lines := strings.Split(got, "\n")
	mark := slices.Index(lines, "//line version_of_close.go:1:1")
	if at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "func") }); at-mark != 7 {
		t.Errorf("the function stands on line %d of the version, want 7:\n%s", at-mark, got)
	}
}

func TestAVersionIsAnotherLab(t *testing.T) {
	_, l := aLab(t)
	v := Version{Func: "drain", Text: "x", File: "f"}
	with := l.With(v)
	if with.Code == l.Code || with.Build == l.Build || with.Build != l.With(v).Build {
		t.Errorf("%s %s, %s %s", l.Code, l.Build, with.Code, with.Build)
	}
	if v.Text = "y"; l.With(v).Build == with.Build {
		t.Error("another text has the same binary")
	}
}

func TestDiff(t *testing.T) {
	for _, tt := range []struct{ why, from, to, want string }{
		{"the same", "a\nb\n", "a\nb", " a, b"},
		{"nothing was there", "", "a", "+a"},
		{"nothing is left", "a\nb", "", "-a,-b"},
		{"one line became two", "a\nb\nc", "a\nx\ny\nc", " a,-b,+x,+y, c"},
		{"a line was put between", "a\nc", "a\nb\nc", " a,+b, c"},
	} {
		var got []string
		for _, d := range Diff(tt.from, tt.to) {
			got = append(got, d.Op+d.Text)
		}
		if strings.Join(got, ",") != tt.want {
			t.Errorf("%s: %q, want %q", tt.why, strings.Join(got, ","), tt.want)
		}
	}
}

// Whatever is accepted is imports and exactly the function, under the lines of
// the text.
func FuzzVersion(f *testing.F) {
	for _, text := range []string{
		"func drain(c *conn, b []byte) error { return nil }\n", "package main; import \"os\"\nfunc drain() {}",
		"//go:build ignore\n\npackage main\n\nfunc drain() { _ = `\npackage x` }", "import (\"a\"; b \"os\")\r\n/* x */ func drain[T any]() {} // y",
	} {
		f.Add(text)
	}
	root := f.TempDir()
	c, l := labIn(f, root)
	f.Fuzz(func(t *testing.T, text string) {
		v := Version{Func: "drain", Text: text, File: "exercises/x/drain.go"}
		files, err := c.Overlay(l, v)
		if err != nil {
			if _, ok := errors.AsType[*VersionError](err); !ok {
				t.Fatal(err)
			}
			return
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, "", files["labs/mini/"+v.Base()], 0)
		if err != nil {
			t.Fatalf("%v\n%s", err, files["labs/mini/"+v.Base()])
		}
		funcs := 0
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				funcs++
				if d.Name.Name != "drain" || !strings.HasPrefix(strings.Split(text, "\n")[set.Position(d.Pos()).Line-1][set.Position(d.Pos()).Column-1:], "func") {
					t.Errorf("%s at %v of %q", d.Name, set.Position(d.Pos()), text)
				}
			case *ast.GenDecl:
				if d.Tok != token.IMPORT {
					t.Errorf("a %s was accepted: %q", d.Tok, text)
				}
			}
		}
		if funcs != 1 {
			t.Errorf("%d functions: %q", funcs, text)
		}
	})
}
