package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// maxLanes is how many experiments may have their first try at the same time.
const maxLanes = 4

// keptBuilds has room for every lab and every version of an exercise.
const keptBuilds = 256

// runAll compares what the lessons compare and runs every experiment, and says
// whether all of it is as it should be. With lanes, experiments are tried in company
// first, and alone where that does not settle it.
func (p *place) runAll(cmd *cobra.Command, catalog *labs.Catalog, chosen []*content.Lesson, f checkFlags) (held bool, err error) {
	r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{Shared: f.lanes, Builds: keptBuilds})
	if err != nil {
		return false, err
	}
	defer func() {
		if e := closeRunner(r); err == nil {
			err = e
		}
	}()
	c := &checking{place: p, cmd: cmd, runner: r, flags: f, spent: map[string]float64{}}
	held, err = c.build(catalog, chosen)
	if err != nil {
		return false, err
	}
	var list []trial
	for _, l := range chosen {
		of, as, err := c.compare(l)
		if err != nil {
			return false, err
		}
		held = held && as
		if f.lanes > 1 {
			list = append(list, of...)
			continue
		}
		as, err = c.alone(of, make([]int, len(of)))
		if err != nil {
			return false, err
		}
		held = held && as
	}
	if f.lanes > 1 {
		as, err := c.inLanes(list)
		if err != nil {
			return false, err
		}
		held = held && as
	}
	c.longest()
	return held, nil
}

// checking is one check of lessons by running them.
type checking struct {
	*place
	cmd    *cobra.Command
	runner *runner.Runner
	flags  checkFlags
	spent  map[string]float64 // seconds, by what was run
}

// build builds what the lessons run before anything is measured, so that nothing is
// built beside it, and says whether all of it compiles.
func (c *checking) build(catalog *labs.Catalog, chosen []*content.Lesson) (bool, error) {
	good, done := true, map[string]bool{}
	one := func(lab labs.Lab, v *labs.Version) error {
		if v == nil && done[lab.Name] {
			return nil
		}
		done[lab.Name] = done[lab.Name] || v == nil
		if err := c.runner.Build(c.cmd.Context(), lab, v); err != nil {
			if c.cmd.Context().Err() != nil {
				return err
			}
			fmt.Fprintln(c.cmd.ErrOrStderr(), err)
			good = false
		}
		return nil
	}
	for _, l := range chosen {
		for _, exp := range l.Experiments {
			lab, _ := catalog.Lab(exp.Spec.Lab)
			if err := one(lab, nil); err != nil {
				return false, err
			}
		}
		lab, versions := exercised(catalog, l)
		for _, v := range versions {
			if err := one(lab, &v); err != nil {
				return false, err
			}
		}
	}
	return good, nil
}

// spend notes how long something took.
func (c *checking) spend(name string, began time.Time) { c.spent[name] += time.Since(began).Seconds() }

// longest says where most of the time went.
func (c *checking) longest() {
	names := slices.SortedFunc(maps.Keys(c.spent), func(a, b string) int { return cmp.Compare(c.spent[b], c.spent[a]) })
	var list []string
	for _, name := range names[:min(len(names), 5)] {
		list = append(list, fmt.Sprintf("%s %.1f s", name, c.spent[name]))
	}
	if len(list) > 0 {
		fmt.Fprintf(c.cmd.ErrOrStderr(), "took longest: %s\n", strings.Join(list, ", "))
	}
}

// compare runs a lesson's comparisons, and returns what is left to be run.
func (c *checking) compare(l *content.Lesson) ([]trial, bool, error) {
	seen := map[string]bool{}
	defer c.spend(l.ID+"'s comparisons", time.Now())
	held, err := c.compareAll(c.cmd, c.runner, l, c.flags, seen)
	return trialsOf(l, c.flags, seen), held, err
}

// alone runs trials one after the other; tried is how many tries each has had.
func (c *checking) alone(list []trial, tried []int) (bool, error) {
	held := true
	for i, t := range list {
		as, err := c.settle(t, tried[i]+1)
		if err != nil {
			return false, err
		}
		held = held && as
	}
	return held, nil
}

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
	switch {
	case !counts && result == t.want:
		fmt.Fprintf(&got.text, "%s  %s in company, with too little room: again alone  %s\n", t.name(), result, out.id)
		return got
	case !counts:
		fmt.Fprintf(&got.text, "%s  %s in company: again alone  %s\n", t.name(), result, out.id)
		return got
	}
	if got.tried++; result != t.want {
		if got.over = got.tried >= t.tries; got.over {
			out.print(&got.text)
			t.pointless(&got.text, out)
			return got
		}
		fmt.Fprintf(&got.text, "%s  %s in company: again alone  %s\n", t.name(), result, out.id)
		return got
	}
	fmt.Fprintf(&got.text, "%s  %s  in company  %s\n", t.name(), result, out.id)
	got.over = true
	got.held, got.err = t.cured(&got.text, c.runner, out.id)
	return got
}

// slow says whether a busy machine could make the trial's checks hold; those that
// can not be read are taken for it.
func (t trial) slow() bool {
	slow, err := judge.Slow(telemetry.Question{Windows: t.spec.Windows, Derive: t.spec.Derive, Checks: t.spec.Checks})
	return slow || err != nil
}

// room says whether the machine was idle enough for the run to be as it is alone:
// half of it had nothing to do, and nothing that was due had to wait.
func (c *checking) room(out outcome) (bool, error) {
	checks := []telemetry.Formula{{ID: "idle", Expr: "host.busy.mean <= 0.5 * host.cores"}}
	if out.spec.Load != nil {
		checks = append(checks, telemetry.Formula{ID: "at-once", Expr: "load.late.p99 < 0.001"})
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
