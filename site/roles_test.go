package site

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/site/workshop"
)

// classroom is a site that serves a workshop.
type classroom struct {
	*served
	class *workshop.Class
}

func serveClass(t *testing.T) *classroom {
	t.Helper()
	return serveCapped(t, workshop.Caps{})
}

// serveCapped is a class with caps of its own.
func serveCapped(t *testing.T, caps workshop.Caps) *classroom {
	t.Helper()
	s := serve(t)
	class, err := workshop.Open(filepath.Join(s.data, workshop.File), workshop.Settings{Name: "Sockets", Caps: caps})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { class.Close() })
	s.cfg.Class = class
	return &classroom{s, class}
}

// pupil is somebody in the class, as their browser has it.
type pupil struct {
	workshop.Welcome
	cookie http.Header
}

// joins joins as the page does.
func (c *classroom) joins(name string) pupil {
	c.t.Helper()
	w, err := c.class.Join(from(&http.Request{RemoteAddr: "192.0.2.1:1"}), c.class.Door().Code, name)
	if err != nil {
		c.t.Fatal(err)
	}
	return pupil{w, c.cookieOf(w.Token)}
}

func (c *classroom) cookieOf(token string) http.Header {
	_, port := splitHost(c.host)
	return http.Header{"Cookie": {"labs-" + port + "-class=" + token}}
}

// recordBy writes a recording that a learner has asked for.
func (c *classroom) recordBy(id, by string) {
	c.t.Helper()
	run := telemetry.Run{ID: id, Schema: 1, Experiment: "epoll/fits", Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), By: by,
		Lab: "epoll", Code: "0", Asked: labs.Spec{Name: "epoll/fits", Lab: "epoll"}, Host: telemetry.Host{Name: "test"}}
	dir := filepath.Join(c.data, "runs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, id+".jsonl"), lines(c.t, run, nil, finished("green", map[string]bool{"a": true})), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// asks sends a request as our own pages do.
func (c *classroom) asks(rt route, method, path string, who http.Header) (*http.Response, string) {
	q := request{method: method, path: path, header: who.Clone(), origin: c.url}
	if rt.needs&socket != 0 {
		q.header = handshake(who)
	}
	if rt.needs&person != 0 && rt.needs&command != 0 {
		q.header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else if rt.needs&command != 0 {
		q.body = "{}"
	}
	return c.do(q)
}

// decided is who may use each route: a new one fails until it is here too.
var decided = map[string][]string{
	"everybody": {"GET /join", "GET /{lang}/join", "POST /{lang}/join", "POST /{lang}/resume", "GET /static/{path...}", "GET /livez", "GET /readyz", "GET /healthz"},
	"instructor": {"GET /{lang}/microscope", "GET /{lang}/workshop", "GET /{lang}/wall", "GET /{lang}/wall/{person}", "GET /api/wall/events", "POST /api/wall/proposals", "DELETE /api/wall/proposals/{person}", "POST /{lang}/workshop/door", "POST /{lang}/workshop/people/{person}", "POST /{lang}/workshop/rehearsal",
		"GET /api/lessons/{lesson}/events", "POST /api/recordings", "POST /api/hardening/verify", "POST /api/traces", "GET /api/traces", "GET /api/traces/{id}", "POST /api/traces/{id}/stop",
		"POST /api/queue/pause", "POST /api/queue/resume", "POST /api/runs/stop-all", "POST /api/runs/{id}/first",
		"PUT /api/class/here", "DELETE /api/class/here", "PUT /api/class/gate", "PUT /api/class/hints/{lesson}", "POST /api/class/notes", "POST /api/class/votes",
		"POST /api/class/votes/{vote}/{step}", "GET /api/class/results/{lesson}/{experiment}/{prediction}", "POST /api/class/hands/{person}/answer",
		"DELETE /api/class/hands/{person}", "POST /api/class/start",
		"GET /{lang}/workshop/notes/{lesson}", "GET /{lang}/workshop/plans/{plan}", "GET /{lang}/workshop/report",
		"GET /api/class/report.html", "GET /api/class/report.csv", "GET /api/class/report.jsonl",
		"GET /api/exercises/{lesson}", "PUT /api/exercises/{lesson}", "DELETE /api/exercises/{lesson}", "GET /metrics"},
	"learner": {"GET /{$}", "GET /{lang}/{$}", "GET /{lang}/{lesson}", "GET /{lang}/labs", "GET /{lang}/mystery", "GET /{lang}/capacity", "GET /{lang}/tree",
		"GET /{lang}/glossary", "GET /{lang}/errors-map", "GET /{lang}/checklist", "GET /{lang}/harden", "GET /{lang}/book", "GET /{lang}/search",
		"GET /{lang}/runs", "GET /{lang}/runs/{id}", "GET /{lang}/me", "POST /{lang}/me/name", "POST /{lang}/me/code", "POST /{lang}/me/delete", "/",
		"GET /api/lessons/{lesson}", "GET /api/lessons/{lesson}/shown", "GET /api/search", "GET /api/labs/{lab}", "GET /api/status", "GET /api/queue",
		"POST /api/runs", "POST /api/comparisons", "GET /api/runs", "GET /api/runs/{id}", "POST /api/runs/{id}/stop", "POST /api/runs/{id}/faults",
		"DELETE /api/runs/{id}/faults/{fault}", "DELETE /api/runs/{id}", "PUT /api/runs/{id}/name", "GET /api/runs/{id}/notes", "POST /api/runs/{id}/notes",
		"PUT /api/runs/{id}/notes/{note}", "DELETE /api/runs/{id}/notes/{note}", "GET /api/runs/{id}/export/{as}", "POST /api/sweeps", "GET /api/sweeps",
		"GET /api/runs/{id}/capacity", "GET /api/runs/{id}/series", "GET /api/runs/{id}/over/{other}", "GET /api/runs/{id}/events", "GET /api/runs/{id}/doctor",
		"GET /api/runs/{id}/log", "GET /api/runs/{id}/recording",
		"GET /api/experiments/{lesson}/{experiment}/author/series", "GET /api/experiments/{lesson}/{experiment}/author/capacity", "GET /api/experiments/{lesson}/{experiment}/author/doctor",
		"GET /api/class/events", "GET /api/me/recordings", "PUT /api/class/proposal", "GET /api/queue", "PUT /api/class/votes/{vote}/answer", "PUT /api/class/follow", "PUT /api/class/hand", "DELETE /api/class/hand", "GET /api/hardening/{file}", "POST /api/mysteries/{seed}/answer", "GET /api/lessons/{lesson}/breakit",
		"PUT /api/exercises/{lesson}/help", "GET /api/progress", "PUT /api/progress/place", "PUT /api/progress/guesses/{lesson}/{experiment}/{prediction}", "/api/"},
}

func TestEveryRouteIsDecided(t *testing.T) {
	found := map[string]string{}
	for who, patterns := range decided {
		for _, p := range patterns {
			found[p] = who
		}
	}
	for _, rt := range routes() {
		is := "instructor"
		switch {
		case rt.needs&open != 0:
			is = "everybody"
		case rt.needs&learner != 0:
			is = "learner"
		}
		if found[rt.pattern] != is {
			t.Errorf("%s is the %s's, and decided was %q", rt.pattern, is, found[rt.pattern])
		}
		delete(found, rt.pattern)
	}
	for p := range found {
		t.Errorf("%s was decided, and is no route", p)
	}
}

// addressOf makes a path of a pattern with these values, x for the others.
func addressOf(pattern string, values map[string]string) (method, path string) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = http.MethodGet, method
	}
	path = regexp.MustCompile(`\{([a-z]+)(\.\.\.)?\}`).ReplaceAllStringFunc(path, func(m string) string {
		if v, ok := values[strings.Trim(m, "{.}")]; ok {
			return v
		}
		return "x"
	})
	return method, strings.ReplaceAll(path, "{$}", "")
}

