package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"socketlabs/runner"
	"socketlabs/runner/judge"
	"socketlabs/site"
)

// checklistCommand sets the host's settings beside a run.
func checklistCommand(p *place) *cobra.Command {
	var asJSON bool
	var lang string
	cmd := &cobra.Command{
		Use:   "checklist [RUN]",
		Short: "What the kernel is set to, and whether it matters for a run",
		Long: "Checklist reads the settings of 22.6.1 from this host, changes none, and says\n" +
			"what each governs and whether it limited a run: the newest if none is named.\n" +
			"It ends with 0 when no setting did, and with 1 when one did.",
		Example: "  labs run states/full && labs checklist",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkLang(lang); err != nil {
				return err
			}
			r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
			if err != nil {
				return err
			}
			defer closeRunner(r)
			run, err := examinable(r, args)
			if err != nil {
				return err
			}
			id, seen := "", (*judge.Seen)(nil)
			if run != nil {
				id, seen = run.ID, site.SeenOf(*run)
			}
			rows := judge.Checklist(runner.Settings(), seen)
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"run": id, "settings": rows})
			} else {
				err = showChecklist(cmd.OutOrStdout(), run, rows, lang)
			}
			for _, row := range rows {
				if err == nil && row.State == judge.Limits {
					return status(statusFails)
				}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object: run, settings")
	cmd.Flags().StringVar(&lang, "lang", "en", "language: ko or en")
	return cmd
}

// examinable finds the run, the newest if none is named; nil when there is none.
func examinable(r *runner.Runner, args []string) (*runner.Summary, error) {
	runs, err := r.Runs()
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		if len(args) == 1 && run.ID != args[0] {
			continue
		}
		if site.Examinable(run) {
			return &run, nil
		}
		if len(args) == 1 {
			return nil, fmt.Errorf("run %s is %s: the checklist takes finished runs of one block that were made here and are not void", run.ID, run.Phase)
		}
	}
	if len(args) == 1 {
		return nil, errors.New("no run " + args[0] + " in this data folder: `labs runs` lists them")
	}
	return nil, nil
}

func showChecklist(w io.Writer, run *runner.Summary, rows []judge.HostSetting, lang string) error {
	say := func(key string) string { return site.Said(lang, key) }
	switch {
	case run == nil:
		fmt.Fprintf(w, "%s\n", say("checklist.empty"))
	default:
		fmt.Fprintf(w, "%s  %s\n", run.ID, run.Experiment)
	}
	for _, row := range rows {
		fmt.Fprintf(w, "\n%s  [%s]\n  %s\n", say("checklist."+row.ID+".title"), say("checklist.state."+row.State), say("checklist.why."+row.Why))
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, now := range row.Now {
			value := now.Value
			if value == "" {
				value = "-"
			}
			fmt.Fprintf(t, "  %s\t%s\n", site.SettingName(now.Name), value)
		}
		for _, f := range row.Figures {
			name := f.Name
			if !strings.Contains(name, ".") {
				name = say("checklist.figure." + name)
			}
			fmt.Fprintf(t, "  %s\t%s\n", name, site.Quantity(f.Value, f.Unit))
		}
		if err := t.Flush(); err != nil {
			return err
		}
		if what := strings.Join(row.See, " "); len(row.See) == 2 {
			fmt.Fprintf(w, "  $ labs compare %s\n", what)
		} else if what != "" {
			fmt.Fprintf(w, "  $ labs run %s\n", what)
		}
	}
	return nil
}
