package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/site/workshop"
)

// classroom is a site that serves a workshop.
type classroom struct {
	*served
	class *workshop.Class
}

func serveClass(t *testing.T) *classroom {
	t.Helper()
	s := serve(t)
	class, err := workshop.Open(filepath.Join(s.data, workshop.File), workshop.Settings{Name: "Sockets"})
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
	"instructor": {"GET /{lang}/microscope", "GET /{lang}/workshop", "GET /{lang}/wall", "GET /{lang}/wall/{person}", "GET /api/wall/events", "POST /api/wall/proposals", "DELETE /api/wall/proposals/{person}", "POST /{lang}/workshop/door", "POST /{lang}/workshop/people/{person}",
		"GET /api/lessons/{lesson}/events", "POST /api/recordings", "POST /api/hardening/verify", "POST /api/traces", "GET /api/traces/{id}", "POST /api/traces/{id}/stop",
		"POST /api/queue/pause", "POST /api/queue/resume", "POST /api/runs/stop-all", "POST /api/runs/{id}/first",
		"PUT /api/class/here", "DELETE /api/class/here", "PUT /api/class/gate", "PUT /api/class/hints/{lesson}", "POST /api/class/notes", "POST /api/class/votes",
		"POST /api/class/votes/{vote}/{step}", "GET /api/class/results/{lesson}/{experiment}/{prediction}", "POST /api/class/hands/{person}/answer",
		"DELETE /api/class/hands/{person}", "POST /api/class/start",
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
		"GET /api/class/events", "PUT /api/class/proposal", "GET /api/queue", "PUT /api/class/votes/{vote}/answer", "PUT /api/class/follow", "PUT /api/class/hand", "DELETE /api/class/hand", "GET /api/hardening/{file}", "POST /api/mysteries/{seed}/answer", "GET /api/lessons/{lesson}/breakit",
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

func TestALearnersOwn(t *testing.T) {
	c := serveClass(t)
	ada, bob := c.joins("Ada"), c.joins("Bob")
	c.recordBy(runID(1), ada.Person.ID)
	get := func(path string, who pupil) string {
		t.Helper()
		resp, body := c.do(request{path: path, header: who.cookie})
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s\n%s", path, resp.Status, body)
		}
		return body
	}
	if body := get("/api/runs", ada); !strings.Contains(body, runID(1)) {
		t.Errorf("Ada does not see her run: %s", body)
	}
	if body := get("/api/runs", bob); strings.Contains(body, runID(1)) {
		t.Errorf("Bob sees Ada's run")
	}
	if body := get("/api/progress", ada); !strings.Contains(body, `"epoll/fits/a":true`) {
		t.Errorf("what Ada's run has shown: %s", body)
	}
	place := func(who pupil, section string) {
		t.Helper()
		resp, body := c.do(request{method: "PUT", path: "/api/progress/place", header: who.cookie, origin: c.url, body: `{"lesson":"epoll","section":"` + section + `"}`})
		if resp.StatusCode != http.StatusNoContent {
			t.Fatalf("%s\n%s", resp.Status, body)
		}
	}
	place(ada, "")
	for who, want := range map[string]bool{get("/api/progress", ada): true, get("/api/progress", bob): false} {
		if strings.Contains(who, `"lesson":"epoll"`) != want {
			t.Errorf("%s", who)
		}
	}
	var owner struct{ Place *Place }
	c.get("/api/progress", &owner)
	if owner.Place != nil {
		t.Error("a learner moved the owner's place")
	}
	c.learners.gone(ada.Person.ID) // as a restart does
	if body := get("/api/progress", ada); !strings.Contains(body, `"lesson":"epoll"`) || !strings.Contains(body, `"epoll/fits/a":true`) {
		t.Errorf("after a restart: %s", body)
	}
}

func TestDeletingOnesData(t *testing.T) {
	c := serveClass(t)
	ada, bob := c.joins("Ada"), c.joins("Bob")
	c.recordBy(runID(1), ada.Person.ID)
	c.recordBy(runID(2), bob.Person.ID)
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	form["Cookie"] = ada.cookie["Cookie"]
	if resp, _ := c.do(request{method: "POST", path: "/en/me/delete", header: form, origin: c.url}); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("not sure: %s", resp.Status)
	}
	if _, err := c.cfg.Runner.Summary(runID(1)); err != nil {
		t.Fatalf("deleted without being sure: %v", err)
	}
	if resp, body := c.do(request{method: "POST", path: "/en/me/delete", header: form, origin: c.url, body: "sure=yes"}); resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", resp.Status, body)
	}
	if _, err := c.cfg.Runner.Summary(runID(1)); !errors.Is(err, runner.ErrNoRun) {
		t.Errorf("the recording is still there: %v", err)
	}
	if _, err := c.cfg.Runner.Summary(runID(2)); err != nil {
		t.Errorf("somebody else's recording: %v", err)
	}
	if resp, _ := c.do(request{path: "/api/progress", header: ada.cookie}); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("her cookie: %s", resp.Status)
	}
	if resp, _ := c.do(request{path: "/api/progress", header: bob.cookie}); resp.StatusCode != http.StatusOK {
		t.Errorf("Bob's cookie: %s", resp.Status)
	}
}

