package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
	"socketlabs/site"
)

// passes is the share of the points that passes an examination: four of five
// mysteries named and proved in one run each.
const passes = 0.8

// question is one mystery of an examination, and what was said of it.
type question struct {
	Seed        int                `json:"seed"`
	Run         string             `json:"run"`
	Examination *judge.Examination `json:"examination,omitempty"` // nil once there are answers
	Answer      *runner.Answer     `json:"answer,omitempty"`      // nil: none was given
	Marks       *runner.Marks      `json:"marks,omitempty"`
}

// examReport is its --json form.
type examReport struct {
	Seed      int        `json:"seed"`
	Questions []question `json:"questions"`
	Answers   []string   `json:"answers"` // that there are
	Points    int        `json:"points"`
	Of        int        `json:"of"`
	Passed    bool       `json:"passed"`
}

// paperSeed draws where a paper of several mysteries begins: at a multiple of
// how many there are, so that none comes twice.
func paperSeed() int {
	n := len(labs.MysteryIDs())
	return rand.IntN((labs.MaxSeed+1)/n) * n
}

// exam runs a row of mysteries, those that were run are not run again, and marks
// the answers to them.
func (p *place) exam(cmd *cobra.Command, f mysteryFlags) error {
	if n := len(labs.MysteryIDs()); f.exam < 1 || f.exam > n {
		return fmt.Errorf("--exam %d is not allowed: it takes a whole number from 1 to %d", f.exam, n)
	}
	if f.answer != (runner.Answer{}) {
		return errors.New("--answer is of one mystery: with --exam the answers stand in a file, --answers FILE")
	}
	var given map[int]runner.Answer
	if f.answers != "" {
		var err error
		if given, err = readAnswers(cmd.InOrStdin(), f); err != nil {
			return err
		}
	}
	r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
	if err != nil {
		return err
	}
	defer closeRunner(r)
	x := examReport{Seed: f.seed, Answers: labs.MysteryIDs()}
	for seed := f.seed; seed < f.seed+f.exam; seed++ {
		q, err := pose(cmd, r, seed, given)
		if err != nil {
			return fmt.Errorf("mystery %d: %w", seed, err)
		}
		x.Questions = append(x.Questions, q)
		x.Of += runner.MostPoints
		if q.Marks != nil {
			x.Points += q.Marks.Points
		}
	}
	x.Passed = float64(x.Points) >= passes*float64(x.Of)
	return x.tell(cmd.OutOrStdout(), f)
}

// pose makes a mystery's run when there is none, and marks its answer.
func pose(cmd *cobra.Command, r *runner.Runner, seed int, given map[int]runner.Answer) (question, error) {
	q := question{Seed: seed}
	m, spec, err := labs.MysteryOf(seed)
	if err != nil {
		return q, err
	}
	if q.Run = latestOf(r, spec.Name); q.Run == "" {
		out, err := attempt(cmd.Context(), r, spec, cmd.ErrOrStderr())
		if err != nil {
			return q, err
		}
		if out.end.Phase != telemetry.Finished {
			return q, fmt.Errorf("the run ended as %s%s", out.end.Phase, because(out.end.Reason))
		}
		q.Run = out.id
	}
	patient, err := r.Patient(q.Run)
	if err != nil {
		return q, err
	}
	if given == nil {
		x, err := patient.Examine()
		q.Examination = &x
		return q, err
	}
	if a, ok := given[seed]; ok {
		all, err := r.Runs()
		if err != nil {
			return q, err
		}
		marks, err := patient.Mark(m, a, runner.Tries(all, spec.Name))
		q.Answer, q.Marks = &a, &marks
		return q, err
	}
	return q, nil
}

// readAnswers reads the file that --answers names, - for standard input.
func readAnswers(stdin io.Reader, f mysteryFlags) (map[int]runner.Answer, error) {
	if f.answers == "-" {
		return parseAnswers(stdin, "the standard input", f.seed, f.exam)
	}
	file, err := os.Open(f.answers)
	if err != nil {
		return nil, fmt.Errorf("--answers: %w", err)
	}
	defer file.Close()
	return parseAnswers(file, f.answers, f.seed, f.exam)
}

