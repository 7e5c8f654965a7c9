package site

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// line is GET /api/queue.
func (s *served) line() (runs []runner.Waiting, paused bool) {
	s.t.Helper()
	var got struct {
		Paused bool
		Queue  []runner.Waiting
	}
	s.get("/api/queue", &got)
	return got.Queue, got.Paused
}

func TestTheQueueIsSteered(t *testing.T) {
	s := serveOf(t, root(t), runner.Limits{Waiting: 8, Shared: 2})
	x := s.shortest(anything)
	steer := func(path string, want int) string {
		t.Helper()
		status, body := s.command("POST", path, "")
		if status != want {
			t.Errorf("POST %s: %d, want %d\n%s", path, status, want, body)
		}
		return body
	}
	steer("/api/queue/pause", http.StatusNoContent)
	a, b, c := s.begin(x, ""), s.begin(x, `,"settings":{"load.size":"128"}`), s.begin(x, "")
	line, paused := s.line()
	if got := ids(line); !paused || !slices.Equal(got, []string{a, b, c}) {
		t.Fatalf("the queue is %v, paused %v", line, paused)
	}
	if last := line[2]; last.Place != 2 || !(last.Wait > line[1].Wait) || !last.Alone || line[1].Alone || last.Experiment != x.Spec.Name || !last.Began.IsZero() {
		t.Errorf("with the lesson's settings it is alone, with others it shares: %+v", line)
	}
	steer("/api/runs/"+c+"/first", http.StatusNoContent)
	if line, _ := s.line(); !slices.Equal(ids(line), []string{c, a, b}) {
		t.Errorf("pushed: %v", ids(line))
	}
	if got := refused(t, steer("/api/runs/"+runID(1)+"/first", http.StatusNotFound)); got.Error.Code != "no-run" {
		t.Errorf("no such run: %+v", got.Error)
	}
	steer("/api/queue/resume", http.StatusNoContent)
	if line, paused := s.line(); paused || line[0].Began.IsZero() || line[0].Run != c || !line[1].Began.IsZero() {
		t.Errorf("resumed: %+v", line)
	}
	if got := refused(t, steer("/api/runs/"+c+"/first", http.StatusConflict)); got.Error.Code != "not-waiting" || got.Error.Text.Ko == "" {
		t.Errorf("it is measured: %+v", got.Error)
	}
	if got := steer("/api/runs/stop-all", http.StatusOK); strings.TrimSpace(got) != `{"stopped":3}` {
		t.Errorf("stopped %s", got)
	}
	for _, id := range []string{a, b, c} {
		events, _ := s.watch(id, 0)
		if last := events[len(events)-1]; last.Kind != telemetry.KindEnd {
			t.Errorf("%s ends with %+v", id, last)
		}
		var sum runner.Summary
		if s.get("/api/runs/"+id, &sum); sum.Phase != telemetry.Stopped {
			t.Errorf("%s: %s", id, sum.Phase)
		}
	}
	if line, _ := s.line(); len(line) != 0 {
		t.Errorf("left in the line: %+v", line)
	}
}

func ids(line []runner.Waiting) (list []string) {
	for _, w := range line {
		list = append(list, w.Run)
	}
	return list
}

// What shared the machine counts for nothing, whatever its checks say.
func TestSharedRunsDoNotCount(t *testing.T) {
	s := serve(t)
	x := s.shortest(func(x *content.Experiment) bool { return len(x.Spec.Checks) > 0 && !s.exercised(x) })
	check := x.Spec.Checks[0].ID
	for _, shared := range []bool{true, false} {
		sum := runner.Summary{ID: runID(1), Experiment: x.Spec.Name, Phase: telemetry.Finished, Trust: "green", Shared: shared,
			Checks: []telemetry.Check{{ID: check, Pass: true}}}
		if err := s.progress.take(counted(s.shelf.edition().book, []runner.Summary{sum})...); err != nil {
			t.Fatal(err)
		}
		if got := s.progress.snapshot().Checks[x.Spec.Name+"/"+check]; got == shared {
			t.Errorf("shared %v: the check counts %v", shared, got)
		}
	}
}

// exercised says whether an experiment is an exercise's goal.
func (s *served) exercised(x *content.Experiment) bool {
	for _, l := range s.lessons() {
		if l.Exercise != nil && l.Exercise.Goal.Spec.Name == x.Spec.Name {
			return true
		}
	}
	return false
}

func TestFiveAtOnce(t *testing.T)      { atOnce(t, 5) }
func TestLongFortyAtOnce(t *testing.T) { long(t); atOnce(t, 40) }