// submit sends a form as a browser does.
func (c *classroom) submit(path string, cookie http.Header, values url.Values) (*http.Response, string) {
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if cookie != nil {
		h["Cookie"] = cookie["Cookie"]
	}
	return c.do(request{method: "POST", path: path, header: h, origin: c.url, body: values.Encode()})
}

func TestJoiningByThePage(t *testing.T) {
	c := serveClass(t)
	resp, body := c.do(request{path: "/ko/join"})
	if resp.StatusCode != http.StatusOK || strings.Contains(body, c.class.Door().Code) || len(body) > 30<<10 {
		t.Errorf("%s, %d bytes, with the code %v", resp.Status, len(body), strings.Contains(body, c.class.Door().Code))
	}
	if resp, body := c.submit("/ko/join", nil, url.Values{"code": {"WRONGS"}, "name": {"민수"}}); resp.StatusCode != http.StatusForbidden || !strings.Contains(body, "민수") || len(resp.Cookies()) > 1 {
		t.Errorf("a wrong code: %s, what was typed stays: %v, %v", resp.Status, strings.Contains(body, "민수"), resp.Cookies())
	}
	resp, body = c.submit("/ko/join", nil, url.Values{"code": {strings.ToLower(c.class.Door().Code)}, "name": {"<b>민수</b>"}})
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, "&lt;b&gt;민수") {
		t.Fatalf("%s\n%s", resp.Status, body)
	}
	code := regexp.MustCompile(`[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}`).FindString(body)
	i := slices.IndexFunc(resp.Cookies(), func(k *http.Cookie) bool { return strings.HasSuffix(k.Name, "-class") })
	if i < 0 || code == "" {
		t.Fatalf("cookies %v, resume code %q", resp.Cookies(), code)
	}
	if k := resp.Cookies()[i]; !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Secure {
		t.Errorf("%+v", k)
	}
	me := c.cookieOf(resp.Cookies()[i].Value)
	if resp, _ := c.do(request{path: "/ko/me", header: me}); resp.StatusCode != http.StatusOK {
		t.Errorf("%s", resp.Status)
	}
	if resp, _ := c.submit("/ko/join", me, url.Values{"code": {c.class.Door().Code}, "name": {"민수"}}); resp.StatusCode != http.StatusSeeOther || len(c.class.People()) != 1 {
		t.Errorf("pressed twice: %s, %d people", resp.Status, len(c.class.People()))
	}
	if resp, _ := c.submit("/en/resume", nil, url.Values{"resume": {code}}); resp.StatusCode != http.StatusSeeOther || len(resp.Cookies()) == 0 {
		t.Errorf("coming back: %s", resp.Status)
	}
	if resp, _ := c.submit("/en/resume", nil, url.Values{"resume": {"2222-2222-2222"}}); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a wrong resume code: %s", resp.Status)
	}
	if resp, _ := c.do(request{method: "POST", path: "/en/join", header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, origin: "http://evil.example", body: "code=x&name=x"}); resp.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %s", resp.Status)
	}
}

// local is a request as a connection from that address brings it.
func (c *classroom) local(method, path, from string, body io.Reader) *http.Request {
	r := httptest.NewRequest(method, path, body)
	at, err := net.ResolveTCPAddr("tcp", c.host)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Host, r.RemoteAddr = c.host, from
	return r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(at)))
}

