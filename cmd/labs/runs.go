package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

func runsCommand(p *place) *cobra.Command {
	var asJSON bool
	var experiment string
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List, name, annotate, export and import recordings",
		Long: `Runs lists the recordings, the newest first. Its commands do what the page of
recordings does; a running site may have the same data folder open.`,
		Example: `  labs runs
  labs runs show 20260102T030405Z-1a2b3c4d
  labs runs name 20260102T030405Z-1a2b3c4d 'buffer of 512'
  labs runs note 20260102T030405Z-1a2b3c4d --at 1.5 'the queue begins to grow'
  labs runs export 20260102T030405Z-1a2b3c4d --as html -o run.html
  labs runs import from-ada.jsonl.gz`,
		Args: cobra.NoArgs,
		RunE: p.withRuns(func(cmd *cobra.Command, r *runner.Runner, _ []string) error {
			list, err := r.Runs()
			if err != nil {
				return err
			}
			list = slices.DeleteFunc(list, func(s runner.Summary) bool { return !of(s, experiment) })
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"runs": append([]runner.Summary{}, list...)})
			}
			printRuns(cmd.OutOrStdout(), list)
			return nil
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	cmd.Flags().StringVar(&experiment, "of", "", "only those of LESSON or LESSON/EXPERIMENT")
	cmd.AddCommand(runsShow(p), runsName(p), runsNote(p), runsRemove(p), runsExport(p), runsImport(p))
	return cmd
}

// of says whether a run is of that lesson or experiment; "" is every one.
func of(s runner.Summary, name string) bool {
	return name == "" || s.Experiment == name || strings.HasPrefix(s.Experiment, name+"/")
}

// withRuns opens the recordings for a command. An error about a run that there
// is not says where to look.
func (p *place) withRuns(do func(*cobra.Command, *runner.Runner, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
		if err != nil {
			return err
		}
		err = do(cmd, r, args)
		if errors.Is(err, runner.ErrNoRun) {
			err = fmt.Errorf("%w %s: `labs runs` lists those that there are", err, strings.Join(args[:min(1, len(args))], ""))
		}
		return errors.Join(err, closeRunner(r))
	}
}

func printRuns(w io.Writer, list []runner.Summary) {
	if len(list) == 0 {
		fmt.Fprintln(w, "There are no recordings yet: labs run LESSON/EXPERIMENT makes one.")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	total := int64(0)
	for _, s := range list {
		total += s.Bytes
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, s.Experiment, ending(s), held(s), size(s.Bytes), telemetry.Visible(beside(s)))
	}
	t.Flush()
	fmt.Fprintf(w, "\nrecordings: %d, %s\n", len(list), size(total))
}

// ending is how a run ended, in a word.
func ending(s runner.Summary) string {
	if s.Phase == telemetry.Finished {
		return s.Trust
	}
	return string(s.Phase)
}

func held(s runner.Summary) string {
	if len(s.Checks) == 0 {
		return "-"
	}
	n := 0
	for _, c := range s.Checks {
		if c.Pass {
			n++
		}
	}
	return fmt.Sprintf("%d/%d checks", n, len(s.Checks))
}

// beside is what stands beside the recording: name, notes, origin.
func beside(s runner.Summary) string {
	var parts []string
	if s.Name != "" {
		parts = append(parts, s.Name)
	}
	if s.Notes > 0 {
		parts = append(parts, fmt.Sprintf("(notes: %d)", s.Notes))
	}
	if s.Imported != nil {
		parts = append(parts, "(imported)")
	}
	return strings.Join(parts, " ")
}

func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", (n+1023)>>10)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

func runsShow(p *place) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show ID", Short: "What a run measured, and what was noted", Args: cobra.ExactArgs(1),
		RunE: p.withRuns(func(cmd *cobra.Command, r *runner.Runner, args []string) error {
			s, err := r.Summary(args[0])
			if err != nil {
				return err
			}
			n, err := r.Notes(s.ID)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"run": s, "notes": append([]telemetry.Note{}, n.Notes...)})
			}
			printRun(cmd.OutOrStdout(), s, n)
			return nil
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	return cmd
}

func printRun(w io.Writer, s runner.Summary, n telemetry.Notes) {
	o := outcome{id: s.ID, units: judge.NewUnits(telemetry.Question{}, nil), end: telemetry.End{Phase: s.Phase, Reason: s.Reason, Trust: s.Trust, Checks: s.Checks, Metrics: s.Metrics}}
	o.spec.Name = s.Experiment
	if n.Name != "" {
		fmt.Fprintln(w, telemetry.Visible(n.Name))
	}
	o.print(w)
	if n.Imported != nil {
		fmt.Fprintf(w, "\nimported; it was %s on %s\n", n.Imported.ID, telemetry.Visible(n.Imported.Host))
	}
	for i, note := range n.Notes {
		at := fmt.Sprintf("%g s", note.T)
		if note.To > 0 {
			at = fmt.Sprintf("%g–%g s", note.T, note.To)
		}
		if note.Block > 0 {
			at = fmt.Sprintf("block %d, %s", note.Block+1, at)
		}
		if note.Chart != "" {
			at += ", " + note.Chart
		}
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "  note %d  %s: %s\n", note.ID, at, telemetry.Visible(note.Text))
	}
}

func runsName(p *place) *cobra.Command {
	return &cobra.Command{
		Use: "name ID NAME", Short: "Give a run a name; an empty one takes it away", Args: cobra.ExactArgs(2),
		RunE: p.withRuns(func(_ *cobra.Command, r *runner.Runner, args []string) error { return r.Name(args[0], args[1]) }),
	}
}

func runsNote(p *place) *cobra.Command {
	var note telemetry.Note
	var remove int
	block := 1
	cmd := &cobra.Command{
		Use: "note ID [TEXT]", Short: "Write a note about a moment of a run, or delete one", Args: cobra.RangeArgs(1, 2),
		RunE: p.withRuns(func(cmd *cobra.Command, r *runner.Runner, args []string) error {
			switch {
			case remove > 0 && len(args) == 1:
				return r.RemoveNote(args[0], remove)
			case remove > 0 || len(args) == 1:
				return errors.New("runs note takes a text, or --rm with the note's number")
			}
			note.Text, note.Block = args[1], block-1
			written, err := r.AddNote(args[0], note)
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "note %d\n", written.ID)
			}
			return err
		}),
	}
	cmd.Flags().Float64Var(&note.T, "at", 0, "seconds since load began, as the charts count")
	cmd.Flags().Float64Var(&note.To, "to", 0, "where it ends, when it is about a stretch of time")
	cmd.Flags().IntVar(&block, "block", block, "of a comparison or a sweep: the block that it is about, from 1")
	cmd.Flags().StringVar(&note.Chart, "chart", "", "the group of charts that it is about: queues, latency …")
	cmd.Flags().IntVar(&remove, "rm", 0, "delete the note of this number instead")
	return cmd
}

func runsRemove(p *place) *cobra.Command {
	return &cobra.Command{
		Use: "rm ID …", Short: "Delete recordings; there is no undo", Args: cobra.MinimumNArgs(1),
		RunE: p.withRuns(func(_ *cobra.Command, r *runner.Runner, args []string) error {
			var errs []error
			for _, id := range args {
				if err := r.Remove(id); err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", id, err))
				}
			}
			return errors.Join(errs...)
		}),
	}
}
