package site

import (
	"html"
	"net/http"
	"strings"
	"testing"
)

func TestInstructorsNotes(t *testing.T) {
	c := serveClass(t)
	l, _, _ := c.shelf.edition().book.Lesson("coalesce")
	for _, lang := range languages {
		body := c.text("/" + lang + "/workshop/notes/coalesce")
		for _, want := range []string{
			html.EscapeString(l.Notes.Title.Ko), html.EscapeString(l.Notes.Title.En),
			`href="/ko/coalesce#two-writes"`, `href="/en/coalesce#two-writes"`, // what it names
			`class="ref ref-vote"`,
			string(l.Notes.Vote.Choices[0].Text.Ko), // the vote's choices
			`class="measured is-author"`,            // and what the author measured
			`id="timing"`, `id="wrong"`, `id="ask"`, `id="expect"`,
		} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the notes have no %q", lang, want)
			}
		}
		if strings.Contains(body, `<data class="measured" data-n`) || strings.Contains(body, `href="coalesce`) || strings.Contains(body, `href="glossary#`) {
			t.Errorf("%s: something in the notes is not filled in, or leads beside the page", lang)
		}
	}
	if resp, _ := c.do(request{path: "/ko/workshop/notes/nothing", bearer: testToken}); resp.StatusCode != http.StatusNotFound {
		t.Errorf("notes of no lesson: %s", resp.Status)
	}
}

// The lesson leads to its notes for the instructor of a workshop, and for nobody else.
func TestOnlyTheInstructorIsLedToTheNotes(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	const link = "/en/workshop/notes/epoll"
	if !strings.Contains(c.text("/en/epoll"), link) {
		t.Error("the instructor is not led to the notes")
	}
	for _, path := range []string{"/en/epoll", "/en/book", "/en/search?q=instructor's+notes"} {
		if resp, body := c.do(request{path: path, header: ada.cookie}); resp.StatusCode != http.StatusOK || strings.Contains(body, "workshop/notes/") {
			t.Errorf("%s: %s: a learner is led to the notes", path, resp.Status)
		}
	}
	for _, path := range []string{link, "/en/workshop/plans/ninety", "/en/workshop/report"} {
		if resp, _ := c.do(request{path: path, header: ada.cookie}); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: a learner gets %s", path, resp.Status)
		}
	}
	c.cfg.Class = nil
	if strings.Contains(c.text("/en/epoll"), link) {
		t.Error("the lesson leads to notes where there is no workshop")
	}
}

func TestAPlanOnTheClock(t *testing.T) {
	c := serveClass(t)
	e := c.shelf.edition()
	for _, plan := range e.book.Plans {
		v := c.planOf(e, plan, "22:45", false, nil)
		if v.Start != "22:45" || v.Steps[0].From != "22:45" || v.Wrong || v.Notes != nil {
			t.Errorf("%s: %+v", plan.ID, v)
		}
		for i, step := range v.Steps[1:] {
			if step.From != v.Steps[i].To {
				t.Errorf("%s: a step ends at %s, and the next begins at %s", plan.ID, v.Steps[i].To, step.From)
			}
		}
		for _, step := range v.Steps {
			if len(step.Runs) != len(step.Experiments) || (step.Step.Vote != "") != (step.Vote != nil) || (step.Lesson != "") != (step.Of != nil) {
				t.Errorf("%s: %s refers to what is not there: %+v", plan.ID, step.Title.En, step)
			}
		}
	}
	if body := c.text("/en/workshop/plans/ninety?start=13:30"); !strings.Contains(body, "<time>13:38</time>") || !strings.Contains(body, `value="13:30"`) || strings.Contains(body, "plan-notes") {
		t.Error("the plan does not start at 13:30")
	}
	body := c.text("/en/workshop/plans/ninety?notes=1")
	if !strings.Contains(body, "<time>10:30</time>") || strings.Count(body, `class="book-lesson plan-notes"`) < 4 || strings.Count(body, `id="blocking.ask"`) != 1 {
		t.Error("the notes of its lessons do not stand below it, each once")
	}
	if body := c.text("/ko/workshop/plans/ninety?start=<b>"); !strings.Contains(body, `role="alert"`) || strings.Contains(body, "<b>") && strings.Contains(body, `value="<b>`) {
		t.Error("a start that is not a time of day is not refused in words")
	}
	if resp, _ := c.do(request{path: "/ko/workshop/plans/none", bearer: testToken}); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a plan that is not there: %s", resp.Status)
	}
}
