package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// text is all that is read, until it is judged.
type text struct {
	listed  map[string]int  // words.txt: line
	english map[string]bool // known English words, in lower case
	names   map[string]bool // of code, which comments say
	korean  korean

	hanguls []use // Hangul words, and what stands right before them
	latin   []use
	found   []fault
}

type use struct {
	line
	head string // "" but right behind code, a figure or a name
	word string
}

type fault struct {
	line
	what string
}

func newText() *text {
	return &text{listed: map[string]int{}, english: map[string]bool{}, names: map[string]bool{},
		korean: korean{nouns: map[string]bool{}, knows: map[string]bool{}, ask: map[string]bool{}, used: map[string]bool{}}}
}

func (t *text) know(w string) {
	if isHangul(w) {
		t.korean.nouns[w] = true
	} else {
		t.english[strings.ToLower(w)] = true
	}
}

func (t *text) fail(l line, format string, args ...any) {
	t.found = append(t.found, fault{l, fmt.Sprintf(format, args...)})
}

var (
	wordIn    = regexp.MustCompile(`[가-힣]+|[A-Za-z]+(?:['’][a-z]+)?`)
	links     = regexp.MustCompile(`\]\([^)]*\)`)
	targets   = regexp.MustCompile(`\{#[^}]*\}|https?://\S+|<[^>]*>`)
	marks     = regexp.MustCompile(`[*”’\]]+`)
	aside     = regexp.MustCompile("(`[^`]*`|\\{\\{[^}]*\\}\\}|\\((?:\\d\\w?|으)\\))|\\(([^()]*)\\)")
	hangul    = regexp.MustCompile("(`[^`]*`|\\{\\{[^}]*\\}\\}|\\{[\\w.]+\\}|[A-Za-z0-9_.%]*[A-Za-z0-9%]|[^\\s가-힣(“\"‘\\[|])?(?:\\(\\d\\w?\\))?([가-힣]+)")
	anyHangul = regexp.MustCompile(`[가-힣]`)
	literal   = regexp.MustCompile(`"[^"\s]*"`) // in a comment
	spans     = regexp.MustCompile("`[^`]*`|\\{\\{[^}]*\\}\\}|\\{[\\w.]+\\}")
	pathLike  = regexp.MustCompile(`[/_=@\\$%|#]|\(\)|^-|\w[.:]\w|\d`)
	plural    = regexp.MustCompile(`['’]s?$`)
)

func isHangul(w string) bool { return w >= "가" && w < "\ud7b0" }

// add takes the words of a line.
func (t *text) add(l line) {
	t.slips(l)
	plain := targets.ReplaceAllString(links.ReplaceAllString(l.text, mark), " ")
	plain = spans.ReplaceAllStringFunc(plain, func(code string) string {
		if anyHangul.MatchString(code) {
			return "`x`"
		}
		return code
	})
	if program(l.file) {
		plain = literal.ReplaceAllString(plain, "`x`")
	}
	plain = marks.ReplaceAllString(plain, mark)
	for _, m := range aside.FindAllStringSubmatch(plain, -1) {
		t.hangul(l, m[2])
	}
	t.hangul(l, aside.ReplaceAllString(plain, "$1"))
	for chunk := range strings.FieldsSeq(spans.ReplaceAllString(plain, " ")) {
		if !pathLike.MatchString(strings.Trim(chunk, ".,:;()“”\"")) {
			for _, w := range wordIn.FindAllString(chunk, -1) {
				t.latinWord(l, w)
			}
		}
	}
}

func (t *text) hangul(l line, s string) {
	for _, m := range hangul.FindAllStringSubmatchIndex(s, -1) {
		u := use{l, "", s[m[4]:m[5]]}
		if m[2] >= 0 {
			u.head = s[m[2]:m[3]]
		}
		if u.head == mark { // what it ends with
			r, _ := utf8.DecodeLastRuneInString(s[:m[2]])
			u.head = string(r) + mark
		}
		t.hanguls = append(t.hanguls, u)
	}
}

