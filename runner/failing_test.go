package runner

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

func TestRunsThatFail(t *testing.T) {
	r := start(t, module(t), Limits{})
	tests := []struct {
		how, code string
		line      string // in the reason
		log       string // in its last lines
	}{
		{"refuse", "lab-refused", "takes something else", ""},
		{"taken", "port-taken", "address already in use", ""},
		{"leave", "lab-crashed", "exit status 0", ""},
		{"panic", "lab-crashed", "panic: oh no", "goroutine "},
		{"signal", "lab-crashed", "SIGKILL", ""},
		{"exit", "lab-crashed", "exit status 7", "I give up"},
		{"fork", "lab-crashed", "exit status 7", ""}, // its child holds the pipes
		{"silent", "not-listening", "I do not listen", ""},
	}
	for _, tt := range tests {
		t.Run(tt.how, func(t *testing.T) {
			o := carry(t, r, odd(tt.how))
			if o.end.Phase != telemetry.Failed || o.code() != tt.code {
				t.Fatalf("ended %s: %+v\n%s", o.end.Phase, o.end.Reason, o.log())
			}
			if !strings.Contains(o.end.Reason.Line, tt.line) || !strings.Contains(o.end.Reason.Args["log"], tt.log) {
				t.Errorf("reason %+v", o.end.Reason)
			}
			if left := children(t); left != "" {
				t.Errorf("children left behind: %s", left)
			}
			if len(o.end.Checks) > 0 || o.end.Metrics != nil {
				t.Errorf("a failed run was judged: %+v", o.end)
			}
		})
	}
}

func TestRunOfAHostileLab(t *testing.T) {
	r := start(t, module(t), Limits{})
	loud := carry(t, r, odd("loud"))
	if loud.end.Phase != telemetry.Finished {
		t.Fatalf("ended %s: %+v", loud.end.Phase, loud.end.Reason)
	}
	log := loud.log()
	for _, want := range []string{"bytes left out", "lines left out", "\x1b[2J\x1b]0;title\a\x00 colour \uFFFD"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log of %d bytes does not hold %q", len(log), want)
		}
	}
	if n := strings.Count(log, "\n"); n > 500 {
		t.Errorf("%d lines passed", n)
	}
	forged := carry(t, r, odd("forge"))
	if forged.end.Phase != telemetry.Finished {
		t.Fatalf("ended %s: %+v", forged.end.Phase, forged.end.Reason)
	}
	honest := false
	for _, e := range forged.events {
		if e.Check != nil || e.End != nil && e.Seq != uint64(len(forged.events)) {
			t.Errorf("forged: %+v", e)
		}
		if e.From == telemetry.FromLab && e.Kind == telemetry.KindSample {
			for name := range e.Values {
				if !strings.HasPrefix(name, "lab.") {
					t.Errorf("the lab says %s", name)
				}
				honest = honest || name == "lab.honest"
			}
		}
		if e.State != nil && e.State.Facts["addr"] == "8.8.8.8:53" {
			t.Error("the lab moved its address")
		}
	}
	if !honest {
		t.Error("the lab's own metric is missing")
	}
}

func TestRunDoesNotBuild(t *testing.T) {
	root := module(t)
	file := filepath.Join(root, "labs/odd/main.go")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Replace(text, []byte("flag.Parse()"), []byte("flag.Purse()"), 1)
	if err := os.WriteFile(file, broken, 0o644); err != nil {
		t.Fatal(err)
	}
	r := start(t, root, Limits{})
	o := carry(t, r, odd("echo"))
	line := bytes.Count(broken[:bytes.Index(broken, []byte("flag.Purse"))], []byte{'\n'}) + 1
	if why := o.end.Reason; o.code() != "build-error" || why.File != "labs/odd/main.go" || why.At != line || !strings.Contains(why.Line, "Purse") {
		t.Fatalf("ended %s: %+v", o.end.Phase, why)
	}
	if !strings.Contains(o.log(), "error runner: labs/odd/main.go") {
		t.Errorf("log %q", o.log())
	}
	if err := os.WriteFile(file, append(bytes.Clone(text), "\nfunc {\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	line = bytes.Count(text, []byte{'\n'}) + 2
	if o = carry(t, r, odd("echo")); o.code() != "build-error" || o.end.Reason.At != line {
		t.Errorf("a source that does not parse, broken on line %d: ended %s: %+v", line, o.end.Phase, o.end.Reason)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if o = carry(t, r, odd("refuse")); o.code() != "lab-refused" {
		t.Errorf("mended: ended %s: %+v", o.end.Phase, o.end.Reason)
	}
	t.Setenv("PATH", t.TempDir())
	if o = carry(t, r, odd("refuse")); o.code() != "lab-refused" {
		t.Errorf("built already: ended %s: %+v", o.end.Phase, o.end.Reason)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	if o = carry(t, r, odd("refuse")); o.code() != "no-toolchain" {
		t.Errorf("without go: ended %s: %+v", o.end.Phase, o.end.Reason)
	}
}
