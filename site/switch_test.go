package site

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// TestFaultsAreSwitched: a fault of the order happens, one is switched on and off
// by hand while the run is measured, and none before or after.
func TestFaultsAreSwitched(t *testing.T) {
	s := serve(t)
	x := s.shortest(func(x *content.Experiment) bool { return len(x.Spec.Faults) == 0 && x.Spec.Seconds >= 2 })
	id := s.begin(x, `,"faults":[{"kind":"idle","with":{"connections":"3","at":"0.2","for":"0.3"}}]`)
	path := "/api/runs/" + id + "/faults"
	status, body := 0, ""
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		status, body = s.command("POST", path, `{"kind":"flood","with":{"connections":"7"}}`)
		if status == http.StatusCreated {
			break
		}
		if c := refused(t, body); status != http.StatusConflict || c.Error.Code != "not-measuring" {
			t.Fatalf("before it is measured: %d %+v", status, c.Error)
		}
	}
	var flood struct{ ID string }
	if err := json.Unmarshal([]byte(body), &flood); status != http.StatusCreated || err != nil || flood.ID != "flood" {
		t.Fatalf("switch on: %d %s", status, body)
	}
	for _, tt := range []struct {
		method, path, body string
		status             int
		code, field        string
	}{
		{"POST", path, `{"kind":"flood","with":{"connections":"0"}}`, 400, "bad-setting", "fault.connections"},
		{"POST", path, `{"kind":"no-such"}`, 400, "bad-setting", "fault"},
		{"POST", path, `{"kind":"flood","id":"x"}`, 400, "bad-request", ""},
		{"POST", "/api/runs/" + runID(1) + "/faults", `{"kind":"flood"}`, 404, "no-run", ""},
		{"DELETE", path + "/no-such", ``, 404, "no-fault", ""},
	} {
		status, body := s.command(tt.method, tt.path, tt.body)
		if c := refused(t, body); status != tt.status || c.Error.Code != tt.code || c.Error.Field != tt.field {
			t.Errorf("%s %s %s: %d %+v", tt.method, tt.path, tt.body, status, c.Error)
		}
	}
	time.Sleep(800 * time.Millisecond) // it begins with the load, 0.2 s after the run has
	if status, body := s.command("DELETE", path+"/"+flood.ID, ""); status != http.StatusNoContent {
		t.Errorf("switch off: %d %s", status, body)
	}
	s.watch(id, 0)
	if status, body := s.command("POST", path, `{"kind":"flood"}`); status != http.StatusConflict || refused(t, body).Error.Code != "not-measuring" {
		t.Errorf("after its end: %d %s", status, body)
	}
	var sum runner.Summary
	s.get("/api/runs/"+id, &sum)
	if sum.Phase != telemetry.Finished {
		t.Fatalf("%s: %+v", sum.Phase, sum.Reason)
	}
	s.suffered(id)
}

// suffered reads from the recording what happened to the run.
func (s *served) suffered(id string) {
	s.t.Helper()
	_, body := s.command("GET", "/api/runs/"+id+"/series", "")
	var back struct {
		Events []telemetry.Event
		Values map[string][]*float64
	}
	if err := json.Unmarshal([]byte(body), &back); err != nil {
		s.t.Fatal(err)
	}
	on := map[string]float64{}
	lasted := map[string]float64{}
	for _, e := range back.Events {
		switch {
		case e.Fault != nil && e.Fault.On:
			on[e.Fault.ID] = e.T
		case e.Fault != nil:
			lasted[e.Fault.ID] = e.T - on[e.Fault.ID]
		}
	}
	if d := lasted["idle"]; len(lasted) != 2 || d < 0.2 || d > 0.5 {
		s.t.Errorf("faults lasted %v: want idle for 0.3 s, and a flood", lasted)
	}
	if d := lasted["flood"]; d < 0.3 || d > 1.8 {
		s.t.Errorf("the flood lasted %.2f s: want 0.6 s, as it was switched", d)
	}
	most := 0.0
	for _, v := range back.Values["load.misbehaving"] {
		if v != nil {
			most = max(most, *v)
		}
	}
	if most < 7 || most > 10 {
		s.t.Errorf("%s clients misbehaved at the same time: want 7 to 10", fmt.Sprint(most))
	}
}
