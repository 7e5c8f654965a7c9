package runner

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

func TestEachLine(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"one without an end", "a", []string{"a+0"}},
		{"empty lines are lines", "\n\nb\n", []string{"+0", "+0", "b+0"}},
		{"exactly the bound", "12345678\n", []string{"12345678+0"}},
		{"longer than the bound", "123456789ab\nx\n", []string{"12345678+3", "x+0"}},
		{"longer than the reader's buffer", strings.Repeat("y", 100<<10) + "\nz", []string{"yyyyyyyy+102392", "z+0"}},
	}
	for _, tt := range tests {
		var got []string
		eachLine(strings.NewReader(tt.text), 8, func(line []byte, cut int) { got = append(got, fmt.Sprintf("%s+%d", line, cut)) })
		if fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// endless is a line that does not end.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	e.left -= len(p)
	return len(p), nil
}

func TestEachLineBoundsMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	eachLine(&endless{100 << 20}, 4096, func(line []byte, cut int) {})
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 10<<20 {
		t.Errorf("a line of 100 MB allocated %d bytes", grown)
	}
}

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(50)
		passed := 0
		for range 1434 {
			if g.pass() {
				passed++
			}
		}
		if passed != 200 {
			t.Errorf("a burst of %d lines passed, want 200", passed)
		}
		if got := g.notice(); got != "… 1,234 lines left out" {
			t.Errorf("notice %q", got)
		}
		if got := g.notice(); got != "" {
			t.Errorf("second notice %q", got)
		}
		time.Sleep(time.Second)
		for passed = 0; g.pass(); passed++ {
		}
		if passed != 50 {
			t.Errorf("after a second %d lines passed, want 50", passed)
		}
	})
}

func TestLogText(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"as it is", "plain", "plain"},
		{"control characters stay", "a\x1b[31mb", "a\x1b[31mb"},
		{"no UTF-8", "a\xff\xfeb", "a\uFFFDb"},
		{"cut inside a letter", "한글한", "한글\uFFFD… 2 bytes left out"},
	}
	for _, tt := range tests {
		if got := logText([]byte(tt.line), 0, 7); tt.name == "cut inside a letter" && got != tt.want || tt.name != "cut inside a letter" && logText([]byte(tt.line), 0, 100) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestAdmission(t *testing.T) {
	const ready1 = `{"t":1,"kind":"state","state":{"phase":"running","facts":{"addr":"127.0.0.1:9000"}}}`
	tests := []struct {
		name  string
		lines []string
		want  []verdict
	}{
		{"text", []string{"hello", "{", `{"a":1}`, "", `{"kind":`}, []verdict{plain, plain, plain, plain, plain}},
		{"listens once", []string{ready1, ready1}, []verdict{ready, refused}},
		{"somebody else's address", []string{strings.Replace(ready1, "127.0.0.1", "10.1.2.3", 1)}, []verdict{refused}},
		{"a name is no address", []string{strings.Replace(ready1, "127.0.0.1", "localhost", 1)}, []verdict{refused}},
		{"port 0", []string{strings.Replace(ready1, "9000", "0", 1)}, []verdict{refused}},
		{"another phase", []string{`{"t":1,"kind":"state","state":{"phase":"finished"}}`, `{"kind":"state"}`}, []verdict{refused, refused}},
		{"the runner's kinds", []string{`{"kind":"end","end":{"phase":"finished"}}`, `{"kind":"check"}`, `{"kind":"run"}`, `{"kind":"block"}`, `{"kind":"sockets"}`, `{"kind":"fault"}`, `{"kind":"figures"}`},
			[]verdict{refused, refused, refused, refused, refused, refused, refused}},
		{"a sample before it listens", []string{`{"t":100,"kind":"sample"}`}, []verdict{refused}},
		{"one sample a tick", []string{ready1, `{"t":100,"kind":"sample"}`, `{"t":100.04,"kind":"sample"}`, `{"t":100.1,"kind":"sample"}`}, []verdict{ready, sample, refused, sample}},
		{"the past and the future", []string{ready1, `{"t":100.3,"kind":"sample"}`, `{"t":1e300,"kind":"sample"}`, `{"t":-5,"kind":"sample"}`, `{"t":80,"kind":"sample"}`, `{"t":99.9,"kind":"sample"}`},
			[]verdict{ready, refused, refused, refused, refused, sample}},
		{"numbers that are none", []string{ready1, `{"t":100,"kind":"sample","values":{"lab.n":1e999}}`, `{"t":100,"kind":"sample","values":{"lab.n":NaN}}`}, []verdict{ready, plain, plain}},
	}
	for _, tt := range tests {
		a := newAdmission(labs.Lab{})
		for i, line := range tt.lines {
			if e, got := a.judge([]byte(line), 1001); got != tt.want[i] {
				t.Errorf("%s: line %d: verdict %d, want %d", tt.name, i, got, tt.want[i])
			} else if (got == sample || got == ready || got == message) && (e.From != telemetry.FromLab || e.Seq != 0) {
				t.Errorf("%s: line %d: admitted %+v", tt.name, i, e)
			}
		}
	}
}

func TestAdmissionForgesNothing(t *testing.T) {
	a := newAdmission(labs.Lab{Metrics: []telemetry.Metric{{Name: "lab.reads"}}})
	a.listening = true
	var values []string
	for i := range 200 {
		values = append(values, fmt.Sprintf(`"lab.n%d":1`, i))
	}
	line := `{"seq":9,"t":100,"kind":"sample","from":"kernel","block":3,"values":{"lab.reads":1,"kernel.cpu":5,"load.requests":7,"lab.UP":1,"lab.":1,` + strings.Join(values, ",") +
		`},"end":{"phase":"finished"},"text":"x"}`
	e, v := a.judge([]byte(line), 1000)
	if v != sample || e.Seq != 0 || e.From != telemetry.FromLab || e.Block != 0 || e.End != nil || e.Text != "" {
		t.Fatalf("verdict %d, %+v", v, e)
	}
	if len(e.Values) > 1+maxUnknown || e.Values["lab.reads"] != 1 {
		t.Errorf("%d values", len(e.Values))
	}
	for name := range e.Values {
		if !labMetric.MatchString(name) {
			t.Errorf("admitted %s", name)
		}
	}
	if e, v = a.judge([]byte(`{"kind":"log","from":"judge","level":"fatal","text":"hi","check":{"id":"a","pass":true}}`), 1000); v != message || e.Level != "info" || e.Check != nil || e.From != telemetry.FromLab {
		t.Errorf("verdict %d, %+v", v, e)
	}
}

func FuzzAdmission(f *testing.F) {
	f.Add([]byte(`{"t":100,"kind":"sample","values":{"lab.a":1},"hists":{"lab.h":{"count":1,"sum":1,"min":1,"max":1,"b":[5,1]}}}`))
	f.Add([]byte(`{"t":1,"kind":"state","state":{"phase":"running","facts":{"addr":"[::1]:80"}}}`))
	f.Add([]byte("\x1b[2J\xff{"))
	f.Fuzz(func(t *testing.T, line []byte) {
		a := newAdmission(labs.Lab{})
		a.listening = bytes.Contains(line, []byte("sample"))
		e, v := a.judge(line, 1000)
		if v == sample && (e.From != telemetry.FromLab || e.End != nil || e.Run != nil || len(e.Values)+len(e.Hists) > maxUnknown) {
			t.Errorf("admitted %+v", e)
		}
		if text := logText(line, 0, 64); !utf8.ValidString(text) || len(text) > 3*64+64 {
			t.Errorf("log %q", text)
		}
	})
}
