package main

import "regexp"

// rules are slips that the dictionaries let pass.
var rules = []struct {
	slip *regexp.Regexp
	say  string
	code bool // in programs too
}{
	{regexp.MustCompile(`[가-힣.!?] {2,}[가-힣]|[a-z.] {2,}[A-Za-z]`), "two spaces", false},
	{regexp.MustCompile(`[가-힣)] [.,](?:\s|$)`), "a space before the full stop or comma", false},
	{regexp.MustCompile(`(?:^|[^가-힣])안[되돼됩된될됐]`), "안 되다 has a space", false},
	{regexp.MustCompile(`[가-힣](?:되[요서야]|돼[어지고며]|됬)|않[되돼됩된될]|할께|구지 |꼭지점`), "돼요, 돼서, 돼야, 안 되다, 할게, 굳이, 꼭짓점", false},
	{regexp.MustCompile("(?:[`A-Za-z0-9})]|[”’]) (?:은|는|을|를|의|와|과|에|에서|에게|으로|로|까지|부터|마다|처럼)(?:[^가-힣]|$)"), "a space before a particle", false},
	{regexp.MustCompile(`[0-9}] %(?:[^\w{(]|$)`), "a space before %", false},
	{regexp.MustCompile(`이였|아니였`), "이었, 아니었", false},
	{regexp.MustCompile(`(?i)\bcan not\b`), "cannot", true},
	{regexp.MustCompile(`\b(the the|a a|an an|is is|of of|to to|and and|in in|that that it|it it)\b`), "a word twice", true},
	{regexp.MustCompile(`\b[a-z]{2,}[^sS]iz(?:e[ds]?|ing|ations?)\b`), "British: -ise", true},
}

func (t *text) slips(l line) {
	text := spans.ReplaceAllString(l.text, "`")
	for _, r := range rules {
		if !r.code && program(l.file) {
			continue
		}
		if s := r.slip.FindString(text); s != "" {
			t.fail(l, "%q: %s", s, r.say)
		}
	}
}