func TestGuessesThroughThePage(t *testing.T) {
	c := serveClass(t)
	h := c.Handler()
	ada := c.joins("Ada")
	post := func(path, from string, values url.Values) int {
		r := c.local("POST", path, from, strings.NewReader(values.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", c.url)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	got := map[int]int{}
	for i := range 34_000 {
		guess := fmt.Sprintf("%06d", i)
		got[post("/en/join", "192.0.2.66:1", url.Values{"code": {guess}, "name": {"M"}})]++
		got[post("/en/resume", "192.0.2.66:1", url.Values{"resume": {guess + guess}})]++
		r := c.local("GET", "/api/progress", "192.0.2.66:1", nil)
		r.Header["Cookie"] = c.cookieOf(guess)["Cookie"]
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got[w.Code]++
	}
	if got[200] != 0 || got[303] != 0 || got[429] < 67_000 || got[401] != 34_000 {
		t.Errorf("%v", got)
	}
	if status := post("/en/join", "192.0.2.1:1", url.Values{"code": {c.class.Door().Code}, "name": {"Bob"}}); status != http.StatusOK {
		t.Errorf("somebody else is locked out: %d", status)
	}
	if status := post("/en/join", "192.0.2.66:1", url.Values{"code": {c.class.Door().Code}, "key": {strings.SplitN(c.class.Door().Link, "-", 3)[2]}, "name": {"Cyd"}}); status != http.StatusOK {
		t.Errorf("the link does not work from where somebody guesses: %d", status)
	}
	if resp, _ := c.do(request{path: "/api/progress", header: ada.cookie}); resp.StatusCode != http.StatusOK {
		t.Errorf("who is in: %s", resp.Status)
	}
}

func TestAHostInAWorkshopIsTheAddressThatWasReached(t *testing.T) {
	for _, tt := range []struct {
		host, served string
		same         bool
	}{
		{"192.168.0.5", "192.168.0.5", true},
		{"192.168.0.5", "::ffff:192.168.0.5", true},
		{"fe80::1", "fe80::1%eth0", true},
		{"192.168.0.6", "192.168.0.5", false},
		{"evil.example", "192.168.0.5", false},
		{"0.0.0.0", "192.168.0.5", false},
	} {
		if got := sameAddress(tt.host, tt.served); got != tt.same {
			t.Errorf("%s, reached at %s: %v", tt.host, tt.served, got)
		}
	}
}

func TestWhatALearnerMayAskFor(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	caps := c.class.Settings().Caps
	ask := func(path, body string) (int, complaint) {
		resp, got := c.do(request{method: "POST", path: path, body: body, header: ada.cookie, origin: c.url})
		if resp.StatusCode < 400 {
			return resp.StatusCode, complaint{}
		}
		return resp.StatusCode, refused(t, got)
	}
	for _, tt := range []struct {
		path, body, code, field, why string
	}{
		{"/api/runs", fmt.Sprintf(`{"lesson":"epoll","experiment":"fits","settings":{"load.connections":"%d"}}`, caps.Connections+1), "cap", "load.connections", "more connections than one machine has for a class"},
		{"/api/runs", fmt.Sprintf(`{"lesson":"epoll","experiment":"fits","settings":{"load.rate":"%g"}}`, caps.Rate+1), "cap", "load.rate", "more requests"},
		{"/api/runs", `{"lesson":"epoll","experiment":"fits","settings":{"load.connections":"0"}}`, "bad-setting", "load.connections", "the lesson's own range comes first"},
		{"/api/runs", fmt.Sprintf(`{"lesson":"epoll","experiment":"fits","faults":[{"kind":"flood","with":{"connections":"%d"}}]}`, caps.Connections+1), "cap", "fault.connections", "a fault is load too"},
		{"/api/comparisons", fmt.Sprintf(`{"lesson":"epoll","experiment":"fits","settings":{"load.connections":"%d"}}`, caps.Connections+1), "cap", "load.connections", "in turns"},
		{"/api/sweeps", fmt.Sprintf(`{"lesson":"epoll","experiment":"fits","setting":"load.connections","values":["1","%d"],"seconds":1}`, caps.Connections+1), "cap", "load.connections", "one step of several"},
		{"/api/sweeps", fmt.Sprintf(`{"lesson":"epoll","experiment":"fits","setting":"load.connections","values":["1","2"],"seconds":%g}`, caps.Seconds+1), "cap", "seconds", "each step too long"},
		{"/api/sweeps", fmt.Sprintf(`{"lesson":"epoll","experiment":"fits","setting":"load.connections","values":["1","2","3","4","5","6","7","8","9"],"seconds":%g}`, caps.Seconds), "cap", "total", "all steps together"},
		{"/api/runs", `{"lesson":"epoll-edge","experiment":"exercise","exercise":true}`, "others-code", "", "no version is named: it would be the owner's"},
		{"/api/runs", `{"lesson":"epoll-edge","experiment":"exercise","exercise":true,"version":"mine"}`, "bad-request", "version", "no such version"},
		{"/api/traces", `{"lab":"epoll","schedule":"burst"}`, "instructor-only", "", "a trace has the machine's tracer for itself"},
	} {
		body := tt.body
		if strings.Contains(body, "exercise\",\"exercise") {
			_, x, err := c.exerciseIn("epoll-edge")
			if err != nil {
				t.Fatal(err)
			}
			body = strings.Replace(body, `"experiment":"exercise"`, `"experiment":"`+x.Goal.ID+`"`, 1)
		}
		status, got := ask(tt.path, body)
		if got.Error.Code != tt.code || got.Error.Field != tt.field {
			t.Errorf("%s: %d %+v, want %s of %q", tt.why, status, got.Error, tt.code, tt.field)
		}
	}
	if live := c.live(c.everybodys()); len(live) != 0 {
		t.Errorf("something runs: %v", live)
	}
}

func TestALearnersExerciseIsNotTheOwners(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	_, x, err := c.exerciseIn("epoll-edge")
	if err != nil {
		t.Fatal(err)
	}
	mine := strings.Replace(x.Original(), "{", "{\n\t// the owner's own thought", 1)
	if err := x.Write(c.data, mine); err != nil {
		t.Fatal(err)
	}
	_, body := c.do(request{path: "/en/epoll-edge", header: ada.cookie})
	if strings.Contains(body, "owner&#39;s own thought") || strings.Contains(body, "exercise-text") || !strings.Contains(body, `data-version="solution"`) {
		t.Error("a learner's page has the owner's version, or an editor, or no solution to run")
	}
	_, body = c.do(request{path: "/en/epoll-edge", bearer: testToken})
	if !strings.Contains(body, "owner&#39;s own thought") {
		t.Error("what was looked for would not have been found")
	}
}
