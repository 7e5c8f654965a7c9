package runner

import (
	"bytes"
	"errors"
	"fmt"
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
)

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
				held, err := r.slot.join(Ticket{Run: "another", Alone: true})
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

func TestFreeze(t *testing.T) {
	r := start(t, module(t), Limits{})
	spec := odd("echo")
	spec.Faults = []labs.Fault{{ID: "frozen", Kind: "freeze", At: 0.3, For: 0.4}, {ID: "cold", Kind: "freeze", At: 0.9}}
	o := carry(t, r, spec)
	if o.end.Phase != telemetry.Finished {
		t.Fatalf("ended %s: %+v", o.end.Phase, o.end.Reason)
	}
	var got []string
	for _, e := range o.events {
		if e.Fault != nil {
			got = append(got, fmt.Sprint(e.Fault.ID, e.Fault.On))
		}
	}
	if want := []string{"frozentrue", "frozenfalse", "coldtrue", "coldfalse"}; !slices.Equal(got, want) {
		t.Errorf("faults %v, want %v", got, want)
	}
}

func TestOpenInsideARun(t *testing.T) {
	t.Setenv(tag, "20260102T150405Z-00000000")
	if _, err := Open(Config{Root: ".", Data: t.TempDir()}); err == nil {
		t.Error("a run's process opened a runner: its runs would run it again")
	}
}

func TestTimeLimit(t *testing.T) {
	r := start(t, module(t), Limits{Time: 5 * time.Second})
	spec := odd("echo")
	spec.Seconds = 30
	if o := carry(t, r, spec); o.end.Phase != telemetry.Failed || o.code() != "time-limit" {
		t.Errorf("ended %s: %+v", o.end.Phase, o.end.Reason)
	}
}

func TestOneSlot(t *testing.T) {
	root, data := module(t), t.TempDir()
	one, two := startAt(t, root, data, Limits{Waiting: 1}), startAt(t, root, data, Limits{})
	first, err := one.Start(odd("echo"))
	if err != nil {
		t.Fatal(err)
	}
	for !two.slot.busy() { // until the first run has the slot
		time.Sleep(time.Millisecond)
	}
	second, err := one.Start(odd("echo"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Start(odd("echo")); !errors.Is(err, ErrBusy) {
		t.Errorf("a second run that waits, of one runner that has room for one: %v", err)
	}
	for len(two.Queue()) < 2 {
		time.Sleep(time.Millisecond)
	}
	o := carry(t, two, odd("echo"))
	if got := places(o); o.end.Phase != telemetry.Finished || fmt.Sprint(slices.Compact(got)) != "[2 1]" {
		t.Errorf("ended %s: %+v; places %v", o.end.Phase, o.end.Reason, got)
	}
	for _, run := range []*Run{first, second} {
		if s, err := two.Summary(run.ID()); err != nil || s.Phase != telemetry.Finished {
			t.Errorf("a run of the other's: %+v, %v", s, err)
		}
	}
	if list, err := one.Runs(); err != nil || len(list) != 3 || list[0].Began.Before(list[1].Began) {
		t.Errorf("runs %+v, %v", list, err)
	}
	if left := two.Queue(); len(left) != 0 {
		t.Errorf("tickets left behind: %+v", left)
	}
}

// places are what a run was told about its place in the line.
func places(o outcome) (list []string) {
	for _, e := range o.events {
		if e.State != nil && e.State.Reason != nil && e.State.Reason.Code == "slot-busy" {
			list = append(list, e.State.Reason.Args["place"])
		}
	}
	return list
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
