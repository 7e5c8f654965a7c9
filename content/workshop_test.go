package content

import (
	"slices"
	"strings"
	"testing"
)

// The good notes and plans that the tests below change.
const notesEn = `# Edge: instructor's notes

## Timing {#timing}

| minutes | what happens | experiment |
|---|---|---|
| 4 | ` + "`predict:where`, then everybody runs it. | `stall`" + ` |
| 6 | On the projector. | ` + "`drained`, `pays`" + ` |

## What learners get wrong {#wrong}

- *The kernel repeats itself.* See ` + "`stuck`" + `: {{run:stall ask.size}} bytes, in one [drain loop](edge#cure).

## Questions to ask {#ask}

1. ` + "`predict:where`" + `, twice. Call ` + "`read`" + ` until EAGAIN.

## What to expect {#expect}

- ` + "`where`" + `: the receive queue.
- ` + "`which`" + `: better.
`

var notesKo = strings.NewReplacer("# Edge: instructor's notes", "# 엣지: 진행 노트", "{{run:stall ask.size}} bytes", "{{run:stall ask.size}}바이트").Replace(notesEn)

const plansYAML = `- id: short
  minutes: 20
  title: {ko: "짧게", en: "Short"}
  for: {ko: "모두에게 맞습니다.", en: "For everybody."}
  steps:
    - minutes: 15
      lesson: edge
      experiments: [stall, pays]
      vote: stall/where
      title: {ko: "엣지", en: "Edges"}
      what: {ko: "` + "`stall`" + `을 실행합니다.", en: "Run ` + "`stall`" + `."}
    - minutes: 5
      title: {ko: "휴식", en: "Break"}
      what: {ko: "쉽니다.", en: "Rest."}
`

// noted is the good notes with one thing changed, in one language or in both.
func noted(lang, old, new string) []edit {
	var list []edit
	for name, text := range map[string]string{"ko": notesKo, "en": notesEn} {
		if strings.Contains(lang, name) {
			if !strings.Contains(text, old) {
				panic("the good notes have no " + old)
			}
			text = strings.Replace(text, old, new, 1)
		}
		list = append(list, edit{file: "edge/workshop." + name + ".md", new: text})
	}
	return list
}

func TestNotes(t *testing.T) {
	fsys := files(t)
	for _, e := range append(noted("", "", ""), edit{file: "plans.yaml", new: plansYAML}) {
		e.apply(t, fsys)
	}
	book, problems := load(fsys, "content", catalog(t))
	for _, p := range problems {
		t.Error(p)
	}
	l, _, _ := book.Lesson("edge")
	if l == nil || l.Notes == nil {
		t.Fatal("the notes are not in the book")
	}
	n := l.Notes
	if n.Title != (Text{Ko: "엣지: 진행 노트", En: "Edge: instructor's notes"}) || n.Vote == nil || n.Vote.ID != "where" || len(n.Shown) != 1 {
		t.Errorf("notes %+v", n)
	}
	var all strings.Builder
	for _, s := range n.Sections {
		all.WriteString(s.ID + ":")
		for _, b := range s.Body {
			all.WriteString(string(b.Prose.En))
		}
	}
	for _, want := range []string{
		`timing:<table>`, `wrong:<ul>`, `ask:<ol>`, `expect:<ul>`,
		`<a class="ref ref-vote" href="edge#where"><code>where</code></a>, twice`, // the vote
		`<a class="ref" href="edge#pays"><code>pays</code></a>`,                   // a comparison
		`<a class="ref" href="edge#stall"><code>stuck</code></a>`,                 // a check, at its experiment
		`<data class="measured" data-n="0"></data> bytes`,
		`<a href="edge#cure">drain loop</a>`,
		`Call <code>read</code> until`, // what is no name of the lesson stays code
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("no %s in\n%s", want, all.String())
		}
	}
	if first, _, _ := book.Lesson("first"); first == nil || first.Notes != nil {
		t.Error("a lesson without notes is one that nobody has written notes for")
	}
	if len(book.Plans) != 1 || book.Plans[0].Minutes != 20 || len(book.Plans[0].Steps) != 2 || book.Plans[0].Steps[0].What.En != "Run <code>stall</code>." {
		t.Errorf("plans %+v", book.Plans)
	}
	for _, x := range []*Index{NewIndex(book, "en"), NewIndex(book, "ko")} {
		if hits := x.Search("instructor's notes", 9); len(hits) > 0 {
			t.Errorf("learners find the instructor's notes: %+v", hits)
		}
	}
}

