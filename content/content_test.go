package content

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"socketlabs/labs"
)

var update = flag.Bool("update", false, "write the golden files anew")

// clone is a small module with one lab and two lessons.
const clone = "testdata/clone"

func catalog(t testing.TB) *labs.Catalog {
	t.Helper()
	c, err := labs.Read(clone)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// files returns the lessons' files, to be changed by a test.
func files(t testing.TB) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	root := os.DirFS(filepath.Join(clone, "content"))
	err := fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			var data []byte
			data, err = fs.ReadFile(root, name)
			out[name] = &fstest.MapFile{Data: data}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func good(t testing.TB) *Book {
	t.Helper()
	b, problems := Load(filepath.Join(clone, "content"), catalog(t))
	for _, p := range problems {
		t.Error(p)
	}
	if t.Failed() {
		t.FailNow()
	}
	return b
}

func TestGolden(t *testing.T) {
	for _, l := range good(t).lessons() {
		golden(t, l.ID+".golden", l.dump())
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	a, b := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("%s:%d differs; look, then run with -update\ngot  %s\nwant %s", name, i+1, at(a, i), at(b, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

// dump writes a lesson as a person can read it.
func (l *Lesson) dump() string {
	var w strings.Builder
	fmt.Fprintf(&w, "%s | %s\ncovers %v, %d minutes, labs/%s\n", l.Title.Ko, l.Title.En, l.Covers, l.Minutes, l.Lab)
	for i, p := range l.Shown {
		fmt.Fprintf(&w, "%2d %+v\n", i, p)
	}
	for _, e := range l.Experiments {
		fmt.Fprintf(&w, "\n%s: %s | %s\n%+v\n", e.ID, e.Title.Ko, e.Title.En, e.Spec)
	}
	for _, s := range l.Sections {
		fmt.Fprintf(&w, "\n## %s\nko %s\nen %s\n", s.ID, s.Title.Ko, s.Title.En)
		for _, b := range s.Body {
			b.dump(&w)
		}
	}
	return w.String()
}

func (b Block) dump(w *strings.Builder) {
	say := func(what string, h HTML) { fmt.Fprintf(w, "%s\n ko %s\n en %s\n", what, h.Ko, h.En) }
	if b.Prose != nil {
		say("- prose", *b.Prose)
	}
	if b.Source != nil {
		fmt.Fprintf(w, "- source labs/%s %s:%d\n", b.Source.Lab, b.Source.Func.File, b.Source.Func.Line)
		for _, line := range b.Source.Lines {
			fmt.Fprintf(w, "%4d %-60s %s\n", line.N, line.HTML, line.Metric)
		}
	}
	if b.Experiment != nil {
		fmt.Fprintf(w, "- experiment %s\n", b.Experiment.ID)
	}
	if c := b.Compare; c != nil {
		fmt.Fprintf(w, "- compare %s: %s | %s\n a %s | %s\n b %s | %s\n %+v\n", c.ID, c.Title.Ko, c.Title.En, c.ATitle.Ko, c.ATitle.En, c.BTitle.Ko, c.BTitle.En, c.Plan(0).Order)
	}
	for _, p := range b.Predict {
		say("- predict "+p.Experiment+" "+p.ID, p.Ask)
		for _, c := range p.Choices {
			say("  choice "+c.ID, c.Text)
		}
		say("  why", p.Why)
	}
	for _, c := range b.Check {
		say("- check "+c.Experiment+" "+c.ID+" "+c.Expr, c.Text)
	}
}
