package site

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"socketlabs/runner"
	"socketlabs/site/workshop"
)

// plays has simulated learners join.
func (c *classroom) plays(names ...string) {
	c.t.Helper()
	for _, name := range names {
		if resp, body := c.submit("/en/join", nil, url.Values{"code": {c.class.Door().Code}, "name": {name}, "simulated": {"yes"}}); resp.StatusCode != http.StatusOK {
			c.t.Fatalf("%s\n%s", resp.Status, body)
		}
	}
}

// A report says nothing of simulated learners, but that they are there; the wall and
// the results, which a rehearsal is for, say who is one.
func TestSimulatedLearnersCountNowhere(t *testing.T) {
	c, _, _ := taughtClass(t)
	before := map[string]string{}
	files := []string{"/api/class/report.csv?of=people&lang=en", "/api/class/report.csv?of=runs&lang=en", "/api/class/report.csv?of=predictions&lang=en"}
	for _, path := range files {
		before[path] = c.text(path)
	}
	want := c.report(c.shelf.edition(), "en", false)
	c.plays("Simulated 001")
	person := c.class.People()[2]
	if !person.Simulated {
		t.Fatalf("%+v", person)
	}
	c.ranBy(runID(5), person.ID, time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC), "some", "all", false)
	c.does(nil, 200, "POST", "/api/class/votes/1/next", "")
	if err := c.class.Answer("1", person.ID, "some"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.class.Raise(person.ID, workshop.Hand{Text: "simulated question"}); err != nil {
		t.Fatal(err)
	}
	got := c.report(c.shelf.edition(), "en", false)
	if got.Simulated != 1 || len(got.People) != 2 || got.Runs != want.Runs || !reflect.DeepEqual(got.Lessons, want.Lessons) || len(got.Wrong) != len(want.Wrong) || len(got.Hands) != len(want.Hands) || !reflect.DeepEqual(got.Hardest, want.Hardest) {
		t.Errorf("the report counts them: %+v", got)
	}
	for _, path := range files {
		if text := c.text(path); text != before[path] {
			t.Errorf("%s counts them:\n%s", path, text)
		}
	}
	for _, path := range []string{"/en/workshop/report", "/api/class/report.html?lang=en", "/api/class/report.jsonl?lang=en", "/api/class/report.jsonl?lang=en&names=hidden"} {
		text := c.text(path)
		for _, part := range []string{"Simulated 001", "simulated question", person.ID, runID(5)} {
			if strings.Contains(text, part) {
				t.Errorf("%s has %s", path, part)
			}
		}
		if strings.Contains(path, ".jsonl") == strings.Contains(text, "count nowhere in this report") {
			t.Errorf("%s: whether it says that there are some", path)
		}
	}
	if text := c.text("/api/class/results/" + chosen); !strings.Contains(text, `"people":3,"simulated":1`) {
		t.Errorf("the results: %s", text)
	}
	w := c.wall()
	w.until("the wall says who is simulated", func() bool { return w.seats[person.ID].Simulated })
	if w.seats[c.class.People()[0].ID].Simulated {
		t.Error("a learner is said to be simulated")
	}
}

// A rehearsal that was killed leaves people behind, and the site ends them by itself.
func TestWhoARehearsalLeftBehindIsEnded(t *testing.T) {
	c := serveClass(t)
	c.joins("Ada")
	c.plays("Simulated 001", "Simulated 002")
	open := c.class.People()[2]
	_, left := c.class.Arrive(open.ID)
	for _, look := range []struct {
		after time.Duration
		n     int
		why   string
	}{{playedFor - time.Minute, 3, "they may sleep"}, {playedFor + time.Minute, 2, "one has a page open, and Ada is no simulated one"}} {
		c.endLeftBehind(time.Now().Add(look.after))
		if n := len(c.class.People()); n != look.n {
			t.Errorf("%v later there are %d people: %s", look.after, n, look.why)
		}
	}
	left()
	c.endLeftBehind(time.Now().Add(playedFor + time.Minute))
	if people := c.class.People(); len(people) != 1 || people[0].Name != "Ada" {
		t.Errorf("left: %+v", people)
	}
}

// A learner leaves while their run is being started: it ends, and is nobody's.
func TestARunOfWhoLeftMeanwhileEnds(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	x := c.shortest(anything)
	lesson, id, _ := strings.Cut(x.Spec.Name, "/")
	if err := c.forget(ada.Person.ID); err != nil {
		t.Fatal(err)
	}
	run, err := c.startFor(ada.Person, order{Lesson: lesson, Experiment: id, Skipped: skippedOf(x)})
	if err != nil {
		t.Fatal(err)
	}
	<-run.Done()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		sum, err := c.cfg.Runner.Summary(run.ID())
		if errors.Is(err, runner.ErrNoRun) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the recording stays: %+v, %v", sum, err)
		}
	}
}

func TestEndingARehearsal(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	c.plays("Simulated 001", "Simulated 002")
	for _, p := range c.class.People() {
		if p.Simulated != strings.HasPrefix(p.Name, "Simulated") {
			t.Errorf("%+v", p)
		}
		if p.Simulated {
			c.recordBy(runID(1), p.ID)
		}
	}
	resp, page := c.do(request{path: "/en/workshop", bearer: testToken})
	command := "labs rehearse &#39;http://" + c.host + "/en/join#" + c.class.Door().Link + "&#39;"
	if resp.StatusCode != http.StatusOK || !strings.Contains(page, command) || !strings.Contains(page, "Delete all simulated learners") {
		t.Errorf("%s; the page does not show %s, or how it ends", resp.Status, command)
	}
	if resp, _ := c.submit("/en/workshop/rehearsal", ada.cookie, nil); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a learner ends it: %s", resp.Status)
	}
	if n := len(c.class.People()); n != 3 {
		t.Fatalf("%d people", n)
	}
	if resp, _ := c.do(request{method: "POST", path: "/en/workshop/rehearsal", bearer: testToken}); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("the instructor ends it: %s", resp.Status)
	}
	if people := c.class.People(); len(people) != 1 || people[0].ID != ada.Person.ID {
		t.Errorf("left: %+v", people)
	}
	if _, err := c.cfg.Runner.Summary(runID(1)); err == nil {
		t.Error("the recording of one who was simulated is still there")
	}
	if _, page = c.do(request{path: "/ko/workshop", bearer: testToken}); strings.Contains(page, "workshop/rehearsal") {
		t.Error("there is nobody to delete, and the page offers it")
	}
}
