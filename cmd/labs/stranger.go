package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// stranger is the command of --exec, taken apart.
func stranger(text string, set []string) ([]string, error) {
	for _, s := range set {
		if strings.HasPrefix(s, "knob.") {
			return nil, fmt.Errorf("--set %s: the server of --exec has no knobs: write its own arguments into the command", s)
		}
	}
	words, err := split(text)
	if err != nil {
		return nil, fmt.Errorf("--exec %q: %w", text, err)
	}
	if len(words) == 0 {
		return nil, errors.New("--exec: name a program, like --exec './my-server --quiet'")
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return nil, fmt.Errorf("--exec %s: there is no such program: name one of the PATH, or its path", words[0])
	}
	return words, nil
}

// split cuts a command line into words as a shell does: at blanks outside of
// quotes. Within "…" a backslash stands before " and \, elsewhere before any
// character; nothing is expanded.
func split(text string) (words []string, err error) {
	var word strings.Builder
	quote, inside := rune(0), false // inside a word
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			if quote == '"' && r != '"' && r != '\\' {
				word.WriteRune('\\')
			}
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inside = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, inside = r, true
		case strings.ContainsRune(" \t\n", r):
			if inside {
				words = append(words, word.String())
			}
			word.Reset()
			inside = false
		default:
			word.WriteRune(r)
			inside = true
		}
	}
	switch {
	case quote != 0:
		return nil, fmt.Errorf("the quote %c is not closed", quote)
	case escaped:
		return nil, errors.New(`a \ at the end escapes nothing`)
	case inside:
		words = append(words, word.String())
	}
	return words, nil
}
