package content

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"socketlabs/labs"
)

const solutionText = `//go:build ignore

package main

// drain reads once.
func drain(c int, b []byte) error {
	_, err := unix.Read(c, b)
	return err
}
`

const wrongText = `//go:build ignore

package main

// drain reads nothing.
func drain(c int, b []byte) error { return nil }
`

// withExercise adds a break-it and an exercise to the good lesson, at its end:
// all lines before keep their numbers.
func withExercise(t *testing.T, fsys fstest.MapFS) {
	t.Helper()
	for _, e := range []edit{
		{"edge/lesson.yaml", "silent, read-on]", "silent, read-on, try]"},
		{"edge/lesson.yaml", "      calm: silent_client.lab.wakeups < 10\n", `      calm: silent_client.lab.wakeups < 10

  once:
    like: drained
    checks:
      saved: reads_per_request < 4
      served: load.requests > 100

breakit: {run: stall, cure: drained}

exercise:
  edit: mini#drain
  goal: once
  solution: solution.go
  hints: 2
  wrong: [wrong.go]
`},
		{"edge/solution.go", "", solutionText},
		{"edge/wrong.go", "", wrongText},
		{"edge/en.md", "```experiment\nstall:", "```breakit\nstall:"},
		{"edge/ko.md", "```experiment\nstall:", "```breakit\nstall:"},
	} {
		e.apply(t, fsys)
	}
	for lang, text := range map[string]string{"en": exerciseEn, "ko": exerciseKo} {
		f := fsys["edge/"+lang+".md"]
		fsys["edge/"+lang+".md"] = &fstest.MapFile{Data: append(append([]byte{}, f.Data...), text...)}
	}
}

const exerciseEn = "\n## Try {#try}\n\n```exercise\n" + `task: Save *one* read of {{run:once ask.size}} bytes.
checks:
  saved: One read less.
  served: Answered.
hints:
  - Which read brings nothing?
  - Stop earlier.
solution: A short read is proof.
` + "```\n"

const exerciseKo = "\n## 해 보기 {#try}\n\n```exercise\n" + `task: "{{run:once ask.size}}바이트에서 읽기 *하나*를 아낍니다."
checks:
  saved: 읽기가 하나 줄었습니다.
  served: 응답합니다.
hints:
  - 어느 읽기가 비어 있습니까?
  - 더 일찍 멈춥니다.
solution: 짧은 읽기가 증거입니다.
` + "```\n"

func TestExerciseAndBreakIt(t *testing.T) {
	fsys := files(t)
	withExercise(t, fsys)
	book, problems := load(fsys, "content", catalog(t))
	l, _, _ := book.Lesson("edge")
	if l == nil || l.Exercise == nil || l.BreakIt == nil {
		t.Fatalf("%v", problems)
	}
	x := l.Exercise
	if l.BreakIt.Run.ID != "stall" || l.BreakIt.Cure.ID != "drained" || x.Goal.ID != "once" || x.Func.Name != "drain" || x.Lab != "mini" {
		t.Errorf("%+v, %+v", l.BreakIt, x)
	}
	if len(x.Hints) != 2 || x.Hints[1].En != "Stop earlier." || x.Hints[0].Ko != "어느 읽기가 비어 있습니까?" || !strings.Contains(string(x.Task.En), "<em>one</em>") {
		t.Errorf("texts: %+v", x)
	}
	if x.Goal.Title.En != "Try" || x.Goal.Checks[1].Text.Ko != "응답합니다." {
		t.Errorf("goal: %+v", x.Goal)
	}
	if a := x.Answer(); !strings.HasPrefix(a, "// drain reads once.\n") {
		t.Errorf("the answer:\n%s", a)
	}
	for _, s := range l.Sections {
		for _, b := range s.Body {
			if b.Experiment != nil && (b.BreakIt != nil) != (b.Experiment.ID == "drained") {
				t.Errorf("the two sides stand beside %s: %v", b.Experiment.ID, b.BreakIt != nil)
			}
		}
	}
	last := l.Sections[len(l.Sections)-1].Body
	if last[0].Exercise != x {
		t.Errorf("the section: %+v", last)
	}
	if len(x.Wrong) != 1 || x.Wrong[0].Func != "drain" || x.Wrong[0].File != "content/edge/wrong.go" {
		t.Errorf("wrong: %+v", x.Wrong)
	}
	if spec := x.Spec(x.Solution); spec.Version.Func != "drain" || x.Goal.Spec.Version != nil {
		t.Errorf("spec: %+v", spec.Version)
	}
}

