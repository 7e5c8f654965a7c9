package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
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
	var first, busy, rest []trial
	for _, t := range list {
		switch {
		case !t.sociable() || t.busy() && t.delicate():
			rest = append(rest, t)
		case t.busy():
			busy = append(busy, t)
		default:
			first = append(first, t)
		}
	}
	first = append(first, busy...) // beside each other: what needs room has it
	tried := make([]int, len(rest))
	fmt.Fprintf(c.cmd.ErrOrStderr(), "%d experiments in company, %d at a time\n", len(first), c.flags.lanes)
	done := make([]chan *company, len(first))
	for i := range done {
		done[i] = make(chan *company, 1)
	}
	var next atomic.Int64
	var lanes sync.WaitGroup
	defer lanes.Wait()
	ctx, cancel := context.WithCancel(c.cmd.Context())
	defer cancel()
	for range c.flags.lanes {
		lanes.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(first)); i = next.Add(1) - 1 {
				done[i] <- c.inCompany(ctx, first[i])
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

// busy says whether the trial's load takes about a core, however fast it is: it asks
// again as soon as it is answered, and leaves no room for what needs some.
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
	counts := result == "holds" && !t.delicate()
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

// delicate says whether a busy machine could make the trial come out as it should:
// it makes checks fail, those of a cure's failure too, and some hold.
func (t trial) delicate() bool { return t.want == "fails" || t.cures != nil || t.slow() }

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
