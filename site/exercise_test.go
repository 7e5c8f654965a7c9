package site

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

const exercisePath = "/api/exercises/epoll-edge"

// theExercise asks for the learner's version.
func (s *served) theExercise() exerciseState {
	s.t.Helper()
	resp, body := s.do(request{path: exercisePath, cookie: testToken})
	var st exerciseState
	if err := json.Unmarshal([]byte(body), &st); err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %v\n%s", resp.Status, err, body)
	}
	return st
}

// put sends a text as the learner's version.
func (s *served) put(text string) (status int, body string) {
	s.t.Helper()
	sent, _ := json.Marshal(map[string]string{"text": text})
	return s.command("PUT", exercisePath, string(sent))
}

func TestExerciseIsKeptInTheDataFolder(t *testing.T) {
	s := serve(t)
	st := s.theExercise()
	file := filepath.Join(s.data, st.File)
	if st.Saved || st.Text != st.Original || st.Done || st.Problem != nil || st.File != "exercises/epoll-edge/drain.go" || !strings.Contains(st.Text, "\nfunc drain(") {
		t.Fatalf("at first: %+v", st)
	}
	mine := strings.Replace(st.Text, "m.Reads.Inc()", "m.Reads.Inc() // counted", 1)
	if status, body := s.put(mine); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != mine {
		t.Errorf("the file: %v %q", err, text)
	}
	st = s.theExercise()
	changed := 0
	for _, d := range st.Diff {
		if d.Op != " " {
			changed++
		}
	}
	if !st.Saved || st.Text != mine || changed != 2 {
		t.Errorf("saved: %+v", st)
	}
	os.WriteFile(file, []byte("func drain("), 0o644) // another editor, in the middle of it
	if st = s.theExercise(); st.Problem == nil || st.Problem.Line != 1 || st.Text != "func drain(" {
		t.Errorf("a file that does not parse: %+v", st)
	}
	if status, body := s.command("POST", "/api/runs", `{"lesson":"epoll-edge","experiment":"save-a-read","exercise":true}`); status != 400 || !strings.Contains(body, `"bad-code"`) || !strings.Contains(body, `"text:1"`) {
		t.Errorf("a run of it: %d %s", status, body)
	}
	if status, _ := s.command("DELETE", exercisePath, ""); status != http.StatusOK {
		t.Errorf("reset: %d", status)
	}
	if st = s.theExercise(); st.Saved || st.Text != st.Original {
		t.Errorf("after the reset: %+v", st)
	}
}

