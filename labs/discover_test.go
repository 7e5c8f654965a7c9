package labs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

const source = `// Command tiny shows one thing. And then another.
package main

var (
	buf     = flag.Int("buf", 4<<10, "bytes per read [1..65536 bytes]")
	model   = flag.String("model", "one", "who is served [one|threads]")
	timeout = flag.Duration("read-timeout", 10*time.Second, "how long a read may take [0s..60s]")
	drain   = flag.Bool("drain", true, "read until EAGAIN")
)

var m struct {
	loop.Counts
	Accepts, ShortWrites telemetry.Counter
	Open                 telemetry.Gauge
	other                int
}

func main() {}

// echo answers.
// Twice.
func (c *conn) echo() {
	m.ShortWrites.Inc()
	if c == nil {
		m.Open.Add(1)
	}
}
`

func TestReadFindsWhatTheSourceSays(t *testing.T) {
	root := module(t, map[string]string{
		"labs/tiny/main.go":          source,
		"labs/internal/loop/loop.go": "package loop\n\ntype Counts struct{ Reads telemetry.Counter }\n",
	})
	c, err := Read(root)
	if err != nil {
		t.Fatal(err)
	}
	l, ok := c.Lab("tiny")
	if !ok {
		t.Fatalf("no lab tiny among %d", len(c.Labs))
	}
	if l.Synopsis != "Command tiny shows one thing." {
		t.Errorf("synopsis %q", l.Synopsis)
	}
	want := []Setting{
		{Name: "buf", Kind: Int, Default: 4096.0, Min: 1, Max: 65536, Unit: "bytes", Doc: "bytes per read"},
		{Name: "model", Kind: Choice, Default: "one", Choices: []string{"one", "threads"}, Doc: "who is served"},
		{Name: "read-timeout", Kind: Duration, Default: 10.0, Max: 60, Unit: "seconds", Doc: "how long a read may take"},
		{Name: "drain", Kind: Bool, Default: true, Doc: "read until EAGAIN"},
	}
	for i, w := range want {
		if i >= len(l.Knobs) || !sameSetting(l.Knobs[i], w) {
			t.Errorf("knob %d: got %+v, want %+v", i, l.Knobs, w)
			break
		}
	}
	metrics := []telemetry.Metric{
		{Name: "lab.reads", Kind: telemetry.KindCounter},
		{Name: "lab.accepts", Kind: telemetry.KindCounter},
		{Name: "lab.short_writes", Kind: telemetry.KindCounter},
		{Name: "lab.open", Kind: telemetry.KindGauge},
	}
	if !slices.Equal(l.Metrics, metrics) {
		t.Errorf("metrics %+v", l.Metrics)
	}
	f, _ := l.Func("echo")
	if !strings.HasPrefix(f.Text, "// echo answers.\n") || !strings.HasSuffix(f.Text, "\n}") {
		t.Errorf("function text %q", f.Text)
	}
	lines := strings.Split(source, "\n")
	if len(f.Counts) != 2 || !strings.Contains(lines[f.Counts[0].Line-1], "m.ShortWrites.Inc()") || f.Counts[0].Metric != "lab.short_writes" || f.Counts[1].Metric != "lab.open" {
		t.Errorf("counts %+v", f.Counts)
	}
	if lines[f.Line-1] != "// echo answers." {
		t.Errorf("function begins at line %d", f.Line)
	}
}

func sameSetting(a, b Setting) bool {
	return a.Name == b.Name && a.Kind == b.Kind && a.Default == b.Default && a.Min == b.Min && a.Max == b.Max &&
		a.Unit == b.Unit && a.Doc == b.Doc && slices.Equal(a.Choices, b.Choices)
}

func TestHashesFollowTheSource(t *testing.T) {
	files := map[string]string{"labs/tiny/main.go": source, "labs/telemetry/x.go": "package telemetry\n"}
	read := func() Lab {
		c, err := Read(module(t, files))
		if err != nil {
			t.Fatal(err)
		}
		return c.Labs[0]
	}
	before := read()
	files["labs/tiny/main_test.go"] = "package main\n"
	if l := read(); l.Code != before.Code || l.Build != before.Build {
		t.Error("a test file changes a hash")
	}
	files["labs/telemetry/x.go"] += "// more\n"
	if l := read(); l.Code != before.Code || l.Build == before.Build {
		t.Error("a shared package changes the build hash, and only that")
	}
	files["labs/tiny/main.go"] += "// edited\n"
	if l := read(); l.Code == before.Code {
		t.Error("an edited lab keeps its code hash")
	}
}

func TestReadSurvivesWhatALearnerMayWrite(t *testing.T) {
	tests := []struct {
		why, text, broken string
	}{
		{"a syntax error", "package main\nfunc {", "labs/tiny/main.go:2:6: expected 'IDENT'"},
		{"an empty file", "", "labs/tiny/main.go:1:1: expected 'package'"},
		{"a knob needs a domain", "package main\nvar x = flag.Int(\"x\", 1, \"no domain\")", "labs/tiny/main.go:2: flag -x"},
		{"the default must be allowed", "package main\nvar x = flag.Int(\"x\", 9, \"x [1..5]\")", "labs/tiny/main.go:2"},
		{"a default of the wrong type", "package main\nvar x = flag.Bool(\"x\", 1, \"x\")", "labs/tiny/main.go:2"},
		{"a name that is no string", "package main\nvar x = flag.Int(7, 1, \"x [1..5]\")", "labs/tiny/main.go:2"},
		{"a default that is computed", "package main\nvar x = flag.Int(\"x\", f(), \"x [1..5]\")", "labs/tiny/main.go:2"},
		{"an unknown kind of flag", "package main\nvar x = flag.Func(\"x\", \"x\", nil)", "labs/tiny/main.go:2"},
		{"shifting by too much", "package main\nvar x = flag.Int(\"x\", 1<<99, \"x [1..5]\")", "labs/tiny/main.go:2"},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			c, err := Read(module(t, map[string]string{"labs/tiny/main.go": test.text, "labs/empty/README": "x"}))
			if err != nil {
				t.Fatal(err)
			}
			if l, ok := c.Lab("tiny"); !ok || !strings.HasPrefix(l.Broken, test.broken) {
				t.Errorf("got %+v, want it broken: %s", l, test.broken)
			}
		})
	}
}

func TestRootIsFoundFromInside(t *testing.T) {
	root := module(t, map[string]string{"labs/tiny/main.go": source})
	got, err := Root(filepath.Join(root, "labs", "tiny"))
	if err != nil || got != root {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := Root(t.TempDir()); err == nil {
		t.Error("a folder outside any clone has a root")
	}
}

// module writes a small clone.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"go.mod": "module socketlabs\n", "go.sum": "",
		"labs/telemetry/t.go": "package telemetry\n", "labs/internal/lab/l.go": "package lab\n", "labs/internal/sock/s.go": "package sock\n",
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func FuzzEval(f *testing.F) {
	f.Add(`flag.Int("buf", 4<<10, "bytes [1..65536 bytes]")`)
	f.Add(`flag.Duration("t", 10*time.Second, "t [0s..1m]")`)
	f.Fuzz(func(t *testing.T, call string) {
		l := Lab{Name: "x"}
		r := reader{file: "x.go", text: []byte("package main\nvar x = " + call + "\n"), lab: &l}
		r.read() // must not panic
	})
}
