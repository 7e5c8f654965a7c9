package telemetry

import (
	"fmt"
	"strings"
	"unicode"
)

// Visible writes control characters as cat -v does, ^[ for escape, and those
// that turn the direction of text by their number.
func Visible(text string) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case c == '\t':
			b.WriteRune(c)
		case c < 0x20 || c == 0x7f:
			b.WriteRune('^')
			b.WriteRune(c ^ 0x40)
		case c >= 0x80 && c < 0xa0:
			b.WriteString("M-^")
			b.WriteRune(c - 0x40)
		case unicode.Is(unicode.Cf, c) || c == '\u2028' || c == '\u2029':
			fmt.Fprintf(&b, "<U+%04X>", c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