func TestEveryRouteForEveryRole(t *testing.T) {
	c := serveClass(t)
	ada, bob := c.joins("Ada-the-first"), c.joins("Bob")
	theirs, own, owners := runID(1), runID(2), runID(3)
	c.recordBy(theirs, ada.Person.ID)
	c.recordBy(own, bob.Person.ID)
	c.recordBy(owners, "")
	if err := c.cfg.Runner.Name(theirs, "Adas-secret-run"); err != nil {
		t.Fatal(err)
	}
	note, err := c.cfg.Runner.AddNote(theirs, telemetry.Note{T: 1, Text: "Adas-secret-note"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.progressOf(ada.Person.ID).commit("epoll/fits/x", Guess{Given: "Adas-secret-guess", When: time.Now()}); err != nil {
		t.Fatal(err)
	}
	before := c.kept(ada, theirs)

	secrets := []string{theirs, owners, "Adas-secret", "Ada-the-first", ada.Person.ID, ada.Token, testToken, c.class.Door().Code}
	for _, rt := range routes() {
		for _, pattern := range rt.patterns() {
			if strings.HasSuffix(pattern, "/me/delete") || strings.HasSuffix(pattern, "/book") {
				continue // tests of their own
			}
			values := map[string]string{"id": own, "other": theirs, "lesson": "epoll", "experiment": "fits", "lab": "epoll", "note": fmt.Sprint(note.ID), "as": "csv", "seed": "1", "file": "unit", "person": ada.Person.ID}
			method, path := addressOf(pattern, values)
			c.strangerAsks(rt, method, path, secrets)
			c.learnerAsks(rt, method, path, bob, secrets)
			if strings.Contains(pattern, "/runs/{id}") && rt.needs&learner != 0 {
				values["id"] = theirs
				c.foreignRun(rt, pattern, values, bob, secrets)
				values["id"] = owners
				c.foreignRun(rt, pattern, values, bob, secrets)
			}
			if rt.needs&command == 0 && rt.needs&socket == 0 { // the instructor sees everybody's
				method, path := addressOf(pattern, values)
				resp, body := c.do(request{method: method, path: path, bearer: testToken})
				if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
					t.Errorf("%s, the instructor: %s\n%.300s", pattern, resp.Status, body)
				}
			}
		}
	}
	if after := c.kept(ada, theirs); after != before {
		t.Errorf("what is Ada's has changed from\n%s\nto\n%s", before, after)
	}
	if resp, _ := c.do(request{path: "/api/runs/" + theirs, bearer: testToken}); resp.StatusCode != http.StatusOK {
		t.Errorf("the instructor, of a learner's run: %s", resp.Status)
	}
	if resp, _ := c.do(request{path: "/api/runs/" + theirs, header: ada.cookie}); resp.StatusCode != http.StatusOK {
		t.Errorf("Ada, of her own run: %s", resp.Status)
	}
}

// kept is all that there is of somebody, in words.
func (c *classroom) kept(p pupil, run string) string {
	recording, err := os.ReadFile(filepath.Join(c.data, "runs", run+".jsonl"))
	notes, err2 := c.cfg.Runner.Notes(run)
	person, ok := c.class.Person(p.Person.ID)
	return fmt.Sprint(len(recording), err, notes, err2, person, ok, c.progressOf(p.Person.ID).snapshot())
}

func (c *classroom) strangerAsks(rt route, method, path string, secrets []string) {
	resp, body := c.asks(rt, method, path, http.Header{})
	switch {
	case rt.needs&open != 0:
	case rt.needs&person != 0 && method == http.MethodGet:
		if resp.StatusCode != http.StatusSeeOther || !strings.HasSuffix(resp.Header.Get("Location"), "/join") {
			c.t.Errorf("%s %s, a stranger: %s to %q", method, path, resp.Status, resp.Header.Get("Location"))
		}
	default:
		if resp.StatusCode != http.StatusUnauthorized {
			c.t.Errorf("%s %s, a stranger: %s\n%.300s", method, path, resp.Status, body)
		}
	}
	c.tells(method+" "+path+", a stranger", without(body, path), append(slices.Clone(secrets), runID(2)))
}

func (c *classroom) learnerAsks(rt route, method, path string, bob pupil, secrets []string) {
	if rt.pattern == "GET /api/class/events" || strings.Contains(rt.pattern, "DELETE /api/runs/{id}") {
		return // the first would stay open, the others take the run away that is asked about
	}
	resp, body := c.asks(rt, method, path, bob.cookie)
	if strings.HasPrefix(body, "\x1f\x8b") {
		c.t.Fatalf("%s: not readable", path)
	}
	only := rt.needs&(open|learner) == 0
	if is := resp.StatusCode == http.StatusForbidden && strings.Contains(body, "instructor-only"); is != only {
		c.t.Errorf("%s %s, a learner: %s\n%.300s", method, path, resp.Status, body)
	}
	if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode >= 500 && rt.pattern != "GET /readyz" && rt.pattern != "GET /healthz" {
		c.t.Errorf("%s %s, a learner: %s\n%.300s", method, path, resp.Status, body)
	}
	c.tells(method+" "+path+", a learner", without(body, path), secrets)
}

// foreignRun asks for a run that is not the learner's: it is as if there were none.
func (c *classroom) foreignRun(rt route, pattern string, values map[string]string, bob pupil, secrets []string) {
	method, path := addressOf(pattern, values)
	resp, body := c.asks(rt, method, path, bob.cookie)
	none := map[string]string{}
	for k, v := range values {
		none[k] = v
	}
	none["id"] = runID(9)
	_, noPath := addressOf(pattern, none)
	there, _ := c.asks(rt, method, noPath, bob.cookie)
	if resp.StatusCode != http.StatusNotFound || there.StatusCode != http.StatusNotFound {
		c.t.Errorf("%s %s, another learner's run: %s, one that is not there: %s\n%.300s", method, path, resp.Status, there.Status, body)
	}
	c.tells(method+" "+path+", another learner's run", without(body, path), secrets)
}

// without is a body without the address that was asked for, which its switch of
// languages names.
func without(body, path string) string {
	return strings.ReplaceAll(body, strings.TrimPrefix(strings.TrimPrefix(path, "/ko/"), "/en/"), "")
}

func (c *classroom) tells(what, body string, secrets []string) {
	for _, secret := range secrets {
		if strings.Contains(body, secret) {
			c.t.Errorf("%s: the answer holds %s", what, secret)
		}
	}
}

// Who was removed is told so, and nothing else.
func TestWhoWasRemovedIsTold(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	if _, err := c.class.Remove(ada.Person.ID); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/api/status", "/api/runs", "/api/progress"} {
		if text := c.does(&ada, 403, "GET", path, ""); !strings.Contains(text, `"removed"`) {
			t.Errorf("%s: %s", path, text)
		}
	}
}
