package site

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
)

// predicted returns an experiment that asks a prediction of that kind.
func (s *served) predicted(kind string) (*content.Experiment, *content.Prediction) {
	s.t.Helper()
	for _, l := range s.lessons() {
		for _, x := range l.Experiments {
			for _, p := range x.Predictions {
				if p.Kind == kind {
					return x, p
				}
			}
		}
	}
	s.t.Skipf("no lesson has a prediction of kind %s", kind)
	return nil, nil
}

// anOrder writes the body of POST /api/runs; rest is more of its members.
func anOrder(x *content.Experiment, rest string) string {
	lesson, id, _ := strings.Cut(x.Spec.Name, "/")
	return fmt.Sprintf(`{"lesson":%q,"experiment":%q%s}`, lesson, id, rest)
}

func TestOrdersAreStrict(t *testing.T) {
	t.Parallel()
	s := serve(t)
	x, p := s.predicted("number")
	for _, tt := range []struct {
		body   string
		status int
		code   string
		field  string
		why    string
	}{
		{``, 400, "bad-request", "", "nothing"},
		{`[]`, 400, "bad-request", "", "another form"},
		{anOrder(x, `,"argv":["sh"]`), 400, "bad-request", "", "a member that we do not know"},
		{anOrder(x, ``) + `{}`, 400, "bad-request", "", "a second value"},
		{anOrder(x, `,"settings":{"knob.buf":512}`), 400, "bad-request", "", "values are texts, as a person types them"},
		{`{"lesson":"no","experiment":"such"}`, 404, "not-found", "", "an experiment that there is not"},
		{`{"lesson":"../labs","experiment":"epoll"}`, 404, "not-found", "", "a path is no name"},
		{anOrder(x, `,"settings":{"knob.no-such":"1"}`), 400, "bad-setting", "knob.no-such", "a knob that there is not"},
		{anOrder(x, `,"settings":{"load.rate":"-1"}`), 400, "bad-setting", "load.rate", "out of range"},
		{anOrder(x, `,"settings":{"load.rate":"1; rm -rf /"}`), 400, "bad-setting", "load.rate", "no number"},
		{anOrder(x, `,"settings":{"lab":"sh"}`), 400, "bad-setting", "lab", "only knobs and load"},
		{anOrder(x, `,"settings":{"env.PATH":"/tmp"}`), 400, "bad-setting", "env.PATH", "only knobs and load"},
		{anOrder(x, `,"faults":[{"kind":"no-such"}]`), 400, "bad-setting", "fault", "a kind that there is not"},
		{anOrder(x, `,"faults":[{"kind":"flood","with":{"connections":"100000"}}]`), 400, "bad-setting", "fault.connections", "out of range"},
		{anOrder(x, `,"faults":[{"kind":"flood","with":{"no-such":"1"}}]`), 400, "bad-setting", "fault", "a parameter that there is not"},
		{anOrder(x, `,"faults":[{"kind":"freeze","with":{"at":"1000"}}]`), 400, "bad-setting", "fault.at", "after the end"},
		{anOrder(x, `,"faults":[`+strings.Repeat(`{"kind":"hup"},`, 20)+`{"kind":"hup"}]`), 400, "bad-setting", "fault", "too many"},
		{anOrder(x, `,"faults":[{"kind":"hup","exec":"sh"}]`), 400, "bad-request", "", "a member that we do not know"},
		{anOrder(x, `,"predictions":{"no-such":1}`), 400, "bad-guess", "no-such", "a question that was not asked"},
		{anOrder(x, `,"predictions":{"`+p.ID+`":"many"}`), 400, "bad-guess", p.ID, "a text for a number"},
		{anOrder(x, `,"predictions":{"`+p.ID+`":{"a":1}}`), 400, "bad-guess", p.ID, "neither"},
		{anOrder(x, `,"skipped":["no-such"]`), 400, "bad-guess", "no-such", "a question that was not asked"},
	} {
		status, body := s.command("POST", "/api/runs", tt.body)
		c := refused(t, body)
		if status != tt.status || c.Error.Code != tt.code || c.Error.Field != tt.field || c.Error.Text.Ko == "" || c.Error.Text.En == "" {
			t.Errorf("%s: %s: %d %+v", tt.why, tt.body, status, c.Error)
		}
	}
	if got := s.live(s.everybodys()); len(got) != 0 {
		t.Errorf("something runs: %v", got)
	}
}

