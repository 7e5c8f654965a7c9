package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// Run is a run that this process carries.
type Run struct {
	id      string
	runner  *Runner
	plan    labs.Plan
	arms    []*arm
	command []string // that is run in the lab's place; nil: the lab
	header  telemetry.Run
	clock   clock
	journal *journal
	phase   atomic.Value // telemetry.Phase
	end     atomic.Pointer[telemetry.End]
	context context.Context
	stop    context.CancelCauseFunc
	done    chan struct{}

	place  *place     // in the queue for the measuring slot
	orders chan order // to the block
	mu     sync.Mutex
	asked  labs.Spec // guards: with the faults that were added since it began
}

func (r *Run) ID() string { return r.id }

// Seconds is how long each of the run's blocks measures, or its first, when they
// differ.
func (r *Run) Seconds() float64 { return r.arms[0].spec.Seconds }

// Stop ends the run as Stopped.
func (r *Run) Stop() { r.stop(errStopped) }

// By is the person who asked for the run, see Asked.
func (r *Run) By() string { return r.header.By }

// Done is closed when the last event is in the stream and no process is left.
func (r *Run) Done() <-chan struct{} { return r.done }

// check says whether a spec can be run, and returns its lab.
func check(s labs.Spec, c *labs.Catalog) (labs.Lab, error) {
	lab, ok := c.Lab(s.Lab)
	if !ok {
		return lab, fmt.Errorf("runner: no lab %q: labs/ has %s", s.Lab, strings.Join(names(c), ", "))
	}
	if !(s.Seconds > 0 && s.Warmup >= 0 && s.Warmup <= labs.MaxWarmup && s.Warmup+s.Seconds <= labs.MaxSeconds) {
		return lab, fmt.Errorf("runner: %s: a warm-up of %g s and %g s measured do not fit into %d s", s.Name, s.Warmup, s.Seconds, labs.MaxSeconds)
	}
	if s.Sweep != nil {
		return lab, fmt.Errorf("runner: %s is a sweep, a block for each value: it cannot be one block itself", s.Name)
	}
	if s.Net != "" && s.Net != "host" && s.Net != "own" {
		return lab, fmt.Errorf("runner: %s: net %q comes later: there are host and own", s.Name, s.Net)
	}
	if s.Version != nil {
		if _, ok := lab.Func(s.Version.Func); !ok {
			return lab, fmt.Errorf("runner: %s: labs/%s has no function %s", s.Name, s.Lab, s.Version.Func)
		}
	}
	for name, v := range s.Knobs {
		if err := allowed(lab.Knobs, name, v); err != nil {
			return lab, fmt.Errorf("runner: %s: knob.%w", s.Name, err)
		}
	}
	for name, v := range s.Load {
		if err := allowed(labs.LoadSettings(), name, v); err != nil {
			return lab, fmt.Errorf("runner: %s: load.%w", s.Name, err)
		}
	}
	for name, v := range s.Client {
		if err := allowed(s.ClientSettings(), name, v); err != nil {
			return lab, fmt.Errorf("runner: %s: load.%w", s.Name, err)
		}
	}
	return lab, nil
}

// allowed checks a value against the setting of that name.
func allowed(list []labs.Setting, name string, v any) error {
	for _, s := range list {
		if s.Name == name {
			_, err := s.Check(v)
			return err
		}
	}
	return fmt.Errorf("%s: no such setting", name)
}

func names(c *labs.Catalog) []string {
	var out []string
	for _, l := range c.Labs {
		out = append(out, l.Name)
	}
	return out
}

