package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

type compareFlags struct {
	set, with []string
	rounds    int
	length    time.Duration
	asJSON    bool
}

func compareCommand(p *place) *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare A [B]",
		Short: "Compare two experiments, interleaved, and judge the difference",
		Long: `Compare runs A and B in turns, A B B A, so that what changes on the machine
meets both alike, and judges B against A: of every metric that both watch the
ratio with a 99 % interval, and a verdict: better, worse, or no detectable
difference with the smallest difference that this run could have seen.

A and B are experiments. With one experiment, --with says what is different in
B. A comparison of a lesson is run by its own name. Two runs that were recorded
are laid over each other: without pairs there is no interval and no verdict. RUN:3
is block 3 of a comparison or a sweep.

Exit status: 0 it was measured (and is what the lesson expects), 1 it is not what
the lesson expects, 2 it could not run, 3 it is void: too many blocks were.`,
		Example: `  labs compare epoll/fits epoll/fits-drained
  labs compare epoll/fits --with knob.buf=512 --rounds 2 --json
  labs compare epoll/drain-costs
  labs compare 20260102T030405Z-0a1b2c3d 20260102T030705Z-4e5f6a7b
  labs compare 20260102T030405Z-0a1b2c3d:1 20260102T030405Z-0a1b2c3d:2`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 && runAt.MatchString(args[0]) && runAt.MatchString(args[1]) {
				return p.overlay(cmd, recordedAt(args[0]), recordedAt(args[1]), f.asJSON)
			}
			plan, err := p.plan(args, f)
			if err != nil {
				return err
			}
			return p.compare(cmd, plan, f.asJSON)
		},
	}
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "a setting of both, as knob.NAME=VALUE or load.NAME=VALUE; may be repeated")
	cmd.Flags().StringArrayVar(&f.with, "with", nil, "a setting of B alone; may be repeated")
	cmd.Flags().IntVar(&f.rounds, "rounds", 0, "rounds of A B B A (default 3, or what the lesson says)")
	cmd.Flags().DurationVar(&f.length, "for", 0, "measure each block this long instead of what the lesson says")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON object: run, comparison, result, trust, metrics, blocks")
	return cmd
}

// runAt is what a recording is named, and of several blocks one, from 1.
var runAt = regexp.MustCompile(`^([0-9]{8}T[0-9]{6}Z-[0-9a-f]{8})(?::([1-9][0-9]{0,3}))?$`)

// recordedAt is the run and the block that such a text names.
func recordedAt(text string) runner.At {
	parts := runAt.FindStringSubmatch(text)
	block, _ := strconv.Atoi(parts[2])
	return runner.At{ID: parts[1], Block: max(block-1, 0)}
}

// plan is what the command line asks to compare.
func (p *place) plan(args []string, f compareFlags) (labs.Plan, error) {
	catalog, book, _, err := p.book()
	if err != nil {
		return labs.Plan{}, err
	}
	if c := book.FindComparison(args[0]); c != nil && len(args) == 1 {
		if f.with != nil || f.set != nil || f.length != 0 {
			return labs.Plan{}, fmt.Errorf("%s is a comparison of the lesson: it takes --rounds; compare its experiments %s and %s to change more", args[0], c.A.Spec.Name, c.B.Spec.Name)
		}
		plan := c.Plan(f.rounds)
		return plan, plan.Check()
	}
	b := args[len(args)-1]
	if len(args) == 1 && f.with == nil {
		return labs.Plan{}, fmt.Errorf("%s with what? Name a second experiment, or a difference: --with knob.NAME=VALUE%s", args[0], comparisonsOf(book, args[0]))
	}
	one, err := p.spec(args[0], f.set, f.length, nil)
	if err != nil {
		return labs.Plan{}, err
	}
	other, err := p.spec(b, append(append([]string{}, f.set...), f.with...), f.length, nil)
	if err != nil {
		return labs.Plan{}, err
	}
	return content.Versus(other.Name, one, other, catalog, f.rounds)
}

// comparisonsOf tells which comparisons a lesson has.
func comparisonsOf(book *content.Book, name string) string {
	id, _, _ := strings.Cut(name, "/")
	l, _, _ := book.Lesson(id)
	if l == nil || len(l.Comparisons) == 0 {
		return ""
	}
	var names []string
	for _, c := range l.Comparisons {
		names = append(names, c.Name)
	}
	return "; the lesson compares " + strings.Join(names, ", ")
}

