package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/runner"
)

type checkFlags struct {
	run, tries, rounds, lanes int
	record                    bool
}

func checkCommand(p *place) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check [LESSON …]",
		Short: "Check the lessons and the labs",
		Long: `Check reads every lesson and every lab and names the file and line of each
fault, and every reference of content/CLAIMS.md that leads nowhere (--verbose counts
its claims); the solution of an exercise, and the wrong ones, must compile. With --run
it also runs every experiment and judges it: the goal of an exercise must hold with
the solution only. And it compares what the lesson compares: with --rounds 1,
in one round of A B B A, of which a block whose checks hold counts as a run. On a machine that
others use too, --tries 3 runs one that does not hold again, at most so often in
all, and says so. With --lanes 2, experiments have a first try two at a time: what
holds beside another run holds. What does not, and what a busy machine could have
brought about, is run again alone, as comparisons and sweeps are at once. With --record it keeps the last run of each as the author's
recording, which the lesson shows before the reader's first run.`,
		Example: "  labs check\n  labs check --run 3 epoll\n  labs check --run 1 --tries 3 --rounds 1 --lanes 2",
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.run < 0 || f.run > 100 {
				return fmt.Errorf("--run %d is not allowed: it takes a whole number from 0 to 100", f.run)
			}
			if f.tries < 1 || f.tries > 10 {
				return fmt.Errorf("--tries %d is not allowed: it takes a whole number from 1 to 10", f.tries)
			}
			if f.rounds < 0 || f.rounds > 10 {
				return fmt.Errorf("--rounds %d is not allowed: it takes a whole number from 1 to 10, or 0 for what the lesson says", f.rounds)
			}
			if f.lanes < 1 || f.lanes > maxLanes {
				return fmt.Errorf("--lanes %d is not allowed: it takes a whole number from 1 to %d", f.lanes, maxLanes)
			}
			if f.record && f.lanes > 1 {
				return errors.New("--record does not go with --lanes: a recording is measured alone")
			}
			if f.record && f.run == 0 {
				f.run = 1
			}
			return p.check(cmd, args, f)
		},
	}
	cmd.Flags().IntVar(&f.run, "run", 0, "also run every experiment this many times")
	cmd.Flags().IntVar(&f.tries, "tries", 1, "with --run: how often an experiment may be run until it holds")
	cmd.Flags().IntVar(&f.rounds, "rounds", 0, "with --run: rounds of each comparison, instead of what the lesson says")
	cmd.Flags().IntVar(&f.lanes, "lanes", 1, "with --run: how many experiments have their first try at the same time")
	cmd.Flags().BoolVar(&f.record, "record", false, "keep the last run of each as the author's recording")
	return cmd
}

func (p *place) check(cmd *cobra.Command, names []string, f checkFlags) error {
	catalog, book, problems, err := p.book()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		table, wrong := content.ReadClaims(filepath.Join(catalog.Root, "content"), book)
		problems = append(problems, wrong...)
		if p.verbose {
			fmt.Fprintf(cmd.OutOrStdout(), "claims of the chapter: %d, of these corrected %d, something open in %d\n", table.Rows, table.Fixed, table.Open)
		}
	}
	chosen, err := choose(book, problems, names)
	if err != nil {
		return err
	}
	for _, problem := range problems {
		fmt.Fprintln(cmd.ErrOrStderr(), problem)
	}
	failed := len(problems) > 0
	if f.run > 0 {
		held, err := p.runAll(cmd, catalog, chosen, f)
		if err != nil {
			return err
		}
		failed = failed || !held
	} else {
		for _, l := range chosen {
			lab, versions := exercised(catalog, l)
			for _, v := range versions {
				if err := runner.Compile(cmd.Context(), catalog.Root, lab, v); err != nil {
					fmt.Fprintln(cmd.ErrOrStderr(), err)
					failed = true
				}
			}
		}
	}
	if failed {
		return status(statusFails)
	}
	return nil
}

// exercised is what a lesson's exercise compiles: its lab, with the solution and with
// what is wrong; nothing without an exercise.
func exercised(catalog *labs.Catalog, l *content.Lesson) (labs.Lab, []labs.Version) {
	if l.Exercise == nil {
		return labs.Lab{}, nil
	}
	lab, _ := catalog.Lab(l.Exercise.Lab)
	return lab, append([]labs.Version{l.Exercise.Solution}, l.Exercise.Wrong...)
}

// choose returns the named lessons, or all.
func choose(book *content.Book, problems []content.Problem, names []string) ([]*content.Lesson, error) {
	if len(names) == 0 {
		return lessons(book), nil
	}
	var out []*content.Lesson
	for _, name := range names {
		l, _, _ := book.Lesson(name)
		if l != nil {
			out = append(out, l)
		} else if about(problems, name) == nil {
			return nil, fmt.Errorf("no lesson %q: `labs list` shows what there is; a new one needs its line in content/toc.txt", name)
		}
	}
	return out, nil
}