// What notes may not say; all problems that there are, and no others.
func TestBrokenNotes(t *testing.T) {
	const predictions = "left, storm, where, which"
	broken(t, "one language is missing", []edit{{file: "edge/workshop.en.md", new: notesEn}}, "workshop.ko.md:1: there is no such file")
	broken(t, "a section is missing", noted("en", "## What learners get wrong {#wrong}", ""),
		"workshop.en.md:14: an instructor's notes have the section wrong here: the headings are timing, wrong, ask, expect, in that order")
	broken(t, "the sections have another order", noted("koen", "## Timing {#timing}", "## Later {#expect}"),
		"workshop.en.md:3: an instructor's notes have the section timing here: the headings are timing, wrong, ask, expect, in that order",
		"workshop.ko.md:3: an instructor's notes have the section timing here: the headings are timing, wrong, ask, expect, in that order")
	broken(t, "a section has another id", noted("ko", "{#wrong}", "{#errors}"),
		`workshop.ko.md:10: section "errors": an instructor's notes have timing, wrong, ask, expect`)
	broken(t, "a section is empty", []edit{
		{file: "edge/workshop.ko.md", new: strings.Replace(notesKo, notesKo[strings.Index(notesKo, "- *The"):strings.Index(notesKo, "## Questions")], "", 1)},
		{file: "edge/workshop.en.md", new: strings.Replace(notesEn, notesEn[strings.Index(notesEn, "- *The"):strings.Index(notesEn, "## Questions")], "", 1)}},
		"workshop.ko.md:10: the section wrong is empty")
	broken(t, "HTML stands in them", noted("en", "in one [drain", "<br>in one [drain"),
		"workshop.en.md:12: HTML is not read in a lesson: write Markdown, or `code` around it")
	broken(t, "an experiment is mistyped", noted("koen", "`stall`", "`stal`"),
		`workshop.en.md:7: experiment "stal": the lesson has stall, drained, idle, pays; did you mean stall?`,
		`workshop.ko.md:7: experiment "stal": the lesson has stall, drained, idle, pays; did you mean stall?`)
	broken(t, "a prediction is mistyped", noted("koen", "| 4 | `predict:where`", "| 4 | `predict:wher`"),
		`workshop.en.md:7: prediction "wher": the lesson has `+predictions+`; did you mean where?`,
		`workshop.ko.md:7: prediction "wher": the lesson has `+predictions+`; did you mean where?`)
	broken(t, "a check is no prediction", noted("en", "- `which`", "- `stuck`"),
		`workshop.en.md:21: prediction "stuck": an expectation begins with one of `+predictions)
	broken(t, "there is no vote", noted("koen", "1. `predict:where`", "1. `where`"),
		"workshop.en.md:14: no question is the vote: name the prediction that the class answers twice as `predict:ID`, once",
		"workshop.ko.md:14: no question is the vote: name the prediction that the class answers twice as `predict:ID`, once")
	broken(t, "there are two votes", noted("en", "Call `read`", "`predict:left`"),
		"workshop.en.md:16: the vote is predict:where, on line 16: one question has it")
	broken(t, "the votes differ", noted("en", "1. `predict:where`", "1. `predict:left`"),
		"workshop.en.md:16: the vote is predict:where in workshop.ko.md")
	broken(t, "measurements differ", noted("en", "{{run:stall ask.size}}", "all"),
		"workshop.en.md:12: placeholders differ from workshop.ko.md: here none, there {{stall ask.size}}")
	broken(t, "a link leads nowhere", noted("en", "(edge#cure)", "(edge#curing)"),
		`workshop.en.md:12: link "edge#curing": the sections of edge are idea, break, cure, silent, read-on`)
	broken(t, "a bench stands in them", noted("en", "- `which`: better.", "- `which`: better.\n\n```experiment\nstall\n```"),
		"workshop.en.md:23: the block experiment has its place in the lesson, not in its notes")
}

