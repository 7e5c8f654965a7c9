//go:build ignore

package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

func TestMain(m *testing.M) {
	Child()
	os.Exit(m.Run())
}

// module returns a copy of the module's labs with the labs of testdata added.
func module(t *testing.T) string {
	t.Helper()
	root, err := labs.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{filepath.Join(root, "labs"): "labs", "testdata/labs": "labs"} {
		if err := copyTree(filepath.Join(dir, to), from); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, path)
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o644)
	})
}

// start opens a runner that leaves nothing behind.
func start(t *testing.T, root string, limits Limits) *Runner {
	t.Helper()
	return startAt(t, root, t.TempDir(), limits)
}

func startAt(t *testing.T, root, data string, limits Limits) *Runner {
	t.Helper()
	r, err := Open(Config{Root: root, Data: data, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := r.Close(ctx); err != nil {
			t.Error(err)
		}
		if left := children(t); left != "" {
			t.Errorf("children left behind: %s", left)
		}
	})
	return r
}

// children lists the processes that this one has started.
func children(t *testing.T) string {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		all = append(all, text...)
	}
	return strings.TrimSpace(string(all))
}

func odd(how string) labs.Spec {
	return labs.Spec{Name: "test/" + how, Lab: "odd", Knobs: map[string]any{"how": how}, Load: map[string]any{"connections": 2.0}, Seconds: 1}
}

// outcome is a run as its readers saw it.
type outcome struct {
	id     string
	events []telemetry.Event
	end    telemetry.End
}

// carry runs a spec to its end.
func carry(t *testing.T, r *Runner, spec labs.Spec) outcome {
	t.Helper()
	run, err := r.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	return watch(t, r, run)
}

func watch(t *testing.T, r *Runner, run *Run) outcome {
	t.Helper()
	rd, err := r.Follow(run.ID(), 0)
	if err != nil {
		t.Fatal(err)
	}
	o := outcome{id: run.ID()}
	o.events, _ = readAll(t, rd, 0)
	<-run.Done()
	last := o.events[len(o.events)-1]
	if last.End == nil {
		t.Fatalf("the last event is %+v", last)
	}
	o.end = *last.End
	return o
}

func (o outcome) phases() (list []telemetry.Phase) {
	for _, e := range o.events {
		if e.State != nil {
			list = append(list, e.State.Phase)
		}
	}
	return list
}

func (o outcome) code() string {
	if o.end.Reason == nil {
		return ""
	}
	return o.end.Reason.Code
}

// log is everything that was logged.
func (o outcome) log() string {
	var b strings.Builder
	for _, e := range o.events {
		if e.Kind == telemetry.KindLog {
			b.WriteString(e.Level + " " + e.From + ": " + e.Text + "\n")
		}
	}
	return b.String()
}

func TestRunEndToEnd(t *testing.T) {
	root, err := labs.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, root, Limits{})
	o := carry(t, r, labs.Spec{
		Name: "blocking/test", Lab: "blocking", Load: map[string]any{"connections": 4.0, "model": "open", "rate": 200.0},
		Knobs: map[string]any{"model": "threads"}, Warmup: 0.3, Seconds: 2,
		Derive: []telemetry.Formula{{ID: "reads_per_request", Expr: "lab.reads / load.requests"}},
		Checks: []telemetry.Formula{{ID: "answered", Expr: "load.requests > 100"}, {ID: "never", Expr: "load.requests < 0"}},
		Watch:  []string{"load.requests"},
	})
	if o.end.Phase != telemetry.Finished || o.end.Reason != nil {
		t.Fatalf("ended %s, %+v\n%s", o.end.Phase, o.end.Reason, o.log())
	}
	want := []telemetry.Phase{telemetry.Queued, telemetry.Building, telemetry.Starting, telemetry.Running, telemetry.Draining}
	if got := o.phases(); !slices.Equal(got, want) {
		t.Errorf("phases %v, want %v", got, want)
	}
	if first := o.events[0]; first.Run == nil || first.Run.ID != o.id || first.Run.Schema != 1 || first.Run.Code == "" || first.Run.Host.Cores == 0 {
		t.Errorf("first event %+v", first)
	}
	if o.end.Trust != "void" {
		if len(o.end.Checks) != 2 || !o.end.Checks[0].Pass || o.end.Checks[1].Pass {
			t.Errorf("checks %+v", o.end.Checks)
		}
	}
	if o.end.Metrics["load.requests"] < 100 {
		t.Errorf("load.requests %g", o.end.Metrics["load.requests"])
	}
	checkGrid(t, o)
	checkRecording(t, r, o)
}

