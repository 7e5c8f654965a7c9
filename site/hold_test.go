package site

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"socketlabs/site/workshop"
)

// While the class votes on an experiment, no learner runs it, in whatever way; also after
// a restart, where the instructor frees it as before.
func TestAVoteHoldsItsExperiment(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	held := func(what string, want bool) {
		t.Helper()
		for _, path := range []string{"/api/runs", "/api/sweeps", "/api/comparisons"} { // a setting that there is not: nothing runs
			resp, text := c.do(request{method: "POST", path: path, body: `{"lesson":"epoll","experiment":"pieces","settings":{"knob.none":"1"}}`, header: ada.cookie.Clone(), origin: c.url})
			if status := map[bool]int{true: 409, false: 400}[want]; resp.StatusCode != status || strings.Contains(text, `"voting"`) != want {
				t.Errorf("%s, %s: %s %s", what, path, resp.Status, text)
			}
		}
	}
	step := func(status int, vote, step string) {
		t.Helper()
		c.does(nil, status, "POST", "/api/class/votes/"+vote+"/"+step, "")
	}
	begin := func() { t.Helper(); c.does(nil, 201, "POST", "/api/class/votes", `{"question":"`+chosen+`"}`) }
	held("no vote", false)
	begin()
	held("the first is open", true)
	c.does(&ada, 409, "POST", "/api/comparisons", `{"lesson":"epoll","comparison":"small-buffer"}`) // it would run the experiment
	if text := c.does(&ada, 400, "POST", "/api/runs", `{"lesson":"epoll","experiment":"fits","settings":{"knob.none":"1"}}`); !strings.Contains(text, "knob.none") {
		t.Errorf("another experiment: %s", text)
	}
	step(200, "1", "close")
	held("between the two", true)
	step(200, "1", "next")
	held("the second is open", true)
	step(200, "1", "close")
	held("both are closed", false)
	step(409, "1", "free")

	begin()
	step(200, "2", "close")
	step(200, "2", "show")
	held("shown without a second", false)

	begin()
	c.does(&ada, 403, "POST", "/api/class/votes/3/free", "")
	if err := c.class.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := workshop.Open(filepath.Join(c.data, workshop.File), workshop.Settings{Name: "Sockets"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	c.class, c.cfg.Class, c.common.text = again, again, nil
	page := c.attends(&ada)
	c.told(page, "what waits for the vote", func(_ classState, all commonState) bool {
		return all.Vote != nil && slices.Equal(all.Vote.Holds, []string{"epoll/pieces", "epoll/small-buffer"})
	})
	held("after a restart", true)
	step(200, "3", "free")
	c.told(page, "freed", func(_ classState, all commonState) bool {
		return all.Vote.State == workshop.Open1 && all.Vote.Freed && all.Vote.Holds == nil
	})
	held("freed", false)
	step(409, "3", "free")
	step(200, "3", "close")
	held("freed, and the vote goes on", false)

	begin()
	step(200, "4", "close")
	c.does(nil, 201, "POST", "/api/class/votes", `{"question":"epoll/thousand-epoll/how-few"}`)
	held("left behind by a vote on something else", false)
	step(200, "5", "close")
	c.does(nil, 201, "POST", "/api/class/votes", `{"question":"epoll/small-buffer/bargain"}`)
	held("it is about a comparison that runs it", true)
	c.told(page, "both that it runs", func(_ classState, all commonState) bool {
		return slices.Equal(all.Vote.Holds, []string{"epoll/small-buffer", "epoll/pieces", "epoll/pieces-drained"})
	})
}

// Compare shows what learners answered on their own pages where there was no vote.
func TestResultsBesideCommittedAnswers(t *testing.T) {
	c := serveClass(t)
	ada, sky, bob := c.joins("Ada"), c.joins("하늘"), c.joins("Bob")
	for p, g := range map[*pupil]Guess{&ada: {Given: "stuck", Run: runID(1)}, &sky: {Given: "all"}, &bob: {Skipped: true, Run: runID(2)}} {
		if err := c.progressOf(p.Person.ID).commit(chosen, g); err != nil {
			t.Fatal(err)
		}
	}
	c.ranBy(runID(1), ada.Person.ID, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "stuck", "all", true)
	asks := func() (m outcome) {
		t.Helper()
		text := c.does(nil, 200, "GET", "/api/class/results/"+chosen, "")
		if strings.Contains(text, ada.Person.ID) || strings.Contains(text, "Ada") {
			t.Errorf("it says whose they are: %s", text)
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	if m := asks(); m.Given == nil || m.Given.N != 1 || m.Given.Choices["stuck"] != 1 || m.Came.N != 1 || m.Spread != nil {
		t.Errorf("what a run has committed, and nothing else: %+v", m)
	}
	c.does(nil, 201, "POST", "/api/class/votes", `{"question":"`+chosen+`"}`)
	if m := asks(); m.Given != nil || m.Spread != nil {
		t.Errorf("an open vote says nothing: %+v", m)
	}
	for _, step := range []string{"close", "show"} {
		c.does(nil, 200, "POST", "/api/class/votes/1/"+step, "")
	}
	if m := asks(); m.Given != nil || m.Spread == nil {
		t.Errorf("a vote is shown as it was: %+v", m)
	}
}
