package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
	"socketlabs/site"
)

func doctorCommand(p *place) *cobra.Command {
	var asJSON bool
	var lang string
	cmd := &cobra.Command{
		Use:   "doctor RUN|LESSON/EXPERIMENT",
		Short: "Examine a run in the seven steps of 22.2.1",
		Long: `Doctor looks at a run as one looks at a slow server: system load, network,
kernel socket queues, application queues, locks, disk, external dependency. For
each it says what was measured, what is normal, and which commands show the
same in a terminal. An experiment is run first; a recorded run is read.`,
		Example: "  labs doctor epoll-edge/stall\n  labs doctor 20260102T150405Z-0123abcd --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkLang(lang); err != nil {
				return err
			}
			x, err := p.examine(cmd.Context(), args[0], cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(x)
			}
			printExamination(cmd.OutOrStdout(), x, lang)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object: run, phase, seconds, steps")
	cmd.Flags().StringVar(&lang, "lang", "en", "language: ko or en")
	return cmd
}

// examine looks at a recorded run, or at one that it makes of an experiment.
func (p *place) examine(ctx context.Context, name string, progress io.Writer) (x judge.Examination, err error) {
	lesson, _, experiment := strings.Cut(name, "/")
	if experiment && lesson != "" {
		spec, err := p.spec(name, nil, 0, nil)
		if err != nil {
			return x, err
		}
		r, err := p.runner(progress, runner.Limits{})
		if err != nil {
			return x, err
		}
		defer closeRunner(r)
		out, err := carry(ctx, r, spec, nil, progress)
		if err != nil {
			return x, err
		}
		return examined(r, out.id)
	}
	r, err := p.runner(progress, runner.Limits{})
	if err != nil {
		return x, err
	}
	defer closeRunner(r)
	if x, err = examined(r, name); err != nil {
		return x, fmt.Errorf("%s: %w: name a run of the data folder or an experiment as LESSON/EXPERIMENT; `labs list` lists those", name, err)
	}
	return x, nil
}

func examined(r *runner.Runner, id string) (judge.Examination, error) {
	patient, err := r.Patient(id)
	if err != nil {
		return judge.Examination{}, err
	}
	return patient.Examine()
}

// printExamination writes the steps for a person.
func printExamination(w io.Writer, x judge.Examination, lang string) {
	fmt.Fprintf(w, "%s  %s  %s\n", x.Run, x.Phase, site.Said(lang, "doctor.examined", "n", content.Format(x.Seconds, "")))
	for i, s := range x.Steps {
		fmt.Fprintf(w, "\n%d. %s  [%s]\n", i+1, site.Said(lang, "doctor.step."+s.ID), site.Said(lang, "doctor.state."+string(s.State)))
		if s.Why != "" {
			fmt.Fprintf(w, "   %s\n", site.Said(lang, "doctor."+s.Why))
		}
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, g := range s.Signals {
			when, normal := "", site.Said(lang, "doctor.normal."+g.ID)
			if g.State != judge.Fine {
				when = site.Said(lang, "doctor.when", "from", fmt.Sprint(g.From), "to", fmt.Sprint(g.To))
			}
			if g.Look+g.Sick > 0 {
				normal = site.Said(lang, "doctor.normal") + " " + normal
			}
			fmt.Fprintf(t, "   %s %s\t%s\t%s\t%s\n", sign(g.State), site.Said(lang, "doctor.signal."+g.ID), signalText(g, lang), when, normal)
		}
		t.Flush()
		for _, c := range s.Commands {
			fmt.Fprintf(w, "   $ %s\n", telemetry.Visible(c))
		}
	}
}

// sign is a state's shape.
func sign(h judge.Health) string {
	return map[judge.Health]string{judge.Fine: "·", judge.Look: "?", judge.Sick: "✗", judge.Unseen: "–"}[h]
}

func signalText(g judge.DoctorSignal, lang string) string {
	switch g.Unit {
	case "seconds":
		return content.Format(g.Value, "ms")
	case "bytes":
		if g.Value >= 1024 {
			return content.Format(g.Value, "KiB")
		}
		return content.Format(g.Value, "") + " B"
	case "share":
		return content.Format(g.Value, "%")
	case "cores", "threads":
		return site.Said(lang, "doctor.unit."+g.Unit, "v", content.Format(g.Value, ""))
	case "per second":
		return site.Said(lang, "doctor.unit.rate", "v", content.Format(g.Value, ""))
	}
	return content.Format(g.Value, "")
}
