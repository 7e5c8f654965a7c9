package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/runner"
)

type checkFlags struct {
	run, tries, rounds int
	record             bool
}

func checkCommand(p *place) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check [LESSON …]",
		Short: "Check the lessons and the labs",
		Long: `Check reads every lesson and every lab and names the file and line of each
fault. With --run it also runs every experiment and judges it, and compares what
the lesson compares: with --rounds 1, in one round of A B B A. On a machine that
others use too, --tries 3 runs one that does not hold again, at most so often in
all, and says so. With --record it keeps the last run of each as the author's
recording, which the lesson shows before the reader's first run.`,
		Example: "  labs check\n  labs check --run 3 epoll",
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
			if f.record && f.run == 0 {
				f.run = 1
			}
			return p.check(cmd, args, f)
		},
	}
	cmd.Flags().IntVar(&f.run, "run", 0, "also run every experiment this many times")
	cmd.Flags().IntVar(&f.tries, "tries", 1, "with --run: how often an experiment may be run until it holds")
	cmd.Flags().IntVar(&f.rounds, "rounds", 0, "with --run: rounds of each comparison, instead of what the lesson says")
	cmd.Flags().BoolVar(&f.record, "record", false, "keep the last run of each as the author's recording")
	return cmd
}

func (p *place) check(cmd *cobra.Command, names []string, f checkFlags) error {
	_, book, problems, err := p.book()
	if err != nil {
		return err
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
		held, err := p.runAll(cmd, chosen, f)
		if err != nil {
			return err
		}
		failed = failed || !held
	}
	if failed {
		return status(statusFails)
	}
	return nil
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
			return nil, fmt.Errorf("no lesson %q: `labs list` shows what there is", name)
		}
	}
	return out, nil
}

// runAll runs every experiment of the lessons and says whether all checks held.
// A void run proves nothing: it is run again, at most twice.
func (p *place) runAll(cmd *cobra.Command, chosen []*content.Lesson, f checkFlags) (held bool, err error) {
	r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
	if err != nil {
		return false, err
	}
	defer func() {
		if e := closeRunner(r); err == nil {
			err = e
		}
	}()
	held = true
	for _, l := range chosen {
		for _, exp := range l.Experiments {
			for range f.run {
				var out outcome
				for try := 1; try <= f.tries && out.result() != "holds"; try++ {
					if out, err = attempt(cmd.Context(), r, exp, cmd.ErrOrStderr()); err != nil {
						return false, err
					}
					if out.result() != "holds" {
						out.print(cmd.OutOrStdout())
					} else {
						fmt.Fprintf(cmd.OutOrStdout(), "%s  holds  %s%s\n", exp.Spec.Name, out.id, tryText(try))
					}
				}
				held = held && out.result() == "holds"
				if f.record && out.result() == "holds" {
					if err := p.record(r, out.id, exp.Spec.Name); err != nil {
						return false, err
					}
				}
			}
		}
		as, err := p.compareAll(cmd, r, l, f)
		if err != nil {
			return false, err
		}
		held = held && as
	}
	return held, nil
}

// tryText says which try it was, but for the first.
func tryText(try int) string {
	if try == 1 {
		return ""
	}
	return fmt.Sprintf("  on try %d", try)
}

func attempt(ctx context.Context, r *runner.Runner, exp *content.Experiment, progress io.Writer) (out outcome, err error) {
	for range 3 {
		out, err = carry(ctx, r, exp.Spec, nil, progress)
		if err != nil || out.result() != "void" {
			break
		}
	}
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return out, err
}

// record makes a run the author's recording of LESSON/ID.
func (p *place) record(r *runner.Runner, id, name string) error {
	root, _, err := p.open()
	if err != nil {
		return err
	}
	from, err := r.Recording(id)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	z.Write(text)
	if err := z.Close(); err != nil {
		return err
	}
	lesson, of, _ := strings.Cut(name, "/")
	dir := filepath.Join(root, "content", lesson, "author")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, of+".jsonl.gz"), packed.Bytes(), 0o644)
}
