package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestSweepHeadless: labs sweep measures a small real sweep and reports its curve,
// and refuses what it cannot run.
func TestSweepHeadless(t *testing.T) {
	data := t.TempDir()
	args := []string{"sweep", "uring/with-epoll", "--set", "load.connections=1,4", "--for", "500ms", "--objective", "load.p50 < 1"}
	code, stdout, stderr := invoke(t, data, append(args, "--json")...)
	var got struct {
		Result, Setting, Objective string
		Curves                     []struct {
			Steps []struct {
				Value      string
				Trust      string
				Throughput *float64
				P99        *float64
				Met        *bool
			}
			Law struct{ Why string }
		}
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatalf("status %d: %v\n%s\n%s", code, err, stdout, stderr)
	}
	if code != statusHolds && code != statusVoid || got.Setting != "load.connections" || got.Objective != "load.p50 < 1" || len(got.Curves) != 1 || len(got.Curves[0].Steps) != 2 {
		t.Fatalf("status %d, %+v\n%s", code, got, stderr)
	}
	for i, s := range got.Curves[0].Steps {
		if s.Value != []string{"1", "4"}[i] || s.Trust == "" || s.Throughput == nil || *s.Throughput <= 0 || s.P99 == nil || s.Trust != "void" && (s.Met == nil || !*s.Met) {
			t.Errorf("step %+v", s)
		}
	}
	if got.Curves[0].Law.Why != "few" {
		t.Errorf("two steps have no law: %+v", got.Curves[0].Law)
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"sweep", "uring/with-epoll"}, "is not a sweep: name a setting"},
		{[]string{"sweep", "uring/with-epoll", "--set", "load.rate=1,2"}, "set load.model=open too"},
		{[]string{"sweep", "uring/with-epoll", "--set", "load.connections=1,2", "--set", "knob.buf=64,128"}, "one setting is swept"},
		{[]string{"sweep", "uring/with-epoll", "--set", "load.connections=1,2", "--objective", "load.p98 < 1"}, "did you mean load.p90?"},
		{[]string{"sweep", "uring/with-epoll", "--set", "load.connections=1,2", "--objective", "load.p99"}, "is no comparison"},
		{[]string{"ladder", "--without", "no-such"}, "is no rung: there are blocking"},
	} {
		if code, _, stderr := invoke(t, data, c.args...); code != statusError || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: status %d, %s; want %q", c.args, code, stderr, c.says)
		}
	}
}

// TestLongLadder climbs the first rungs, as the page's button climbs all of them.
func TestLongLadder(t *testing.T) {
	onlyLong(t)
	code, stdout, stderr := invoke(t, t.TempDir(), "ladder", "--without", "threads,epoll,epollet,reuseport,uring")
	if code != statusHolds && code != statusVoid {
		t.Fatalf("status %d: %s", code, stderr)
	}
	for _, want := range []string{"blocking (labs/blocking)", "sendfile (labs/sendfile): another load", "scalability law:", "objective:", "256"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("it does not say %q:\n%s", want, stdout)
		}
	}
}
