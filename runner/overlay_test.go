package runner

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// TestOverlay: two runs, the second of edited code: it says that the code differs
// and which lines, what was asked for differently, and gives no verdict.
func TestOverlay(t *testing.T) {
	root := module(t)
	r := start(t, root, Limits{})
	spec := odd("echo")
	spec.Watch = []string{"load.requests"}
	before := carry(t, r, spec)
	file := filepath.Join(root, "labs/odd/main.go")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, "\n// edited by the learner\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	spec.Load = map[string]any{"connections": 3.0}
	after := carry(t, r, spec)
	o, err := r.Overlay(At{ID: before.id}, At{ID: after.id})
	if err != nil {
		t.Fatal(err)
	}
	var differ []string
	for _, d := range o.Differ {
		differ = append(differ, d.What)
	}
	if got := strings.Join(differ, " "); got != "code load.connections" {
		t.Errorf("differs: %s", got)
	}
	if d := o.Metrics[0]; d.Expr != "load.requests" || d.A == nil || d.B == nil || d.Ratio == nil || d.Low != nil || d.Verdict != "" {
		t.Errorf("%+v", d)
	}
	if len(o.Source) != 1 || o.Source[0].Name != "labs/odd/main.go" || !strings.Contains(o.Source[0].Lines[len(o.Source[0].Lines)-2].Text, "edited by the learner") {
		t.Errorf("source: %+v", o.Source)
	}
	if _, err := r.Overlay(At{ID: before.id}, At{ID: "../x"}); !errors.Is(err, ErrNoRun) {
		t.Errorf("no run: %v", err)
	}
	if s, err := r.Summary(after.id); err != nil || s.Phase != telemetry.Finished || s.Kind != "" || labs.One(spec).Seconds() < 1 {
		t.Errorf("%+v, %v", s, err)
	}
}
