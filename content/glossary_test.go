package content

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/yuin/goldmark/text"
)

// aGlossary is one of two terms, of which one form is part of another's.
const aGlossary = `
drain-loop:
  ko: 버퍼 소진 루프
  en: drain loop
  also: {ko: [소진 루프]}
  text: {ko: "끝까지 *읽습니다*.", en: "Read until ` + "`EAGAIN`" + `."}
  taught: [a#one, a]
  see: [loop]
loop:
  ko: 루프
  en: loop
  text: {ko: 돕니다., en: It turns.}
  source: [epoll(7)]
`

func readTestGlossary(text string) (*glossary, []Problem) {
	p := &problems{}
	g := readGlossary(fstest.MapFS{"glossary.yaml": {Data: []byte(text)}}, "content", p)
	g.checkLinks([]*draft{{Lesson: &Lesson{ID: "a"}, sections: []string{"one"}}})
	return g, p.sorted()
}

func TestGlossaryFaultsNameTheirLine(t *testing.T) {
	if _, problems := readTestGlossary(aGlossary); len(problems) > 0 {
		t.Fatalf("a good one: %v", problems)
	}
	for _, tt := range []struct{ why, old, new, want string }{
		{"a language is missing", "  en: loop\n", "", "content/glossary.yaml:9: the term loop has no form in en"},
		{"a meaning is missing", ", en: It turns.", "", "content/glossary.yaml:9: the term loop is not explained in en"},
		{"a typing mistake in a key", "source:", "sources:", `:13: key "sources": a term has`},
		{"a section that is not there", "a#one", "a#two", `:7: link "a#two": the sections of a are one`},
		{"a lesson that is not there", "a#one", "b", `:7: link "b": the lessons are a`},
		{"a term that is not there", "see: [loop]", "see: [lop]", `:2: see "lop": the terms are drain-loop, loop; did you mean loop?`},
		{"not sorted", "loop:\n  ko: 루프", "apple:\n  ko: 루프", ":9: apple stands after drain-loop: the terms are sorted by their ids"},
		{"a form twice", "en: loop", "en: drain loop", `:9: "drain loop" is a form of drain-loop already`},
		{"a link in a meaning", "It turns.", `"[It](a) turns."`, ":12: a definition has words"},
		{"two paragraphs", "It turns.", `"It\n\nturns."`, ":12: a definition is one paragraph"},
	} {
		if !strings.Contains(aGlossary, tt.old) {
			t.Fatalf("%s: the glossary has no %q", tt.why, tt.old)
		}
		_, problems := readTestGlossary(strings.Replace(aGlossary, tt.old, tt.new, 1))
		if said := fmt.Sprint(problems); !strings.Contains(said, tt.want) {
			t.Errorf("%s: %s, want %s", tt.why, said, tt.want)
		}
	}
}

func TestTermsAreFoundAsWords(t *testing.T) {
	g, _ := readTestGlossary(aGlossary)
	for _, tt := range []struct{ why, lang, text, want string }{
		{"a particle follows", "ko", "소진 루프를 돕니다.", "drain-loop=소진 루프"},
		{"the longest first", "ko", "버퍼 소진 루프에서는 다른 루프가", "drain-loop=버퍼 소진 루프 loop=루프"},
		{"two particles", "ko", "루프까지만", "loop=루프"},
		{"the predicate", "ko", "이것이 루프입니다.", "loop=루프"},
		{"part of another word", "ko", "이벤트루프와 루프백", ""},
		{"the first use only", "ko", "루프와 루프", "loop=루프"},
		{"at the end", "en", "a drain loop", "drain-loop=drain loop"},
		{"a sentence begins", "en", "Loop until then", "loop=Loop"},
		{"part of another word", "en", "loops, looped, loopback, in-loop, loop-free", ""},
		{"the other language", "en", "루프", ""},
	} {
		var found []string
		for _, u := range g.uses(tt.lang, "a", tt.text, map[string]bool{}) {
			found = append(found, u.term.ID+"="+tt.text[u.from:u.to])
		}
		if got := strings.Join(found, " "); got != tt.want {
			t.Errorf("%s: %q has %q, want %q", tt.why, tt.text, got, tt.want)
		}
	}
}

