package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// usualP99 is the objective's bound when none is given, in seconds.
const usualP99 = 0.010

type sweepFlags struct {
	set       []string
	length    time.Duration
	objective string
	asJSON    bool
}

func sweepCommand(p *place) *cobra.Command {
	var f sweepFlags
	cmd := &cobra.Command{
		Use:   "sweep LESSON/EXPERIMENT",
		Short: "Step one setting through values: throughput against latency, the knee, the scalability law",
		Long: `Sweep runs the experiment once for each value of one setting, in one run, and says
where it bends: the knee, which is the step with the largest throughput ÷ mean
response time (Kleinrock 1979); the last value that met the objective and the
first that did not; and, when the setting is a number of clients or of workers
under closed load, the Universal Scalability Law (Gunther 2007) where it fits.

The one --set with commas names the setting and its values, at most 12. An
experiment that is a sweep itself needs none. A block that is void is measured
once more, and when it is void again the table says why.

Exit status: 0 the checks hold, or there are none, 1 a check does not hold,
2 it could not run, 3 more than half of the blocks are void.`,
		Example: `  labs sweep epoll/fits --set load.rate=1000,4000,16000 --objective 'load.p99 < 0.005'
  labs sweep uring/with-epoll --set load.connections=1,2,4,8,16,32 --for 1s`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := p.sweep(args[0], f)
			if err != nil {
				return err
			}
			return p.capacity(cmd, f, func(r *runner.Runner) (*runner.Run, error) { return r.Start(spec) })
		},
	}
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "a setting, as load.rate=1000,2000,4000 or knob.NAME=VALUE; may be repeated")
	cmd.Flags().DurationVar(&f.length, "for", 0, "measure each value this long instead of what the lesson says")
	f.share(cmd)
	return cmd
}

func (f *sweepFlags) share(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.objective, "objective", judge.UsualObjective(usualP99), "what each block must meet: comparisons joined by &&")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON object: run, result, objective, curves with steps, knee, break, law")
}

func ladderCommand(p *place) *cobra.Command {
	var f sweepFlags
	var without []string
	cmd := &cobra.Command{
		Use:   "ladder",
		Short: "Measure the ladder of 22.8: blocking, threads, epoll, edge, a loop per core, io_uring, zero-copy",
		Long: `Ladder measures one server after the other under the same closed load, with 1, 4,
16, 64 and 256 clients, in less than three minutes. The last, sendfile, has a
load of its own: its clients download a file, so its answers are not to be
compared with the echoes of the others. io_uring is left out where the kernel
refuses it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := judge.Lint(telemetry.Question{}, f.objective, true); err != nil {
				return fmt.Errorf("--objective: %w", err)
			}
			return p.capacity(cmd, f, func(r *runner.Runner) (*runner.Run, error) {
				return climb(r, without, cmd.ErrOrStderr())
			})
		},
	}
	cmd.Flags().StringSliceVar(&without, "without", nil, "rungs to leave out, like uring,sendfile")
	f.share(cmd)
	return cmd
}

// climb starts the ladder with the rungs that this machine allows.
func climb(r *runner.Runner, without []string, said io.Writer) (*runner.Run, error) {
	rungs, err := labs.Without(labs.Rungs(r.Host().Cores), without)
	if err != nil {
		return nil, fmt.Errorf("--without %w", err)
	}
	if err := runner.UringRefused(); err != nil {
		fmt.Fprintf(said, "uring is left out: this machine refuses io_uring: %v\n", err)
		rungs, _ = labs.Without(rungs, []string{"uring"})
	}
	plan, err := labs.Ladder(rungs)
	if err != nil {
		return nil, err
	}
	return r.StartPlan(plan)
}

// sweep finds the experiment and applies what the command line asks for.
func (p *place) sweep(name string, f sweepFlags) (labs.Spec, error) {
	var swept string
	var set []string
	for _, s := range f.set {
		switch {
		case !strings.Contains(s, ","):
			set = append(set, s)
		case swept != "":
			return labs.Spec{}, fmt.Errorf("--set %s: one setting is swept, and %s has commas already", s, swept)
		default:
			swept = s
		}
	}
	spec, err := p.spec(name, set, f.length, nil)
	if err != nil {
		return spec, err
	}
	catalog, _, _, err := p.book()
	if err != nil {
		return spec, err
	}
	lab, _ := catalog.Lab(spec.Lab)
	if swept == "" && spec.Sweep == nil {
		return spec, fmt.Errorf("%s is not a sweep: name a setting and its values, like --set load.connections=1,2,4,8", name)
	}
	if swept != "" {
		setting, values, _ := strings.Cut(swept, "=")
		spec.Checks, spec.Predictions = nil, nil // they are about the lesson's run
		if spec, err = spec.Swept(lab, setting, strings.Split(values, ",")); err != nil {
			return spec, fmt.Errorf("--set %w", err)
		}
	}
	if err := judge.Lint(spec.Question(lab), f.objective, true); err != nil {
		return spec, fmt.Errorf("--objective: %w", err)
	}
	return spec, nil
}

// capacity starts a run, follows it and prints what it says of capacity.
func (p *place) capacity(cmd *cobra.Command, f sweepFlags, begin func(*runner.Runner) (*runner.Run, error)) error {
	r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
	if err != nil {
		return err
	}
	out, err := carrySweep(cmd.Context(), r, f.objective, cmd.ErrOrStderr(), begin)
	if err := errors.Join(err, closeRunner(r)); err != nil {
		return err
	}
	if f.asJSON {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(out.report()); err != nil {
			return err
		}
	} else {
		out.print(cmd.OutOrStdout())
	}
	return out.status()
}

// swept is a sweep that has ended.
type swept struct {
	outcome
	judge.Capacity
}

// carrySweep starts a sweep and follows it to its last event.
func carrySweep(ctx context.Context, r *runner.Runner, objective string, progress io.Writer, begin func(*runner.Runner) (*runner.Run, error)) (swept, error) {
	run, err := begin(r)
	if err != nil {
		return swept{}, err
	}
	out := swept{outcome: outcome{id: run.ID()}}
	defer context.AfterFunc(ctx, run.Stop)()
	line := &sweepLine{w: progress, live: terminal(progress)}
	err = follow(r, run, func(e telemetry.Event) {
		line.event(e)
		if e.Run != nil {
			out.spec.Name = e.Run.Experiment
		}
		if e.End != nil {
			out.end = *e.End
		}
	})
	line.clear()
	if err != nil {
		return out, err
	}
	out.Capacity, err = capacityOf(r, out.id, objective)
	return out, err
}

func capacityOf(r *runner.Runner, id, objective string) (judge.Capacity, error) {
	path, err := r.Recording(id)
	if err != nil {
		return judge.Capacity{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return judge.Capacity{}, err
	}
	defer f.Close()
	events, err := runner.ReadRecording(f)
	if err != nil {
		return judge.Capacity{}, err
	}
	return judge.CapacityOf(events, objective)
}

// report is the --json form: of judge.Capacity, beside what a run has.
func (s swept) report() map[string]any {
	out := s.outcome.report()
	delete(out, "metrics")
	out["setting"], out["objective"], out["curves"] = s.Setting, s.Objective, s.Curves
	return out
}
