package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// adviseCommand asks the decision tree about a run.
func adviseCommand(p *place) *cobra.Command {
	var p99 time.Duration
	var answered float64
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "advise [RUN]",
		Short: "Ask the decision tree whether a run justifies another server",
		Long: "Ask the decision tree about a run, the newest of a server of the ladder if none is named.\n" +
			"It ends with 0 when the run meets the objective, and with 1 when it does not.",
		Example: "  labs run epoll/fits-drained && labs advise --p99 5ms",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if p99 <= 0 || !(answered > 0 && answered <= 1) {
				return errors.New("the objective: --p99 is a duration above 0 such as 10ms, --answered a share up to 1 such as 0.99")
			}
			r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
			if err != nil {
				return err
			}
			defer r.Close(context.WithoutCancel(cmd.Context()))
			run, rung, m, err := advised(r, args)
			if err != nil {
				return err
			}
			a := judge.Advise(rung, m, judge.Objective{P99: p99.Seconds(), Answered: answered})
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(struct {
					Run string `json:"run"`
					judge.Advice
				}{run, a})
			} else {
				err = showAdvice(cmd.OutOrStdout(), run, a)
			}
			if err == nil && !a.Met {
				return status(statusFails)
			}
			return err
		},
	}
	cmd.Flags().DurationVar(&p99, "p99", 10*time.Millisecond, "objective: the response time that 99 % of the requests keep")
	cmd.Flags().Float64Var(&answered, "answered", 0.99, "objective: share of the requests that are answered")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// advised finds the run, and what the tree needs to know of it.
func advised(r *runner.Runner, args []string) (id string, rung judge.Rung, m judge.Measured, err error) {
	runs, err := r.Runs()
	if err != nil {
		return "", rung, m, err
	}
	catalog, err := r.Catalog()
	if err != nil {
		return "", rung, m, err
	}
	for _, run := range runs {
		if len(args) == 1 && run.ID != args[0] {
			continue
		}
		lab, _ := catalog.Lab(run.Lab)
		rung, ok := judge.RungOf(run.Lab, labs.Full(lab.Knobs, run.Knobs)["model"])
		believed := run.Phase == telemetry.Finished && run.Trust != "void" && run.Command == nil && run.Load != nil
		if ok && believed {
			return run.ID, rung, judge.Measured{Metrics: run.Metrics, Ask: labs.Full(labs.LoadSettings(), run.Load), Seconds: run.Seconds, Cores: run.Cores}, nil
		}
		if len(args) == 1 {
			return "", rung, m, fmt.Errorf("run %s is of labs/%s, %s: the tree takes finished runs under load of the ladder's servers (blocking, epoll, epollet, workers, reuseport, uring, sendfile)", run.ID, run.Lab, run.Phase)
		}
	}
	if len(args) == 1 {
		return "", rung, m, fmt.Errorf("no run %s in this data folder", args[0])
	}
	return "", rung, m, errors.New("no run of the ladder's servers yet: labs run epoll/fits-drained")
}

func showAdvice(w io.Writer, run string, a judge.Advice) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "run\t%s\n", run)
	fmt.Fprintf(t, "server\t%s (labs/%s), cost %d\n", a.Rung.ID, a.Rung.Lab, a.Rung.Cost())
	for _, g := range a.Goals {
		fmt.Fprintf(t, "objective %s\t%s\t%s, bound %s\n", g.ID, map[bool]string{true: "met", false: "missed"}[g.Met], valueOr(g.Value, g.Why), content.Format(g.Bound, ""))
	}
	for _, s := range a.Signals {
		fmt.Fprintf(t, "signal %s\t%s\t%s, bound %s\n", s.ID, map[bool]string{true: "lit", false: "-"}[s.Lit], valueOr(s.Value, s.Why), content.Format(s.Bound, ""))
	}
	switch {
	case a.Next != "":
		fmt.Fprintf(t, "next\t%s, because of: %s\n", a.Next, a.Why)
	case a.Met:
		fmt.Fprintf(t, "next\tnothing: the objective is met\n")
	case a.Why == "none":
		fmt.Fprintf(t, "next\tno rung: no signal justifies one\n")
	default:
		fmt.Fprintf(t, "next\tno rung: the answer is %s\n", a.Why)
	}
	return t.Flush()
}

func valueOr(v float64, why string) string {
	if why != "" {
		return why
	}
	return content.Format(v, "")
}
