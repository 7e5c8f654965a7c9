package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/spf13/cobra"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
	"socketlabs/site"
)

// mysteryFlags are what `labs mystery` takes.
type mysteryFlags struct {
	seed    int
	exam    int    // mysteries in a row, 0: one, and no examination
	answers string // the file with those of an examination
	answer  runner.Answer
	asJSON  bool
	lang    string
}

// mysteryReport is its --json form.
type mysteryReport struct {
	Seed        int               `json:"seed"`
	Run         string            `json:"run"`
	Trust       string            `json:"trust,omitempty"` // of a run that was made now
	Examination judge.Examination `json:"examination"`
	Answers     []string          `json:"answers"`
	Marks       *runner.Marks     `json:"marks,omitempty"`
}

func mysteryCommand(p *place) *cobra.Command {
	f := mysteryFlags{}
	cmd := &cobra.Command{
		Use:   "mystery",
		Short: "Run a server with a hidden fault, and find it",
		Long: `Mystery runs a server with a fault that the seed chooses and does not tell
which. Look at the seven steps, then say what it is and prove it: a metric, and
the time in which it shows the fault, in seconds since load began.

The answer is judged by the latest run of that seed. It scores 50 for the name,
30 for the proof, and 20 less 5 for each run after the first.

With --exam 5 it is a row of five mysteries from the seed on, a multiple of eleven
if you name none, so that no fault comes twice: each is run once, and the lines to
fill in are printed. With --answers FILE these are marked together; 80 % of the
points pass.

Answers: ` + strings.Join(labs.MysteryIDs(), ", ") + `

Exit status: 0 the answer is right and proved or the examination passed, or no
answer was given; 1 it is not; 2 it could not run.`,
		Example: "  labs mystery --seed 7\n  labs mystery --seed 7 --answer lock --metric lab.lock_wait --from 1 --to 3\n  labs mystery --exam 5 --seed 440\n  labs mystery --exam 5 --seed 440 --answers paper.txt",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkLang(f.lang); err != nil {
				return err
			}
			seeded, exam := cmd.Flags().Changed("seed"), cmd.Flags().Changed("exam")
			switch {
			case f.answers != "" && !(seeded && exam):
				return errors.New("--answers: name the paper too, with --exam N and --seed N")
			case exam && !seeded:
				f.seed = paperSeed()
			case !seeded:
				f.seed = rand.IntN(labs.MaxSeed + 1)
			}
			if exam {
				return p.exam(cmd, f)
			}
			return p.mystery(cmd, f)
		},
	}
	cmd.Flags().IntVar(&f.seed, "seed", 0, "which mystery (default: any)")
	cmd.Flags().IntVar(&f.exam, "exam", 0, "an examination: so many mysteries in a row")
	cmd.Flags().StringVar(&f.answers, "answers", "", "with --exam: the file with the answers, - for the standard input")
	cmd.Flags().StringVar(&f.answer.Fault, "answer", "", "what the fault is")
	cmd.Flags().StringVar(&f.answer.Metric, "metric", "", "the metric that proves it")
	cmd.Flags().Float64Var(&f.answer.From, "from", 0, "where the proof begins, in seconds since load began")
	cmd.Flags().Float64Var(&f.answer.To, "to", 0, "where it ends")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON object: seed, run, examination, answers, marks")
	cmd.Flags().StringVar(&f.lang, "lang", "en", "language: ko or en")
	return cmd
}

func (p *place) mystery(cmd *cobra.Command, f mysteryFlags) error {
	m, spec, err := labs.MysteryOf(f.seed)
	if err != nil {
		return fmt.Errorf("--seed: %w", err)
	}
	r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
	if err != nil {
		return err
	}
	defer closeRunner(r)
	report := mysteryReport{Seed: f.seed, Answers: labs.MysteryIDs()}
	report.Run = latestOf(r, spec.Name)
	if f.answer.Fault == "" || report.Run == "" {
		out, err := carry(cmd.Context(), r, spec, nil, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		if out.end.Phase != telemetry.Finished {
			return fmt.Errorf("the run ended as %s%s", out.end.Phase, because(out.end.Reason))
		}
		report.Run, report.Trust = out.id, out.end.Trust
	}
	patient, err := r.Patient(report.Run)
	if err != nil {
		return err
	}
	if report.Examination, err = patient.Examine(); err != nil {
		return err
	}
	if f.answer.Fault != "" {
		all, err := r.Runs()
		if err != nil {
			return err
		}
		marks, err := patient.Mark(m, f.answer, runner.Tries(all, spec.Name))
		if err != nil {
			return fmt.Errorf("--answer: %w", err)
		}
		report.Marks = &marks
	}
	return report.tell(cmd.OutOrStdout(), f)
}

// latestOf returns the newest finished run of that name, or nothing.
func latestOf(r *runner.Runner, name string) string {
	runs, _ := r.Runs()
	for _, s := range runs {
		if s.Experiment == name && s.Phase == telemetry.Finished {
			return s.ID
		}
	}
	return ""
}

// tell prints the report; its error is the exit status.
func (m mysteryReport) tell(w io.Writer, f mysteryFlags) error {
	var err error
	if m.Marks != nil && !(m.Marks.Right && m.Marks.Proved) {
		err = status(statusFails)
	}
	if f.asJSON {
		return errors.Join(json.NewEncoder(w).Encode(m), err)
	}
	if m.Marks == nil {
		printExamination(w, m.Examination, f.lang)
		fmt.Fprintf(w, "\n%s\n\n", site.Said(f.lang, "mystery.ask"))
		for _, id := range m.Answers {
			fmt.Fprintf(w, "  %-12s  %s\n", id, site.Said(f.lang, "mystery.fault."+id))
		}
		fmt.Fprintf(w, "\n  labs mystery --seed %d --answer … --metric … --from … --to …\n", m.Seed)
		return nil
	}
	k := *m.Marks
	fmt.Fprintf(w, "%s %s: %s\n", mark(k.Right), site.Said(f.lang, "mystery.fault."+k.Fault), site.Said(f.lang, "mystery.why."+k.Fault))
	if fmt.Fprintf(w, "%s %s\n", mark(k.Proved), site.Said(f.lang, "mystery.proved")); k.Why != "" {
		fmt.Fprintf(w, "  %s\n", site.Said(f.lang, "mystery.unproved."+k.Why))
	}
	fmt.Fprintln(w, pointsText(k, f.lang))
	return err
}
