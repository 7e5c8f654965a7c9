package site

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// shortest returns the experiment under load that takes the least time and
// that allowed accepts.
func (s *served) shortest(allowed func(*content.Experiment) bool) *content.Experiment {
	s.t.Helper()
	var best *content.Experiment
	length := func(s labs.Spec) float64 { return float64(s.Blocks()) * (s.Warmup + s.Seconds) }
	for _, l := range s.lessons() {
		for _, x := range l.Experiments {
			if x.Spec.Load != nil && allowed(x) && (best == nil || length(x.Spec) < length(best.Spec)) {
				best = x
			}
		}
	}
	if best == nil {
		s.t.Fatal("no experiment fits this test")
	}
	return best
}

func anything(*content.Experiment) bool { return true }

// begin orders a run and returns its id.
func (s *served) begin(x *content.Experiment, rest string) string {
	s.t.Helper()
	status, body := s.command("POST", "/api/runs", anOrder(x, rest))
	var got struct{ ID string }
	if err := json.Unmarshal([]byte(body), &got); status != http.StatusCreated || err != nil {
		s.t.Fatalf("POST /api/runs: %d\n%s", status, body)
	}
	return got.ID
}

// watch reads a run's events from after on to the end of its stream.
func (s *served) watch(id string, after uint64) (events []mark, code int) {
	s.t.Helper()
	conn, err := s.dial(id, after)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	for {
		batch, err := next(conn)
		if err != nil {
			return events, closed(err)
		}
		events = append(events, batch...)
	}
}

// asking says whether an experiment asks for a number.
func asking(x *content.Experiment) bool {
	for _, p := range x.Predictions {
		if p.Kind == "number" {
			return true
		}
	}
	return false
}

func TestARunFromItsOrderToItsTrace(t *testing.T) {
	s := serve(t)
	x := s.shortest(asking)
	var asked *content.Prediction
	for _, p := range x.Predictions {
		if p.Kind == "number" {
			asked = p
		}
	}
	id := s.begin(x, fmt.Sprintf(`,"predictions":{%q:41},"settings":{"load.size":"128"}`, asked.ID))

	waits := s.begin(x, "")
	var now status
	for end := time.Now().Add(10 * time.Second); len(now.Queue) < 2 && time.Now().Before(end); time.Sleep(time.Millisecond) {
		s.get("/api/status", &now)
	}
	if len(now.Queue) != 2 || now.Queue[0].Run != id || now.Queue[1].Run != waits {
		t.Errorf("the queue is %+v", now.Queue)
	}
	status, body := s.command("POST", "/api/runs", anOrder(x, ""))
	if c := refused(t, body); status != http.StatusConflict || c.Error.Code != "busy" || c.Error.Run != id {
		t.Errorf("a third run, where one may wait: %d %+v", status, c.Error)
	}
	if status, body := s.command("POST", "/api/runs/"+waits+"/stop", ""); status != http.StatusNoContent {
		t.Errorf("leave the queue: %d\n%s", status, body)
	}
	if _, code := s.watch(waits, 0); code != websocket.CloseNormalClosure {
		t.Errorf("it has left: closed with %d", code)
	}
	if status, body := s.command("DELETE", "/api/runs/"+waits, ""); status != http.StatusNoContent {
		t.Errorf("delete a run that never began: %d\n%s", status, body)
	}
	if status, body := s.command("DELETE", "/api/runs/"+id, ""); status != http.StatusConflict {
		t.Errorf("delete what runs: %d\n%s", status, body)
	}
	events, code := s.watch(id, 0)
	if _, err := dense(0, events); err != nil || code != websocket.CloseNormalClosure {
		t.Errorf("%v, closed with %d", err, code)
	}
	again, code := s.watch(id, 0)
	if fmt.Sprint(len(again)) != fmt.Sprint(len(events)) || code != websocket.CloseNormalClosure {
		t.Errorf("live %d events, ended %d, closed with %d", len(events), len(again), code)
	}
	var sum runner.Summary
	s.get("/api/runs/"+id, &sum)
	if sum.Phase != telemetry.Finished {
		t.Fatalf("%s: %+v", sum.Phase, sum.Reason)
	}
	s.tasks.Wait() // the server's own watch of the end, not ours
	s.leavesATrace(x, sum, asked.ID)
	s.drawsARun(x, sum)
}