// What the editing endpoint takes is exactly the function, and nothing is kept
// of what it refuses. labs has the whole table of tricks.
func TestExerciseRefusesWhatIsNotTheFunction(t *testing.T) {
	s := serve(t)
	original := s.theExercise().Original
	for _, tt := range []struct {
		why, text string
		status    int
		says      string
	}{
		{"nothing", "", 400, `"text:1"`},
		{"no function", "hello", 400, "expected declaration"},
		{"an init beside it", original + "\nfunc init() { println() }\n", 400, "func init"},
		{"a variable that is initialized before main", original + "\nvar _ = os.Exit\n", 400, "only the function drain"},
		{"another name", strings.Replace(original, "func drain(", "func drain2(", 1), 400, "func drain2"},
		{"a method", strings.Replace(original, "func drain(", "func (c *conn) drain(", 1), 400, "receiver"},
		{"longer than allowed", original + "//" + strings.Repeat("x", labs.MaxVersion), 400, "at most 32768"},
		{"larger than any request", strings.Repeat("x", maxBody), 413, "too-large"},
	} {
		if status, body := s.put(tt.text); status != tt.status || !strings.Contains(body, tt.says) {
			t.Errorf("%s: %d %s", tt.why, status, body)
		}
	}
	for _, body := range []string{`{"text":"x","path":"../../x"}`, `[]`, `{"text":1}`} {
		if status, said := s.command("PUT", exercisePath, body); status != 400 {
			t.Errorf("%s: %d %s", body, status, said)
		}
	}
	for _, path := range []string{"/api/exercises/principles", "/api/exercises/nosuch", "/api/exercises/..%2f..%2fx"} {
		if status, said := s.command("PUT", path, `{"text":"func drain() {}"}`); status != 404 {
			t.Errorf("%s: %d %s", path, status, said)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(s.data, "exercises", "*", "*")); left != nil {
		t.Errorf("kept: %v", left)
	}
	for _, order := range []string{`{"lesson":"epoll-edge","experiment":"stall","exercise":true}`, `{"lesson":"epoll","experiment":"fits","exercise":true}`} {
		if status, said := s.command("POST", "/api/runs", order); status != 400 {
			t.Errorf("a version in another experiment: %d %s", status, said)
		}
	}
}

func TestHelpIsRemembered(t *testing.T) {
	s := serve(t)
	for _, body := range []string{`{"hints":9}`, `{"hints":-1}`} {
		if status, _ := s.command("PUT", exercisePath+"/help", body); status != 400 {
			t.Errorf("%s: %d", body, status)
		}
	}
	s.command("PUT", exercisePath+"/help", `{"hints":2,"solution":true}`)
	s.command("PUT", exercisePath+"/help", `{"hints":1}`) // what was seen stays so
	if h := s.theExercise().Help; h != (Help{2, true}) {
		t.Errorf("%+v", h)
	}
	if page := s.html("/en/epoll-edge"); !strings.Contains(page, `class="exercise-help" data-seen="2" data-shown>`) {
		t.Error("the page does not know")
	}
}

func TestWhichRunsCount(t *testing.T) {
	goal := &content.Experiment{Spec: labs.Spec{Name: "l/goal", Knobs: map[string]any{"buf": 64.0}}}
	book := &content.Book{Parts: []content.Part{{Lessons: []*content.Lesson{{ID: "l", Exercise: &content.Exercise{Goal: goal}}}}}}
	green, red := []telemetry.Check{{ID: "a", Pass: true}, {ID: "b", Pass: true}}, []telemetry.Check{{ID: "a", Pass: true}, {ID: "b"}}
	own := map[string]any{"buf": 64.0}
	for _, tt := range []struct {
		why string
		run runner.Summary
		yes bool
	}{
		{"an experiment of the lab", runner.Summary{Experiment: "l/other", Checks: red}, true},
		{"an experiment with another version of a function", runner.Summary{Experiment: "l/other", Exercise: true, Checks: green}, false},
		{"the goal, done", runner.Summary{Experiment: "l/goal", Exercise: true, Knobs: own, Checks: green}, true},
		{"the goal, half done", runner.Summary{Experiment: "l/goal", Exercise: true, Knobs: own, Checks: red}, false},
		{"the goal with another knob", runner.Summary{Experiment: "l/goal", Exercise: true, Knobs: map[string]any{"buf": 65.0}, Checks: green}, false},
		{"the lab as it is", runner.Summary{Experiment: "l/goal", Knobs: own, Checks: green}, false},
	} {
		if got := len(counted(book, []runner.Summary{tt.run})) == 1; got != tt.yes {
			t.Errorf("%s: counts %v, want %v", tt.why, got, tt.yes)
		}
	}
}

// Code is edited under a loopback name: who comes by a forwarded one reads.
func TestOnlyTheOwnerEdits(t *testing.T) {
	s := serve(t)
	s.cfg.AllowHosts = []string{"labs.example"}
	ask := func(method, path, body string) int {
		resp, _ := s.do(request{method: method, path: path, host: "labs.example", origin: "http://labs.example", bearer: testToken, body: body})
		return resp.StatusCode
	}
	if got := ask("PUT", exercisePath, `{"text":"x"}`); got != http.StatusForbidden {
		t.Errorf("PUT from elsewhere: %d", got)
	}
	if got := ask("GET", "/en/epoll-edge", ""); got != http.StatusOK {
		t.Errorf("reading from elsewhere: %d", got)
	}
}

func TestBreakItAsksTheFailuresChecksOfBoth(t *testing.T) {
	t.Parallel()
	s := serve(t)
	view := func() breakView {
		resp, body := s.do(request{path: "/api/lessons/epoll-edge/breakit", cookie: testToken})
		var v breakView
		if err := json.Unmarshal([]byte(body), &v); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %v\n%s", resp.Status, err, body)
		}
		return v
	}
	if v := view(); v.Both || v.Gone || len(v.Rows) != 3 || v.Rows[0].Run.State != "wait" {
		t.Errorf("before the predictions are answered: %+v", v)
	}
	for _, id := range []string{"where", "left"} {
		s.command("PUT", "/api/progress/guesses/epoll-edge/stall/"+id, `{"skipped":true}`)
	}
	v := view() // now the author's
	if !v.Both || !v.Gone || !v.Run.Author || v.Rows[0].Run.State != "pass" || v.Rows[0].Cure.State != "fail" || v.Rows[0].Run.Value == "–" {
		t.Errorf("the author's: %+v", v)
	}
	page := s.html("/en/epoll-edge")
	if !strings.Contains(page, `data-cell="run" data-state="pass"`) || !strings.Contains(page, `data-cell="cure" data-state="fail"`) {
		t.Error("the page does not show both sides")
	}
	if resp, _ := s.do(request{path: "/api/lessons/nosuch/breakit", cookie: testToken}); resp.StatusCode != http.StatusNotFound {
		t.Errorf("no lesson: %s", resp.Status)
	}
}
