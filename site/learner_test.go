package site

import (
	"regexp"
	"strings"
	"testing"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// aBook has three lessons; the last has no checks.
func aBook() *content.Book {
	lesson := func(id string, checks ...string) *content.Lesson {
		l := &content.Lesson{ID: id, Title: content.Text{Ko: id, En: id}, Sections: []content.Section{{}, {ID: "idea", Plain: content.Text{Ko: "생각", En: "the idea"}}}}
		x := &content.Experiment{ID: "x"}
		x.Spec.Name = id + "/x"
		for _, c := range checks {
			x.Checks = append(x.Checks, &content.Check{Formula: telemetry.Formula{ID: c}})
		}
		l.Experiments = []*content.Experiment{x}
		return l
	}
	return &content.Book{Parts: []content.Part{{Lessons: []*content.Lesson{lesson("one", "a"), lesson("two", "a", "b"), lesson("three")}}}}
}

func TestWhereToGoOn(t *testing.T) {
	for _, tt := range []struct {
		why         string
		place       *Place
		held        []string
		main, other string
	}{
		{"a new reader starts", nil, nil, "one#", ""},
		{"in the middle", &Place{"one", "idea"}, nil, "one#idea", ""},
		{"a section that is gone", &Place{"one", "old"}, nil, "one#", ""},
		{"a lesson that is gone", &Place{"zero", ""}, nil, "one#", ""},
		{"the lesson is done: the next", &Place{"one", "idea"}, []string{"one/x/a"}, "two#", "one#idea"},
		{"done, and an earlier one is not", &Place{"two", ""}, []string{"two/x/a", "two/x/b"}, "one#", "two#"},
		{"a lesson without checks is read on", &Place{"three", "idea"}, []string{"one/x/a"}, "three#idea", ""},
		{"all done", &Place{"two", "idea"}, []string{"one/x/a", "two/x/a", "two/x/b"}, "two#idea", ""},
	} {
		done := Progress{Checks: map[string]bool{}, Place: tt.place}
		for _, c := range tt.held {
			done.Checks[c] = true
		}
		r := resumeOf(aBook(), done)
		name := func(to *stop) string {
			if to == nil {
				return ""
			}
			return to.Place.Lesson + "#" + to.Place.Section
		}
		if name(r.Main) != tt.main || name(r.Other) != tt.other || r.All != (len(tt.held) == 3) {
			t.Errorf("%s: %s and %s, all %v; want %s and %s", tt.why, name(r.Main), name(r.Other), r.All, tt.main, tt.other)
		}
	}
}

func TestWhatALearnerHasDone(t *testing.T) {
	run := func(id string, trust string, pass ...bool) runner.Summary {
		r := runner.Summary{ID: id, Experiment: "two/x", Phase: telemetry.Finished, Trust: trust}
		for _, p := range pass {
			r.Checks = append(r.Checks, telemetry.Check{Pass: p})
		}
		return r
	}
	guessed := run("newest", "green", true, false)
	guessed.Guesses = []telemetry.Guess{{ID: "how", Given: 3.0, Right: true}, {ID: "why", Given: "x"}, {ID: "skipped", Skipped: true}}
	given := run("imported", "green", true, true)
	given.Imported = &telemetry.Origin{}
	got := learnerOf(aBook(), []runner.Summary{guessed, run("void", "void", true, true), given, run("best", "amber", true, true), run("older", "green", true, true)}, Progress{Checks: map[string]bool{"two/x/a": true}})
	if len(got.Lessons) != 1 || got.Of != 2 || got.Done != 0 || got.Runs != 4 {
		t.Fatalf("%+v", got)
	}
	l := got.Lessons[0]
	if l.ID != "two" || l.Last.ID != "newest" || l.Best.ID != "best" || l.BestHeld != 2 || l.Right != 1 || l.Asked != 2 || l.Checks != (pips{1, 2}) {
		t.Errorf("%+v, last %v, best %v", l, l.Last.ID, l.Best.ID)
	}
}

// What the pages offer as tools can be found by a search, and nothing else.
func TestSearchFindsEveryTool(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, lang := range languages {
		for _, p := range s.faces.pages() {
			title := p.Title.En
			if lang == "ko" {
				title = p.Title.Ko
			}
			found := false
			for _, h := range s.shelf.edition().search(lang, title) {
				found = found || h.Lesson == p.Path && h.Section == ""
			}
			if !found || title == "" || p.Text.Ko == "" {
				t.Errorf("%s: the search for %q does not find /%s, or nothing is said of it", lang, title, p.Path)
			}
		}
	}
	_, offered, _ := strings.Cut(s.html("/en/"), `<ol class="tools">`)
	offered, _, _ = strings.Cut(offered, "</ol>")
	linked := regexp.MustCompile(`href="/en/([a-z-]+)`).FindAllStringSubmatch(offered, -1)
	known := map[string]bool{}
	for _, tool := range tools {
		known[tool.path] = true
	}
	for _, m := range linked {
		if !known[m[1]] {
			t.Errorf("the page offers the tool %s, which tools.go does not name: a search will not find it", m[1])
		}
	}
	if len(linked) == 0 {
		t.Error("the page offers no tools")
	}
}