// checkGrid wants dense numbers and samples of all sources on the grid, each at
// every tick of the measured time.
func checkGrid(t *testing.T, o outcome) {
	t.Helper()
	var begin *telemetry.Block
	seen := map[string]map[int]int{}
	for i, e := range o.events {
		if e.Seq != uint64(i)+1 {
			t.Fatalf("event %d has seq %d", i, e.Seq)
		}
		if e.Begin != nil {
			begin = e.Begin
		}
		if e.Kind == telemetry.KindSample {
			k := math.Round(e.T * 10)
			if math.Abs(e.T*10-k) > 1e-9 {
				t.Errorf("a sample of %s at %v is off the grid", e.From, e.T)
			}
			if seen[e.From] == nil {
				seen[e.From] = map[int]int{}
			}
			seen[e.From][int(k)]++
		}
	}
	if begin == nil {
		t.Fatal("no block")
	}
	from, to := int(math.Round((begin.Start+begin.Warmup)*10)), int(math.Round((begin.Start+begin.Warmup+begin.Seconds)*10))
	for _, source := range []string{telemetry.FromLab, telemetry.FromLoad, telemetry.FromKernel, telemetry.FromHost, telemetry.FromJudge} {
		there := 0
		for k := from; k <= to; k++ {
			there += min(1, seen[source][k])
			if seen[source][k] > 1 {
				t.Errorf("%s sampled tick %d %d times", source, k, seen[source][k])
			}
		}
		if there < (to-from+1)*8/10 { // a busy machine may lose some
			t.Errorf("%s sampled %d of %d ticks", source, there, to-from+1)
		}
	}
}

// checkRecording wants the file to be the stream, and the judge to say the same again.
func checkRecording(t *testing.T, r *Runner, o outcome) {
	t.Helper()
	path, err := r.Recording(o.id)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	events, err := ReadRecording(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	one, _ := json.Marshal(o.events)
	two, _ := json.Marshal(events)
	if !bytes.Equal(one, two) {
		t.Errorf("the recording of %d bytes is not the stream of %d", len(two), len(one))
	}
	again, err := judge.Replay(events)
	if err != nil {
		t.Fatal(err)
	}
	v := again.Finish()
	one, _ = json.Marshal([]any{o.end.Checks, o.end.Guesses, o.end.Trust, o.end.Doubts, o.end.Metrics})
	if v.Trust == "void" {
		v.Checks = nil
	}
	two, _ = json.Marshal([]any{v.Checks, v.Guesses, v.Trust, v.Doubts, v.Metrics})
	if !bytes.Equal(one, two) {
		t.Errorf("judged then %s\njudged again %s", one, two)
	}
	s, err := r.Summary(o.id)
	if err != nil || s.Phase != o.end.Phase || s.Bytes != int64(len(text)) || s.Experiment != "blocking/test" {
		t.Errorf("summary %+v, %v", s, err)
	}
}

func TestRunsThatFail(t *testing.T) {
	r := start(t, module(t), Limits{})
	tests := []struct {
		how, code string
		line      string // in the reason
		log       string // in its last lines
	}{
		{"refuse", "lab-refused", "takes something else", ""},
		{"taken", "port-taken", "address already in use", ""},
		{"leave", "lab-crashed", "exit status 0", ""},
		{"panic", "lab-crashed", "panic: oh no", "goroutine "},
		{"signal", "lab-crashed", "SIGKILL", ""},
		{"exit", "lab-crashed", "exit status 7", "I give up"},
		{"fork", "lab-crashed", "exit status 7", ""}, // its child holds the pipes
		{"silent", "not-listening", "I do not listen", ""},
	}
	for _, tt := range tests {
		t.Run(tt.how, func(t *testing.T) {
			o := carry(t, r, odd(tt.how))
			if o.end.Phase != telemetry.Failed || o.code() != tt.code {
				t.Fatalf("ended %s: %+v\n%s", o.end.Phase, o.end.Reason, o.log())
			}
			if !strings.Contains(o.end.Reason.Line, tt.line) || !strings.Contains(o.end.Reason.Args["log"], tt.log) {
				t.Errorf("reason %+v", o.end.Reason)
			}
			if left := children(t); left != "" {
				t.Errorf("children left behind: %s", left)
			}
			if len(o.end.Checks) > 0 || o.end.Metrics != nil {
				t.Errorf("a failed run was judged: %+v", o.end)
			}
		})
	}
}

func TestRunOfAHostileLab(t *testing.T) {
	r := start(t, module(t), Limits{})
	loud := carry(t, r, odd("loud"))
	if loud.end.Phase != telemetry.Finished {
		t.Fatalf("ended %s: %+v", loud.end.Phase, loud.end.Reason)
	}
	log := loud.log()
	for _, want := range []string{"bytes left out", "lines left out", "\x1b[2J\x1b]0;title\a\x00 colour \uFFFD"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log of %d bytes does not hold %q", len(log), want)
		}
	}
	if n := strings.Count(log, "\n"); n > 500 {
		t.Errorf("%d lines passed", n)
	}
	forged := carry(t, r, odd("forge"))
	if forged.end.Phase != telemetry.Finished {
		t.Fatalf("ended %s: %+v", forged.end.Phase, forged.end.Reason)
	}
	honest := false
	for _, e := range forged.events {
		if e.Check != nil || e.End != nil && e.Seq != uint64(len(forged.events)) {
			t.Errorf("forged: %+v", e)
		}
		if e.From == telemetry.FromLab && e.Kind == telemetry.KindSample {
			for name := range e.Values {
				if !strings.HasPrefix(name, "lab.") {
					t.Errorf("the lab says %s", name)
				}
				honest = honest || name == "lab.honest"
			}
		}
		if e.State != nil && e.State.Facts["addr"] == "8.8.8.8:53" {
			t.Error("the lab moved its address")
		}
	}
	if !honest {
		t.Error("the lab's own metric is missing")
	}
}

