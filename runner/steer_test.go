package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"socketlabs/labs/telemetry"
)

// measured is what a run's recording says of whether it had the machine.
func (o outcome) measured() (shared bool, beside float64) {
	return o.events[0].Run.Shared, o.end.Metrics["host.beside.max"]
}

func (o outcome) doubts(code string) bool {
	for _, d := range o.end.Doubts {
		if d.Code == code {
			return true
		}
	}
	return false
}

// Two that share are measured together and say so; one that does not has the
// machine for itself, and says nothing of others.
func TestRunsThatShare(t *testing.T) {
	r := start(t, module(t), Limits{Shared: 2})
	carry(t, r, odd("echo")) // it is built
	var runs []*Run
	for i, how := range [][]Option{{By("a"), Shared()}, {By("b"), Shared()}, {By("c")}} {
		spec := odd("echo")
		spec.Seconds = float64(2 - i)
		spec.Seconds = max(spec.Seconds, 1)
		run, err := r.Start(spec, how...)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
	}
	if queue := r.Queue(); len(queue) != 3 || queue[0].By != "a" || queue[1].Began.IsZero() || queue[2].Place != 2 || !queue[2].Alone || queue[2].Wait <= 0 {
		t.Errorf("the queue %+v", queue)
	}
	for i, run := range runs {
		o := watch(t, r, run)
		shared, beside := o.measured()
		if o.end.Phase != telemetry.Finished || shared != (i < 2) || o.doubts("beside") != (i < 2) || beside != []float64{1, 1, 0}[i] {
			t.Errorf("run %d ended %s; shared %v, beside %v, doubts %+v", i, o.end.Phase, shared, beside, o.end.Doubts)
		}
		s, err := r.Summary(run.ID())
		if err != nil || s.By != run.By() || s.Shared != (i < 2) || s.Beside != int(beside) {
			t.Errorf("summary %+v, %v", s, err)
		}
	}
}

// A machine with room for one measures one at a time, whatever may be shared.
func TestNothingIsShared(t *testing.T) {
	r := start(t, module(t), Limits{})
	one, err := r.Start(odd("echo"), Shared())
	if err != nil {
		t.Fatal(err)
	}
	two, err := r.Start(odd("echo"), Shared())
	if err != nil {
		t.Fatal(err)
	}
	if queue := r.Queue(); !queue[0].Alone || queue[0].Run != one.ID() || queue[1].Place != 1 {
		t.Errorf("the queue %+v", queue)
	}
	for _, run := range []*Run{one, two} {
		if shared, beside := watch(t, r, run).measured(); shared || beside != 0 {
			t.Errorf("shared %v, beside %v", shared, beside)
		}
	}
}

func TestOneRunOfAPerson(t *testing.T) {
	r := start(t, module(t), Limits{})
	if err := r.Pause(); err != nil {
		t.Fatal(err)
	}
	run, err := r.Start(odd("echo"), By("a"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Start(odd("echo"), By("a")); !errors.Is(err, ErrOneAtATime) {
		t.Errorf("a second one: %v", err)
	}
	if _, err := r.Trace(TraceOrder{Command: []string{"true"}, By: "a"}); !errors.Is(err, ErrOneAtATime) {
		t.Errorf("a trace: %v", err)
	}
	if id, ok := r.Of("a"); !ok || id != run.ID() {
		t.Errorf("a has %s", id)
	}
	if _, err := r.Start(odd("echo"), By("b")); err != nil {
		t.Errorf("another's: %v", err)
	}
	for range 2 { // the owner's
		if _, err := r.Start(odd("echo")); err != nil {
			t.Error(err)
		}
	}
	run.Stop()
	<-run.Done()
	if _, err := r.Start(odd("echo"), By("a")); err != nil {
		t.Errorf("when the first has ended: %v", err)
	}
	if n := r.StopAll(); n != 4 {
		t.Errorf("%d were stopped", n)
	}
}

// What waits through a pause keeps its order, and is measured when it is over.
func TestPausedRuns(t *testing.T) {
	r := start(t, module(t), Limits{})
	r.Pause()
	var runs []*Run
	for range 3 {
		run, err := r.Start(odd("echo"))
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
	}
	if err := r.Push(runs[2].ID()); err != nil {
		t.Fatal(err)
	}
	if got := r.Queue(); !r.Paused() || !got[0].Paused || got[0].Run != runs[2].ID() || !got[0].Began.IsZero() {
		t.Errorf("the queue %+v", got)
	}
	hears(t, r, runs[1], "paused")
	runs[0].Stop()
	r.Resume()
	first, last := watch(t, r, runs[2]), watch(t, r, runs[1])
	if o := watch(t, r, runs[0]); o.end.Phase != telemetry.Stopped || len(o.phases()) == 0 || o.phases()[len(o.phases())-1] != telemetry.Queued {
		t.Errorf("stopped while paused: %s after %v", o.end.Phase, o.phases())
	}
	if !begins(first).Before(begins(last)) || first.end.Phase != telemetry.Finished || last.end.Phase != telemetry.Finished {
		t.Errorf("%s at %v, %s at %v", first.end.Phase, begins(first), last.end.Phase, begins(last))
	}
	if got := reasons(last); len(got) == 0 || got[0] != "paused" {
		t.Errorf("it was told %v", got)
	}
}

// hears waits until a run was told why it waits.
func hears(t *testing.T, r *Runner, run *Run, code string) {
	t.Helper()
	rd, err := r.Follow(run.ID(), 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		b, err := rd.Next(ctx)
		if err != nil {
			t.Fatalf("it was not told %s: %v", code, err)
		}
		if bytes.Contains(b.JSON, []byte(`"code":"`+code+`"`)) {
			return
		}
	}
}

// begins is when a run's lab was started.
func begins(o outcome) time.Time {
	for _, e := range o.events {
		if e.State != nil && e.State.Phase == telemetry.Starting {
			return o.events[0].Run.Began.Add(seconds(e.T))
		}
	}
	return time.Time{}
}

// reasons are the codes of what a run was told while it waited.
func reasons(o outcome) (list []string) {
	for _, e := range o.events {
		if e.State != nil && e.State.Phase == telemetry.Queued && e.State.Reason != nil {
			list = append(list, e.State.Reason.Code)
		}
	}
	return list
}

// What 40 runs that wait cost their process.
func BenchmarkFortyWait(b *testing.B) {
	dir := b.TempDir()
	s := &slot{path: dir + "/lock", queue: dir + "/line", shared: 1, attended: true} // the benchmark attends
	for i := range 41 {
		if _, err := s.join(Ticket{Run: fmt.Sprintf("20060102T150405Z-%08d", i), Seconds: 10, Alone: true}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		s.mu.Lock()
		s.serve()
		s.mu.Unlock()
	}
	b.ReportMetric(100*b.Elapsed().Seconds()/float64(b.N)/lookEvery.Seconds(), "%core")
}
