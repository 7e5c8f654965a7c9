package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"socketlabs/runner"
	"socketlabs/site"
	"socketlabs/site/harden"
)

type hardenFlags struct {
	numbers           map[string]*string
	out, lang         string
	asJSON, force, no bool
}

// hardenCommand writes the hardening of 22.9.
func hardenCommand() *cobra.Command {
	f := hardenFlags{numbers: map[string]*string{}}
	cmd := &cobra.Command{
		Use:   "harden",
		Short: "Write a systemd unit and a sysctl file for a service's numbers",
		Long: `Harden writes a systemd unit and a sysctl file with the reason of each line, for
the numbers that the flags say; what this host is set to well enough is left out. The
system's own tools look at both (systemd-analyze, sysctl --dry-run). Nothing is
installed or applied. It ends with 0 when no tool objects, and with 1 when one does.`,
		Example: "  labs harden --service echo --binary /usr/local/bin/echo --port 443 --drain 30 -o .",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkLang(f.lang); err != nil {
				return err
			}
			n, wrong := harden.Read(func(field string) string { return *f.numbers[field] })
			if len(wrong) > 0 {
				return wrongNumbers(f.lang, wrong)
			}
			return f.write(cmd, harden.Write(n, runner.Settings()))
		},
	}
	for _, x := range harden.Fields() {
		f.numbers[x.Name] = cmd.Flags().String(x.Name, x.Default, strings.ToLower(site.Said("en", "harden.field."+x.Name))+": "+site.Said("en", "harden.hint."+x.Name))
	}
	cmd.Flags().StringVarP(&f.out, "out", "o", "", "write the files into this folder (default: to standard output)")
	cmd.Flags().BoolVar(&f.force, "force", false, "with -o: replace files that are there")
	cmd.Flags().BoolVar(&f.no, "no-verify", false, "do not ask the system's tools")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON object: recipe, findings")
	cmd.Flags().StringVar(&f.lang, "lang", "en", "language of the reasons: ko or en")
	return cmd
}

// wrongNumbers names every flag that cannot be used.
func wrongNumbers(lang string, wrong []harden.Problem) error {
	var all []error
	for _, p := range wrong {
		all = append(all, fmt.Errorf("--%s: %s", p.Field, site.Said(lang, "harden.wrong."+p.Code, p.Args...)))
	}
	return errors.Join(all...)
}

func (f *hardenFlags) write(cmd *cobra.Command, r harden.Recipe) error {
	var found []harden.Finding
	var err error
	if !f.no {
		if found, err = harden.Verify(cmd.Context(), r); err != nil {
			return err
		}
	}
	say := func(l harden.Line) string { return site.HardenReason(f.lang, l) }
	files := []struct{ name, text string }{{r.UnitName(), r.UnitText(say)}, {r.SysctlName(), r.SysctlText(say)}}
	stdout := cmd.OutOrStdout()
	if f.asJSON {
		if err := json.NewEncoder(stdout).Encode(map[string]any{"recipe": r, "findings": found}); err != nil {
			return err
		}
	}
	for _, file := range files {
		if err := f.put(stdout, file.name, file.text); err != nil {
			return err
		}
	}
	if !f.asJSON {
		f.tell(cmd.ErrOrStderr(), r, found)
	}
	for _, x := range found {
		if x.State == harden.Objects {
			return status(statusFails)
		}
	}
	return nil
}

// put writes one file, into the folder or for a person to read.
func (f *hardenFlags) put(w io.Writer, name, text string) error {
	switch {
	case text == "":
		return nil
	case f.out == "" && f.asJSON:
		return nil
	case f.out == "":
		_, err := fmt.Fprintf(w, "# ---- %s\n%s\n", name, text)
		return err
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return err
	}
	path, how := filepath.Join(f.out, name), os.O_CREATE|os.O_WRONLY|os.O_EXCL
	if f.force {
		how = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	}
	file, err := os.OpenFile(path, how, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: --force replaces it", path)
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// tell says what was left out and what the tools say.
func (f *hardenFlags) tell(w io.Writer, r harden.Recipe, found []harden.Finding) {
	if len(r.Sysctl) == 0 {
		fmt.Fprintln(w, site.Said(f.lang, "harden.nosysctl"))
	}
	for _, l := range r.Left {
		fmt.Fprintf(w, "- %s  %s  %s\n", l.Name, l.Now, site.Said(f.lang, "harden.left."+l.Why, l.Args...))
	}
	for _, x := range found {
		said := x.State
		if x.Tool == "security" && said == harden.Fine {
			said = x.Tool
		}
		fmt.Fprintf(w, "$ %s\n  %s: %s\n", x.Command, site.Said(f.lang, "harden.state."+x.State), site.Said(f.lang, "harden.said."+said))
		for _, line := range x.Said {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
}
