package content

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

func TestBook(t *testing.T) {
	b := good(t)
	if len(b.Parts) != 2 || b.Parts[0].Title != (Text{}) || b.Parts[1].Title != (Text{"둘째 부분", "The second part"}) {
		t.Errorf("parts: %+v", b.Parts)
	}
	l, prev, next := b.Lesson("edge")
	if l == nil || l.ID != "edge" || prev == nil || prev.ID != "first" || next != nil {
		t.Errorf("Lesson(edge) = %v, %v, %v", l, prev, next)
	}
	if l, prev, next := b.Lesson("ledge"); l != nil || prev != nil || next != nil {
		t.Errorf("Lesson(ledge) = %v, %v, %v", l, prev, next)
	}
	if b.Words.Knobs["drain"].Ko != "소진 루프" {
		t.Errorf("words: %+v", b.Words.Knobs)
	}
}

// 220 English words a minute, at least one, and the experiments, rounded up.
func TestMinutes(t *testing.T) {
	for words, want := range map[int]int{0: 2, 200: 2, 300: 2, 2200: 11} { // half a second begins another minute
		fsys := tiny()
		en := fsys["tiny/en.md"]
		fsys["tiny/en.md"] = &fstest.MapFile{Data: []byte(string(en.Data) + strings.Repeat("word ", words))}
		ko := fsys["tiny/ko.md"]
		fsys["tiny/ko.md"] = &fstest.MapFile{Data: []byte(string(ko.Data) + strings.Repeat("낱말 ", min(words, 1)))}
		yaml := fsys["tiny/lesson.yaml"]
		fsys["tiny/lesson.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(string(yaml.Data), "e: {", "e: {seconds: 0.5, ", 1))}
		fsys["words.yaml"] = files(t)["words.yaml"]
		b, problems := load(fsys, "content", catalog(t))
		l, _, _ := b.Lesson("tiny")
		if l == nil {
			t.Fatal(problems)
		}
		if l.Minutes != want {
			t.Errorf("%d words: %d minutes, want %d", words, l.Minutes, want)
		}
	}
}

func TestFind(t *testing.T) {
	b := good(t)
	for name, want := range map[string]string{
		"edge/stall":   "",
		"edge/stal":    `no experiment "stal" in lesson "edge": it has stall, drained, idle; did you mean stall?`,
		"egde/stall":   `no lesson "egde": there are first, edge; did you mean edge?`,
		"first/x":      `no experiment "x" in lesson "first": it has none`,
		"edge":         `no experiment "" in lesson "edge": it has stall, drained, idle`,
		"":             `no lesson "": there are first, edge`,
		"edge/stall/x": `no experiment "stall/x" in lesson "edge": it has stall, drained, idle; did you mean stall?`,
	} {
		e, err := b.Find(name)
		switch {
		case want == "" && (err != nil || e.Spec.Name != name):
			t.Errorf("%s: %v", name, err)
		case want != "" && (err == nil || err.Error() != want):
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// The lessons of this module have no problems: labs check is silent.
func TestLessons(t *testing.T) {
	c, err := labs.Read("..")
	if err != nil {
		t.Fatal(err)
	}
	b, problems := Load(".", c)
	for _, p := range problems {
		t.Error(p)
	}
	if len(b.lessons()) == 0 {
		t.Error("no lessons")
	}
}

// like: maps merge, the rest replaces, predictions and checks stay behind.
func TestLike(t *testing.T) {
	fsys := files(t)
	edit{"edge/lesson.yaml", "    knobs: {drain: true}\n", "    knobs: {drain: true}\n    load: {size: 64}\n    windows: {late: [2, 3]}\n"}.apply(t, fsys)
	b, problems := load(fsys, "content", catalog(t))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	e, err := b.Find("edge/drained")
	if err != nil {
		t.Fatal(err)
	}
	s := e.Spec
	if s.Knobs["drain"] != true || s.Knobs["buf"] != 4096.0 || s.Load["size"] != 64.0 || s.Load["model"] != "closed" {
		t.Errorf("maps do not merge: %+v %+v", s.Knobs, s.Load)
	}
	if len(s.Windows) != 2 || s.Windows[0].Name != "quiet" || s.Windows[1].Name != "late" {
		t.Errorf("windows: %+v", s.Windows)
	}
	if len(s.Watch) != 2 || len(s.Charts) != 2 || len(s.Charts[1].Metrics) != 1 {
		t.Errorf("lists are not replaced: %+v %+v", s.Watch, s.Charts)
	}
	if len(s.Predictions) != 0 || len(s.Checks) != 1 {
		t.Errorf("predictions and checks are inherited: %+v %+v", s.Predictions, s.Checks)
	}
	stall, _ := b.Find("edge/stall")
	if stall.Spec.Knobs["drain"] != false || stall.Spec.Load["size"] != 10000.0 {
		t.Errorf("the other experiment changed: %+v", stall.Spec)
	}
}

// A load without settings has the defaults; load: none takes it away.
func TestLoadOfNone(t *testing.T) {
	for text, want := range map[string]bool{"": true, "    load: none\n": false, "    load: {}\n": true} {
		fsys := files(t)
		edit{"edge/lesson.yaml", "    knobs: {drain: true}\n", "    knobs: {drain: true}\n" + text}.apply(t, fsys)
		edit{"edge/lesson.yaml", "ceil(ask.size / knob.buf)", "2"}.apply(t, fsys)
		for _, lang := range []string{"ko", "en"} {
			edit{"edge/" + lang + ".md", "{{run:drained ceil(ask.size / knob.buf)}}", "3"}.apply(t, fsys)
		}
		b, problems := load(fsys, "content", catalog(t))
		e, err := b.Find("edge/drained")
		if err != nil {
			t.Fatal(problems)
		}
		if (e.Spec.Load != nil) != want {
			t.Errorf("%q: load %v", text, e.Spec.Load)
		}
	}
}

// TestClient: the settings of a client stand under with; off is a word and 1.3 a
// choice.
func TestClient(t *testing.T) {
	fsys := files(t)
	text := "    load: {client: frames, renew: 5, with: {tls: %s, codec: tlv, resume: true}}\n"
	edit{"edge/lesson.yaml", "    knobs: {drain: true}\n", "    knobs: {drain: true}\n" + fmt.Sprintf(text, "1.3")}.apply(t, fsys)
	words := "  client: {ko: 클라이언트, en: client}\n"
	for _, name := range []string{"codec", "payload", "compress", "tls", "resume", "certificate"} {
		edit{"words.yaml", words, words + "  " + name + ": {ko: 말, en: word}\n"}.apply(t, fsys)
	}
	b, problems := load(fsys, "content", catalog(t))
	e, err := b.Find("edge/drained")
	if err != nil {
		t.Fatal(problems)
	}
	if e.Spec.Load["renew"] != 5.0 || e.Spec.Client["tls"] != "1.3" || e.Spec.Client["resume"] != true {
		t.Errorf("load %v, client %v", e.Spec.Load, e.Spec.Client)
	}
	edit{"edge/lesson.yaml", fmt.Sprintf(text, "1.3"), fmt.Sprintf(text, "off")}.apply(t, fsys)
	b, problems = load(fsys, "content", catalog(t))
	if e, err := b.Find("edge/drained"); err != nil || e.Spec.Client["tls"] != "off" {
		t.Errorf("off is %v: %v", e.Spec.Client, problems)
	}
	edit{"edge/lesson.yaml", "tls: off", "tls: 1.4"}.apply(t, fsys)
	if _, problems := load(fsys, "content", catalog(t)); len(problems) == 0 || !strings.Contains(problems[0].String(), "one of off, 1.2, 1.3") {
		t.Errorf("TLS 1.4: %v", problems)
	}
}

func pack(t *testing.T, lines ...any) string {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	for _, l := range lines {
		if err := json.NewEncoder(z).Encode(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRecordings(t *testing.T) {
	run := telemetry.Event{Kind: telemetry.KindRun, Run: &telemetry.Run{ID: "r", Code: "abc"}}
	whole := pack(t, run, telemetry.Event{Kind: telemetry.KindEnd})
	fsys := files(t)
	edit{"edge/author/stall.jsonl.gz", "", whole}.apply(t, fsys)
	b, problems := load(fsys, "content", catalog(t))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	stall, _ := b.Find("edge/stall")
	if string(stall.Author) != whole || stall.Spec.Workbook != "abc" {
		t.Errorf("stall has %d bytes and code %q", len(stall.Author), stall.Spec.Workbook)
	}
	if other, _ := b.Find("edge/idle"); other.Author != nil || other.Spec.Workbook != "" {
		t.Errorf("idle has %d bytes and code %q", len(other.Author), other.Spec.Workbook)
	}

	const again = ": record it again with labs check --record edge"
	for _, tt := range []struct{ why, name, data, want string }{
		{"not packed", "stall.jsonl.gz", "{}", "author/stall.jsonl.gz:1: the recording cannot be unpacked: unexpected EOF" + again},
		{"cut off", "stall.jsonl.gz", whole[:len(whole)-6], "author/stall.jsonl.gz:1: the recording is cut off: unexpected EOF" + again},
		{"empty", "stall.jsonl.gz", pack(t), "author/stall.jsonl.gz:1: the recording has no first event: EOF" + again},
		{"another first event", "stall.jsonl.gz", pack(t, telemetry.Event{Kind: telemetry.KindEnd}), "author/stall.jsonl.gz:1: the recording does not begin with the event of its run" + again},
		{"of no experiment", "stal.jsonl.gz", whole, `author/stal.jsonl.gz:1: recording "stal.jsonl.gz": it is named EXPERIMENT.jsonl.gz, and the experiments are stall, drained, idle`},
	} {
		broken(t, tt.why, []edit{{"edge/author/" + tt.name, "", tt.data}}, tt.want)
	}
}

// workbook is the one of this repository, with its labs.
func workbook(t *testing.T) (*labs.Catalog, *Book) {
	t.Helper()
	catalog, err := labs.Read("..")
	if err != nil {
		t.Fatal(err)
	}
	book, problems := Load(".", catalog)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return catalog, book
}

// A page says of a recording that its code differs from the workbook's: the author's
// recordings are of the code that is here.
func TestRecordingsAreOfTheLabsThatAreHere(t *testing.T) {
	catalog, book := workbook(t)
	for _, part := range book.Parts {
		for _, l := range part.Lessons {
			for _, x := range l.Experiments {
				if lab, _ := catalog.Lab(x.Spec.Lab); x.Spec.Edited(lab) {
					t.Errorf("%s was recorded with other code of labs/%s: labs check --run 1 --record %s", x.Spec.Name, lab.Name, l.ID)
				}
			}
			for _, c := range l.Comparisons {
				code, err := codeOf(c.Author)
				if lab, _ := catalog.Lab(c.A.Spec.Lab); len(c.Author) > 0 && (err != nil || code != lab.Code) {
					t.Errorf("%s/%s was recorded with other code of labs/%s (%v): labs check --run 1 --record %s", l.ID, c.ID, lab.Name, err, l.ID)
				}
			}
		}
	}
}

func TestChanged(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a/ko.md", "one")
	seen := map[string]string{}
	step := func(what string) {
		t.Helper()
		stamp := Changed(dir)
		if before, ok := seen[stamp]; ok {
			t.Errorf("%s: the same stamp as %s", what, before)
		}
		if Changed(dir) != stamp {
			t.Errorf("%s: two stamps without a change", what)
		}
		seen[stamp] = what
	}
	step("the beginning")
	write("a/ko.md", "three")
	step("another size")
	if err := os.Chtimes(filepath.Join(dir, "a/ko.md"), time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	step("another time")
	write("b/ko.md", "")
	step("another file")
	if err := os.Remove(filepath.Join(dir, "b/ko.md")); err != nil {
		t.Fatal(err)
	}
	if Changed(filepath.Join(dir, "nothing")) == "" {
		t.Error("no stamp of a folder that is not there")
	}
}

// A lesson's problem names the file from the module on, wherever it is loaded from.
func TestProblemFile(t *testing.T) {
	root := t.TempDir()
	c := catalog(t)
	c.Root = root
	if err := os.Mkdir(filepath.Join(root, "content"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, problems := Load(filepath.Join(root, "content"), c)
	if len(problems) == 0 || !strings.HasPrefix(problems[0].String(), "content/toc.txt:1: ") {
		t.Errorf("%v", problems)
	}
}

// Texts that nest or repeat far beyond reason are read to their end, or refused.
func TestUnreasonable(t *testing.T) {
	c := catalog(t)
	words := readWords(files(t), "content", &problems{})
	for _, tt := range []struct{ name, unit string }{
		{"tiny/lesson.yaml", "["},
		{"tiny/lesson.yaml", "{a: "},
		{"tiny/lesson.yaml", "a: b\n"},
		{"tiny/ko.md", "> "},
		{"tiny/ko.md", "["},
		{"tiny/ko.md", "가**("},
		{"tiny/ko.md", "{{"},
		{"tiny/ko.md", "\\( a\n"},
		{"tiny/ko.md", "$$\n"},
		{"tiny/x.svg", "<g>"},
	} {
		fsys := tiny()
		fsys[tt.name] = &fstest.MapFile{Data: []byte(strings.Repeat(tt.unit, 2000))}
		l := &loader{fsys, "content", c, words, &glossary{}, &problems{}}
		l.readLesson("tiny")
		if tt.name != "tiny/x.svg" && len(l.problems.list) == 0 {
			t.Errorf("%q, 2000 times, is a lesson", tt.unit)
		}
	}
	deep := "lab: mini\nexperiments: {e: {checks: {c: '" + strings.Repeat("(", 1<<20) + "'}}}\n"
	fsys := tiny()
	fsys["tiny/lesson.yaml"] = &fstest.MapFile{Data: []byte(deep)}
	l := &loader{fsys, "content", c, words, &glossary{}, &problems{}}
	l.readLesson("tiny")
	refused := slices.ContainsFunc(l.problems.list, func(p Problem) bool { return strings.Contains(p.Text, "at most 1000 characters") })
	if !refused {
		t.Errorf("%.300v", l.problems.list)
	}
}
