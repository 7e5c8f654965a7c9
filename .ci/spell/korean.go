package main

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// The Korean dictionary knows endings, particles and spacing well, and few nouns
// of our trade. A noun that it does not know is therefore tried with a stand-in
// that it knows and that ends alike: 커널를 is asked as 사용를, and is a mistake.
const (
	consonant = iota // 사용을, 사용으로
	liquid           // 연결을, 연결로
	vowel            // 정리를, 정리로
)

var standIns = [3]string{"사용", "연결", "정리"}

// suffixes follow a noun, or another suffix, and take particles in turn; the
// dictionary has them after few nouns.
var suffixes = []string{"씩", "쯤", "당", "짜리", "뿐", "째", "끼리", "별", "까지", "부터", "마다", "만큼", "처럼", "에서", "로든", "로나", "라고", "인지", "꼴", "들", "용", "순", "치고", "만으로", "대로", "가량"}

// ending is what a Hangul word ends like.
func ending(word string) int {
	r, _ := utf8.DecodeLastRuneInString(word)
	switch (r - '가') % 28 {
	case 0:
		return vowel
	case 8:
		return liquid
	}
	return consonant
}

// korean judges Hangul words. Words whose dictionary answer is not there yet are
// collected in ask, and judged again when it is.
type korean struct {
	nouns map[string]bool // of the project
	knows map[string]bool // the dictionary's answers
	ask   map[string]bool
	used  map[string]bool // words of the list that a text has
}

func (k *korean) dictionary(word string) bool {
	known, answered := k.knows[word]
	if !answered {
		k.ask[word] = true
	}
	return known
}

// word says whether a word that stands alone is spelt right.
func (k *korean) word(w string) bool {
	ok := k.dictionary(w)
	for i := range w + "." {
		stem, tail := w[:i], w[i:]
		if stem == "" {
			continue
		}
		if k.nouns[stem] {
			k.used[stem] = true
			ok = ok || tail == "" || k.follows(ending(stem), tail)
		}
		if ok || tail == "" {
			continue
		}
		ok = ok || k.suffixed(tail) && k.dictionary(stem)
		ok = ok || auxiliary.MatchString(tail) && k.dictionary(stem) && k.dictionary(tail)
		ok = ok || clause.MatchString(stem) && k.dictionary(stem) && k.follows(vowel, tail)
	}
	return ok
}

var (
	auxiliary = regexp.MustCompile(`^(?:[지집진질져졌]|받|당[하한할합])`) // 옮겨집니다, 확인받고
	clause    = regexp.MustCompile(`(?:[은는인한른]가|느냐|지)$`)      // 하는가를, 할지에
)

// follows says whether the tail may follow a noun of that ending.
func (k *korean) follows(end int, tail string) bool {
	return k.dictionary(standIns[end]+tail) || k.suffixed(tail)
}

// suffixed says whether the tail is suffixes with what may follow them.
func (k *korean) suffixed(tail string) bool {
	for _, s := range suffixes {
		if rest, ok := strings.CutPrefix(tail, s); ok && (rest == "" || k.follows(ending(s), rest)) {
			return true
		}
	}
	return false
}

// readings says after which endings the Hangul may follow without a space: after
// any, when it is no particle but a noun of its own, as in 3초.
func (k *korean) readings(tail string) (set [3]bool) {
	for end := range set {
		set[end] = k.follows(end, tail)
	}
	if set == [3]bool{} && k.word(tail) {
		return [3]bool{true, true, true}
	}
	return set
}

// head is what a particle stands behind and the dictionary can not read: code, a
// figure, a name. of is what it ends with; read is how, where that is certain.
type head struct {
	of   string
	read []int // endings; empty: not certain
	many bool  // it differs: a placeholder
}

// mark ends a word in quotes or emphasis; paired are the particles that come in two
// forms.
const mark = "”"

var (
	paired   = regexp.MustCompile(`^(?:은|는|이|가|을|를|과|와|으로|로|이나|나|이라|라|이란|란)[가-힣]?$`)
	lastWord = regexp.MustCompile(`[A-Za-z0-9%]+`)
	section  = regexp.MustCompile(`\(\d\w?\)$`) // accept(2) is read as accept
	unit     = regexp.MustCompile(`\| *\S+ *\}\}$`)
	digits   = [10]int{consonant, liquid, vowel, consonant, vowel, vowel, consonant, liquid, liquid, vowel}
)

func newHead(text string) head {
	switch {
	case strings.HasSuffix(text, mark): // of a word in quotes or emphasis
		if last := strings.TrimSuffix(text, mark); isHangul(last) {
			return head{of: text, read: []int{ending(last)}}
		}
		return head{}
	case unit.MatchString(text): // 바이트, 초, 퍼센트
		return head{of: text, read: []int{vowel}}
	case strings.HasSuffix(text, "}"):
		return head{of: text, many: true}
	}
	words := lastWord.FindAllString(section.ReplaceAllString(strings.Trim(text, "`"), ""), -1)
	if len(words) == 0 {
		return head{}
	}
	h := head{of: strings.ToLower(words[len(words)-1])}
	if last := h.of[len(h.of)-1]; strings.Trim(h.of, "0123456789") == "" {
		h.read = []int{digits[last-'0']}
	}
	return h
}
