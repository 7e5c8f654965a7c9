package workshop

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is how many characters a person's name has at most.
const maxName = 40

// blank are letters and symbols that show nothing.
const blank = "\u115f\u1160\u3164\uffa0\u2800"

// checkName returns a name as it is shown: single spaces, no ends. What hides,
// turns or breaks what stands around it is refused.
func checkName(name string, most int) (string, error) {
	if !utf8.ValidString(name) {
		return "", errors.New("is not UTF-8")
	}
	name = strings.Join(strings.Fields(name), " ")
	for _, r := range name {
		if r == utf8.RuneError || strings.ContainsRune(blank, r) || r != ' ' && !unicode.IsPrint(r) {
			return "", fmt.Errorf("has a character that cannot be seen: %U", r)
		}
	}
	if n := utf8.RuneCountInString(name); n == 0 || n > most {
		return "", fmt.Errorf("has %d characters: it takes 1 to %d", n, most)
	}
	return name, nil
}

// folded is a name as names are compared.
func folded(name string) string { return strings.ToLower(name) }

// free is the name itself, or with the first number that nobody has. It is called
// with mu held; but is the person whose own name does not count.
func (c *Class) free(name, but string) string {
	taken := map[string]bool{}
	for id, p := range c.persons {
		if id != but {
			taken[folded(p.Name)] = true
		}
	}
	for n := 1; ; n++ { // there are no more names than people
		candidate := name
		if n > 1 {
			candidate = numbered(name, n)
		}
		if !taken[folded(candidate)] && !c.coming[folded(candidate)] {
			return candidate
		}
	}
}

// numbered is a name with a number, cut where both would be too long.
func numbered(name string, n int) string {
	tail := fmt.Sprintf(" %d", n)
	runes := []rune(name)
	return strings.TrimSpace(string(runes[:min(len(runes), maxName-len(tail))])) + tail
}
