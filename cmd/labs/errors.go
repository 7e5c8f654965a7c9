package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/runner"
	"socketlabs/site"
)

// errorsCommand prints the error map.
func errorsCommand(p *place) *cobra.Command {
	var asJSON bool
	var lang string
	cmd := &cobra.Command{
		Use:     "errors [ERRNO]",
		Short:   "The error map: what each errno asks for, and how often it was measured here",
		Long:    "Errors prints the error map of 22.4.1 with what the newest run on this host counted of\neach, and the command that provokes it.",
		Example: "  labs errors EPIPE\n  labs run errors/pipe",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkLang(lang); err != nil {
				return err
			}
			_, book, _, err := p.book()
			if err != nil {
				return err
			}
			r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
			if err != nil {
				return err
			}
			defer closeRunner(r)
			runs, err := r.Runs()
			if err != nil {
				return err
			}
			rows, err := named(site.ErrorMap(book, runs), args)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(rows)
			}
			return showErrors(cmd.OutOrStdout(), rows, lang)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&lang, "lang", "en", "language: ko or en")
	return cmd
}

// named returns the row of an errno, or all.
func named(rows []site.Errno, args []string) ([]site.Errno, error) {
	if len(args) == 0 {
		return rows, nil
	}
	var have []string
	for _, row := range rows {
		if strings.EqualFold(row.Name, args[0]) {
			return []site.Errno{row}, nil
		}
		have = append(have, row.Name)
	}
	return nil, fmt.Errorf("no errno %q in the map: it has %s", args[0], strings.Join(have, ", "))
}

func showErrors(w io.Writer, rows []site.Errno, lang string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for _, p := range row.Provoked {
			measured := site.Said(lang, "errmap.never")
			if p.Run != nil {
				measured = site.Said(lang, "errmap.times", "n", content.Format(p.Count, ""), "t", content.Format(p.Run.Seconds, "")) + ", " + p.ID
			}
			fmt.Fprintf(t, "%s\t%s\t%s\tlabs run %s\n", row.Name, site.Said(lang, "errmap.do."+row.Do), measured, p.Experiment)
		}
	}
	if err := t.Flush(); err != nil || len(rows) != 1 {
		return err
	}
	for _, part := range []string{"means", "where", "act", "count"} {
		fmt.Fprintf(w, "%s: %s\n", site.Said(lang, "errmap."+part), site.Said(lang, "errmap."+rows[0].ID+"."+part))
	}
	_, err := fmt.Fprintf(w, "%s: %s\n", site.Said(lang, "tables.source"), strings.Join(rows[0].Sources, " · "))
	return err
}
