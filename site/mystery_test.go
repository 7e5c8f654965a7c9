package site

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

const mysteryRun = "20260102T150405Z-0123abcd"

// mysterySeed is one that hides the slow reader: its recording has more to hide
// than others.
func mysterySeed(t *testing.T) (int, labs.Spec) {
	t.Helper()
	for seed := range 50 {
		if m, spec, err := labs.MysteryOf(seed); err == nil && m.ID == "slow-reader" {
			return seed, spec
		}
	}
	t.Fatal("no seed hides the slow reader")
	return 0, labs.Spec{}
}

// recordMystery writes a recording as the runner does, of a reader that is slow
// from 1 s on.
func (s *served) recordMystery(spec labs.Spec) {
	s.t.Helper()
	lab, ok := s.shelf.edition().labs.Lab(spec.Lab)
	if !ok {
		s.t.Fatalf("no lab %s", spec.Lab)
	}
	list := []telemetry.Event{
		{Kind: telemetry.KindRun, From: telemetry.FromRunner, Run: &telemetry.Run{ID: mysteryRun, Schema: 1, Experiment: spec.Name, Began: time.Now(), Lab: spec.Lab, Code: lab.Code, Question: spec.Question(lab), Asked: spec}},
		{Kind: telemetry.KindLog, From: "build", Text: "labs/epoll/main.go:1: compiled"},
		{Kind: telemetry.KindState, From: telemetry.FromRunner, State: &telemetry.State{Phase: telemetry.Running, Facts: map[string]string{"pid": "4321", "addr": "127.0.0.1:9000"}}},
		{Kind: telemetry.KindBlock, From: telemetry.FromRunner, Begin: &telemetry.Block{Label: "x", Start: 0, Seconds: spec.Seconds}},
		{T: 1, Kind: telemetry.KindFault, From: telemetry.FromRunner, Fault: &telemetry.Fault{ID: "reader", Kind: "slow-reader", On: true}},
		{T: 1, Kind: telemetry.KindLog, From: telemetry.FromLab, Text: "epoll: says its name"},
		{T: 1, Kind: telemetry.KindSockets, From: telemetry.FromKernel, Sockets: []telemetry.Socket{{Peer: "127.0.0.1:5", State: "ESTAB", SendQ: 99}}},
	}
	for tick := 0; tick <= int(spec.Seconds*10); tick++ {
		t, slow := float64(tick)/10, max(0, float64(tick-10)/10)
		list = append(list,
			telemetry.Event{T: t, Kind: telemetry.KindSample, From: telemetry.FromLab, Values: map[string]float64{"lab.reads": 10 * t, "lab.longest_drain": 7}},
			telemetry.Event{T: t, Kind: telemetry.KindSample, From: telemetry.FromLoad, Values: map[string]float64{"load.requests": 100 * t, "load.fault_sent": 9, "load.misbehaving": 4}},
			telemetry.Event{T: t, Kind: telemetry.KindSample, From: telemetry.FromKernel, Values: map[string]float64{"kernel.rwnd_limited": slow, "kernel.sendq": 1e6 * min(slow, 1)}})
	}
	list = append(list, telemetry.Event{T: spec.Seconds, Kind: telemetry.KindEnd, From: telemetry.FromRunner,
		End: &telemetry.End{Phase: telemetry.Finished, Trust: "green", Metrics: map[string]float64{"load.requests": 600, "lab.longest_drain.max": 7, "lab.open.max": 5, "load.misbehaving.max": 4}}})
	var lines strings.Builder
	for i, e := range list {
		e.Seq = uint64(i + 1)
		line, err := json.Marshal(e)
		if err != nil {
			s.t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	if err := os.WriteFile(filepath.Join(s.data, "runs", mysteryRun+".jsonl"), []byte(lines.String()), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// secrets are words that only a mystery's recording has.
var secrets = []string{"epoll\"", "labs/epoll", "epoll:", "slow-reader", `"reader"`, "longest_drain", "fault_sent", "misbehaving", "knob", "32768", `"rate"`}

// tellsOf returns the secrets in a text.
func tellsOf(text string) (found []string) {
	for _, word := range secrets {
		if strings.Contains(text, word) {
			found = append(found, word)
		}
	}
	return found
}

func TestAMysteryIsSealedUntilItIsAnswered(t *testing.T) {
	s := serve(t)
	seed, spec := mysterySeed(t)
	s.recordMystery(spec)
	paths := []string{"/api/runs", "/api/runs/" + mysteryRun, "/api/runs/" + mysteryRun + "/series", "/api/runs/" + mysteryRun + "/log", "/api/runs/" + mysteryRun + "/doctor"}
	for _, path := range paths {
		resp, body := s.do(request{path: path, bearer: testToken})
		if found := tellsOf(body); resp.StatusCode != http.StatusOK || len(found) > 0 {
			t.Errorf("GET %s: %s, and it tells %q\n%s", path, resp.Status, found, body)
		}
	}
	if found := tellsOf(s.streamed(mysteryRun)); len(found) > 0 {
		t.Errorf("the stream tells %q", found)
	}
	resp, body := s.do(request{path: "/api/runs/" + mysteryRun + "/recording", bearer: testToken})
	if resp.StatusCode != http.StatusConflict || !strings.Contains(body, `"sealed"`) {
		t.Errorf("the recording: %s\n%s", resp.Status, body)
	}
	if tree := s.html("/en/tree"); strings.Contains(tree, mysteryRun) {
		t.Error("the decision tree knows the server of a sealed mystery")
	}
	if runs := s.html("/en/runs"); !strings.Contains(runs, fmt.Sprintf("Mystery %d", seed)) {
		t.Error("the recordings do not say by name which mystery a run is of")
	}
	page := s.html(fmt.Sprintf("/en/mystery?seed=%d", seed))
	for _, secret := range []string{"labs/" + spec.Lab + "<", `"lab":"epoll"`, "ui-solved"} {
		if strings.Contains(page, secret) {
			t.Errorf("the page tells %q", secret)
		}
	}

	answer := fmt.Sprintf("/api/mysteries/%d/answer", seed)
	for _, tt := range []struct {
		body, code string
	}{
		{`{"fault":"no-such","metric":"kernel.sendq","from":1,"to":3}`, "bad-guess"},
		{`{"fault":"lock","proof":1}`, "bad-request"},
		{``, "bad-request"},
	} {
		if status, body := s.command("POST", answer, tt.body); status != 400 || !strings.Contains(body, `"`+tt.code+`"`) {
			t.Errorf("POST %s: %d\n%s", tt.body, status, body)
		}
	}
	status, body := s.command("POST", answer, `{"fault":"slow-reader","metric":"kernel.rwnd_limited","from":2.5,"to":5}`)
	var got Solved
	if err := json.Unmarshal([]byte(body), &got); status != 200 || err != nil || got.Marks.Points != 100 || !strings.Contains(got.Recipe, "labs/epoll") {
		t.Fatalf("the right answer: %d, %v\n%s", status, err, body)
	}
	if status, body := s.command("POST", answer, `{"fault":"lock","metric":"kernel.sendq","from":1,"to":3}`); status != 409 || !strings.Contains(body, `"answered"`) {
		t.Errorf("a second answer: %d\n%s", status, body)
	}
	if _, body := s.do(request{path: "/api/runs/" + mysteryRun + "/series", bearer: testToken}); !strings.Contains(body, "longest_drain") {
		t.Error("the series stays sealed after the answer")
	}
	if page := s.html(fmt.Sprintf("/ko/mystery?seed=%d", seed)); !strings.Contains(page, "ui-solved") || !strings.Contains(page, "slow-reader") {
		t.Error("the page does not know the answer that was given")
	}
}

// streamed is everything that the WebSocket of a run sends.
func (s *served) streamed(id string) string {
	s.t.Helper()
	conn, err := s.dial(id, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	var all strings.Builder
	for {
		_, batch, err := conn.ReadMessage()
		if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			return all.String()
		}
		if err != nil {
			s.t.Fatal(err)
		}
		all.Write(batch)
	}
}

func TestMysteriesTakeNoSettings(t *testing.T) {
	s := serve(t)
	for _, tt := range []struct {
		body   string
		status int
	}{
		{`{"lesson":"mystery","experiment":"-1"}`, 404},
		{`{"lesson":"mystery","experiment":"07"}`, 404},
		{`{"lesson":"mystery","experiment":"1000000"}`, 404},
		{`{"lesson":"mystery","experiment":"7","settings":{"knob.buf":"64"}}`, 409},
		{`{"lesson":"mystery","experiment":"7","faults":[{"kind":"flood"}]}`, 409},
	} {
		if status, body := s.command("POST", "/api/runs", tt.body); status != tt.status {
			t.Errorf("POST %s: %d, want %d\n%s", tt.body, status, tt.status, body)
		}
	}
	if status, body := s.command("POST", "/api/mysteries/7/answer", `{"fault":"lock","metric":"lab.lock_wait","from":1,"to":2}`); status != 409 || !strings.Contains(body, `"unrun"`) {
		t.Errorf("an answer before a run: %d\n%s", status, body)
	}
}

// What the page and the command line look up by an id has words, in both
// languages.
func TestStepsAndMysteriesHaveWords(t *testing.T) {
	var keys []string
	steps, signals := judge.DoctorIDs()
	for _, id := range steps {
		keys = append(keys, "doctor.step."+id)
	}
	for _, id := range signals {
		keys = append(keys, "doctor.signal."+id, "doctor.normal."+id)
	}
	for _, id := range labs.MysteryIDs() {
		keys = append(keys, "mystery.fault."+id, "mystery.why."+id)
	}
	for _, id := range []judge.Health{judge.Fine, judge.Look, judge.Sick, judge.Unseen} {
		keys = append(keys, "doctor.state."+string(id))
	}
	for _, why := range []string{"short", "outside", "metric", "absent"} {
		keys = append(keys, "mystery.unproved."+why)
	}
	for _, key := range keys {
		for _, lang := range languages {
			if text := Said(lang, key); text == "" || text == key {
				t.Errorf("%s has no words in %s", key, lang)
			}
		}
	}
}