// Each row changes one thing of a lesson with an exercise.
func TestBrokenExercise(t *testing.T) {
	have := "the experiments are stall, drained, idle, once"
	for _, tt := range []struct{ why, file, old, new, want string }{
		{"the failure's experiment is mistyped", "lesson.yaml", "run: stall", "run: stal", `66: run "stal": ` + have + `; did you mean stall?`},
		{"there is no cure", "lesson.yaml", ", cure: drained", "", "66: cure is missing: the id of an experiment"},
		{"the cure is the disease", "lesson.yaml", "cure: drained", "cure: stall", "66: cure: stall is the run itself: name the experiment in which the failure is gone"},
		{"a key is mistyped", "lesson.yaml", "cure: drained", "cures: drained", "66: cure is missing: the id of an experiment\n66: key \"cures\": breakit has run, cure; did you mean cure?"},
		{"the check has no meaning in the cure", "lesson.yaml", "cure: drained", "cure: idle", `66: the check stuck of stall has no meaning in idle: …`},
		{"the function is mistyped", "lesson.yaml", "mini#drain", "mini#drian", `69: edit: function "drian": labs/mini has main, drain; did you mean drain?`},
		{"no function is named", "lesson.yaml", "edit: mini#drain", "edit: mini", `69: edit: source "mini": write lab#func`},
		{"the goal is mistyped", "lesson.yaml", "goal: once", "goal: one", `70: goal "one": ` + have + `; did you mean once?`},
		{"the goal has predictions", "lesson.yaml", "goal: once", "goal: idle", "70: goal: idle has predictions: an exercise is run again and again, and asks nothing"},
		{"the goal is the cure", "lesson.yaml", "goal: once", "goal: drained", "70: goal: drained belongs to breakit: give the exercise an experiment of its own"},
		{"there is no solution", "lesson.yaml", "  solution: solution.go\n", "", "69: solution is missing: a file that replaces the function, like solution.go"},
		{"the solution is somewhere else", "lesson.yaml", "solution: solution.go", "solution: ../solution.go", `71: solution "../solution.go": a .go file in the lesson's folder`},
		{"the solution is not there", "lesson.yaml", "solution: solution.go", "solution: answer.go", `71: solution "answer.go": there is no such file in the lesson's folder`},
		{"the wrong solution is not there", "lesson.yaml", "[wrong.go]", "[other.go]", `73: wrong "other.go": there is no such file in the lesson's folder`},
		{"the wrong solution is the solution", "lesson.yaml", "[wrong.go]", "[solution.go]", "73: wrong: solution.go is the solution"},
		{"the wrong solutions are no list", "lesson.yaml", "[wrong.go]", "wrong.go", "73: "},
		{"the wrong solution is another function", "wrong.go", "func drain", "func drained", "wrong.go:6: func drained: only the function drain can be changed, once; write what it needs inside it"},
		{"half a hint", "lesson.yaml", "hints: 2", "hints: 1.5", "72: hints: a whole number from 1 to 6"},
		{"no hint", "lesson.yaml", "  hints: 2\n", "", "69: hints is missing: how many there are in each language"},
		{"the solution does not parse", "solution.go", "err := unix", "err = := unix", "solution.go:7: expected operand, found ':='"},
		{"the solution is another function", "solution.go", "func drain", "func drained", "solution.go:6: func drained: only the function drain can be changed, once; write what it needs inside it"},
		{"the solution brings a helper", "solution.go", "// drain reads once.", "var x = 1\n", "solution.go:5: var: only the function drain can be changed; write what it needs inside it"},
		{"the solution would be built with the lesson's folder", "solution.go", "//go:build ignore\n", "", "solution.go:1: the first line is //go:build ignore: the file is no package of its own"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			got := brokenExercise(t, edit{"edge/" + tt.file, tt.old, tt.new})
			for _, want := range strings.Split(tt.want, "\n") {
				if !strings.HasPrefix(want, "solution.go") && !strings.HasPrefix(want, "wrong.go") {
					want = "lesson.yaml:" + want
				}
				want = strings.TrimSuffix(want, "…")
				if !strings.Contains(got, want) {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			}
		})
	}
}

