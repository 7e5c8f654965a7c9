package site

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// TestComparisonsAreChecked: whatever is wrong with an order is told with the
// field that it is about, and nothing begins.
func TestComparisonsAreChecked(t *testing.T) {
	s := serve(t)
	record(t, s.data, runID(1), "epoll/pieces", nil, finished("green", nil))
	for _, row := range []struct {
		why, body string
		status    int
		says      string
	}{
		{"no such lesson", `{"lesson":"nope","comparison":"x"}`, 404, "not-found"},
		{"no such comparison", `{"lesson":"epoll","comparison":"x"}`, 404, "not-found"},
		{"no such experiment", `{"lesson":"epoll","experiment":"x"}`, 404, "not-found"},
		{"too many rounds", `{"lesson":"epoll","comparison":"small-buffer","rounds":11}`, 400, `"field":"rounds"`},
		{"fewer than none", `{"lesson":"epoll","comparison":"small-buffer","rounds":-1}`, 400, `"field":"rounds"`},
		{"a setting out of range", `{"lesson":"epoll","experiment":"fits","settings":{"knob.buf":"3"}}`, 400, `"field":"knob.buf"`},
		{"a setting of before out of range", `{"lesson":"epoll","experiment":"fits","before":{"settings":{"knob.buf":"3"}}}`, 400, `"field":"knob.buf"`},
		{"no such run before", `{"lesson":"epoll","experiment":"fits","before":{"run":"20200102T030405Z-00000000"}}`, 404, "no-run"},
		{"a path for a run", `{"lesson":"epoll","experiment":"fits","before":{"run":"../x"}}`, 404, "no-run"},
		{"a run of another experiment before", `{"lesson":"epoll","experiment":"fits","before":{"run":"` + runID(1) + `"}}`, 400, `"field":"before"`},
		{"an answer to what is not asked", `{"lesson":"epoll","comparison":"small-buffer","predictions":{"x":"better"}}`, 400, "bad-guess"},
		{"an answer that is none", `{"lesson":"epoll","comparison":"small-buffer","predictions":{"bargain":"blue"}}`, 400, "bad-guess"},
		{"a program", `{"lesson":"epoll","comparison":"small-buffer","exec":"/bin/sh"}`, 400, "bad-request"},
	} {
		if status, body := s.command("POST", "/api/comparisons", row.body); status != row.status || !strings.Contains(body, row.says) {
			t.Errorf("%s: %d, want %d with %s\n%s", row.why, status, row.status, row.says, body)
		}
	}
}

// TestAComparisonBegins with the reader's answer, is listed under both of its
// experiments, is not taken for a run of either, and can be stopped.
func TestAComparisonBegins(t *testing.T) {
	s := serve(t)
	status, body := s.command("POST", "/api/comparisons", `{"lesson":"epoll","comparison":"small-buffer","rounds":1,"predictions":{"bargain":"better"}}`)
	var got struct {
		ID      string
		Seconds float64
	}
	if err := json.Unmarshal([]byte(body), &got); status != http.StatusCreated || err != nil || got.Seconds < 8 || got.Seconds > 20 {
		t.Fatalf("%d\n%s", status, body)
	}
	var lesson struct {
		Experiments []struct {
			ID     string
			Latest *runner.Summary
		}
		Comparisons []comparison
	}
	s.get("/api/lessons/epoll", &lesson)
	for _, x := range lesson.Experiments {
		if x.Latest != nil {
			t.Errorf("the comparison is taken for a run of %s", x.ID)
		}
	}
	if c := lesson.Comparisons[0]; c.ID != "small-buffer" || c.Latest == nil || c.Latest.ID != got.ID || c.Predictions[0].Given != "better" || !c.Author {
		t.Errorf("%+v", c)
	}
	for _, x := range []string{"pieces", "pieces-drained"} {
		var list struct{ Runs []runner.Summary }
		if s.get("/api/runs?lesson=epoll&experiment="+x, &list); len(list.Runs) != 1 || list.Runs[0].Kind != labs.Comparison {
			t.Errorf("under %s: %+v", x, list.Runs)
		}
	}
	if status, body := s.command("POST", "/api/runs/"+got.ID+"/stop", ""); status != http.StatusNoContent {
		t.Errorf("stop: %d\n%s", status, body)
	}
	for range 200 {
		var sum runner.Summary
		if s.get("/api/runs/"+got.ID, &sum); sum.Phase == telemetry.Stopped {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("it is not stopped")
}

// TestAuthorOfAComparison: its recording is there, the last block in columns.
func TestAuthorOfAComparison(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var got series
	s.get("/api/experiments/epoll/small-buffer/author/series?block=last", &got)
	var end telemetry.Event
	if err := json.Unmarshal(got.Events[len(got.Events)-1], &end); err != nil || end.End == nil || end.End.Comparison == nil {
		t.Fatalf("%v %+v", err, end)
	}
	if c := end.End.Comparison.Metrics[0]; c.Verdict != "better" || len(got.T) < 15 || len(got.T) > 60 {
		t.Errorf("%+v, %d rows", c, len(got.T))
	}
}

// TestOverlay says what else differs between two recordings.
func TestOverlay(t *testing.T) {
	s := serve(t)
	record(t, s.data, runID(1), "epoll/pieces", nil, finished("green", nil))
	record(t, s.data, runID(2), "epoll/pieces", nil, finished("green", nil))
	var o runner.Overlay
	if s.get("/api/runs/"+runID(1)+"/over/"+runID(2), &o); o.A.ID != runID(1) || len(o.Differ) != 0 || o.Source == nil {
		t.Errorf("%+v", o)
	}
	if resp, body := s.do(request{path: "/api/runs/" + runID(1) + "/over/" + runID(9), bearer: testToken}); resp.StatusCode != 404 || !strings.Contains(body, "no-run") {
		t.Errorf("%s\n%s", resp.Status, body)
	}
}
