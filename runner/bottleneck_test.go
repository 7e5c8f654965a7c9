package runner

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// authors returns the judge of an author's recording.
func authors(t *testing.T, name string) (*judge.Judge, telemetry.Question) {
	t.Helper()
	lesson, x := filepath.Split(name)
	f, err := os.Open(filepath.Join("..", "content", lesson, "author", x+".jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	events, err := ReadRecording(f)
	if err != nil {
		t.Fatal(err)
	}
	j, err := judge.Replay(events)
	if err != nil {
		t.Fatal(err)
	}
	return j, events[0].Run.Question
}

// Real runs whose bottleneck is known, because the lesson made it.
func TestBottleneckOfRecordings(t *testing.T) {
	for _, tt := range []struct {
		run          string
		from, to     float64 // 0, 0: the whole measured time
		stage, cause string
		why          string
	}{
		{"blocking/one-silent", 0, 0, "accept", "not-accepting", "one silent client has the only thread; Recv-Q holds the next one's request meanwhile"},
		{"blocking/one-silent", 2.5, 4, "none", "nothing-stands", "it has left"},
		{"blocking/dribble", 0, 0, "accept", "not-accepting", "nobody else is accepted"},
		{"blocking/threads", 0, 0, "none", "nothing-stands", "everybody has a thread"},
		{"epoll/with-silent", 0, 0, "none", "nothing-stands", "a silent client costs a loop nothing"},
		{"epoll/greedy", 1, 1.6, "recvq", "app-busy", "the loop reads one client and no other"},
		{"epoll-edge/stall", 0, 0, "recvq", "app-stopped", "no edge comes any more"},
		{"epoll-edge/drained", 0, 0, "none", "nothing-stands", "the cure"},
		{"epoll-edge/pooled", 0, 0, "sendq", "peer-window", "the clients read slowly; Recv-Q and the output buffer fill up behind"},
		{"states/full", 0.3, 0.9, "accept", "not-accepting", "it accepts later"},
		{"states/full", 1.5, 2.5, "none", "nothing-stands", "it has accepted"},
		{"workers/endless", 0, 0, "workers", "workers-busy", "300 calls a second for workers that do 200"},
		{"workers/full", 0, 0, "workers", "workers-busy", "the same, bounded"},
		{"workers/one-lock", 0, 0, "workers", "workers-busy", "a closed loop of 32 calls for 8 threads"},
		{"workers/pool", 0, 0, "none", "nothing-stands", "there are enough workers"},
		{"workers/handed", 0, 0, "none", "nothing-stands", "one call at a time"},
		{"averages/long", 0, 0, "recvq", "app-stopped", "a frozen process does not read"},
		{"metrics/steady", 0, 0, "none", "nothing-stands", "one request due at the moment of the sample is no queue"},
		{"rpc/for-nobody", 0.3, 1.5, "recvq", "app-stopped", "frozen"},
		{"rpc/for-nobody", 1.6, 3.2, "workers", "workers-busy", "and then it works off what has come meanwhile"},
		{"flush/no-timer", 0, 0, "out", "not-flushed", "the tail stays in the buffer"},
		{"coalesce/two-writes", 0, 0, "sendq", "held-back", "Nagle waits for an ACK that is delayed"},
		{"coalesce/nodelay", 0, 0, "none", "nothing-stands", "its cure"},
		{"errors/spin", 0, 0, "accept", "not-accepting", "no descriptor for them"},
		{"deadline/by-user-timeout", 0, 0, "client_sendq", "unacknowledged", "a black hole acknowledges nothing, and takes no acknowledgement either"},
		{"sendfile/sent", 0, 0, "none", "nothing-stands", "a megabyte in flight is on its way and not stuck"},
	} {
		j, q := authors(t, tt.run)
		if tt.to == 0 {
			tt.to = q.Seconds
		}
		b := j.Bottleneck(tt.from, tt.to)
		if b.Stage != tt.stage || b.Cause != tt.cause {
			t.Errorf("%s, %g to %g s: %s (%s), want %s (%s): %s\n%+v", tt.run, tt.from, tt.to, b.Stage, b.Cause, tt.stage, tt.cause, tt.why, b)
		}
	}
}

// What each of the labs shows beyond what the kernel and the load generator say
// of every server. No lab keeps bytes before its parser where a gauge tells of
// them: they parse what they read at once, and what they do not read is Recv-Q.
func TestStagesOfEveryLab(t *testing.T) {
	catalog, err := labs.Read("..")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"blocking": nil, "deadline": nil, "errors": nil, "states": nil, "sendfile": nil, "tlsecho": nil, "buffers": nil, "meter": nil,
		"epoll": {"lab.pending"}, "epollet": {"lab.pending"}, "reuseport": {"lab.pending"}, "uring": {"lab.pending"},
		"framing": {"lab.pending", "lab.unfinished"}, "graceful": {"lab.pending"}, "limits": {"lab.pending"}, "canary": {"lab.pending"},
		"coalesce": {"lab.held_bytes", "lab.pending"},
		"rpc":      {"lab.queue", "lab.pending"}, "workers": {"lab.queue", "lab.pending"},
	}
	for _, lab := range catalog.Labs {
		metrics, known := want[lab.Name]
		if !known {
			t.Errorf("labs/%s: say here what its gauges mean on the map of the queues", lab.Name)
		}
		got := ownQueues(t, lab)
		slices.Sort(metrics)
		if slices.Sort(got); !slices.Equal(got, metrics) {
			t.Errorf("labs/%s shows %v, want %v", lab.Name, got, metrics)
		}
	}
}

// ownQueues returns the lab's gauges that are queues of the path.
func ownQueues(t *testing.T, lab labs.Lab) (out []string) {
	t.Helper()
	j, err := judge.New(labs.Spec{Lab: lab.Name, Seconds: 1}.Question(lab), telemetry.Host{})
	if err != nil {
		t.Fatal(err)
	}
	j.Begin(telemetry.Block{Seconds: 1})
	zero := map[string]float64{}
	for _, m := range lab.Metrics {
		zero[m.Name] = 0
	}
	j.Add(telemetry.Event{T: 0.5, Kind: telemetry.KindSample, From: telemetry.FromLab, Values: zero})
	for _, s := range j.Stages(1) {
		if s.Absent == "" && (s.ID == "parser" || s.ID == "workers" || s.ID == "out") {
			out = append(out, s.Metrics...)
		}
	}
	return out
}
