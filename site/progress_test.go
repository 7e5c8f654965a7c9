package site

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

func openTestProgress(t *testing.T, path string) *progress {
	t.Helper()
	p, err := openProgress(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProgressOutlivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "site.db")
	p := openTestProgress(t, path)
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, err := range []error{
		p.take(runner.Summary{ID: "r", Experiment: "epoll/fits", Phase: telemetry.Finished, Trust: "amber", Checks: []telemetry.Check{{ID: "a", Pass: true}, {ID: "b"}}}),
		p.at(Place{"epoll", "idea"}),
		p.commit("epoll/fits/where", Guess{Given: "recvq", When: when}),
		p.commit("epoll/fits/left", Guess{Given: 5904.0, When: when, Run: "r"}),
		p.commit("epoll/fits/course", Guess{Given: []float64{1, 2.5}, When: when, Run: "r"}),
		p.close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	p = openTestProgress(t, path)
	defer p.close()
	got := p.snapshot()
	if !got.Checks["epoll/fits/a"] || got.Checks["epoll/fits/b"] || *got.Place != (Place{"epoll", "idea"}) {
		t.Errorf("%+v", got)
	}
	if g := got.Guesses["epoll/fits/left"]; g.Given != 5904.0 || g.Run != "r" || !g.When.Equal(when) || got.Guesses["epoll/fits/where"].Given != "recvq" {
		t.Errorf("%+v", got.Guesses)
	}
	if err := p.commit("epoll/fits/course", Guess{Given: []float64{1, 2.5}}); err != nil {
		t.Errorf("the same curve again: %v", err)
	}
	if err := p.commit("epoll/fits/course", Guess{Given: []float64{1, 2.6}}); !errors.Is(err, errCommitted) {
		t.Errorf("another curve, after a run: %v", err)
	}
}

func TestOneSitePerDataFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "site.db")
	p := openTestProgress(t, path)
	defer p.close()
	_, err := openProgress(path)
	if err == nil || !strings.Contains(err.Error(), "--data") || !strings.Contains(err.Error(), filepath.Dir(path)) {
		t.Errorf("the error does not say what to do: %v", err)
	}
}

func TestWhichRunsProveSomething(t *testing.T) {
	p := openTestProgress(t, filepath.Join(t.TempDir(), "site.db"))
	defer p.close()
	for _, tt := range []struct {
		phase telemetry.Phase
		trust string
		pass  bool
		want  bool
		why   string
	}{
		{telemetry.Finished, "void", true, false, "a void run proves nothing"},
		{telemetry.Stopped, "green", true, false, "a run that was cut short"},
		{telemetry.Failed, "green", true, false, "a run that failed"},
		{telemetry.Running, "", true, false, "a run that has not ended"},
		{telemetry.Finished, "green", false, false, "the check does not hold"},
		{telemetry.Finished, "amber", true, true, "amber is a warning"},
		{telemetry.Finished, "void", false, true, "what was shown once stays"},
	} {
		run := runner.Summary{Experiment: "l/x", Phase: tt.phase, Trust: tt.trust, Checks: []telemetry.Check{{ID: "c", Pass: tt.pass}}}
		if err := p.take(run); err != nil {
			t.Fatal(err)
		}
		if got := p.snapshot().Checks["l/x/c"]; got != tt.want {
			t.Errorf("%s: %v", tt.why, got)
		}
	}
}

func TestAnAnswerStaysOnceARunWasStartedWithIt(t *testing.T) {
	p := openTestProgress(t, filepath.Join(t.TempDir(), "site.db"))
	defer p.close()
	for _, tt := range []struct {
		g    Guess
		want error
		why  string
	}{
		{Guess{Given: "a"}, nil, "the first answer"},
		{Guess{Given: "b"}, nil, "a second thought, before any run"},
		{Guess{Given: "b", Run: "1"}, nil, "a run is started with it"},
		{Guess{Given: "b"}, nil, "the same again changes nothing"},
		{Guess{Given: "c"}, errCommitted, "another one comes too late"},
		{Guess{Skipped: true}, errCommitted, "and so does taking it back"},
		{Guess{Given: "c", Run: "2"}, errCommitted, "also with another run"},
	} {
		if err := p.commit("k", tt.g); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.why, err)
		}
	}
	if g := p.snapshot().Guesses["k"]; g.Given != "b" || g.Run != "1" {
		t.Errorf("%+v", g)
	}
}
