package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

// told is what `labs queues --json` prints.
type told struct {
	Run, Experiment string
	At              float64
	Stages          []telemetry.Stage
	Verdict         telemetry.Bottleneck
}

func (q told) stage(id string) telemetry.Stage {
	for _, s := range q.Stages {
		if s.ID == id {
			return s
		}
	}
	return telemetry.Stage{}
}

// A lost edge leaves bytes in Recv-Q: of a run that is made now, and then of its
// recording.
func TestQueuesOfARealRun(t *testing.T) {
	data := t.TempDir()
	name := "epoll-edge/stall"
	for range 2 {
		status, out, diag := invoke(t, data, "queues", name, "--json")
		var q told
		if err := json.Unmarshal([]byte(out), &q); err != nil || status != 0 {
			t.Fatalf("exit status %d, %v\n%s\n%s", status, err, out, diag)
		}
		if q.Experiment != "epoll-edge/stall" || q.Verdict.Stage != "recvq" || q.Verdict.Cause != "app-stopped" || len(q.Verdict.Evidence) == 0 {
			t.Errorf("%s: %+v", name, q.Verdict)
		}
		if l := q.stage("recvq").Level; l == nil || *l != 5904 {
			t.Errorf("%s: Recv-Q %v, want 5904", name, l)
		}
		for id, why := range map[string]string{"client": "closed-loop", "link": "", "parser": "no-gauge", "workers": "no-gauge", "client_sendq": "", "out": ""} {
			if got := q.stage(id).Absent; got != why {
				t.Errorf("%s: %s is absent because %q, want %q", name, id, got, why)
			}
		}
		name = q.Run
	}
	recording, err := os.ReadFile(filepath.Join(data, "runs", name+".jsonl"))
	if n := strings.Count(string(recording), `"kind":"path"`); err != nil || n != 2 {
		t.Errorf("%d paths in the recording of two seconds, %v", n, err)
	}
}

func TestQueuesForAPerson(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		status int
		says   []string
	}{
		{[]string{"workers/full", "--author"}, 0, []string{"bottleneck: workers (workers-busy), confidence high", "lab.queue", "no-gauge"}},
		{[]string{"epoll-edge/pooled", "--author", "--at", "1"}, 0, []string{"at 1 s", "back-pressure: client_sendq, recvq", "peer-window", "ss -tin '( sport = :"}},
		{[]string{"epoll-edge/drained", "--author"}, 0, []string{"bottleneck: none (nothing-stands)"}},
		{[]string{"epoll-edge/drained", "--author", "--at", "99"}, 2, []string{"the run measured 2 s"}},
		{[]string{"epoll/nothing", "--author"}, 2, []string{`no experiment "nothing"`}},
		{[]string{"20260102T150405Z-0a1b2c3d"}, 2, []string{"name a run of the data folder, or LESSON/EXPERIMENT"}},
	} {
		status, out, diag := invoke(t, t.TempDir(), append([]string{"queues"}, tt.args...)...)
		if status != tt.status {
			t.Errorf("%v: exit status %d, want %d", tt.args, status, tt.status)
		}
		for _, s := range tt.says {
			if !strings.Contains(out+diag, s) {
				t.Errorf("%v does not say %q:\n%s%s", tt.args, s, out, diag)
			}
		}
	}
}
