package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/runner"
)

type exerciseFlags struct {
	file                          string
	reset, solution, path, asJSON bool
}

func exerciseCommand(p *place) *cobra.Command {
	var f exerciseFlags
	cmd := &cobra.Command{
		Use:   "exercise LESSON",
		Short: "Judge your version of a lesson's function",
		Long: `Exercise runs the goal of a lesson's exercise with your version of the function,
as the page does. The version is a file in the data folder, the same that the
page edits; any editor can be used. The lab under labs/ stays as it is.

Exit status: 0 every check holds, 1 a check does not hold, 2 it could not run
(it does not compile, for one), 3 the run is void.`,
		Example: `  $EDITOR "$(labs exercise epoll-edge --path)"
  labs exercise epoll-edge
  labs exercise epoll-edge --file drain.go --json
  labs exercise epoll-edge --solution
  labs exercise epoll-edge --reset`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			catalog, x, err := p.exercise(args[0])
			if err != nil {
				return err
			}
			_, data, err := p.open()
			if err != nil {
				return err
			}
			switch {
			case f.reset:
				return resetVersion(cmd, x, data)
			case f.path:
				return showPath(cmd, x, data)
			}
			return p.runExercise(cmd, catalog, x, data, f)
		},
	}
	cmd.Flags().StringVar(&f.file, "file", "", "judge this file instead of the one in the data folder")
	cmd.Flags().BoolVar(&f.solution, "solution", false, "judge the author's solution")
	cmd.Flags().BoolVar(&f.reset, "reset", false, "forget your version: begin again from the lab's function")
	cmd.Flags().BoolVar(&f.path, "path", false, "print where your version is, made from the lab's function when it is missing")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON object: run, experiment, result, checks, metrics, file, diff")
	cmd.MarkFlagsMutuallyExclusive("file", "solution", "reset", "path")
	return cmd
}

// exercise finds a lesson's exercise.
func (p *place) exercise(lesson string) (*labs.Catalog, *content.Exercise, error) {
	catalog, book, problems, err := p.book()
	if err != nil {
		return nil, nil, err
	}
	var have []string
	for _, l := range lessons(book) {
		if l.Exercise == nil {
			continue
		}
		if l.ID == lesson {
			return catalog, l.Exercise, nil
		}
		have = append(have, l.ID)
	}
	return nil, nil, errors.Join(fmt.Errorf("no exercise in lesson %q: there are %s", lesson, strings.Join(have, ", ")), about(problems, lesson))
}

func resetVersion(cmd *cobra.Command, x *content.Exercise, data string) error {
	if err := x.Reset(data); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s is the lab's again\n", x.Func.Name)
	return nil
}

func showPath(cmd *cobra.Command, x *content.Exercise, data string) error {
	text, saved, err := x.Read(data)
	if err == nil && !saved {
		err = x.Write(data, text)
	}
	if err == nil {
		fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(data, x.File()))
	}
	return err
}

// runExercise runs the goal with the version that was asked for.
func (p *place) runExercise(cmd *cobra.Command, catalog *labs.Catalog, x *content.Exercise, data string, f exerciseFlags) error {
	v, at, err := chosenVersion(x, data, f)
	if err != nil {
		return err
	}
	if err := checkVersion(catalog, x, v); err != nil {
		return err
	}
	r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
	if err != nil {
		return err
	}
	out, err := carry(cmd.Context(), r, x.Spec(v), nil, cmd.ErrOrStderr())
	if err := errors.Join(err, closeRunner(r)); err != nil {
		return err
	}
	if f.asJSON {
		report := out.report()
		report["file"], report["diff"] = at, labs.Diff(x.Original(), v.Text)
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(report); err != nil {
			return err
		}
		return out.status()
	}
	out.print(cmd.OutOrStdout())
	fmt.Fprintf(cmd.OutOrStdout(), "\n  %s is %s\n", x.Func.Name, at)
	return out.status()
}

// chosenVersion is the version to run, and the file that it is from.
func chosenVersion(x *content.Exercise, data string, f exerciseFlags) (labs.Version, string, error) {
	switch {
	case f.solution:
		return x.Solution, x.Solution.File, nil
	case f.file != "":
		info, err := os.Stat(f.file)
		if err != nil {
			return labs.Version{}, "", fmt.Errorf("--file: %w", err)
		}
		if info.Size() > labs.MaxVersion {
			return labs.Version{}, "", fmt.Errorf("--file %s: it has %d bytes, at most %d are read", f.file, info.Size(), labs.MaxVersion)
		}
		text, err := os.ReadFile(f.file)
		if err != nil {
			return labs.Version{}, "", fmt.Errorf("--file: %w", err)
		}
		v := x.Version(string(text))
		v.File = f.file
		return v, f.file, nil
	}
	text, saved, err := x.Read(data)
	at := filepath.Join(data, x.File())
	if !saved {
		at = fmt.Sprintf("the lab's own: change it in \"$(labs exercise %s --path)\"", x.Lesson)
	}
	return x.Version(text), at, err
}

// checkVersion says where a text is not exactly the function.
func checkVersion(catalog *labs.Catalog, x *content.Exercise, v labs.Version) error {
	lab, _ := catalog.Lab(x.Lab)
	_, err := catalog.Overlay(lab, v)
	if wrong, ok := errors.AsType[*labs.VersionError](err); ok {
		return fmt.Errorf("%s:%d: %w", v.File, wrong.Line, wrong)
	}
	return err
}
