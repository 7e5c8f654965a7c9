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
	"time"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// trial is one thing that a lesson claims of a run.
type trial struct {
	spec   labs.Spec
	want   string           // holds, fails
	tries  int              // at most, until it is so
	cures  *content.BreakIt // not nil: the run also fails a check of its failure
	record bool             // the run becomes the author's recording
}

// trialsOf are what a lesson claims of its experiments: that each holds, that the
// cure of its break-it fails a check of the failure, and that the goal of its
// exercise fails on the lab as it is and with what is wrong, and holds with the
// solution. Of those that its comparisons saw to hold, one run less.
func trialsOf(l *content.Lesson, f checkFlags, seen map[string]bool) (list []trial) {
	for _, exp := range l.Experiments {
		goal := l.Exercise != nil && l.Exercise.Goal == exp
		t := trial{spec: exp.Spec, want: "holds", tries: f.tries, record: f.record}
		if goal {
			t.want = "fails"
		}
		if l.BreakIt != nil && l.BreakIt.Cure == exp {
			t.cures = l.BreakIt
		}
		runs := f.run
		if seen[exp.Spec.Name] && f.rounds > 0 && !f.record && !goal && t.cures == nil {
			runs--
		}
		for range runs {
			if list = append(list, t); goal {
				list = append(list, versionsOf(l.Exercise, f.tries)...)
			}
		}
	}
	return list
}

// versionsOf are the goal with the solution, and with each of the wrong ones: these
// have one try, for a goal that they reach at times is at fault too.
func versionsOf(x *content.Exercise, tries int) []trial {
	list := []trial{{spec: x.Spec(x.Solution), want: "holds", tries: tries}}
	for _, v := range x.Wrong {
		list = append(list, trial{spec: x.Spec(v), want: "fails", tries: 1})
	}
	return list
}

// say prints what a trial came to, in a line.
func (t trial) say(w io.Writer, result, how string) {
	with := ""
	if v := t.spec.Version; v != nil {
		with = "  with " + filepath.Base(v.File)
	}
	fmt.Fprintf(w, "%s  %s%s  %s\n", t.spec.Name, result, with, how)
}

// settle runs a trial alone until it is as it should be, at most so often as it may
// be tried; first is the number of the first of these tries.
func (c *checking) settle(t trial, first int) (held bool, err error) {
	defer c.spend(t.spec.Name, time.Now())
	w := c.cmd.OutOrStdout()
	var out outcome
	for try := first; try <= t.tries && out.result() != t.want; try++ {
		if out, err = attempt(c.cmd.Context(), c.runner, t.spec, c.cmd.ErrOrStderr()); err != nil {
			return false, err
		}
		if out.result() != t.want {
			out.print(w)
			continue
		}
		t.say(w, t.want, out.id+tryText(try))
	}
	if out.result() != t.want {
		t.pointless(w, out)
		return false, nil
	}
	if t.record {
		if err := c.record(c.runner, out.id, t.spec.Name); err != nil {
			return false, err
		}
	}
	return t.cured(w, c.runner, out.id)
}

// pointless says what it means that a goal does not fail where it should.
func (t trial) pointless(w io.Writer, out outcome) {
	if t.want != "fails" {
		return
	}
	why := "the exercise would have nothing to do"
	if t.spec.Version != nil {
		why = t.spec.Version.File + " is wrong, and no check of the goal sees it"
	}
	fmt.Fprintf(w, "%s  %s: %s\n", t.spec.Name, out.result(), why)
}

// cured says whether some check of the failure does not hold on the cure's run;
// what is no cure has none to fail.
func (t trial) cured(w io.Writer, r *runner.Runner, id string) (bool, error) {
	if t.cures == nil {
		return true, nil
	}
	v, err := ask(r, id, t.cures.Run.Spec.Checks)
	if err != nil {
		return false, err
	}
	for _, c := range v.Checks {
		if !c.Pass {
			fmt.Fprintf(w, "%s  cures %s: %s does not hold\n", t.spec.Name, t.cures.Run.ID, c.ID)
			return true, nil
		}
	}
	fmt.Fprintf(w, "%s  does not cure: every check of %s holds on it\n", t.spec.Name, t.cures.Run.ID)
	return false, nil
}

// ask judges a run by other checks than its own.
func ask(r *runner.Runner, id string, checks []telemetry.Formula) (judge.Verdict, error) {
	path, err := r.Recording(id)
	if err != nil {
		return judge.Verdict{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return judge.Verdict{}, err
	}
	defer f.Close()
	return runner.Ask(f, checks)
}

// tryText says which try it was, but for the first.
func tryText(try int) string {
	if try == 1 {
		return ""
	}
	return fmt.Sprintf("  on try %d", try)
}

// attempt runs a spec, again when the run is void: it proves nothing.
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
