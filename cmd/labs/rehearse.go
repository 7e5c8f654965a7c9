package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/site/rehearse"
)

func rehearseCommand(p *place) *cobra.Command {
	learners, minutes, lesson := 12, 5.0, ""
	cmd := &cobra.Command{
		Use:   "rehearse LINK",
		Short: "Fill a workshop of this machine with simulated learners",
		Long: `Fill a workshop with simulated learners: they join by its link, go through the
lessons at a human pace, predict, start real runs, raise hands, vote, sleep and
come back. Their names say that they are simulated. At the end, or at Ctrl+C,
they delete their data and leave; the instructor's page deletes them too.

LINK is the one that labs serve --workshop prints, in quotes. Its host has to be
a loopback address or one of this machine's.`,
		Example: `  labs rehearse 'http://127.0.0.1:7022/ko/join#7Q4-KDM-…'
  labs rehearse --learners 40 --minutes 20 --lesson epoll 'http://127.0.0.1:7022/en/join#7Q4-KDM-…'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			class := rehearse.Class{Learners: learners, Time: time.Duration(minutes * float64(time.Minute))}
			switch {
			case learners < 1 || learners > rehearse.MaxLearners:
				return fmt.Errorf("--learners %d is not allowed: it takes 1 to %d", learners, rehearse.MaxLearners)
			case !(minutes >= 0.1 && minutes <= rehearse.MaxTime.Minutes()):
				return fmt.Errorf("--minutes %g is not allowed: it takes 0.1 to %g", minutes, rehearse.MaxTime.Minutes())
			}
			var err error
			if class.Link, err = rehearse.ParseLink(args[0]); err != nil {
				return err
			}
			_, book, _, err := p.book()
			if err != nil {
				return err
			}
			if class.Steps, err = steps(book, lesson); err != nil {
				return err
			}
			return rehearsed(cmd.Context(), cmd.OutOrStdout(), class)
		},
	}
	cmd.Flags().IntVar(&learners, "learners", learners, fmt.Sprintf("how many, up to %d", rehearse.MaxLearners))
	cmd.Flags().Float64Var(&minutes, "minutes", minutes, fmt.Sprintf("how long, up to %g", rehearse.MaxTime.Minutes()))
	cmd.Flags().StringVar(&lesson, "lesson", "", "the lesson that they begin with (default: the first one with an experiment); where the class is called to, they go")
	return cmd
}

// saidEvery is how often a rehearsal says how it stands.
const saidEvery = 5 * time.Second

func rehearsed(ctx context.Context, w io.Writer, class rehearse.Class) error {
	var tally rehearse.Tally
	began, over := time.Now(), make(chan error, 1)
	fmt.Fprintf(w, "%d simulated learners for %v. Ctrl+C ends it; they delete their data and leave.\n", class.Learners, class.Time)
	go func() { over <- class.Play(ctx, &tally) }()
	every := time.NewTicker(saidEvery)
	defer every.Stop()
	for {
		select {
		case err := <-over:
			fmt.Fprintf(w, "over   %s\n", &tally)
			return err
		case <-every.C:
			now := int(time.Since(began).Seconds())
			fmt.Fprintf(w, "%3d:%02d %s\n", now/60, now%60, &tally)
		}
	}
}

// steps is what simulated learners go through: all lessons, that one first and those
// that follow it, and then the others. Sweeps and exercises take too long for everybody
// to do them.
func steps(book *content.Book, from string) ([]rehearse.Step, error) {
	var before, after []rehearse.Step
	found := false
	for _, l := range lessons(book) {
		found = found || l.ID == from || from == "" && len(l.Experiments) > 0
		if found {
			after = append(after, stepsOf(l)...)
		} else {
			before = append(before, stepsOf(l)...)
		}
	}
	if !found {
		return nil, fmt.Errorf("--lesson %q is not in the book: `labs list` has them", from)
	}
	return append(after, before...), nil
}

func stepsOf(l *content.Lesson) (list []rehearse.Step) {
	for _, s := range l.Sections {
		step := rehearse.Step{Lesson: l.ID, Section: s.ID}
		for _, b := range s.Body {
			if x := b.Experiment; x != nil && x.Spec.Sweep == nil && b.BreakIt == nil && b.Exercise == nil {
				step.Experiments = append(step.Experiments, played(x))
			}
		}
		list = append(list, step)
	}
	return list
}

// played is an experiment as a simulated learner knows it.
func played(x *content.Experiment) rehearse.Experiment {
	out := rehearse.Experiment{ID: x.ID}
	for _, p := range x.Predictions {
		out.Questions = append(out.Questions, rehearse.Question{ID: p.ID, Kind: p.Kind, Choices: p.Prediction.Choices})
	}
	if size, ok := x.Spec.Load["size"]; ok && strings.TrimSpace(fmt.Sprint(size)) != "128" {
		out.Other = [2]string{"load.size", "128"}
	}
	return out
}