// parseAnswers reads lines of SEED FAULT METRIC FROM TO, as the paper has them;
// "-" for a fault leaves the answer open. Errors name the line.
func parseAnswers(r io.Reader, name string, first, n int) (map[int]runner.Answer, error) {
	given, seen := map[int]runner.Answer{}, map[int]bool{}
	scan := bufio.NewScanner(r)
	for line := 1; scan.Scan(); line++ {
		text, _, _ := strings.Cut(scan.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		seed, a, err := parseAnswer(words)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		case seed < first || seed >= first+n:
			return nil, fmt.Errorf("%s:%d: mystery %d is not of this paper: it has %d to %d", name, line, seed, first, first+n-1)
		case seen[seed]:
			return nil, fmt.Errorf("%s:%d: mystery %d is answered above: there is one answer", name, line, seed)
		}
		seen[seed] = true
		if a.Fault != "-" {
			given[seed] = a
		}
	}
	return given, scan.Err()
}

func parseAnswer(words []string) (seed int, a runner.Answer, err error) {
	if len(words) != 5 {
		return 0, a, fmt.Errorf("an answer is SEED FAULT METRIC FROM TO: this line has %d words", len(words))
	}
	if seed, err = strconv.Atoi(words[0]); err != nil {
		return 0, a, fmt.Errorf("SEED is a whole number, not %q", words[0])
	}
	a = runner.Answer{Fault: words[1], Metric: words[2]}
	if a.From, err = strconv.ParseFloat(words[3], 64); err != nil {
		return 0, a, fmt.Errorf("FROM is a number of seconds, not %q", words[3])
	}
	if a.To, err = strconv.ParseFloat(words[4], 64); err != nil {
		return 0, a, fmt.Errorf("TO is a number of seconds, not %q", words[4])
	}
	return seed, a, nil
}

// tell prints the report; its error is the exit status.
func (x examReport) tell(w io.Writer, f mysteryFlags) error {
	var err error
	if f.answers != "" && !x.Passed {
		err = status(statusFails)
	}
	switch {
	case f.asJSON:
		return errors.Join(json.NewEncoder(w).Encode(x), err)
	case f.answers == "":
		x.paper(w, f)
	default:
		x.result(w, f)
	}
	return err
}

// paper prints what was measured, and the lines to fill in.
func (x examReport) paper(w io.Writer, f mysteryFlags) {
	for _, q := range x.Questions {
		fmt.Fprintf(w, "== %s ==\n\n", site.Said(f.lang, "mystery.name", "seed", fmt.Sprint(q.Seed)))
		printExamination(w, *q.Examination, f.lang)
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%s\n\n", site.Said(f.lang, "mystery.ask"))
	for _, id := range x.Answers {
		fmt.Fprintf(w, "  %-12s  %s\n", id, site.Said(f.lang, "mystery.fault."+id))
	}
	fmt.Fprintf(w, "\n%s\n\n  # SEED FAULT METRIC FROM TO\n", site.Said(f.lang, "exam.fill"))
	for _, q := range x.Questions {
		fmt.Fprintf(w, "  %d - - 0 0\n", q.Seed)
	}
	fmt.Fprintf(w, "\n  labs mystery --exam %d --seed %d --answers FILE\n", f.exam, x.Seed)
}

// result prints the marks.
func (x examReport) result(w io.Writer, f mysteryFlags) {
	for _, q := range x.Questions {
		fmt.Fprintf(w, "%s\n", site.Said(f.lang, "mystery.name", "seed", fmt.Sprint(q.Seed)))
		if q.Marks == nil {
			fmt.Fprintf(w, "  – %s\n\n", site.Said(f.lang, "exam.open"))
			continue
		}
		k := *q.Marks
		fmt.Fprintf(w, "  %s %s\n", mark(k.Right), site.Said(f.lang, "mystery.was", "fault", site.Said(f.lang, "mystery.fault."+k.Fault)))
		proof := "mystery.proved"
		if !k.Proved {
			proof = "mystery.unproved." + k.Why
		}
		fmt.Fprintf(w, "  %s %s\n  %s\n\n", mark(k.Proved), site.Said(f.lang, proof), pointsText(k, f.lang))
	}
	verdict := "exam.failed"
	if x.Passed {
		verdict = "exam.passed"
	}
	fmt.Fprintf(w, "%s %s\n", mark(x.Passed), site.Said(f.lang, verdict, "points", fmt.Sprint(x.Points), "of", fmt.Sprint(x.Of), "least", fmt.Sprint(int(passes*float64(x.Of)))))
}

// pointsText says how an answer's points come together.
func pointsText(k runner.Marks, lang string) string {
	return site.Said(lang, "mystery.points", "points", fmt.Sprint(k.Points), "naming", fmt.Sprint(k.Naming), "proof", fmt.Sprint(k.Proof), "economy", fmt.Sprint(k.Economy), "runs", fmt.Sprint(k.Runs))
}
