package runner

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

// given is a whole recording, as somebody gives it, with notes behind its first line.
const given = `{"seq":1,"t":0,"kind":"run","run":{"id":"20260102T030405Z-00000001","schema":1,"experiment":"epoll/drained","began":"2026-01-02T03:04:05Z","lab":"epoll","code":"c0de","question":{"warmup":0,"seconds":2,"metrics":[{"name":"lab.reads","kind":"counter"}],"charts":[{"group":"calls","metrics":["lab.reads"]}],"watch":["lab.reads / 2"]},"asked":{"name":"epoll/drained","lab":"epoll","knobs":{"buf":512},"load":{},"seconds":2},"host":{"name":"elsewhere"}}}
{"t":0,"kind":"notes","notes":{"name":"<b>from Ada</b>","notes":[{"id":3,"t":0.5,"text":"<script>alert(1)</script>"}],"imported":{"id":"x","host":"y"}}}
{"seq":2,"t":0.1,"kind":"state","state":{"phase":"running","facts":{"addr":"127.0.0.1:4000","pid":"17"}}}
{"seq":3,"t":0.2,"kind":"block","begin":{"label":"drained","start":0.2,"warmup":0,"seconds":2}}
{"seq":4,"t":0.3,"kind":"sample","from":"lab","values":{"lab.reads":7}}
{"seq":5,"t":2.4,"kind":"end","end":{"phase":"finished","trust":"green","checks":[{"id":"flows","pass":true,"value":1,"op":">","bound":0,"expr":"1 > 0"}]}}
`

func packed(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.Bytes()
}

func TestImport(t *testing.T) {
	r := keeper(t)
	s, err := r.Import(bytes.NewReader(packed(given)))
	if err != nil {
		t.Fatal(err)
	}
	if s.ID != "20260102T030405Z-00000001" || s.Name != "<b>from Ada</b>" || s.Notes != 1 || s.Imported == nil || *s.Imported != (telemetry.Origin{ID: s.ID, Host: "elsewhere"}) || len(s.Checks) != 1 {
		t.Errorf("%+v", s)
	}
	again, err := r.Import(strings.NewReader(given))
	if err != nil || again.ID == s.ID || !strings.HasPrefix(again.ID, "20260102T030405Z-") || again.Imported.ID != s.ID {
		t.Fatalf("the same once more: %+v, %v", again, err)
	}
	path, _ := r.archive.find(again.ID)
	text, _ := os.ReadFile(path)
	if !bytes.Contains(text, []byte(again.ID)) || bytes.Contains(text, []byte(s.ID)) || bytes.Count(text, []byte("\n")) != 5 {
		t.Errorf("it has\n%s", text)
	}
	if names := hidden(t, r); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
}

// A run of several blocks is taken too, and its arms are looked at like the run.
func TestImportOfSeveralBlocks(t *testing.T) {
	arms := `"kind":"comparison","arms":[{"label":"a","lab":"epoll","code":"c0de","question":{"seconds":2,"metrics":[]}},{"label":"b 2","lab":"epollet","code":"c0de","question":{"seconds":2,"metrics":[]}}],`
	file := strings.Replace(given, `"schema":1,`, `"schema":1,`+arms, 1)
	file = strings.Replace(file, `{"seq":5,`, `{"seq":5,"t":2.3,"kind":"block-end","block_end":{"label":"a","trust":"green"}}
{"seq":6,"t":2.3,"kind":"block","block":1,"begin":{"label":"b 2","arm":1,"slot":1,"start":2.3,"warmup":0,"seconds":2}}
{"seq":7,`, 1)
	s, err := keeper(t).Import(strings.NewReader(file))
	if err != nil || s.Kind != "comparison" || len(s.Arms) != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
	for _, swap := range [][2]string{
		{`"lab":"epollet"`, `"lab":"../x"`}, {`"kind":"comparison"`, `"kind":"evil"`}, {`"block":1`, `"block":1000000`}, {`"seconds":2,"metrics":[]}}]`, `"seconds":-2,"metrics":[]}}]`},
	} {
		bad := strings.Replace(file, swap[0], swap[1], 1)
		if _, err := keeper(t).Import(strings.NewReader(bad)); bad == file || !errors.Is(err, ErrRecording) {
			t.Errorf("%s: %v", swap[1], err)
		}
	}
}

