package main

import (
	"slices"
	"strings"
	"testing"
)

// TestSlips plants one mistake a line, and lines that only look like one.
func TestSlips(t *testing.T) {
	cases := []struct{ text, want string }{
		{"커널이 소켓을 알려 줍니다.", ""},
		{"커널를 부릅니다.", "커널를"},               // a noun of ours with the wrong particle
		{"재시도하고 재시도됩니다. 스레드마다의 몫입니다.", ""}, // verbs and suffixes of our nouns
		{"읽을수 있습니다.", "읽을수"},
		{"할 수있습니다.", "수있습니다"},
		{"값이 옮겨집니다. 얼마나 오래 머무는가를 봅니다.", ""},
		{"클라이언트가 기다립니댜.", "기다립니댜"},
		{"한번에 여러개를 읽습니다.", "여러개를"},
		{"서버가 안됩니다.", "안 되다"},
		{"`read` 를 부릅니다.", "a space before a particle"},
		{"`read`를 부르고, 백로그(backlog)가 찹니다.", ""},
		{"백로그(backlog)이 찹니다.", "백로그이"},
		{"[수신 큐](epoll#drain)가 비고, [수신 큐](epoll#drain)이 찹니다.", "”이: the particle"},
		{"3을 더하고 2를 뺍니다. 3초짜리 실행입니다.", ""},
		{"3를 더합니다.", "3를: the particle"},
		{"{{run:fits load.p50 | ms}}를 봅니다.", ""},
		{"{{run:fits knob.buf}}를 봅니다.", "depends on the value"},
		{"`write`가 막히고 `write`는 돌아옵니다. `write`이 막힙니다.", "`write`이: elsewhere"},
		{"The server answers; its neighbour can not, becuase of it.", "becuase|cannot"},
		{"It recognizes the color.", "recognizes|color|British"},
		{"TCP_NODELAY, `bcuase` and labs/epoll/mian.go are names.", ""},
	}
	all := newText()
	for _, noun := range []string{"재시도", "커널", "백로그", "스레드", "클라이언트", "큐"} {
		all.know(noun)
	}
	for i, c := range cases {
		for _, l := range markdown("x.md", c.text) {
			all.add(line{l.file, i, l.text})
		}
	}
	if _, err := all.judge(); err != nil {
		t.Fatal(err)
	}
	found := map[int]string{}
	for _, f := range all.found {
		found[f.n] += f.what + "\n"
	}
	for i, c := range cases {
		if c.want == "" && found[i] != "" {
			t.Errorf("%s\nfound %s", c.text, found[i])
		}
		for want := range strings.SplitSeq(c.want, "|") {
			if !strings.Contains(found[i], want) {
				t.Errorf("%s\nfound %q, not %s", c.text, found[i], want)
			}
		}
	}
}

// TestProse says what of each kind of file is read, and at which line.
func TestProse(t *testing.T) {
	for _, c := range []struct {
		name string
		got  []line
		want []string
	}{
		{"Markdown", markdown("x", "# A\n```sh\nls\n```\n```check\nno-end: It ends.\n```\n"), []string{"# A", " It ends.", ""}},
		{"YAML", each("x", "a.b: {ko: 가, en: Go}\nsource: [read(2)]\n# A note", yamlValue), []string{" { 가,  Go}", "# A note"}},
		{"lesson.yaml", each("x", "a: 1\nb: 2  # why", yamlComment), []string{"why"}},
		{"Go", goText("x.go", []byte("// A note\nvar a, b = \"word\", \"is no word\"")), []string{" A note", "is no word"}},
		{"JS", each("x", "/** @param {URL} x */\nlet x = 1 // one", jsComment), []string{"  */", "one"}},
	} {
		var got []string
		for _, l := range c.got {
			got = append(got, l.text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
