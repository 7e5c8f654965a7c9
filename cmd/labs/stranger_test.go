package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for text, want := range map[string][]string{
		``:                             nil,
		"  \t\n":                       nil,
		`./server`:                     {"./server"},
		` a  b	c `:                     {"a", "b", "c"},
		`env 'A=1 2' "b c"`:            {"env", "A=1 2", "b c"},
		`a'b c'd""`:                    {"ab cd"},
		`'' ""`:                        {"", ""},
		`a\ b \'c`:                     {"a b", "'c"},
		`"a \"b\" \\ \n $HOME"`:        {`a "b" \ \n $HOME`},
		`'a\b'`:                        {`a\b`},
		`a; rm -rf $(x) | y > z * ~ &`: {"a;", "rm", "-rf", "$(x)", "|", "y", ">", "z", "*", "~", "&"},
		`서버 "포트 하나"`:                   {"서버", "포트 하나"},
	} {
		if got, err := split(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, %v: want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		`a 'b`: "the quote ' is not closed", `a "b`: `the quote " is not closed`, `a\`: `a \ at the end escapes nothing`,
	} {
		if _, err := split(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v: want %s", text, err, want)
		}
	}
}

func TestStrangerIsRefused(t *testing.T) {
	for _, c := range []struct {
		text string
		set  []string
		want string
	}{
		{" ", nil, "--exec: name a program, like --exec './my-server --quiet'"},
		{"'x", nil, `--exec "'x": the quote ' is not closed`},
		{"x", []string{"load.size=1", "knob.buf=512"}, "--set knob.buf=512: the server of --exec has no knobs: "},
	} {
		if _, err := stranger(c.text, c.set); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v: want %s", c.text, err, c.want)
		}
	}
}
