package runner

import (
	"strings"
	"testing"
)

func TestDiffLines(t *testing.T) {
	show := func(a, b string) string {
		var out []string
		for _, l := range diffLines(strings.Split(a, ""), strings.Split(b, "")) {
			out = append(out, l.Op+l.Text)
		}
		return strings.Join(out, "")
	}
	for _, row := range []struct{ why, a, b, want string }{
		{"nothing differs", "abc", "abc", ""},
		{"a line is new", "abcdef", "abcXdef", " b c+X d e…"},
		{"a line is gone", "abcdef", "abdef", " a b-c d e…"},
		{"a line is another", "abc", "aXc", " a-b+X c"},
		{"two changes far apart", "abcdefghij", "Xbcdefghi", "-a+X b c… h i-j"},
		{"everything", "ab", "xy", "-a-b+x+y"},
		{"what repeats is not taken twice", "aab", "aaab", " a a+a b"},
	} {
		if got := show(row.a, row.b); got != row.want {
			t.Errorf("%s: %q, want %q", row.why, got, row.want)
		}
	}
}

// TestDiffNumbers: each line has its place in both files.
func TestDiffNumbers(t *testing.T) {
	for _, l := range diffLines([]string{"a", "b", "c"}, []string{"a", "X", "b", "c"}) {
		switch {
		case l.Op == "+" && (l.A != 0 || l.B != 2), l.Text == "c" && (l.A != 3 || l.B != 4):
			t.Errorf("%+v", l)
		}
	}
}
