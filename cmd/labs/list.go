package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/labs"
)

func listCommand(p *place) *cobra.Command {
	var asJSON bool
	var lang string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the lessons, their experiments and settings",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkLang(lang); err != nil {
				return err
			}
			catalog, book, problems, err := p.book()
			if err != nil {
				return err
			}
			for _, problem := range problems {
				fmt.Fprintln(cmd.ErrOrStderr(), problem)
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"labs": catalog.Labs, "experiments": experiments(book), "comparisons": comparisons(book)})
			}
			list(cmd.OutOrStdout(), book, lang)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object, with the labs and all settings")
	cmd.Flags().StringVar(&lang, "lang", "en", "language of the titles: ko or en")
	return cmd
}

func checkLang(lang string) error {
	if lang != "ko" && lang != "en" {
		return fmt.Errorf("--lang %q is not allowed: it takes ko or en", lang)
	}
	return nil
}

// experiments are the specs of the book, in reading order.
func experiments(book *content.Book) []any {
	out := []any{}
	for _, l := range lessons(book) {
		for _, e := range l.Experiments {
			out = append(out, map[string]any{"name": e.Spec.Name, "title": e.Title, "spec": e.Spec})
		}
	}
	return out
}

// comparisons are what the lessons compare, in reading order.
func comparisons(book *content.Book) []any {
	out := []any{}
	for _, l := range lessons(book) {
		for _, c := range l.Comparisons {
			out = append(out, map[string]any{"name": c.Name, "title": c.Title, "a": c.A.Spec.Name, "b": c.B.Spec.Name, "metric": c.Compare.Metrics[0].Expr, "expect": c.Compare.Expect, "rounds": c.Rounds})
		}
	}
	return out
}

func lessons(book *content.Book) []*content.Lesson {
	var out []*content.Lesson
	for _, part := range book.Parts {
		out = append(out, part.Lessons...)
	}
	return out
}

func list(w io.Writer, book *content.Book, lang string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, l := range lessons(book) {
		fmt.Fprintf(t, "%s\t%s\t%s\n", l.ID, say(l.Title, lang), strings.Join(l.Covers, " "))
		for _, e := range l.Experiments {
			fmt.Fprintf(t, "  %s\t%s\tlabs/%s, %s\n", e.Spec.Name, say(e.Title, lang), e.Spec.Lab, length(e.Spec))
		}
		for _, c := range l.Comparisons {
			fmt.Fprintf(t, "  %s\t%s\tcompares %s with %s, %.0f s\n", c.Name, say(c.Title, lang), c.B.ID, c.A.ID, c.Plan(0).Seconds())
		}
	}
	t.Flush()
	fmt.Fprintln(w, "\nRun one:  labs run LESSON/EXPERIMENT\nCompare:  labs compare LESSON/COMPARISON, or two experiments")
}

// length is how long the experiment measures, and in how many blocks.
func length(s labs.Spec) string {
	if s.Sweep != nil {
		return fmt.Sprintf("%d × %v s of %s", s.Blocks(), s.Warmup+s.Seconds, s.Sweep.Setting)
	}
	return fmt.Sprintf("%v s", s.Warmup+s.Seconds)
}

func say(t content.Text, lang string) string {
	if lang == "ko" {
		return t.Ko
	}
	return t.En
}
