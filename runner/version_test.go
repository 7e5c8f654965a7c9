package runner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// A version of a function is built with the lab around it: the compiler speaks
// of its own lines, it runs, and nothing under labs/ changes.
func TestRunOfAVersion(t *testing.T) {
	root := module(t)
	source := filepath.Join(root, "labs/odd/main.go")
	before, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, root, Limits{})
	with := func(text string) labs.Spec {
		s := odd("panic")
		s.Version = &labs.Version{Func: "misbehave", Text: text, File: "exercises/odd/misbehave.go"}
		return s
	}
	for _, tt := range []struct {
		why, text string
		at        int
		line      string
	}{
		{"a type error", "// misbehave errs.\nfunc misbehave() {\n\tvar x int\n\t_, x = x, \"two\"\n}\n", 4, "untyped string"},
		{"an import of its own that is not used", "import \"math\"\n\nfunc misbehave() {}\n", 1, "imported and not used"},
		{"a name that is not there", "func misbehave() { nowhere() }\n", 1, "undefined: nowhere"},
		{"a syntax error", "func misbehave() {\n\tif {\n}\n", 2, "missing condition"},
		{"more than the function", "func misbehave() {}\n\nfunc init() {}\n", 3, "only the function misbehave"},
	} {
		o := carry(t, r, with(tt.text))
		why := o.end.Reason
		if o.code() != "build-error" || why.File != "exercises/odd/misbehave.go" || why.At != tt.at || !strings.Contains(why.Line, tt.line) {
			t.Errorf("%s: ended %s: %+v\n%s", tt.why, o.end.Phase, why, o.log())
		}
		if strings.Contains(o.log(), root) {
			t.Errorf("%s: the log has a path of this machine:\n%s", tt.why, o.log())
		}
	}
	o := carry(t, r, with("func misbehave() {}\n")) // most imports are left without a use
	if o.end.Phase != telemetry.Finished {
		t.Fatalf("ended %s: %+v\n%s", o.end.Phase, o.end.Reason, o.log())
	}
	s, err := r.Summary(o.id)
	lab, _ := catalogOf(t, r).Lab("odd")
	if err != nil || !s.Exercise || s.Edited || s.Code == lab.Code || !o.events[0].Run.Exercise {
		t.Errorf("%v: %+v, the lab's code is %s", err, s, lab.Code)
	}
	if plain := carry(t, r, odd("panic")); plain.code() != "lab-crashed" {
		t.Errorf("the lab itself ended %s: %+v", plain.end.Phase, plain.end.Reason)
	}
	if after, err := os.ReadFile(source); err != nil || string(after) != string(before) {
		t.Error("labs/ was touched")
	}
	for _, name := range []string{"labs/odd", ""} {
		if left, _ := filepath.Glob(filepath.Join(root, name, "*version*")); left != nil {
			t.Errorf("left behind: %v", left)
		}
	}
}

func catalogOf(t *testing.T, r *Runner) *labs.Catalog {
	t.Helper()
	c, err := r.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