// A curve is a short list of JSON numbers, each of which is checked.
func TestACurveIsChecked(t *testing.T) {
	t.Parallel()
	s := serve(t)
	x, p := s.predicted("curve")
	n, top := telemetry.CurvePoints(x.Spec.Seconds), p.Range[1]
	points := func(n int, v any) string {
		list := make([]any, n)
		for i := range list {
			list[i] = v
		}
		text, _ := json.Marshal(list)
		return string(text)
	}
	for _, tt := range []struct {
		given  string
		status int
		why    string
	}{
		{points(n-1, 0), 400, "one too few"},
		{points(n+1, 0), 400, "one too many"},
		{points(1e5, 0), 400, "far too many"},
		{points(n, "0"), 400, "texts"},
		{points(n, nil), 400, "holes"},
		{points(n, []int{1}), 400, "lists"},
		{points(n, p.Range[0]-1), 400, "below the axis"},
		{points(n, top*1.01), 400, "above the axis"},
		{`5`, 400, "a number"},
		{`"recvq"`, 400, "a text"},
		{`{"0":1}`, 400, "an object"},
		{`[1e999]`, 400, "no number of a computer"},
		{points(n, top), 204, "on the axis"},
		{points(n, top), 204, "the same again"},
		{points(n, top/2), 204, "a second thought"},
	} {
		status, body := s.command("PUT", "/api/progress/guesses/"+x.Spec.Name+"/"+p.ID, `{"given":`+tt.given+`}`)
		if status != tt.status && !(tt.status == 400 && status == 413) {
			t.Errorf("%s: %d, want %d\n%s", tt.why, status, tt.status, body)
		}
	}
	var data pageData
	lesson, _, _ := strings.Cut(x.Spec.Name, "/")
	s.get("/api/lessons/"+lesson, &data)
	for _, v := range data.Experiments {
		for _, q := range v.Predictions {
			if q.ID == p.ID && (q.Curve == nil || q.Curve.Points != n || q.Curve.Metric != p.Answer || len(telemetry.Numbers(q.Given)) != n) {
				t.Errorf("the page gets %+v", q)
			}
		}
	}
}

func TestPlaceAndGuesses(t *testing.T) {
	s := serve(t)
	x, p := s.predicted("choice")
	l := s.lessons()[0]
	guess := "/api/progress/guesses/" + x.Spec.Name + "/" + p.ID
	for _, tt := range []struct {
		path, body string
		status     int
		why        string
	}{
		{"/api/progress/place", `{"lesson":"` + l.ID + `","section":"` + l.Sections[1].ID + `"}`, 204, "a section"},
		{"/api/progress/place", `{"lesson":"` + l.ID + `","section":"no-such"}`, 404, "a section that there is not"},
		{"/api/progress/place", `{"lesson":"no-such","section":""}`, 404, "a lesson that there is not"},
		{"/api/progress/place", `{"lesson":"` + l.ID + `","note":"x"}`, 400, "a member that we do not know"},
		{guess, `{"given":"no-such"}`, 400, "not among the choices"},
		{guess, `{"given":1}`, 400, "a number for a choice"},
		{guess, `{}`, 400, "neither given nor skipped"},
		{guess, `{"given":"` + p.Prediction.Choices[0] + `","skipped":true}`, 400, "both"},
		{guess + "x", `{"given":"x"}`, 404, "a question that was not asked"},
		{guess, `{"skipped":true}`, 204, "skipped"},
		{guess, `{"given":"` + p.Prediction.Choices[0] + `"}`, 204, "and answered after all"},
	} {
		if status, body := s.command("PUT", tt.path, tt.body); status != tt.status {
			t.Errorf("%s: %s %s: %d, want %d\n%s", tt.why, tt.path, tt.body, status, tt.status, body)
		}
	}
	var got Progress
	s.get("/api/progress", &got)
	if g := got.Guesses[x.Spec.Name+"/"+p.ID]; g.Given != p.Prediction.Choices[0] || g.Skipped || g.When.IsZero() {
		t.Errorf("%+v", g)
	}
	if got.Place == nil || *got.Place != (Place{l.ID, l.Sections[1].ID}) {
		t.Errorf("%+v", got.Place)
	}
	var data pageData
	lesson, _, _ := strings.Cut(x.Spec.Name, "/")
	s.get("/api/lessons/"+lesson, &data)
	for _, e := range data.Experiments {
		for _, q := range e.Predictions {
			if e.Name == x.Spec.Name && q.ID == p.ID && q.Given != p.Prediction.Choices[0] {
				t.Errorf("the page has forgotten the answer: %+v", q)
			}
		}
	}
}

