package site

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

func TestSweepOrdersAreStrict(t *testing.T) {
	s := serve(t)
	x := s.shortest(func(x *content.Experiment) bool { return x.Spec.Load["model"] == "closed" && x.Spec.Sweep == nil })
	for _, tt := range []struct {
		body   string
		status int
		code   string
		field  string
		why    string
	}{
		{``, 400, "bad-request", "", "nothing"},
		{anOrder(x, `,"argv":["sh"]`), 400, "bad-request", "", "a member that we do not know"},
		{`{"lesson":"no","experiment":"such"}`, 404, "not-found", "", "an experiment that there is not"},
		{anOrder(x, ``), 400, "bad-setting", "values", "no setting, and the experiment is no sweep"},
		{anOrder(x, `,"setting":"load.connections","values":["1"]`), 400, "bad-setting", "values", "one value"},
		{anOrder(x, `,"setting":"load.connections","values":["1","2","x"]`), 400, "bad-setting", "values", "no number"},
		{anOrder(x, `,"setting":"load.connections","values":["1","1"]`), 400, "bad-setting", "values", "twice"},
		{anOrder(x, `,"setting":"load.connections","values":["1","2","3","4","5","6","7","8","9","10","11","12","13"]`), 400, "bad-setting", "values", "too many"},
		{anOrder(x, `,"setting":"load.rate","values":["1","2"]`), 400, "bad-setting", "values", "a closed load has no rate"},
		{anOrder(x, `,"setting":"lab","values":["sh","ls"]`), 400, "bad-setting", "values", "no setting"},
		{anOrder(x, `,"setting":"load.connections","values":["1","2"],"seconds":1000`), 400, "bad-setting", "seconds", "too long"},
		{anOrder(x, `,"setting":"load.connections","values":["1","2"],"settings":{"knob.no":"1"}`), 400, "bad-setting", "knob.no", "a knob that there is not"},
	} {
		status, body := s.command("POST", "/api/sweeps", tt.body)
		c := refused(t, body)
		if status != tt.status || c.Error.Code != tt.code || c.Error.Field != tt.field || c.Error.Text.Ko == "" || c.Error.Text.En == "" {
			t.Errorf("%s: %s: %d %+v", tt.why, tt.body, status, c.Error)
		}
	}
	if got := s.live(s.everybodys()); len(got) != 0 {
		t.Errorf("something runs: %v", got)
	}
}

// The card of a sweep says its range where a card of one run says one value.
func TestCardOfASweepSaysItsRange(t *testing.T) {
	sweep := &sweepView{Setting: "load.connections", Values: []string{"1", "4", "64"}}
	for _, tt := range []struct {
		of   *sweepView
		name string
		want any
	}{{sweep, "connections", "1–64"}, {sweep, "size", 64.0}, {nil, "connections", 64.0}, {&sweepView{Setting: "knob.buf", Values: []string{"1", "2"}}, "connections", 64.0}} {
		if got := tt.of.Of(tt.name, 64.0); got != tt.want {
			t.Errorf("%+v of %s: %v, want %v", tt.of, tt.name, got, tt.want)
		}
	}
	s := serve(t)
	_, body := s.do(request{path: "/en/epoll", bearer: testToken})
	if !strings.Contains(body, "Connections: 1–64, each waits for its answer") {
		t.Error("the sweep of epoll does not say its range")
	}
}

// TestCapacityOfARecording: a sweep's curve is read off its blocks' ends, whose
// run may not have ended, and runs that are no sweeps have none.
func TestCapacityOfARecording(t *testing.T) {
	s := serve(t)
	record(t, s.data, runID(3), "a/x", nil, finished("green", nil))
	recordSweep(t, s)
	var got struct {
		Run      struct{ Kind string }
		P99      float64
		Capacity struct {
			Setting string
			Curves  []struct {
				Steps []struct {
					Value string
					Block int
					P99   *float64
					Met   *bool
				}
				Break struct{ Last, First int }
			}
		}
	}
	s.get("/api/runs/"+runID(4)+"/capacity?p99=0.05", &got)
	c := got.Capacity
	if got.Run.Kind != labs.Sweep || got.P99 != 0.05 || c.Setting != "load.connections" || len(c.Curves) != 1 || len(c.Curves[0].Steps) != 3 {
		t.Fatalf("%+v", got)
	}
	if st := c.Curves[0].Steps; st[0].Value != "1" || *st[0].P99 != 0.01 || !*st[0].Met || *st[1].Met || st[2].Block != -1 || st[2].Met != nil {
		t.Errorf("steps %+v", st)
	}
	if b := c.Curves[0].Break; b.Last != 0 || b.First != 1 {
		t.Errorf("break %+v", b)
	}
	var listed struct{ Runs []struct{ ID string } }
	if s.get("/api/sweeps", &listed); len(listed.Runs) != 1 || listed.Runs[0].ID != runID(4) {
		t.Errorf("sweeps %+v", listed.Runs)
	}
	for path, want := range map[string]int{
		"/api/runs/" + runID(3) + "/capacity": 404, "/api/runs/" + runID(9) + "/capacity": 404,
		"/api/runs/" + runID(4) + "/capacity?p99=0": 400, "/api/runs/" + runID(4) + "/capacity?p99=Inf": 400, "/api/runs/" + runID(4) + "/capacity?p99=x": 400,
	} {
		if resp, _ := s.do(request{path: path, bearer: testToken}); resp.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, resp.Status, want)
		}
	}
	if resp, _ := s.do(request{path: "/en/runs/" + runID(4), cookie: testToken}); resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/en/capacity?run="+runID(4) {
		t.Errorf("its page: %s to %s", resp.Status, resp.Header.Get("Location"))
	}
}

// recordSweep writes a sweep of three values whose last block has not ended.
func recordSweep(t *testing.T, s *served) {
	t.Helper()
	head := telemetry.Run{ID: runID(4), Schema: 1, Experiment: "a/x", Kind: labs.Sweep, Sweep: &telemetry.Sweeping{Setting: "load.connections"}}
	var events []telemetry.Event
	for i, n := range []string{"1", "2", "4"} {
		label := telemetry.Step{Setting: "load.connections", Value: n}.Label()
		head.Arms = append(head.Arms, telemetry.Arm{Label: label, Lab: "epoll", Question: telemetry.Question{Seconds: 1}})
		events = append(events, telemetry.Event{Kind: telemetry.KindBlock, Block: i, Begin: &telemetry.Block{Label: label, Arm: i, Slot: i, Seconds: 1}})
		if i < 2 {
			metrics := map[string]float64{"load.requests": 100 * float64(i+1), "load.mean": 0.001, "load.p99": []float64{0.01, 0.1}[i], "load.oldest.max": 0}
			events = append(events, telemetry.Event{Kind: telemetry.KindBlockEnd, Block: i, BlockEnd: &telemetry.BlockEnd{Label: label, Trust: "green", Metrics: metrics}})
		}
	}
	path := filepath.Join(s.data, "runs", runID(4)+".jsonl")
	if err := os.WriteFile(path, lines(t, head, events, telemetry.End{Phase: telemetry.Stopped}), 0o644); err != nil {
		t.Fatal(err)
	}
}
