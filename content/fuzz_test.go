package content

import (
	"bytes"
	"maps"
	"testing"
	"testing/fstest"
)

// tiny is a lesson that is quickly read, so that fuzzing gets somewhere.
func tiny() fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range map[string]string{
		"toc.txt":          "tiny\n",
		"tiny/lesson.yaml": "lab: mini\nsections: [a]\nexperiments:\n  e: {checks: {c: lab.reads > 1}}\n",
		"tiny/ko.md":       "# 제목\n\n## 가 {#a}\n\n```experiment\ne\n```\n\n```check\nc: 참\n```\n",
		"tiny/en.md":       "# Title\n\n## A {#a}\n\n```experiment\ne\n```\n\n```check\nc: true\n```\n",
		"tiny/x.svg":       `<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>`,
	} {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// fuzz reads the tiny lesson with one file replaced: it must end, and a problem
// must name a line that the file has.
func fuzz(f *testing.F, name string, seeds ...string) {
	fsys, c := tiny(), catalog(f)
	words := readWords(files(f), "content", &problems{})
	if file, ok := fsys[name]; ok {
		f.Add(file.Data)
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 {
			return
		}
		changed := maps.Clone(fsys)
		changed[name] = &fstest.MapFile{Data: data}
		l := &loader{changed, "content", c, words, &glossary{}, &problems{}}
		if l.toc(); name != "toc.txt" {
			checkLinks([]*draft{l.readLesson("tiny")})
		}
		lines := 1 + bytes.Count(data, []byte("\n"))
		for _, p := range l.problems.list {
			if p.File == "content/"+name && (p.Line < 1 || p.Line > lines) {
				t.Errorf("%s: the file has %d lines", p, lines)
			}
		}
	})
}

func FuzzTOC(f *testing.F) { fuzz(f, "toc.txt", "// x\n# 가 | A\ntiny\n") }

func FuzzLesson(f *testing.F) {
	fuzz(f, "tiny/lesson.yaml",
		"lab: mini\nexperiments:\n  a: {load: {size: 1}, windows: {w: [1, 2]}}\n  b: {like: a}\n",
		"lab: mini\nderive: {d: lab.reads}\nexperiments:\n  a: {faults: {f: {kind: idle, at: 1}}, charts: {calls: [d]}}\n",
		"experiments: {a: {lab: mini, predictions: {p: {kind: number, unit: bytes, answer: seconds}}}}\n",
		"a: &x [*x]", "? [a]\n: b\n")
}

func FuzzText(f *testing.F) {
	fuzz(f, "tiny/ko.md",
		"# a\n\n> [!NOTE]\n> b\n", "![a](x.svg)\n", "[a](b#c) <https://a.example>\n", "{{run:e lab.reads | %}}\n",
		"**가(나)**는 \\(x\\) $$y$$\n", "a[^1]\n\n[^1]: b\n", "|a|\n|-|\n|{{run:e seconds \\| s}}|\n",
		"```source\nmini#drain\n```\n", "```predict\np: {ask: a}\n```\n", "- ```check\n  c: x\n  ```\n", "~~a~~\n===\n")
}

func FuzzDrawing(f *testing.F) {
	f.Add([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><g id="a" fill="url(#a)"/><use href="#a"/></svg>`))
	f.Add([]byte(`<?xml version="1.0"?><!-- a --><svg><text x="0">&lt;</text></svg>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := drawing(data, "p-", "a")
		if err != nil {
			return
		}
		// What was accepted is accepted again: it is as safe as it was taken for.
		if _, err := drawing([]byte(out), "p-", "a"); err != nil {
			t.Errorf("%q becomes %q: %v", data, out, err)
		}
	})
}

func FuzzWords(f *testing.F) {
	f.Add([]byte("knobs:\n  buf: {ko: 가, en: a}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 {
			return
		}
		p := &problems{}
		w := readWords(fstest.MapFS{"words.yaml": &fstest.MapFile{Data: data}}, "content", p)
		if w.queueChoices(); len(p.list) == 0 && len(w.Queues) == 0 {
			t.Error("nothing is missing in nothing")
		}
	})
}

func FuzzHighlight(f *testing.F) {
	f.Add("func f() { /* a\nb */ return `c\nd` // e\n}")
	f.Fuzz(func(t *testing.T, code string) {
		joined := ""
		for _, token := range tokens([]byte(code)) {
			joined += token.text
		}
		if joined != code {
			t.Errorf("%q becomes %q", code, joined)
		}
	})
}
