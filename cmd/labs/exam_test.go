package main

import (
	"maps"
	"strings"
	"testing"

	"socketlabs/labs"
	"socketlabs/runner"
)

func TestAnswersOfAPaper(t *testing.T) {
	for _, c := range []struct {
		text, wrong string
		want        map[int]runner.Answer
		why         string
	}{
		{"# SEED FAULT METRIC FROM TO\n440 lock lab.lock_wait 1 2.5\n\n  442 disk lab.syncs 0 3 # sure\n441 - - 0 0\n", "",
			map[int]runner.Answer{440: {Fault: "lock", Metric: "lab.lock_wait", From: 1, To: 2.5}, 442: {Fault: "disk", Metric: "lab.syncs", From: 0, To: 3}}, "in any order, with one left open"},
		{"", "", map[int]runner.Answer{}, "an empty paper is handed in"},
		{"440 lock lab.lock_wait 1\n", "paper:1: an answer is SEED FAULT METRIC FROM TO: this line has 4 words", nil, "a word is missing"},
		{"\n440 lock lab.lock_wait one 2\n", `paper:2: FROM is a number of seconds, not "one"`, nil, "no number"},
		{"x lock lab.lock_wait 1 2\n", `paper:1: SEED is a whole number, not "x"`, nil, "no seed"},
		{"445 lock lab.lock_wait 1 2\n", "paper:1: mystery 445 is not of this paper: it has 440 to 444", nil, "of another paper"},
		{"440 - - 0 0\n440 lock lab.lock_wait 1 2\n", "paper:2: mystery 440 is answered above: there is one answer", nil, "answered twice"},
	} {
		got, err := parseAnswers(strings.NewReader(c.text), "paper", 440, 5)
		if said := ""; err != nil {
			if said = err.Error(); said != c.wrong {
				t.Errorf("%s: %s, want %q", c.why, said, c.wrong)
			}
		} else if c.wrong != "" || !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v %q", c.why, got, c.want, c.wrong)
		}
	}
}

// A paper that nobody asks for by its seed has no fault twice.
func TestPaperSeed(t *testing.T) {
	n := len(labs.MysteryIDs())
	for range 1000 {
		if s := paperSeed(); s < 0 || s%n != 0 || s+n-1 > labs.MaxSeed {
			t.Fatalf("a paper begins at %d", s)
		}
	}
}
