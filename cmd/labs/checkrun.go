package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/runner"
)

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
			if c.flags.record { // the workbook's code is what is recorded
				exp.Spec.Workbook = ""
			}
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
