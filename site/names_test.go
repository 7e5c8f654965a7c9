package site

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// While names are hidden, no page of the instructor's has one, and somebody is called the
// same on each.
func TestHiddenNamesOnEveryPage(t *testing.T) {
	c := serveClass(t)
	gone, ada, sky := c.joins("Gone"), c.joins("Ada-Marie"), c.joins("하늘바다")
	if _, err := c.class.Remove(gone.Person.ID); err != nil {
		t.Fatal(err)
	}
	c.recordBy(runID(1), ada.Person.ID)
	c.recordBy(runID(2), "")
	for id, name := range map[string]string{runID(1): "Ada-Marie first", runID(2): "the instructor-s"} {
		if err := c.cfg.Runner.Name(id, name); err != nil {
			t.Fatal(err)
		}
	}
	c.does(&sky, 200, "PUT", "/api/class/hand", `{"text":"왜 멈춥니까?","lesson":"epoll"}`)
	w := c.wall()
	w.until("two seats", func() bool { return len(w.seats) == 2 })
	hidden := http.Header{"Cookie": {"names=hidden"}}
	for lang, called := range map[string]string{"ko": "자리 %d", "en": "seat %d"} {
		as := func(p pupil) string { return fmt.Sprintf(called, w.seats[p.Person.ID].N) }
		for path, shows := range map[string][]string{
			"/runs": {as(ada), "the instructor-s"}, "/runs?who=" + ada.Person.ID: {as(ada)}, "/workshop": {as(ada), as(sky)},
			"/workshop/report": {as(ada), as(sky)}, "/workshop/report?names=hidden": {as(sky)}, "/wall/" + ada.Person.ID: {as(ada)}} {
			body := c.text("/" + lang + path)
			if !strings.Contains(path, "names=") && !strings.Contains(body, "Ada-Marie") {
				t.Errorf("%s%s names nobody, and should", lang, path)
			}
			_, body = c.do(request{path: "/" + lang + path, bearer: testToken, header: hidden.Clone()})
			for _, name := range []string{"Ada-Marie", "하늘바다"} {
				if strings.Contains(body, name) {
					t.Errorf("%s%s names %s", lang, path, name)
				}
			}
			for _, what := range shows {
				if !strings.Contains(body, what) {
					t.Errorf("%s%s has no %q", lang, path, what)
				}
			}
		}
	}
	if _, body := c.do(request{path: "/en/workshop/report?names=shown", bearer: testToken, header: hidden.Clone()}); !strings.Contains(body, "Ada-Marie") {
		t.Error("who asks for names does not get them")
	}
	if _, body := c.do(request{path: "/en/runs", header: http.Header{"Cookie": {ada.cookie.Get("Cookie") + "; names=hidden"}}}); !strings.Contains(body, "Ada-Marie first") {
		t.Error("a learner's own recordings have lost their names")
	}

	desk := c.attends(nil) // what its script calls people is up to the script
	c.told(desk, "the hand", func(now classState, _ commonState) bool {
		return len(now.Desk.Hands) == 1 && now.Desk.Hands[0].Number == w.seats[sky.Person.ID].N
	})
}