func TestBrokenExerciseInTheText(t *testing.T) {
	for _, tt := range []struct{ why, old, new, want string }{
		{"a hint is missing", "  - Stop earlier.\n", "", "en.md:125: the exercise has 1 hints here and 2 in lesson.yaml"},
		{"the task is missing", "task: Save *one* read of {{run:once ask.size}} bytes.\n", "", "en.md:125: the exercise has no task"},
		{"a check has no sentence", "  served: Answered.\n", "", "the exercise has no sentence for its goal's check served: add it under checks"},
		{"a sentence for another experiment's check", "  served: Answered.\n", "  served: Answered.\n  calm: x\n", `check "calm": the goal once has saved, served`},
		{"the exercise is not in the text", exerciseEn, "\n## Try {#try}\n\nLater.\n", "exercise once has no place in en.md: add it in a block exercise"},
		{"a hint is a list", "  - Stop earlier.", "  - [a, b]", "a list stands here: write a text"},
		{"the failure is an experiment like any other", "```breakit\nstall:", "```experiment\nstall:", "stall is the run of breakit: write the block breakit"},
		{"another experiment as the failure", "```experiment\ndrained", "```breakit\ndrained", "the block breakit shows stall, which lesson.yaml names as run, not drained"},
		{"the goal is an experiment like any other", "## Try {#try}", "## Try {#try}\n\n```experiment\nonce\n```", "once is the goal of the exercise: its place is the block exercise"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			if got := brokenExercise(t, edit{"edge/en.md", tt.old, tt.new}); !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
	for kind, want := range map[string]string{
		"breakit\na: b": "lesson.yaml has no breakit", "exercise\ntask: x": "lesson.yaml has no exercise",
	} {
		fsys := files(t)
		edit{"edge/en.md", "```source\nmini#drain", "```" + kind}.apply(t, fsys)
		if _, problems := load(fsys, "content", catalog(t)); !strings.Contains(say(problems), want) {
			t.Errorf("%s: %s", kind, say(problems))
		}
	}
}

func brokenExercise(t *testing.T, e edit) string {
	t.Helper()
	fsys := files(t)
	withExercise(t, fsys)
	e.apply(t, fsys)
	book, problems := load(fsys, "content", catalog(t))
	if l, _, _ := book.Lesson("edge"); l != nil {
		t.Error("the broken lesson is in the book")
	}
	return say(problems)
}

func say(problems []Problem) string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, strings.TrimPrefix(p.String(), "content/edge/"))
	}
	return strings.Join(lines, "\n")
}

func TestTheLearnersVersion(t *testing.T) {
	data := t.TempDir()
	x := &Exercise{Lesson: "edge", Func: labs.Func{Name: "drain", Text: "func drain() {}"}}
	at := filepath.Join(data, "exercises", "edge", "drain.go")
	read := func() (string, bool) {
		text, saved, err := x.Read(data)
		if err != nil {
			t.Fatal(err)
		}
		return text, saved
	}
	if text, saved := read(); saved || text != "func drain() {}\n" {
		t.Errorf("before: %v %q", saved, text)
	}
	if err := x.Write(data, "mine"); err != nil {
		t.Fatal(err)
	}
	if text, saved := read(); !saved || text != "mine" {
		t.Errorf("written: %v %q", saved, text)
	}
	os.WriteFile(at, []byte(strings.Repeat("x", 3*labs.MaxVersion)), 0o644) // by another editor
	if text, _ := read(); len(text) != labs.MaxVersion+1 {
		t.Errorf("%d bytes were read of a file that is too long", len(text))
	}
	if err := x.Reset(data); err != nil {
		t.Fatal(err)
	}
	if text, saved := read(); saved || text != "func drain() {}\n" {
		t.Errorf("reset: %v %q", saved, text)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "exercises", "edge", "*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
	if err := x.Reset(data); err != nil {
		t.Errorf("reset again: %v", err)
	}
}
