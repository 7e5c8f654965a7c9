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
	"socketlabs/labs"
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
fault, and every reference of content/CLAIMS.md that leads nowhere (--verbose counts
its claims); the solution of an exercise, and the wrong ones, must compile. With --run
it also runs every experiment and judges it: the goal of an exercise must hold with
the solution only. And it compares what the lesson compares: with --rounds 1,
in one round of A B B A, of which a block whose checks hold counts as a run. On a machine that
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
	catalog, book, problems, err := p.book()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		table, wrong := content.ReadClaims(filepath.Join(catalog.Root, "content"), book)
		problems = append(problems, wrong...)
		if p.verbose {
			fmt.Fprintf(cmd.OutOrStdout(), "claims of the chapter: %d, something open in %d\n", table.Rows, table.Open)
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
	for _, l := range chosen {
		if l.Exercise == nil {
			continue
		}
		lab, _ := catalog.Lab(l.Exercise.Lab)
		for _, v := range append([]labs.Version{l.Exercise.Solution}, l.Exercise.Wrong...) {
			if err := runner.Compile(cmd.Context(), catalog.Root, lab, v); err != nil {
				fmt.Fprintln(cmd.ErrOrStderr(), err)
				failed = true
			}
		}
	}
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
			return nil, fmt.Errorf("no lesson %q: `labs list` shows what there is; a new one needs its line in content/toc.txt", name)
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
		seen := map[string]bool{}
		as, err := p.compareAll(cmd, r, l, f, seen)
		if err != nil {
			return false, err
		}
		held = held && as
		for _, exp := range l.Experiments {
			runs := f.run
			if seen[exp.Spec.Name] && f.rounds > 0 && !f.record && !provesMore(l, exp) {
				runs--
			}
			for range runs {
				ok, err := p.prove(cmd, r, l, exp, f)
				if err != nil {
					return false, err
				}
				held = held && ok
			}
		}
	}
	return held, nil
}

// provesMore says that a run of the experiment tells more than whether its
// checks hold.
func provesMore(l *content.Lesson, exp *content.Experiment) bool {
	return l.Exercise != nil && l.Exercise.Goal == exp || l.BreakIt != nil && l.BreakIt.Cure == exp
}

// prove runs an experiment, and what the lesson claims of it besides: that the
// cure of its break-it fails a check of the failure, and that the goal of its
// exercise fails on the lab as it is and with what is wrong, and holds with the
// solution.
func (p *place) prove(cmd *cobra.Command, r *runner.Runner, l *content.Lesson, exp *content.Experiment, f checkFlags) (bool, error) {
	want := "holds"
	if l.Exercise != nil && l.Exercise.Goal == exp {
		want = "fails"
	}
	out, err := p.until(cmd, r, exp.Spec, want, f.tries)
	if err != nil || out.result() != want {
		return false, err
	}
	if f.record {
		if err := p.record(r, out.id, exp.Spec.Name); err != nil {
			return false, err
		}
	}
	switch {
	case want == "fails":
		return p.solve(cmd, r, l.Exercise, f.tries)
	case l.BreakIt != nil && l.BreakIt.Cure == exp:
		return cured(cmd.OutOrStdout(), r, l.BreakIt, out.id)
	}
	return true, nil
}

// solve says whether the goal holds with the solution, and fails with each of
// the wrong ones: these have one try, for a goal that they reach at times is at
// fault too.
func (p *place) solve(cmd *cobra.Command, r *runner.Runner, x *content.Exercise, tries int) (bool, error) {
	out, err := p.until(cmd, r, x.Spec(x.Solution), "holds", tries)
	solved := out.result() == "holds"
	for _, v := range x.Wrong {
		if err != nil {
			break
		}
		out, err = p.until(cmd, r, x.Spec(v), "fails", 1)
		solved = solved && out.result() == "fails"
	}
	return solved && err == nil, err
}

// until runs a spec until its result is the wanted one, at most so often.
func (p *place) until(cmd *cobra.Command, r *runner.Runner, spec labs.Spec, want string, tries int) (out outcome, err error) {
	with, pointless := "", "the exercise would have nothing to do"
	if spec.Version != nil {
		with = "  with " + filepath.Base(spec.Version.File)
		pointless = spec.Version.File + " is wrong, and no check of the goal sees it"
	}
	for try := 1; try <= tries && out.result() != want; try++ {
		if out, err = attempt(cmd.Context(), r, spec, cmd.ErrOrStderr()); err != nil {
			return out, err
		}
		if out.result() != want {
			out.print(cmd.OutOrStdout())
			continue
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s  %s%s  %s%s\n", spec.Name, want, with, out.id, tryText(try))
	}
	if out.result() != want && want == "fails" {
		fmt.Fprintf(cmd.OutOrStdout(), "%s  %s: %s\n", spec.Name, out.result(), pointless)
	}
	return out, nil
}

// cured says whether some check of the failure does not hold on the cure's run.
func cured(w io.Writer, r *runner.Runner, b *content.BreakIt, id string) (bool, error) {
	path, err := r.Recording(id)
	if err != nil {
		return false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	v, err := runner.Ask(f, b.Run.Spec.Checks)
	if err != nil {
		return false, err
	}
	for _, c := range v.Checks {
		if !c.Pass {
			fmt.Fprintf(w, "%s  cures %s: %s does not hold\n", b.Cure.Spec.Name, b.Run.ID, c.ID)
			return true, nil
		}
	}
	fmt.Fprintf(w, "%s  does not cure: every check of %s holds on it\n", b.Cure.Spec.Name, b.Run.ID)
	return false, nil
}

// tryText says which try it was, but for the first.
func tryText(try int) string {
	if try == 1 {
		return ""
	}
	return fmt.Sprintf("  on try %d", try)
}

func attempt(ctx context.Context, r *runner.Runner, spec labs.Spec, progress io.Writer) (out outcome, err error) {
	for range 3 {
		out, err = carry(ctx, r, spec, nil, progress)
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