// compared is a comparison that has ended.
type compared struct {
	id     string
	plan   labs.Plan
	units  *judge.Units // of what is compared
	end    telemetry.End
	blocks []telemetry.BlockEnd
}

func (p *place) compare(cmd *cobra.Command, plan labs.Plan, asJSON bool) error {
	r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
	if err != nil {
		return err
	}
	out, err := carryPlan(cmd.Context(), r, plan, cmd.ErrOrStderr())
	if err := errors.Join(err, closeRunner(r)); err != nil {
		return err
	}
	if asJSON {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(out.report()); err != nil {
			return err
		}
	} else {
		out.print(cmd.OutOrStdout())
	}
	return out.status()
}

// carryPlan starts a run of several blocks and follows it to its end.
func carryPlan(ctx context.Context, r *runner.Runner, plan labs.Plan, progress io.Writer) (compared, error) {
	units, err := unitsOf(r, plan.Arms[0].Spec)
	if err != nil {
		return compared{}, err
	}
	started, err := r.StartPlan(plan)
	if err != nil {
		return compared{}, err
	}
	fmt.Fprintf(progress, "%s: %d blocks, about %.0f s\n", plan.Name, len(plan.Order), plan.Seconds())
	out := compared{id: started.ID(), plan: plan, units: units}
	defer context.AfterFunc(ctx, started.Stop)()
	line := &progressLine{w: progress, spec: plan.Arms[0].Spec, live: terminal(progress), quiet: true}
	err = follow(r, started, func(e telemetry.Event) {
		line.event(e)
		switch {
		case e.Begin != nil:
			line.clear()
			fmt.Fprintf(progress, "%s: block %d of %d, %s\n", plan.Name, e.Block+1, len(plan.Order)+out.repeats(), e.Begin.Label)
		case e.BlockEnd != nil:
			out.blocks = append(out.blocks, *e.BlockEnd)
			line.clear()
			out.printSoFar(progress)
		case e.End != nil:
			out.end = *e.End
		}
	})
	line.clear()
	return out, err
}

// repeats counts the blocks that are run again.
func (o compared) repeats() int {
	n := 0
	for _, b := range o.blocks {
		if b.Retry {
			n++
		}
	}
	return n
}

// held says that every check of the experiment held in one of its blocks.
func (o compared) held(label string) bool {
	return slices.ContainsFunc(o.blocks, func(b telemetry.BlockEnd) bool {
		fails := func(c telemetry.Check) bool { return !c.Pass }
		return b.Label == label && len(b.Checks) > 0 && !slices.ContainsFunc(b.Checks, fails)
	})
}

// open says that the run shows no difference either way: few rounds may not be
// enough for what the lesson expects, and contradict it when they show another.
func (o compared) open() bool {
	c := o.end.Comparison
	return o.end.Phase == telemetry.Finished && o.end.Trust != "void" && c != nil && len(c.Metrics) > 0 && c.Metrics[0].Verdict == "none"
}

// compareAll runs the comparisons of a lesson and says whether each is what the
// lesson expects. Of the experiments that it saw to hold, in some block, it notes
// the names.
func (p *place) compareAll(cmd *cobra.Command, r *runner.Runner, l *content.Lesson, f checkFlags, seen map[string]bool) (held bool, err error) {
	held = true
	for _, c := range l.Comparisons {
		var out compared
		settled := false
		for try := 1; try <= f.tries && !settled; try++ {
			if out, err = carryPlan(cmd.Context(), r, c.Plan(f.rounds), cmd.ErrOrStderr()); err != nil {
				return false, err
			}
			if cmd.Context().Err() != nil {
				return false, cmd.Context().Err()
			}
			for _, x := range []*content.Experiment{c.A, c.B} {
				seen[x.Spec.Name] = seen[x.Spec.Name] || out.held(x.ID)
			}
			switch settled = true; {
			case out.result() == "holds":
				fmt.Fprintf(cmd.OutOrStdout(), "%s  holds  %s%s\n", c.Name, out.id, tryText(try))
			case f.rounds > 0 && f.rounds < c.Rounds && out.open():
				fmt.Fprintf(cmd.OutOrStdout(), "%s  open after %d of %d rounds  %s%s\n", c.Name, f.rounds, c.Rounds, out.id, tryText(try))
			default:
				settled = false
				out.print(cmd.OutOrStdout())
			}
		}
		held = held && settled
		if f.record && out.result() == "holds" {
			if err := p.record(r, out.id, c.Name); err != nil {
				return false, err
			}
		}
	}
	return held, nil
}