func TestTermsAreMarkedInProseAlone(t *testing.T) {
	g, _ := readTestGlossary(aGlossary)
	p := &page{draft: &draft{Lesson: &Lesson{ID: "a"}, loader: &loader{glossary: g, problems: &problems{}}}, lang: "en", md: markdown("en"), marked: map[string]bool{}}
	p.file = &file{"content/a/en.md", 0, p.problems, 0}
	html := func(md string) string {
		p.src = []byte(md)
		doc := p.md.Parser().Parse(text.NewReader(p.src)).FirstChild()
		p.markTerms(doc)
		return string(p.render(doc, p.file).html)
	}
	link := `<a class="term" href="glossary#loop" data-term="loop">`
	for _, md := range []string{"### A loop", "`loop`", "[a loop](a)", "```\nloop\n```"} {
		if got := html(md); strings.Contains(got, "term") {
			t.Errorf("%q is marked: %s", md, got)
		}
	}
	if got := html("The **loop**\nis a loop."); got != "<p>The <strong>"+link+"loop</a></strong>\nis a loop.</p>\n" {
		t.Errorf("the first use is not marked, or another: %s", got)
	}
	if got := html("A loop."); strings.Contains(got, "term") {
		t.Errorf("marked again: %s", got)
	}
}

// The workbook's own table of terms: each has its one form in both languages.
func TestGlossaryHasEveryTermOfTheWorkbook(t *testing.T) {
	source, err := os.ReadFile("glossary.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := &problems{}
	g := readGlossary(fstest.MapFS{"glossary.yaml": {Data: source}}, "content", p)
	if len(p.list) > 0 {
		t.Fatal(p.sorted())
	}
	for _, want := range strings.Split(`엣지 트리거 edge-triggered|레벨 트리거 level-triggered|준비 상태 readiness|버퍼 소진 루프 drain loop|스톨 stall|깨어남 wakeup|다시 켜기 rearm|백프레셔 back-pressure|수신 큐 Recv-Q|송신 큐 Send-Q|수락 큐 accept queue|백로그 backlog|블로킹 blocking|논블로킹 non-blocking|시스템 호출 system call|파일 디스크립터 file descriptor|부분 쓰기 short write|부분 읽기 short read|반쯤 닫기 half-close|선두 차단 head-of-line blocking|지연 시간 latency|응답 시간 response time|서비스 시간 service time|처리량 throughput|분위수 percentile|카운터 counter|게이지 gauge|히스토그램 histogram|폐쇄형 부하 closed loop|개방형 부하 open loop|조율된 누락 coordinated omission|몰림 burst|데드라인 deadline|유휴 시간 제한 idle timeout|지수 백오프 exponential backoff|재시도 예산 retry budget|멱등 idempotent|재시도 폭풍 retry storm|프레이밍 framing|길이 접두어 length prefix|혼잡 윈도 congestion window|왕복 시간 round-trip time|대역폭–지연 곱 bandwidth-delay product|제로 카피 zero-copy|공정성 fairness|기아 starvation|락 경합 lock contention|문맥 교환 context switch|실행 run|기록 recording|비교 comparison|판정 verdict|무효 void|예측 prediction|검사 check|고장 fault`, "|") {
		if !slices.ContainsFunc(g.terms, func(t *Term) bool { return t.Name.Ko+" "+t.Name.En == want }) {
			t.Errorf("the glossary has no %s", want)
		}
	}
}

func TestParticles(t *testing.T) {
	for word, want := range map[string]string{"스톨은": "스톨", "큐에서는": "큐", "백프레셔를": "백프레셔", "루프입니다": "루프", "게이지": "게이지", "epoll이": "epoll", "EAGAIN": "EAGAIN", "은": "은", "": ""} {
		if got := stem(word); got != want {
			t.Errorf("stem(%q) = %q, want %q", word, got, want)
		}
	}
}
