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
	"regexp"
	"slices"
	"strings"
	"testing"

	"socketlabs/runner"
)

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
	got, guesses := map[int]int{}, 34_000
	if testing.Short() {
		guesses = 1_000
	}
	for i := range guesses {
		guess := fmt.Sprintf("%06d", i)
		got[post("/en/join", "192.0.2.66:1", url.Values{"code": {guess}, "name": {"M"}})]++
		got[post("/en/resume", "192.0.2.66:1", url.Values{"resume": {guess + guess}})]++
		r := c.local("GET", "/api/progress", "192.0.2.66:1", nil)
		r.Header["Cookie"] = c.cookieOf(guess)["Cookie"]
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got[w.Code]++
	}
	if got[200] != 0 || got[303] != 0 || got[429] < 2*guesses-1000 || got[401] != guesses {
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
