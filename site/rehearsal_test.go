package site

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestEndingARehearsal(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	for _, name := range []string{"Simulated 001", "Simulated 002"} {
		if resp, body := c.submit("/en/join", nil, url.Values{"code": {c.class.Door().Code}, "name": {name}, "simulated": {"yes"}}); resp.StatusCode != http.StatusOK {
			t.Fatalf("%s\n%s", resp.Status, body)
		}
	}
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
