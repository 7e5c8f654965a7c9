package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// maxLanes is how many experiments may have their first try at the same time.
const maxLanes = 4

// company is what a trial in company came to.
type company struct {
	text  bytes.Buffer // to be printed
	over  bool         // it is settled
	held  bool         // and is as it should be
	tried int
	took  time.Duration
	err   error
}

// inLanes tries in company what may be, in as many lanes, and settles the rest
// alone.
func (c *checking) inLanes(list []trial) (bool, error) {
	var first, rest []trial
	var tried []int
	for _, t := range list {
		if t.sociable() {
			first = append(first, t)
		} else {
			rest, tried = append(rest, t), append(tried, 0)
		}
	}
	fmt.Fprintf(c.cmd.ErrOrStderr(), "%d experiments in company, %d at a time\n", len(first), c.flags.lanes)
	done := make([]chan *company, len(first))
	for i := range done {
		done[i] = make(chan *company, 1)
	}
	line := &line{trials: first, taken: make([]bool, len(first))}
	var lanes sync.WaitGroup
	defer lanes.Wait()
	ctx, cancel := context.WithCancel(c.cmd.Context())
	defer cancel()
	for range c.flags.lanes {
		lanes.Go(func() {
			for i, ok := line.take(); ok; i, ok = line.take() {
				done[i] <- c.inCompany(ctx, first[i])
				line.leave(i)
			}
		})
	}
	held := true
	for i, t := range first { // in their order, each once those before it are there
		got := <-done[i]
		if got.err != nil {
			return false, got.err
		}
		got.text.WriteTo(c.cmd.OutOrStdout())
		c.spent[t.spec.Name] += got.took.Seconds() / float64(c.flags.lanes)
		if !got.over {
			rest, tried = append(rest, t), append(tried, got.tried)
			continue
		}
		held = held && got.held
	}
	fmt.Fprintf(c.cmd.ErrOrStderr(), "%d alone\n", len(rest))
	as, err := c.alone(rest, tried)
	return held && as, err
}

// line is the trials that wait for a lane.
type line struct {
	trials []trial

	mu    sync.Mutex
	taken []bool // guards what follows: those that wait no longer
	busy  bool   // one that takes a core for itself is in a lane
}

// take returns the next that may begin, if there is one: the busy ones first, of
// which there is one at a time. Whoever finds none leaves the others to the lane in
// which the busy one is.
func (l *line) take() (int, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	waits := func(busy bool) int {
		for i, t := range l.trials {
			if !l.taken[i] && t.busy() == busy {
				return i
			}
		}
		return -1
	}
	next := -1
	if !l.busy {
		next = waits(true)
	}
	if l.busy = l.busy || next >= 0; next < 0 {
		next = waits(false)
	}
	if next < 0 {
		return 0, false
	}
	l.taken[next] = true
	return next, true
}

// leave says that one has ended.
func (l *line) leave(i int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = l.busy && !l.trials[i].busy()
}

// busy says whether the trial's load takes about a core, however fast it is: it asks
// again as soon as it is answered. Two of those leave no room for each other.
func (t trial) busy() bool {
	return t.spec.Load != nil && labs.Full(labs.LoadSettings(), t.spec.Load)["model"] == "closed"
}

// sociable says whether a trial may be tried beside others: not one of several
// blocks, which are compared with each other, and not one that asks about the whole
// machine, which it has not to itself.
func (t trial) sociable() bool {
	if t.spec.Sweep != nil {
		return false
	}
	for _, f := range append(append([]telemetry.Formula{}, t.spec.Derive...), t.spec.Checks...) {
		if strings.Contains(f.Expr, "host.") {
			return false
		}
	}
	return true
}

// inCompany tries a trial once, beside others. What it came to counts when nothing
// of it can be due to them: a check that holds although they were there, or
// whatever it is when the machine had room for all. What counts is one of the tries.
func (c *checking) inCompany(ctx context.Context, t trial) *company {
	began, got := time.Now(), &company{}
	defer func() { got.took = time.Since(began) }()
	out, err := carry(ctx, c.runner, t.spec, nil, io.Discard, runner.Shared())
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		got.err = err
		return got
	}
	result := out.result()
	counts := result == "holds" && t.cures == nil && !t.slow()
	if !counts && (result == "holds" || result == "fails") {
		if counts, got.err = c.room(out); got.err != nil {
			return got
		}
	}
	if counts {
		got.tried++
	}
	switch {
	case counts && result == t.want:
		t.say(&got.text, result, out.id+"  in company")
		got.over = true
		got.held, got.err = t.cured(&got.text, c.runner, out.id)
	case counts && got.tried == t.tries:
		got.over = true
		out.print(&got.text)
		t.pointless(&got.text, out)
	case result == t.want:
		t.say(&got.text, result, out.id+"  in company, with too little room: again alone")
	default:
		t.say(&got.text, result, out.id+"  in company: again alone")
	}
	return got
}

// slow says whether a busy machine could make the trial's checks hold; those that
// cannot be read are taken for it.
func (t trial) slow() bool {
	slow, err := judge.Slow(telemetry.Question{Windows: t.spec.Windows, Derive: t.spec.Derive, Checks: t.spec.Checks})
	return slow || err != nil
}

// room says whether the machine was idle enough for the run to be as it is alone: a
// third of it had nothing to do, and what was due left at a fifth of the lateness at
// most that voids a run.
func (c *checking) room(out outcome) (bool, error) {
	checks := []telemetry.Formula{{ID: "idle", Expr: "host.busy.mean <= 2 / 3 * host.cores"}}
	if out.spec.Load != nil {
		checks = append(checks, telemetry.Formula{ID: "at-once", Expr: "load.late.p99 < 0.002"})
	}
	v, err := ask(c.runner, out.id, checks)
	if err != nil {
		return false, err
	}
	for _, check := range v.Checks {
		if !check.Pass {
			return false, nil
		}
	}
	return true, nil
}