// begin makes a run that has its place in the queue, and whose recording and stream
// have their first event.
func (r *Runner) begin(plan labs.Plan, arms []*arm, command []string, how Asked) (*Run, error) {
	now := time.Now().UTC()
	run := &Run{
		id: newID(now), runner: r, plan: plan, arms: arms, command: command,
		clock: clock{tickAt(monotonic())}, done: make(chan struct{}),
		orders: make(chan order, maxOrders), asked: arms[0].spec.Clone(),
	}
	run.header = run.heading(now)
	run.header.By, run.header.Shared = how.By, how.Shared
	run.phase.Store(telemetry.Queued)
	var err error
	run.place, err = r.slot.join(Ticket{Run: run.id, By: how.By, Experiment: plan.Name, Seconds: plan.Seconds(), Alone: !how.Shared})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	run.journal, err = begin(r.archive, run.id, telemetry.Event{Kind: telemetry.KindRun, From: telemetry.FromRunner, Run: &run.header})
	if err != nil {
		run.place.Close()
		return nil, fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	if command == nil {
		r.versions.keep(run.arms, r.log)
	}
	run.context, run.stop = context.WithCancelCause(context.Background())
	return run, nil
}

// carry takes the run from its first phase to its last event.
func (r *Run) carry() {
	defer r.stop(nil)
	verdict, err := r.perform(r.context)
	why := endingOf(err)
	end := telemetry.End{Phase: why.phase, Trust: verdict.Trust, Doubts: verdict.Doubts,
		Checks: verdict.Checks, Guesses: verdict.Guesses, Metrics: verdict.Metrics, Comparison: verdict.Comparison}
	if why.reason.Code != "" {
		end.Reason = &why.reason
	}
	if verdict.Trust == "void" {
		end.Checks = nil
	}
	r.end.Store(&end)
	if err := r.journal.end(telemetry.Event{T: r.now(), Kind: telemetry.KindEnd, From: telemetry.FromRunner, End: &end}); err != nil {
		r.runner.log.Warn("recording", "run", r.id, "error", err)
	}
	r.runner.log.Info("run", "id", r.id, "experiment", r.plan.Name, "phase", why.phase, "reason", why.reason.Code)
}

// perform waits for the machine, builds, and executes the blocks.
func (r *Run) perform(ctx context.Context) (judge.Verdict, error) {
	defer r.place.Close()
	if err := r.enter(telemetry.Queued, nil, nil); err != nil {
		return judge.Verdict{}, err
	}
	if err := r.place.wait(ctx, r.queued); err != nil {
		return judge.Verdict{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.limit(), errTime) // which does not count the waiting
	defer cancel()
	if err := r.buildArms(ctx); err != nil {
		return judge.Verdict{}, err
	}
	if r.several() {
		return r.rounds(ctx)
	}
	j, err := r.execute(ctx, r.arms[0], 0)
	if err != nil {
		return judge.Verdict{}, err
	}
	return j.Finish(), nil
}

// build returns an arm's binary; what the compiler says becomes log.
func (r *Run) build(ctx context.Context, a *arm) (string, error) {
	if err := r.enter(telemetry.Building, nil, nil); err != nil {
		return "", err
	}
	binary, output, err := r.runner.builder.build(ctx, a.lab, a.spec.Version, false)
	events := compilerSays(output, err != nil)
	for i := range events {
		events[i].T = r.now()
	}
	return binary, errors.Join(err, r.journal.write(events...))
}

// enter tells that the run is in a new phase.
func (r *Run) enter(p telemetry.Phase, why *telemetry.Reason, facts map[string]string) error {
	r.phase.Store(p)
	return r.journal.write(telemetry.Event{T: r.now(), Kind: telemetry.KindState, From: telemetry.FromRunner,
		State: &telemetry.State{Phase: p, Reason: why, Facts: facts}})
}

// now is the T of what happens now.
func (r *Run) now() float64 { return r.clock.since(monotonic()) }

// summary is what is known of the run so far.
func (r *Run) summary() Summary {
	s := Summary{ID: r.id, Phase: r.phase.Load().(telemetry.Phase)}
	s.header(r.header, r.arms[0].spec)
	if end := r.end.Load(); end != nil {
		s.ended(*end)
	}
	if info, err := r.journal.rec.file.Stat(); err == nil {
		s.Bytes = info.Size()
	}
	return s
}