// wish is a run as the person saw it who pressed Run.
type wish struct {
	id    string
	heard time.Duration // from the press to the first state that says how it stands
	place string        // that it was told first; empty: it was measured at once
	err   error
}

// atOnce has n people press Run at the same moment: each is told how it stands, and
// all complete in turn. Every third run is with the lesson's own settings.
func atOnce(t *testing.T, n int) {
	s := serveOf(t, root(t), runner.Limits{Waiting: n, Shared: 3})
	x := s.shortest(anything)
	first := s.begin(x, "") // builds, and is measured
	s.watch(first, 0)
	presses := make([]wish, n)
	var people sync.WaitGroup
	start := time.Now()
	for i := range presses {
		people.Go(func() { presses[i] = s.press(x, i%3 > 0) })
	}
	people.Wait()
	took := time.Since(start)
	var heard []time.Duration
	for i, p := range presses {
		if p.err != nil {
			t.Fatalf("person %d: %v", i, p.err)
		}
		heard = append(heard, p.heard)
		var sum runner.Summary
		if s.get("/api/runs/"+p.id, &sum); sum.Phase != telemetry.Finished || sum.Shared != (i%3 > 0) || sum.Beside > 2 || !sum.Shared && sum.Beside > 0 {
			t.Errorf("person %d: %s %+v, shared %v, beside %d", i, sum.Phase, sum.Reason, sum.Shared, sum.Beside)
		}
	}
	s.inTurn(presses)
	slices.Sort(heard)
	t.Logf("%d at once, %s of %g s each: first state after %v (median) and %v (latest); all completed after %v",
		n, x.Spec.Name, x.Spec.Warmup+x.Spec.Seconds, heard[n/2], heard[n-1], took.Round(time.Second))
}

// press starts a run and follows it to its end.
func (s *served) press(x *content.Experiment, shared bool) (p wish) {
	rest := ""
	if shared {
		rest = `,"settings":{"load.size":"128"}`
	}
	pressed := time.Now()
	status, body := s.command("POST", "/api/runs", anOrder(x, rest))
	if status != http.StatusCreated {
		return wish{err: fmt.Errorf("%d %s", status, body)}
	}
	p.id = body[strings.Index(body, `:"`)+2 : strings.LastIndex(body, `"`)]
	conn, err := s.dial(p.id, 0)
	if err != nil {
		return wish{err: err}
	}
	defer conn.Close()
	for {
		events, err := next(conn)
		for _, e := range events {
			if e.State == nil || p.heard > 0 || e.State.Reason == nil && e.State.Phase == telemetry.Queued {
				continue
			}
			p.heard = time.Since(pressed)
			if e.State.Reason != nil {
				p.place = e.State.Reason.Args["place"]
			}
		}
		switch {
		case err == nil:
		case closed(err) != websocket.CloseNormalClosure || p.heard == 0:
			p.err = fmt.Errorf("heard %v, and then %w", p.heard, err)
			return p
		default:
			return p
		}
	}
}

// recorded reads a run's recording.
func (s *served) recorded(id string) []telemetry.Event {
	s.t.Helper()
	path, err := s.cfg.Runner.Recording(id)
	if err != nil {
		s.t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	events, err := runner.ReadKinds(f, telemetry.KindRun, telemetry.KindState, telemetry.KindEnd)
	if err != nil {
		s.t.Fatal(err)
	}
	return events
}

// inTurn checks that nobody was overtaken: runs began in the order in which they
// were accepted, and were told different places.
func (s *served) inTurn(presses []wish) {
	s.t.Helper()
	var began []time.Time
	places := map[string]bool{}
	accepted := slices.Clone(presses)
	events := map[string][]telemetry.Event{}
	for _, p := range presses {
		events[p.id] = s.recorded(p.id)
		places[p.place] = true
	}
	slices.SortFunc(accepted, func(a, b wish) int {
		return events[a.id][0].Run.Began.Compare(events[b.id][0].Run.Began)
	})
	for _, p := range accepted {
		run := events[p.id][0].Run
		for _, e := range events[p.id] {
			if e.State != nil && e.State.Phase == telemetry.Building {
				began = append(began, run.Began.Add(time.Duration(e.T*float64(time.Second))))
			}
		}
	}
	for i := 1; i < len(began); i++ {
		if began[i-1].Sub(began[i]) > 200*time.Millisecond { // T lies on a grid of 100 ms
			s.t.Errorf("the run that came %d began %v after the next", i, began[i-1].Sub(began[i]))
		}
	}
	if len(began) != len(presses) {
		s.t.Errorf("%d of %d began", len(began), len(presses))
	}
	if len(places) < len(presses)/2 {
		s.t.Errorf("they were told %d places only: %v", len(places), places)
	}
}
