package runner

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
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
