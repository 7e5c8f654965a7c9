package workshop

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
)

// letters are those of codes: no two that look alike (0 O, 1 I L), so that a code
// can be read from a projector and typed on a phone.
const letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// Lengths of codes. Each letter is worth 4.95 bits.
const (
	codeLength   = 6  // 29.7 bits: 100,000 guesses find it once in 8,900 times, and guesses are counted
	keyLength    = 16 // 79 bits: the link holds the code and this; nobody guesses it
	resumeLength = 12 // 59 bits: 100,000 guesses find one of 1,000 once in 8 billion times
)

// newCode makes a code of n letters.
func newCode(n int) string {
	var b strings.Builder
	for b.Len() < n {
		var random [32]byte
		rand.Read(random[:]) // never fails
		for _, x := range random {
			if x &= 31; int(x) < len(letters) && b.Len() < n { // the 32nd is left out: all are as likely
				b.WriteByte(letters[x])
			}
		}
	}
	return b.String()
}

// grouped is a code as people read it, size letters and a hyphen in turn.
func grouped(code string, size int) string {
	var parts []string
	for len(code) > size {
		parts, code = append(parts, code[:size]), code[size:]
	}
	return strings.Join(append(parts, code), "-")
}

// typed is what somebody meant who typed a code: any case, with or without hyphens.
func typed(code string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		if r < 128 && strings.ContainsRune(letters, r) {
			return r
		}
		return -1
	}, code[:min(len(code), 100)])
}

// secret is a token or a code as it is kept: its SHA-256. All of them are random,
// so that no salt is needed; and whoever reads the file cannot get in with it.
type secret [sha256.Size]byte

func secretOf(s string) secret { return sha256.Sum256([]byte(s)) }