// What plans.yaml may not say.
func TestBrokenPlans(t *testing.T) {
	for _, tt := range []struct{ why, old, new, want string }{
		{"the steps do not add up", "minutes: 20", "minutes: 90", "2: the steps take 20 minutes together, and the plan 90"},
		{"minutes are halves", "minutes: 5", "minutes: 4.5", "2: the steps take 15 minutes together, and the plan 20\n12: 4.50 is not allowed: whole minutes, from 1 to 1440"},
		{"a lesson is mistyped", "lesson: edge", "lesson: edg", `7: lesson "edg": there are first, edge; did you mean edge?`},
		{"an experiment is mistyped", "[stall, pays]", "[stall, payz]", `8: experiment "payz" in lesson "edge": it has stall, drained, idle, pays; did you mean pays?`},
		{"a vote is mistyped", "stall/where", "stall/were", `9: vote "stall/were" in lesson "edge": its predictions are stall/left, idle/storm, stall/where, pays/which; did you mean stall/where?`},
		{"a vote is of another experiment", "stall/where", "pays/where", `9: vote "pays/where" in lesson "edge": its predictions are stall/left, idle/storm, stall/where, pays/which`},
		{"a vote is about what is not run", "stall/where", "idle/storm", "9: the vote is about idle, which this step does not run: add it to experiments"},
		{"a vote is of no lesson", "      lesson: edge\n", "", "7: experiments of which lesson? name it as lesson\n8: vote of which lesson? name it as lesson"},
		{"a step has no words", "      what: {ko: \"쉽니다.\", en: \"Rest.\"}\n", "", "12: a step has no what"},
		{"a language is missing", `{ko: "휴식", en: "Break"}`, `{ko: "휴식"}`, "13: a title is missing in en"},
		{"a key is mistyped", "      vote:", "      votes:", `9: key "votes": a step has minutes, lesson, experiments, vote, title, what; did you mean vote?`},
		{"a plan has no id", "- id: short\n  minutes: 20", "- minutes: 20", "1: a plan has no id"},
		{"an id has capitals", "id: short", "id: Short", `1: id "Short": lower-case letters, digits and - only`},
		{"a plan stands twice", plansYAML, plansYAML + plansYAML, `15: plan "short" stands here twice`},
		{"HTML is no text", "Rest.", "<b>Rest.</b>", "14: what is done has words, `code` and *stress*: no link, drawing, HTML or placeholder"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			fsys := files(t)
			edit{file: "plans.yaml", new: plansYAML}.apply(t, fsys)
			edit{"plans.yaml", tt.old, tt.new}.apply(t, fsys)
			book, problems := load(fsys, "content", catalog(t))
			var got []string
			for _, p := range problems {
				got = append(got, strings.TrimPrefix(p.String(), "content/plans.yaml:"))
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), tt.want)
			}
			if want := strings.Count(tt.why, "twice"); len(book.Plans) != want {
				t.Errorf("%d plans are in the book", len(book.Plans))
			}
			if l, _, _ := book.Lesson("edge"); l == nil {
				t.Error("a broken plan took a lesson out of the book")
			}
		})
	}
}

// A lesson needs no notes, and this workbook's own have them. Its plans are the
// lengths that people ask for.
func TestThisWorkbookCanBeTaught(t *testing.T) {
	_, book := workbook(t)
	for _, l := range book.lessons() {
		if l.Notes == nil {
			t.Errorf("%s has no notes for instructors", l.ID)
		}
	}
	var minutes []int
	for _, p := range book.Plans {
		minutes = append(minutes, p.Minutes)
	}
	if !slices.Equal(minutes, []int{90, 210, 390}) {
		t.Errorf("plans of %v minutes", minutes)
	}
}
