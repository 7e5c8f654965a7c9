package site

import (
	"net/http"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestFrontLeadsToTheReadersLanguage(t *testing.T) {
	s := serve(t)
	for _, tt := range []struct{ accept, cookie, want, why string }{
		{"", "", "ko", "who asks for nothing"},
		{"en", "", "en", "one language"},
		{"en-GB,en;q=0.9", "", "en", "a region of it"},
		{"fr,en;q=0.5,ko;q=0.7", "", "ko", "the heavier of the two we have"},
		{"ko;q=0.2, en;q=0.8", "", "en", "order does not matter"},
		{"EN-us", "", "en", "tags know no case"},
		{"en;q=0", "", "ko", "refused"},
		{"en;q=2, ko;q=nan", "", "ko", "weights that are none"},
		{"fr, de", "", "ko", "none that we have"},
		{"en", "ko", "ko", "what was chosen before wins"},
		{"en", "xx", "en", "a cookie that is not ours"},
	} {
		h := http.Header{"Accept-Language": {tt.accept}}
		if tt.cookie != "" {
			h.Set("Cookie", "lang="+tt.cookie)
		}
		resp, _ := s.do(request{path: "/", bearer: testToken, header: h})
		if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || got != "/"+tt.want+"/" {
			t.Errorf("%s (%q, cookie %q): %s to %q", tt.why, tt.accept, tt.cookie, resp.Status, got)
		}
	}
}

func FuzzQuality(f *testing.F) {
	f.Add("en-GB;q=0.7")
	f.Add(";;q=,")
	f.Fuzz(func(t *testing.T, item string) {
		if _, q := quality(item); !(q >= 0 && q <= 1) {
			t.Errorf("%q weighs %v", item, q)
		}
	})
}

// In {ko: …, en: …} a comma ends what is not in quotes: the rest would be a key of its own.
func TestNoTextIsCutAtAComma(t *testing.T) {
	source, err := embedded.ReadFile("text.yaml")
	var texts map[string]map[string]any
	if err == nil {
		err = yaml.Unmarshal(source, &texts)
	}
	if err != nil || len(texts) == 0 {
		t.Fatalf("%d texts: %v", len(texts), err)
	}
	for key, text := range texts {
		for part := range text {
			if part != "ko" && part != "en" {
				t.Errorf("%s is cut before %q: put it in quotes", key, part)
			}
		}
	}
}