// leavesATrace checks what a finished run leaves in the reader's progress.
func (s *served) leavesATrace(x *content.Experiment, sum runner.Summary, prediction string) {
	s.t.Helper()
	have := s.progress.snapshot()
	for _, c := range sum.Checks {
		if key := sum.Experiment + "/" + c.ID; have.Checks[key] != (c.Pass && sum.Trust != "void") {
			s.t.Errorf("%s: passed %v, kept %v, run %s", key, c.Pass, have.Checks[key], sum.Trust)
		}
	}
	if g := have.Guesses[sum.Experiment+"/"+prediction]; g.Given != 41.0 || g.Run != sum.ID {
		s.t.Errorf("the answer was not committed: %+v", g)
	}
	if status, body := s.command("PUT", "/api/progress/guesses/"+sum.Experiment+"/"+prediction, `{"given":42}`); status != http.StatusConflict {
		s.t.Errorf("the answer was changed after the run: %d\n%s", status, body)
	}
	path, _ := s.cfg.Runner.Recording(sum.ID)
	f, err := os.Open(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	events, err := runner.ReadRecording(f)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range events[0].Run.Question.Predictions {
		if p.ID == prediction && p.Given != 41.0 {
			s.t.Errorf("a change of mind rewrote what the run was asked with: %+v", p)
		}
	}
	if len(sum.Guesses) != len(x.Predictions) {
		s.t.Errorf("%d guesses of %d", len(sum.Guesses), len(x.Predictions))
	}
	if sum.Load["size"] != 128.0 {
		s.t.Errorf("the setting was lost: %v", sum.Load)
	}
}

// drawsARun checks that a run's series have what a page draws, ten times a second of
// its load.
func (s *served) drawsARun(x *content.Experiment, sum runner.Summary) {
	s.t.Helper()
	ticks := int(math.Round(10 * (x.Spec.Warmup + x.Spec.Seconds)))
	var got series
	s.get("/api/runs/"+sum.ID+"/series", &got)
	for _, name := range []string{"load.requests", "load.p50", "kernel.fds", "host.busy"} {
		if len(got.Values[name]) != len(got.T) || len(got.T) < ticks {
			s.t.Errorf("%s: %d values of %d, want %d", name, len(got.Values[name]), len(got.T), ticks)
		}
	}
	for i := 1; i < len(got.T); i++ {
		if got.T[i] <= got.T[i-1] {
			s.t.Fatalf("t is not ascending: %v, %v", got.T[i-1], got.T[i])
		}
	}
	if len(got.Heat) == 0 || len(got.Events) == 0 {
		s.t.Errorf("%d columns of heat, %d events", len(got.Heat), len(got.Events))
	}
	lesson, _, _ := strings.Cut(sum.Experiment, "/")
	if !strings.Contains(s.html("/ko/"+lesson), `"id":"`+sum.ID+`"`) {
		s.t.Error("the lesson's page data lacks the latest run")
	}
}

func TestStopEndsARun(t *testing.T) {
	s := serve(t)
	id := s.begin(s.shortest(anything), "")
	conn, err := s.dial(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := next(conn); err != nil {
		t.Fatal(err)
	}
	if status, body := s.command("POST", "/api/runs/"+id+"/stop", ""); status != http.StatusNoContent {
		t.Fatalf("%d\n%s", status, body)
	}
	for {
		if _, err := next(conn); err != nil {
			if closed(err) != websocket.CloseNormalClosure {
				t.Error(err)
			}
			break
		}
	}
	var sum runner.Summary
	s.get("/api/runs/"+id, &sum)
	if sum.Phase != telemetry.Stopped {
		t.Errorf("%s", sum.Phase)
	}
}

func TestTheSeriesOfALiveRunJoinItsEvents(t *testing.T) {
	s := serve(t)
	id := s.begin(s.shortest(anything), "")
	var got series
	for deadline := time.Now().Add(time.Minute); len(got.T) < 5 && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
		s.get("/api/runs/"+id+"/series", &got)
	}
	if len(got.T) < 5 {
		t.Fatalf("%d rows after a minute", len(got.T))
	}
	events, code := s.watch(id, got.Seq)
	if _, err := dense(got.Seq, events); err != nil || code != websocket.CloseNormalClosure {
		t.Errorf("%v, closed with %d", err, code)
	}
}

// TestALabInTheMiddleOfAnEdit is the core loop when a hand slips: the lesson
// stays, and the run says what the compiler says.
func TestALabInTheMiddleOfAnEdit(t *testing.T) {
	t.Parallel()
	root := moduleCopy(t)
	s := serveAt(t, root)
	x := s.shortest(func(x *content.Experiment) bool { return x.Spec.Lab == "blocking" && len(x.Spec.Knobs) > 0 })
	file := filepath.Join(root, "labs", "blocking", "main.go")
	pristine, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, text string) {
		t.Helper()
		now := strings.Replace(string(pristine), old, text, 1)
		if err := os.WriteFile(file, []byte(now), 0o644); err != nil || now == string(pristine) {
			t.Fatalf("%v, changed %v", err, now != string(pristine))
		}
		s.stale()
	}
	edit("package main\n", "package main\n\nfunc {\n")
	lesson, _, _ := strings.Cut(x.Spec.Name, "/")
	if !strings.Contains(s.html("/en/"+lesson), "labs run "+x.Spec.Name) {
		t.Error("a syntax error takes the lesson away")
	}
	id := s.begin(x, "")
	s.watch(id, 0)
	var sum runner.Summary
	s.get("/api/runs/"+id, &sum)
	if sum.Phase != telemetry.Failed || sum.Reason == nil || sum.Reason.File != "labs/blocking/main.go" || sum.Reason.At == 0 {
		t.Errorf("%s: %+v", sum.Phase, sum.Reason)
	}
	edit("[64..", "[") // a flag whose range is none
	s.html("/en/" + lesson)
}

func TestARunThatCanNotBeStartedSaysWhy(t *testing.T) {
	t.Parallel()
	root := moduleCopy(t)
	s := serveAt(t, root)
	x := s.shortest(anything)
	s.shelf.mu.Lock()
	s.shelf.checked = time.Now().Add(time.Hour) // the lesson was read before
	s.shelf.mu.Unlock()
	if err := os.RemoveAll(filepath.Join(root, "labs", x.Spec.Lab)); err != nil {
		t.Fatal(err)
	}
	status, body := s.command("POST", "/api/runs", anOrder(x, ""))
	if c := refused(t, body); status != http.StatusConflict || c.Error.Code != "cannot-start" || !strings.Contains(c.Error.Text.En, x.Spec.Lab) {
		t.Errorf("%d %+v", status, c.Error)
	}
}