func TestListsAndDownloads(t *testing.T) {
	t.Parallel()
	s := serve(t)
	line := func(text string) telemetry.Event {
		return telemetry.Event{T: 1, Kind: telemetry.KindLog, From: telemetry.FromLab, Level: "warn", Text: text}
	}
	record(t, s.data, runID(1), "a/x", []telemetry.Event{line("red \x1b[31m\u009b31m\x07"), line("turned \u202eback"), line("한글")}, finished("green", nil))
	record(t, s.data, runID(2), "a/y", nil, finished("green", nil))
	record(t, s.data, runID(3), "b/x", nil, finished("green", nil))
	for query, want := range map[string][]string{
		"": {runID(3), runID(2), runID(1)}, "?lesson=a": {runID(2), runID(1)}, "?lesson=a&experiment=x": {runID(1)}, "?lesson=c": {},
	} {
		var got struct{ Runs []struct{ ID string } }
		s.get("/api/runs"+query, &got)
		var ids []string
		for _, r := range got.Runs {
			ids = append(ids, r.ID)
		}
		if fmt.Sprint(ids) != fmt.Sprint(want) {
			t.Errorf("%q: %v, want %v", query, ids, want)
		}
	}
	resp, body := s.do(request{path: "/api/runs/" + runID(1) + "/log", bearer: testToken})
	if !strings.Contains(body, "red ^[[31mM-^[31m^G\n") || !strings.Contains(body, "turned <U+202E>back\n") || !strings.Contains(body, "한글\n") {
		t.Errorf("%q", body)
	}
	if resp.Header.Get("Content-Disposition") != `attachment; filename="`+runID(1)+`.log"` {
		t.Error(resp.Header)
	}
	if _, body = s.do(request{path: "/api/runs/" + runID(1) + "/recording", bearer: testToken}); strings.Count(body, "\n") != 5 {
		t.Errorf("%q", body)
	}
	for _, bad := range []string{runID(9), "..%2f..%2fsite.db", "site.db", "%00"} {
		for _, what := range []string{"", "/log", "/recording", "/series"} {
			if resp, body := s.do(request{path: "/api/runs/" + bad + what, bearer: testToken}); resp.StatusCode != http.StatusNotFound {
				t.Errorf("%s%s: %s\n%s", bad, what, resp.Status, body)
			}
		}
	}
	if status, _ := s.command("DELETE", "/api/runs/"+runID(1), ""); status != http.StatusNoContent {
		t.Errorf("delete: %d", status)
	}
	if status, _ := s.command("DELETE", "/api/runs/"+runID(1), ""); status != http.StatusNotFound {
		t.Errorf("delete again: %d", status)
	}
	if status, _ := s.command("POST", "/api/runs/"+runID(2)+"/stop", ""); status != http.StatusNoContent {
		t.Errorf("stop what has ended: %d", status)
	}
}

func TestSearchFindsInBothLanguages(t *testing.T) {
	s := serve(t)
	for _, tt := range []struct{ q, lang string }{{"epoll", "ko"}, {"epoll", "en"}, {"소켓", "ko"}} {
		var got struct{ Hits []content.Hit }
		s.get("/api/search?lang="+tt.lang+"&q="+tt.q, &got)
		if len(got.Hits) == 0 || len(got.Hits) > maxHits {
			t.Errorf("%v: %d hits", tt, len(got.Hits))
		}
	}
	var got struct{ Hits []content.Hit }
	for _, q := range []string{"", "%20", strings.Repeat("a", 500)} {
		if s.get("/api/search?q="+q, &got); got.Hits == nil || len(got.Hits) != 0 {
			t.Errorf("%q: %v", q, got.Hits)
		}
	}
}

func TestHealthTellsStrangersNothing(t *testing.T) {
	s := serve(t)
	for path, want := range map[string]string{"/livez": "ok\n", "/readyz": "ok\n", "/healthz": `{"status":"ok","trouble":[]}` + "\n"} {
		if resp, body := s.do(request{path: path}); resp.StatusCode != http.StatusOK || body != want {
			t.Errorf("%s: %s %q", path, resp.Status, body)
		}
	}
	s.end()
	if resp, _ := s.do(request{path: "/readyz"}); resp.StatusCode != http.StatusServiceUnavailable || !resp.Close {
		t.Errorf("a site that ends: %s, close %v", resp.Status, resp.Close)
	}
	if resp, _ := s.do(request{path: "/livez"}); resp.StatusCode != http.StatusOK {
		t.Errorf("it still lives: %s", resp.Status)
	}
}

func TestMetrics(t *testing.T) {
	s := serve(t)
	s.do(request{path: "/livez"})
	s.do(request{path: "/livez", host: "evil.example"})
	resp, body := s.do(request{path: "/metrics", bearer: testToken})
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Error(resp.Header)
	}
	for _, want := range []string{`labs_http_requests_total{class="2xx"} 1`, `labs_http_requests_total{class="4xx"} 1`, "labs_websockets_open 0", "go_goroutines "} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	if n := strings.Count(body, "# TYPE labs_http_requests_total"); n != 1 {
		t.Errorf("described %d times", n)
	}
}

func TestStatusAndLabs(t *testing.T) {
	s := serve(t)
	var st status
	s.get("/api/status", &st)
	if st.Version == "" || st.Host.Cores == 0 || st.Live == nil || st.Trouble == nil || !strings.HasPrefix(st.Toolchain, "go1.") {
		t.Errorf("%+v", st)
	}
	for _, l := range s.shelf.edition().labs.Labs {
		var got map[string]json.RawMessage
		s.get("/api/labs/"+l.Name, &got)
		if len(got["funcs"]) < 10 || string(got["code"]) != `"`+l.Code+`"` {
			t.Errorf("%s: %s", l.Name, got["code"])
		}
	}
}
