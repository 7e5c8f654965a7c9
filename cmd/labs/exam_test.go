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

// The result can be read and printed: each question's marks, and the sum.
func TestExamResult(t *testing.T) {
	right := runner.Marks{Right: true, Fault: "lock", Proved: true, Runs: 1, Naming: 50, Proof: 30, Economy: 20, Points: 100}
	wrong := runner.Marks{Fault: "disk", Why: "metric", Runs: 2}
	x := examReport{Seed: 440, Points: 100, Of: 300, Questions: []question{
		{Seed: 440, Marks: &right}, {Seed: 441, Marks: &wrong}, {Seed: 442},
	}}
	for lang, want := range map[string]string{
		"en": `Mystery 440
  ✓ The hidden fault: lock contention
  ✓ The marked time shows the fault.
  100 points: name 50, proof 30, thrift 20 (runs: 1)

Mystery 441
  ✗ The hidden fault: a slow disk
  ✗ This metric does not show this fault.
  0 points: name 0, proof 0, thrift 0 (runs: 2)

Mystery 442
  – Not answered

✗ Not passed: 100 of 300 points (240 pass)
`,
		"ko": `수수께끼 440
  ✓ 숨은 고장: 락 경합
  ✓ 표시한 구간이 그 고장을 보여 줍니다.
  100점: 이름 50, 증거 30, 아낀 실행 20 (실행 1번)

수수께끼 441
  ✗ 숨은 고장: 느린 디스크
  ✗ 이 지표로는 이 고장이 드러나지 않습니다.
  0점: 이름 0, 증거 0, 아낀 실행 0 (실행 2번)

수수께끼 442
  – 답하지 않았습니다

✗ 불합격: 300점 가운데 100점 (240점부터 합격)
`,
	} {
		var said strings.Builder
		x.result(&said, mysteryFlags{lang: lang})
		if said.String() != want {
			t.Errorf("in %s it says\n%s\nand not\n%s", lang, said.String(), want)
		}
	}
}