// latinWord takes an English word; one with a capital inside is a name.
func (t *text) latinWord(l line, w string) {
	w = plural.ReplaceAllString(w, "")
	if len(w) > 1 && !isHangul(w) && w[1:] == strings.ToLower(w[1:]) {
		t.latin = append(t.latin, use{l, "", w})
	}
}

// judge asks the dictionaries, and returns the faults in the order of the texts.
func (t *text) judge() ([]string, error) {
	if err := t.judgeEnglish(); err != nil {
		return nil, err
	}
	if err := t.judgeKorean(); err != nil {
		return nil, err
	}
	for w, n := range t.listed {
		if !t.korean.used[w] {
			t.fail(line{wordList, n, ""}, "%s is in no text any more: remove it", w)
		}
	}
	slices.SortStableFunc(t.found, func(a, b fault) int { return cmp.Or(strings.Compare(a.file, b.file), a.n-b.n) })
	var list []string
	for _, f := range t.found {
		list = append(list, fmt.Sprintf("%s:%d: %s", f.file, f.n, f.what))
	}
	return slices.Compact(list), nil
}

func (t *text) judgeEnglish() error {
	asked := map[string]bool{}
	for _, u := range t.latin {
		asked[u.word] = true
	}
	bad, err := unknown("en_GB", asked)
	if err != nil {
		return err
	}
	for _, u := range t.latin {
		lower := strings.ToLower(u.word)
		t.korean.used[lower] = true
		named := t.names[u.word] && program(u.file)
		if bad[u.word] && !t.english[lower] && !named {
			t.fail(u.line, "%s: not in the English dictionary", u.word)
		}
	}
	return nil
}

func (t *text) judgeKorean() error {
	k := &t.korean
	seen := map[string][]use{}
	for {
		var wrong []fault
		clear(seen)
		for _, u := range t.hanguls {
			if u.head == "" {
				if !k.word(u.word) {
					wrong = append(wrong, fault{u.line, u.word + ": not in the Korean dictionary, or its particle or spacing is not"})
				}
				continue
			}
			h, set := newHead(u.head), k.readings(u.word)
			switch {
			case set == [3]bool{}:
				wrong = append(wrong, fault{u.line, fmt.Sprintf("%s%s: what follows %s is not in the Korean dictionary", u.head, u.word, u.head)})
			case h.many && paired.MatchString(u.word):
				wrong = append(wrong, fault{u.line, fmt.Sprintf("%s%s: whether the particle fits depends on the value: put a noun between", u.head, u.word)})
			case len(h.read) == 1 && paired.MatchString(u.word) && !set[h.read[0]]:
				wrong = append(wrong, fault{u.line, fmt.Sprintf("%s%s: the particle does not fit", u.head, u.word)})
			case len(h.read) == 0 && h.of != "":
				seen[h.of] = append(seen[h.of], u)
			}
		}
		if len(k.ask) == 0 {
			t.found = append(t.found, wrong...)
			break
		}
		bad, err := unknown("ko_KR", k.ask)
		if err != nil {
			return err
		}
		for w := range k.ask {
			k.knows[w] = !bad[w]
		}
		clear(k.ask)
	}
	t.agree(seen)
	return nil
}

// agree reports names that are read in two ways: x을 here and x를 there. The
// rarer way is reported.
func (t *text) agree(seen map[string][]use) {
	for _, uses := range seen {
		var count [3]int
		for _, u := range uses {
			for end, ok := range t.korean.readings(u.word) {
				if ok {
					count[end]++
				}
			}
		}
		most := slices.Max(count[:])
		if most == len(uses) {
			continue
		}
		end := slices.Index(count[:], most)
		for _, u := range uses {
			if !t.korean.readings(u.word)[end] {
				t.fail(u.line, "%s%s: elsewhere it takes the other particle", u.head, u.word)
			}
		}
	}
}
