package site

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"socketlabs/runner"
)

func TestTraceOrdersAreStrict(t *testing.T) {
	s := serve(t)
	for _, c := range []struct {
		body   string
		status int
		code   string
		why    string
	}{
		{`{"lab":"epoll","argv":["sh"]}`, 400, "bad-request", "a member that we do not know"},
		{`{"lab":"epoll","settings":{"knob.buf":512}}`, 400, "bad-request", "values are texts"},
		{`{"lab":"no-such"}`, 404, "not-found", "a lab that there is not"},
		{`{"lab":"../epoll"}`, 404, "not-found", "a path is no name"},
		{`{"lab":"epoll","schedule":"no-such"}`, 404, "not-found", "a schedule that there is not"},
		{`{"lab":"epoll","settings":{"knob.buf":"1"}}`, 400, "bad-setting", "out of range"},
		{`{"lab":"epoll","settings":{"load.rate":"5"}}`, 400, "bad-setting", "what the client does is the schedule's"},
	} {
		status, body := s.command("POST", "/api/traces", c.body)
		if e := refused(t, body).Error; status != c.status || e.Code != c.code || e.Text.Ko == "" {
			t.Errorf("%s: %d %s", c.why, status, body)
		}
	}
	if status, body := s.command("POST", "/api/traces/no-such/stop", ""); status != 404 || refused(t, body).Error.Code != "no-trace" {
		t.Errorf("a trace that there is not: %d %s", status, body)
	}
}

// A trace is begun, a second one is refused meanwhile, and it can be stopped.
func TestATraceIsBegunAndStopped(t *testing.T) {
	s := serve(t)
	status, body := s.command("POST", "/api/traces", `{"lab":"epoll","settings":{"knob.buf":"512"},"schedule":"small"}`)
	var begun struct{ ID string }
	if err := json.Unmarshal([]byte(body), &begun); err != nil || status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := s.command("POST", "/api/traces", `{"lab":"epoll"}`); status != 409 || refused(t, body).Error.Code != "tracing" {
		t.Errorf("a second one: %d %s", status, body)
	}
	var all []begunTrace
	if s.get("/api/traces", &all); len(all) != 1 || all[0].ID != begun.ID || all[0].Phase.Over() {
		t.Errorf("the list: %+v", all)
	}
	if status, body := s.command("POST", "/api/traces/"+begun.ID+"/stop", ""); status != 204 {
		t.Errorf("stop: %d %s", status, body)
	}
	var n runner.Trace
	for end := time.Now().Add(time.Minute); !n.Phase.Over() && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		s.get("/api/traces/"+begun.ID, &n)
	}
	if !n.Phase.Over() || n.Knobs["buf"] != 512.0 || n.Schedule.ID != "small" {
		t.Errorf("%+v", n)
	}
}

func TestTheMicroscopeOffersWhatEchoes(t *testing.T) {
	s := serve(t)
	v := microscopeOf(s.shelf.edition())
	var names []string
	for _, l := range v.Labs {
		names = append(names, l.Name)
	}
	got := " " + strings.Join(names, " ") + " "
	for _, want := range []string{" epoll ", " epollet ", " blocking "} {
		if !strings.Contains(got, want) {
			t.Errorf("%q misses %s", got, want)
		}
	}
	if strings.Contains(got, " rpc ") {
		t.Errorf("%q: rpc does not echo", got)
	}
	for _, set := range v.Sets {
		for _, o := range set.Traces {
			if _, err := o.checked(s.shelf.edition()); err != nil {
				t.Errorf("set %s: %+v: %v", set.ID, o, err)
			}
		}
	}
	// Every choice has its words.
	text := s.faces.current().texts
	for _, sc := range v.Schedules {
		for _, key := range []string{"scope.schedule." + sc.ID, "scope.schedule." + sc.ID + ".story"} {
			if text[key].Ko == "" || text[key].En == "" {
				t.Errorf("text.yaml has no %s", key)
			}
		}
	}
}