func TestRunDoesNotBuild(t *testing.T) {
	root := module(t)
	file := filepath.Join(root, "labs/odd/main.go")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Replace(text, []byte("flag.Parse()"), []byte("flag.Purse()"), 1)
	if err := os.WriteFile(file, broken, 0o644); err != nil {
		t.Fatal(err)
	}
	r := start(t, root, Limits{})
	o := carry(t, r, odd("echo"))
	line := bytes.Count(broken[:bytes.Index(broken, []byte("flag.Purse"))], []byte{'\n'}) + 1
	if why := o.end.Reason; o.code() != "build-error" || why.File != "labs/odd/main.go" || why.At != line || !strings.Contains(why.Line, "Purse") {
		t.Fatalf("ended %s: %+v", o.end.Phase, why)
	}
	if !strings.Contains(o.log(), "error runner: labs/odd/main.go") {
		t.Errorf("log %q", o.log())
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if o = carry(t, r, odd("refuse")); o.code() != "lab-refused" {
		t.Errorf("mended: ended %s: %+v", o.end.Phase, o.end.Reason)
	}
	t.Setenv("PATH", t.TempDir())
	if o = carry(t, r, odd("refuse")); o.code() != "lab-refused" {
		t.Errorf("built already: ended %s: %+v", o.end.Phase, o.end.Reason)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	if o = carry(t, r, odd("refuse")); o.code() != "no-toolchain" {
		t.Errorf("without go: ended %s: %+v", o.end.Phase, o.end.Reason)
	}
}

func TestStopInEveryPhase(t *testing.T) {
	root, data := module(t), t.TempDir()
	r := startAt(t, root, data, Limits{})
	for _, phase := range []telemetry.Phase{telemetry.Queued, telemetry.Building, telemetry.Starting, telemetry.Running, telemetry.Draining} {
		t.Run(string(phase), func(t *testing.T) {
			how := map[telemetry.Phase]string{telemetry.Starting: "silent", telemetry.Draining: "stubborn"}[phase]
			if how == "" {
				how = "echo"
			}
			if phase == telemetry.Building {
				os.RemoveAll(filepath.Join(data, "bin"))
			}
			if phase == telemetry.Queued {
				held, err := r.slot.take(t.Context(), func() {})
				if err != nil {
					t.Fatal(err)
				}
				defer held.Close()
			}
			run, err := r.Start(odd(how))
			if err != nil {
				t.Fatal(err)
			}
			stopIn(t, r, run, phase)
			o := watch(t, r, run)
			if o.end.Phase != telemetry.Stopped || o.code() != "stopped" {
				t.Errorf("ended %s: %+v", o.end.Phase, o.end.Reason)
			}
			if got := o.phases(); got[len(got)-1] != phase {
				t.Errorf("stopped in %v", got)
			}
			if left := children(t); left != "" {
				t.Errorf("children left behind: %s", left)
			}
		})
	}
}

// stopIn follows a run until it enters a phase, and stops it there.
func stopIn(t *testing.T, r *Runner, run *Run, phase telemetry.Phase) {
	t.Helper()
	rd, err := r.Follow(run.ID(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for {
		b, err := rd.Next(t.Context())
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b.JSON, []byte(`"phase":"`+string(phase)+`"`)) {
			run.Stop()
			return
		}
	}
}

func TestTimeLimit(t *testing.T) {
	r := start(t, module(t), Limits{Time: 10 * time.Second})
	spec := odd("echo")
	spec.Seconds = 30
	if o := carry(t, r, spec); o.end.Phase != telemetry.Failed || o.code() != "time-limit" {
		t.Errorf("ended %s: %+v", o.end.Phase, o.end.Reason)
	}
}

func TestOneSlot(t *testing.T) {
	root, data := module(t), t.TempDir()
	one, two := startAt(t, root, data, Limits{}), startAt(t, root, data, Limits{})
	first, err := one.Start(odd("echo"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Start(odd("echo")); !errors.Is(err, ErrBusy) {
		t.Errorf("a second run of one runner: %v", err)
	}
	for { // until the first run has the slot
		if two.slot.busy() {
			break
		}
		time.Sleep(time.Millisecond)
	}
	o := carry(t, two, odd("echo"))
	if o.end.Phase != telemetry.Finished || o.events[2].State == nil || o.events[2].State.Reason == nil || o.events[2].State.Reason.Code != "slot-busy" {
		t.Errorf("ended %s: %+v; %v", o.end.Phase, o.end.Reason, o.phases())
	}
	if s, err := two.Summary(first.ID()); err != nil || s.Phase != telemetry.Finished {
		t.Errorf("the other's run: %+v, %v", s, err)
	}
	if list, err := one.Runs(); err != nil || len(list) != 2 || list[0].Began.Before(list[1].Began) {
		t.Errorf("runs %+v, %v", list, err)
	}
}

func TestCloseInterrupts(t *testing.T) {
	r := start(t, module(t), Limits{})
	r.Prebuild("blocking", "epoll", "no such lab")
	spec := odd("echo")
	spec.Seconds = 30
	run, err := r.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	rd, _ := r.Follow(run.ID(), 0)
	for {
		if b, err := rd.Next(t.Context()); err != nil || bytes.Contains(b.JSON, []byte(`"kind":"block"`)) {
			break
		}
	}
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := children(t); left != "" {
		t.Errorf("children left behind: %s", left)
	}
	s, err := r.Summary(run.ID())
	if err != nil || s.Phase != telemetry.Interrupted || s.Reason == nil || s.Reason.Code != "site-stopping" {
		t.Errorf("summary %+v, %v", s, err)
	}
	if _, err := r.Start(spec); !errors.Is(err, ErrClosed) {
		t.Errorf("start after close: %v", err)
	}
}

func TestPrebuild(t *testing.T) {
	root := module(t)
	r := start(t, root, Limits{})
	catalog, err := r.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	lab, _ := catalog.Lab("odd")
	r.Prebuild("odd")
	r.background.Lock() // it may not have begun
	r.background.Unlock()
	for range 600 {
		if _, err := os.Stat(r.builder.binary(lab)); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("nothing was built in a minute")
}

func TestStartRefuses(t *testing.T) {
	r := start(t, module(t), Limits{})
	tests := map[string]func(*labs.Spec){
		"no lab":          func(s *labs.Spec) { s.Lab = "nothing" },
		"too long":        func(s *labs.Spec) { s.Seconds = labs.MaxSeconds + 1 },
		"no time":         func(s *labs.Spec) { s.Seconds = math.NaN() },
		"later":           func(s *labs.Spec) { s.Net = "link" },
		"no such setting": func(s *labs.Spec) { s.Knobs = map[string]any{"nothing": true} },
		"allowed":         func(s *labs.Spec) { s.Knobs = map[string]any{"how": "kindly"} },
	}
	for want, change := range tests {
		spec := odd("echo")
		change(&spec)
		if _, err := r.Start(spec); err == nil || want != "too long" && want != "no time" && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if list, err := r.Runs(); err != nil || len(list) != 0 {
		t.Errorf("a refused run was recorded: %+v, %v", list, err)
	}
}
