package content

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// particles are what follows a Korean noun without a space: one of them, or a
// first and a second one. A verb's ending is none: 실행합니다 is no use of 실행.
var particles = regexp.MustCompile(`^(?:들)?(?:` +
	`은|는|이|가|을|를|의|에|에서|에게|에게서|로|으로|와|과|도|만|뿐|까지|부터|마다|보다|처럼|만큼|이나|나|든|이든|` +
	`로서|으로서|로써|으로써|이란|란|이라는|라는|이라고|라고|이라|라|이고|고|이며|며|인|인지|인데|일|입니다|이었습니다|였습니다|이다|이지만|지만|이면|면|입니까` +
	`)?(?:은|는|도|만|의|까지|부터|밖에)?$`)

// Particles is a regular expression of what may follow a Korean noun.
func Particles() string { return particles.String() }

// isParticle says whether a run of Hangul is nothing but particles.
func isParticle(run string) bool { return particles.MatchString(run) }

// wordBegins says whether a word may begin after this text.
func wordBegins(before string) bool {
	r, n := utf8.DecodeLastRuneInString(before)
	return n == 0 || !inWord(r) && r != '-'
}

// wordEnds says whether a word may end before this text: at something that is in
// no word, or at particles.
func wordEnds(after string) bool {
	r, n := utf8.DecodeRuneInString(after)
	switch {
	case n == 0:
		return true
	case r == '-':
		next, _ := utf8.DecodeRuneInString(after[1:])
		return !inWord(next)
	case unicode.Is(unicode.Hangul, r):
		return isParticle(hangulRun(after))
	}
	return !inWord(r)
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

// hangulRun is the Hangul at the head of a text.
func hangulRun(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return !unicode.Is(unicode.Hangul, r) }); i >= 0 {
		return s[:i]
	}
	return s
}

// stem takes the longest particle off a word that ends in Hangul and leaves at
// least one character; a word without one is returned as it is.
func stem(word string) string {
	runes := []rune(word)
	for i := 1; i < len(runes); i++ {
		if tail := string(runes[i:]); hangulRun(tail) == tail && isParticle(tail) {
			return string(runes[:i])
		}
	}
	return word
}
