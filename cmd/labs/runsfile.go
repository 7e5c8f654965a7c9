package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/site"
)

func runsExport(p *place) *cobra.Command {
	var as, out string
	cmd := &cobra.Command{
		Use: "export ID", Short: "Write a run to a file: csv, json, html or recording", Args: cobra.ExactArgs(1),
		Long: `Export writes a run to a file that its name describes, or to -o FILE; -o - is the
standard output. recording is what import takes, with name and notes; csv has every
metric at every tick; json is what the page draws; html is one file that replays the
run in a browser, without a network.`,
		RunE: p.withRuns(func(cmd *cobra.Command, r *runner.Runner, args []string) error {
			s, err := r.Summary(args[0])
			if err != nil {
				return err
			}
			name, err := site.FileName(s, as)
			if err != nil {
				return fmt.Errorf("--as %s: %w", as, err)
			}
			root, _, err := p.open()
			if err != nil {
				return err
			}
			x, err := site.NewExporter(root, r, p.log(cmd.ErrOrStderr(), slog.LevelError))
			if err != nil {
				return err
			}
			if out == "-" {
				return x.Export(cmd.OutOrStdout(), s.ID, as)
			}
			if out == "" {
				out = name
			}
			return whole(out, func(w io.Writer) error { return x.Export(w, s.ID, as) }, cmd.OutOrStdout())
		}),
	}
	cmd.Flags().StringVar(&as, "as", "recording", "recording, csv, json or html")
	cmd.Flags().StringVarP(&out, "out", "o", "", "the file (default: named after the run)")
	return cmd
}

// whole writes a new file, and leaves none when that fails.
func whole(name string, write func(io.Writer) error, say io.Writer) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists: name another file with -o", name)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		os.Remove(name)
		return err
	}
	fmt.Fprintln(say, name)
	return nil
}

func runsImport(p *place) *cobra.Command {
	return &cobra.Command{
		Use: "import FILE …", Short: "Take somebody else's recordings (.jsonl or .jsonl.gz)", Args: cobra.MinimumNArgs(1),
		RunE: p.withRuns(func(cmd *cobra.Command, r *runner.Runner, args []string) error {
			for _, name := range args {
				f, err := os.Open(name)
				if err != nil {
					return err
				}
				s, err := r.Import(f)
				f.Close()
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  %s\n", s.ID, s.Experiment, telemetry.Visible(s.Name))
			}
			return nil
		}),
	}
}
