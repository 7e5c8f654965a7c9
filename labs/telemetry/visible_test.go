package telemetry

import (
	"testing"
	"unicode"
)

func FuzzVisible(f *testing.F) {
	f.Add("red \x1b[31m \u202e \u2028 \xff")
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range Visible(text) {
			if c != '\t' && unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Errorf("%q shows %q", text, c)
			}
		}
	})
}

func TestVisible(t *testing.T) {
	if got := Visible("a\x1b[31mb\x07\u009bc\x7f\td\u202e"); got != "a^[[31mb^GM-^[c^?\td<U+202E>" {
		t.Errorf("%q", got)
	}
}
