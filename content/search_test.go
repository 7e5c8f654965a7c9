package content

import (
	"html/template"
	"strings"
	"testing"
)

// shelf is a book of three sections in which the tests search.
func shelf() *Book {
	section := func(id, ko, en, textKo, textEn string) Section {
		return Section{ID: id, Plain: Text{ko, en}, Body: []Block{{Prose: &HTML{paragraph(textKo), paragraph(textEn)}}}}
	}
	return &Book{Parts: []Part{{Lessons: []*Lesson{
		{ID: "level", Title: Text{"레벨 트리거", "Level triggering"}, Sections: []Section{
			section("", "", "", "커널이 기억합니다. 송신 큐가 차면 백프레셔가 걸립니다.", "The kernel remembers. A full send queue is back-pressure."),
			section("drain", "소진 루프", "The drain loop", "`EAGAIN`까지 읽습니다.", "Read until EAGAIN, and then wait again."),
		}},
		{ID: "edge", Title: Text{"엣지 트리거", "Edge triggering"}, Sections: []Section{
			section("stall", "스톨", "The stall", "소진 루프가 없으면 바이트가 남습니다. "+strings.Repeat("앞뒤 문맥 ", 30)+"끝에 Recv-Q가 있습니다.", `Without the drain loop <data class="measured" data-n="0"></data> bytes stay.`),
		}},
	}}}}
}

func TestSearch(t *testing.T) {
	for _, tt := range []struct {
		why, lang, query string
		want             string // lesson#section of the first hit, "" for none
		match            string
	}{
		{"written apart, sought together", "ko", "소진루프", "level#drain", "소진 루프"},
		{"written together, sought apart", "ko", "백 프레셔", "level#", "백프레셔"},
		{"with a particle", "ko", "백프레셔를", "level#", "백프레셔"},
		{"a word in another case", "ko", "eagain", "level#drain", "EAGAIN"},
		{"one character", "ko", "큐", "level#", "큐"},
		{"a short word with a particle", "ko", "스톨은", "edge#stall", "스톨"},
		{"letters apart, as macOS writes them", "ko", "\u1109\u1173\u1110\u1169\u11af", "edge#stall", "스톨"},
		{"a title before a text", "en", "drain loop", "level#drain", "drain loop"},
		{"exact before alike", "en", "EAGAIN", "level#drain", "EAGAIN"},
		{"a lesson's title", "en", "edge triggering", "edge#", "Edge triggering"},
		{"a hyphen is a character", "en", "back pressure", "level#", "back-pressure"},
		{"nothing alike", "en", "quaternion", "", ""},
		{"another language's word", "en", "소진 루프", "", ""},
		{"nothing", "ko", "  ", "", ""},
		{"too much", "ko", strings.Repeat("소진 루프 ", 100), "", ""},
	} {
		hits := NewIndex(shelf(), tt.lang).Search(tt.query, 5)
		if tt.want == "" {
			if len(hits) > 0 {
				t.Errorf("%s: %q finds %+v", tt.why, tt.query, hits)
			}
			continue
		}
		if len(hits) == 0 || hits[0].Lesson+"#"+hits[0].Section != tt.want || hits[0].Match != tt.match {
			t.Errorf("%s: %q finds %+v, want %s %q", tt.why, tt.query, hits, tt.want, tt.match)
		}
	}
}

func TestSearchContext(t *testing.T) {
	x := NewIndex(shelf(), "ko")
	hits := x.Search("Recv-Q", 5)
	if len(hits) != 1 {
		t.Fatalf("%d hits", len(hits))
	}
	h := hits[0]
	if h.Title.Ko != "스톨" || len([]rune(h.Before)) != contextRunes || !strings.HasSuffix(h.Before, "끝에 ") || h.After != "가 있습니다." {
		t.Errorf("%+v", h)
	}
	if hits := NewIndex(shelf(), "en").Search("stay", 1); len(hits) != 1 || !strings.HasSuffix(hits[0].Before, "loop … bytes ") {
		t.Errorf("what is measured leaves no trace: %+v", hits)
	}
	if hits := x.Search("소진 루프", 1); len(hits) != 1 {
		t.Errorf("%d hits of at most one", len(hits))
	}
	if hits := x.Search("소진 루프", 5); len(hits) != 2 { // one of each section
		t.Errorf("%d hits in two sections", len(hits))
	}
}

// What a lesson measures or asks for is not found before it is read.
func TestSearchLeavesAnswersOut(t *testing.T) {
	x := NewIndex(good(t), "en")
	if hits := x.Search("receive queue", 5); len(hits) != 0 {
		t.Errorf("finds an answer: %+v", hits)
	}
	for _, q := range []string{"missing bytes", "Two silent clients", "hardly wakes", "ss -tn"} {
		if hits := x.Search(q, 5); len(hits) == 0 {
			t.Errorf("%q finds nothing", q)
		}
	}
}

func FuzzSearch(f *testing.F) {
	x := NewIndex(shelf(), "ko")
	for _, q := range []string{"소진루프", "a", "\u1109\u1173", "\xff\xfe", "큐큐큐"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		for _, h := range x.Search(q, 3) {
			if h.Match == "" || h.Lesson == "" {
				t.Errorf("%q: %+v", q, h)
			}
		}
	})
}

func paragraph(text string) template.HTML { return template.HTML("<p>" + text + "</p>") }