// hidden are the files of the folder that are no runs.
func hidden(t *testing.T, r *Runner) (names []string) {
	t.Helper()
	all, err := os.ReadDir(r.archive.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

// What is exported comes back the same, with its notes.
func TestExportAndImport(t *testing.T) {
	r := keeper(t)
	if _, err := r.Import(strings.NewReader(given)); err != nil {
		t.Fatal(err)
	}
	id := "20260102T030405Z-00000001"
	if err := r.Name(id, "renamed"); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Export(&out, id); err != nil {
		t.Fatal(err)
	}
	if events, err := ReadRecording(bytes.NewReader(out.Bytes())); err != nil || len(events) != 6 || events[1].Notes == nil || events[1].Notes.Imported != nil {
		t.Errorf("%+v, %v", events, err)
	}
	other := keeper(t)
	s, err := other.Import(&out)
	if err != nil || s.Name != "renamed" || s.Notes != 1 || s.ID != id {
		t.Fatalf("%+v, %v", s, err)
	}
	one, _ := r.archive.find(id)
	two, _ := other.archive.find(id)
	a, _ := os.ReadFile(one)
	b, _ := os.ReadFile(two)
	if !bytes.Equal(a, b) {
		t.Errorf("it went out as\n%s\nand came back as\n%s", a, b)
	}
}

func TestImportBelievesNothing(t *testing.T) {
	swap := func(old, new string) string {
		if !strings.Contains(given, old) {
			t.Fatalf("nothing to swap: %s", old)
		}
		return strings.Replace(given, old, new, 1)
	}
	lines := strings.SplitAfter(given, "\n")
	for _, tt := range []struct{ file, says, why string }{
		{"", "end is missing", "nothing"},
		{"PK\x03\x04\x00\x00\n", "line 1", "a zip file"},
		{"<html>\n", "line 1", "a page"},
		{strings.Join(lines[1:], ""), "line 1", "no beginning"},
		{strings.Join(lines[:5], ""), "end is missing", "no end"},
		{given[:len(given)-40], "cut off", "half a line at the end"},
		{strings.Join(append(append([]string{}, lines[:3]...), lines[4:]...), ""), "line 4: its sequence", "a line is missing"},
		{given + lines[4], "after the run's end", "more after the end"},
		{given + given, "after the run's end", "two recordings in one"},
		{strings.Join([]string{lines[0], lines[0], lines[5]}, ""), "another run", "two beginnings"},
		{strings.Join([]string{lines[0], lines[2], lines[1], lines[5]}, ""), "line 2 only", "notes elsewhere"},
		{swap(`"schema":1`, `"schema":2`), "update Socket Labs", "another schema"},
		{swap(`"id":"20260102T030405Z-00000001"`, `"id":"../../../etc/cron"`), "no id", "a path for an id"},
		{swap(`"id":"20260102T030405Z-00000001"`, `"id":"99999999T999999Z-00000001"`), "no time", "an id that is no time"},
		{swap(`epoll/drained`, `../../labs`), "no name of an experiment", "a path for an experiment"},
		{swap(`epoll/drained`, `a/b'; rm -rf ~'`), "no name of an experiment", "a command for an experiment"},
		{swap(`127.0.0.1:4000`, `127.0.0.1:1 )'; rm -rf ~; '`), "the fact", "a command in a fact that a person copies"},
		{swap(`"pid":"17"`, `"pid":"$(id)"`), "the fact", "another"},
		{swap(`"lab.reads":7`, `"__proto__":7`), "no name of ours", "a name that scripts trip over"},
		{swap(`"lab.reads":7`, `"=HYPERLINK(1)":7`), "no name of ours", "a formula for a name"},
		{swap(`"group":"calls"`, `"group":"\"]x"`), "cannot be drawn", "a selector for a group"},
		{swap(`"knobs":{"buf":512}`, `"knobs":{"buf":{"x":1}}`), "no setting", "an object for a setting"},
		{swap(`"asked":{`, `"asked":[{`), "no event", "another form"},
		{swap(`"t":0.3`, `"t":1e300`), "its time", "a time without end"},
		{swap(`"start":0.2`, `"start":-5`), "missing", "a block before its run"},
		{swap(`"seconds":2,"metrics"`, `"seconds":1e9,"metrics"`), "measures", "an axis without end"},
		{swap(`"kind":"sample"`, `"kind":"code"`), "unknown", "a kind that there is not"},
		{swap(`"id":3,`, `"id":0,`), "id 0", "a note without an id"},
		{swap(`<b>from Ada</b>`, `a\u001b[31m`), "control characters", "a name that a terminal obeys"},
		{swap(`"text":"<script>alert(1)</script>"`, `"text":"`+strings.Repeat("x", 600)+`"`), "characters", "a long note"},
		{swap(`"trust":"green"`, `"trust":"very"`), "no end", "a trust that has no words"},
		{swap(`"phase":"finished"`, `"phase":"running"`), "no end", "an end that is none"},
		{swap(`"from":"lab"`, `"text":"`+strings.Repeat("x", maxForeignLine)+`"`), "longer than", "a huge line"},
		{swap(`"host":{"name":"elsewhere"}`, `"host":{"name":"`+strings.Repeat("x", maxForeignFirst)+`"}`), "longer than", "a huge beginning"},
	} {
		r := keeper(t)
		for _, file := range [][]byte{[]byte(tt.file), packed(tt.file)} {
			_, err := r.Import(bytes.NewReader(file))
			if errors.Is(err, ErrRecording) && strings.Contains(err.Error(), "times its size") { // long texts pack well
				continue
			}
			if !errors.Is(err, ErrRecording) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: %v, want %q", tt.why, err, tt.says)
			}
		}
		if left, _ := os.ReadDir(r.archive.dir); len(left) != 0 {
			t.Errorf("%s: left behind: %v", tt.why, left)
		}
	}
}

func TestImportIsBounded(t *testing.T) {
	r := keeper(t)
	bomb := packed(strings.Repeat("0", 8<<20))
	if _, err := r.Import(bytes.NewReader(bomb)); !errors.Is(err, ErrRecording) || !strings.Contains(err.Error(), "longer than") && !strings.Contains(err.Error(), "times its size") {
		t.Errorf("a bomb of one line: %v", err)
	}
	lines := strings.SplitAfter(given, "\n")
	var many strings.Builder
	many.WriteString(lines[0])
	for seq := 2; many.Len() < 8<<20; seq++ {
		fmt.Fprintf(&many, `{"seq":%d,"t":1,"kind":"log","text":"%s"}`+"\n", seq, strings.Repeat("0", 4000))
	}
	if _, err := r.Import(bytes.NewReader(packed(many.String()))); !errors.Is(err, ErrRecording) || !strings.Contains(err.Error(), "times its size") {
		t.Errorf("a bomb of many lines: %v", err)
	}
	if _, err := r.Import(bytes.NewReader(packed(given)[:300])); !errors.Is(err, ErrRecording) {
		t.Errorf("half a gzip: %v", err)
	}
	endless := io.MultiReader(strings.NewReader(lines[0]), noise{})
	if _, err := r.Import(endless); !errors.Is(err, ErrRecording) {
		t.Errorf("a file without end: %v", err)
	}
	if left, _ := os.ReadDir(r.archive.dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// noise never ends.
type noise struct{}

func (noise) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(given))
	f.Add(packed(given))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r := keeper(t)
		s, err := r.Import(bytes.NewReader(file))
		if err == nil && (!s.Phase.Over() || s.Imported == nil) {
			t.Errorf("it took %+v", s)
		}
		if err != nil && !errors.Is(err, ErrRecording) {
			t.Errorf("%v", err)
		}
	})
}
