package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

func runCommand(p *place) *cobra.Command {
	var set, faults, guesses []string
	var length time.Duration
	var server string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "run LESSON/EXPERIMENT",
		Short: "Run one experiment and judge it",
		Long: `Run does what the page's Run button does, with the same result.

With --exec another server stands in the lab's place. It finds its address in
LABS_ADDR, is ready when that address listens, and ends at SIGTERM. Start the
server itself: what is measured of a process is measured of the one that is
started. Knobs are the lab's; what only the lab can tell (lab.*) is missing.

With --fault something goes wrong during the run, from at to the end or for
so long:

` + kinds() + `
With --guess the lesson's questions are answered before the run, which keeps the
answer and says how good it was. A curve takes a number for each of its steps.

Exit status: 0 every check holds, 1 a check does not hold, 2 it could not run,
3 the run is void: it ended and proves nothing.`,
		Example: `  labs run epoll/drained
  labs run epoll/drained --set knob.buf=512 --set load.connections=16 --for 5s --json
  labs run epoll/drained --fault slow-reader,size=1MiB,at=1 --fault freeze,at=2,for=0.5
  labs run epoll/drained --exec './my-server --quiet'
  labs run metrics/steady --guess total=4000`,
		Args: cobra.MatchAll(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec, err := p.spec(args[0], set, length, faults)
			if err != nil {
				return err
			}
			for _, g := range guesses {
				if err := spec.Guess(g); err != nil {
					return fmt.Errorf("--guess %w", err)
				}
			}
			var command []string
			if cmd.Flags().Changed("exec") {
				if command, err = stranger(server, set); err != nil {
					return err
				}
			}
			r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
			if err != nil {
				return err
			}
			out, err := carry(cmd.Context(), r, spec, command, cmd.ErrOrStderr())
			if err := errors.Join(err, closeRunner(r)); err != nil {
				return err
			}
			if asJSON {
				if err := json.NewEncoder(cmd.OutOrStdout()).Encode(out.report()); err != nil {
					return err
				}
			} else {
				out.print(cmd.OutOrStdout())
			}
			return out.status()
		},
	}
	cmd.Flags().StringArrayVar(&set, "set", nil, "a setting, as knob.NAME=VALUE or load.NAME=VALUE; may be repeated")
	cmd.Flags().StringArrayVar(&faults, "fault", nil, "a fault, as KIND[,NAME=VALUE…][,at=SECONDS][,for=SECONDS]; may be repeated")
	cmd.Flags().StringArrayVar(&guesses, "guess", nil, "an answer, as QUESTION=VALUE, or QUESTION= to skip it; may be repeated")
	cmd.Flags().DurationVar(&length, "for", 0, "measure this long instead of what the lesson says")
	cmd.Flags().StringVar(&server, "exec", "", "run this server in the lab's place: a program and its arguments, without a shell")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object: run, experiment, result, checks, guesses, metrics")
	return cmd
}

// kinds lists the kinds of faults with their parameters, one a line.
func kinds() string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, k := range labs.FaultKinds() {
		var with []string
		for _, s := range k.Settings {
			with = append(with, s.Name+"="+s.Text(s.Default))
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\n", k.Name, strings.Join(with, ","), k.Doc)
	}
	t.Flush()
	return b.String()
}

func closeRunner(r *runner.Runner) error {
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	return r.Close(ctx)
}

// spec finds an experiment and applies what the command line asks for.
func (p *place) spec(name string, set []string, length time.Duration, faults []string) (labs.Spec, error) {
	catalog, book, problems, err := p.book()
	if err != nil {
		return labs.Spec{}, err
	}
	exp, err := book.Find(name)
	if err != nil {
		return labs.Spec{}, errors.Join(err, about(problems, name))
	}
	spec := exp.Spec.Clone()
	lab, _ := catalog.Lab(spec.Lab)
	for _, s := range set {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return spec, fmt.Errorf("--set %s: write it as NAME=VALUE, like knob.buf=512", s)
		}
		if err := spec.Set(lab, key, value); err != nil {
			return spec, fmt.Errorf("--set %w", err)
		}
	}
	if length != 0 {
		if err := spec.SetSeconds(length.Seconds()); err != nil {
			return spec, fmt.Errorf("--for %v: %w", length, err)
		}
	}
	for _, text := range faults {
		f, err := labs.ParseFault(text, spec.Seconds)
		if err == nil {
			_, err = spec.Add(f)
		}
		if err != nil {
			return spec, fmt.Errorf("--fault %w", err)
		}
	}
	return spec, nil
}

// about returns the problems of the lesson that name asks for: they are why it
// is not in the book.
func about(problems []content.Problem, name string) error {
	lesson, _, _ := strings.Cut(name, "/")
	var errs []error
	for _, p := range problems {
		if strings.HasPrefix(p.File, "content/"+lesson+"/") {
			errs = append(errs, errors.New(p.String()))
		}
	}
	return errors.Join(errs...)
}

// outcome is a run that has ended.
type outcome struct {
	id    string
	spec  labs.Spec
	units *judge.Units // of its figures
	end   telemetry.End
}

// carry starts a run and follows it to its last event. With a command, that is
// the server.
func carry(ctx context.Context, r *runner.Runner, spec labs.Spec, command []string, progress io.Writer, how ...runner.Option) (outcome, error) {
	units, err := unitsOf(r, spec)
	if err != nil {
		return outcome{}, err
	}
	var started *runner.Run
	if command != nil {
		started, err = r.StartCommand(spec, command)
	} else {
		started, err = r.Start(spec, how...)
	}
	if err != nil {
		return outcome{}, err
	}
	out := outcome{id: started.ID(), spec: spec, units: units}
	defer context.AfterFunc(ctx, started.Stop)()
	line := &progressLine{w: progress, spec: spec, live: terminal(progress)}
	err = follow(r, started, func(e telemetry.Event) {
		line.event(e)
		if e.End != nil {
			out.end = *e.End
		}
	})
	line.clear()
	return out, err
}

// follow gives every event of a run to f, and returns when nothing of the run is
// left.
func follow(r *runner.Runner, started *runner.Run, f func(telemetry.Event)) error {
	reader, err := r.Follow(started.ID(), 0)
	if err != nil {
		return err
	}
	for {
		batch, err := reader.Next(context.Background())
		if errors.Is(err, io.EOF) {
			<-started.Done()
			return nil
		}
		if err != nil {
			return err
		}
		var events []telemetry.Event
		if err := json.Unmarshal(batch.JSON, &events); err != nil {
			return err
		}
		for _, e := range events {
			f(e)
		}
	}
}

// result is the outcome in one word: holds, fails, void, or the phase it ended in.
func (o outcome) result() string {
	switch {
	case o.end.Phase != telemetry.Finished:
		return string(o.end.Phase)
	case o.end.Trust == "void":
		return "void"
	}
	for _, c := range o.end.Checks {
		if !c.Pass {
			return "fails"
		}
	}
	return "holds"
}

func (o outcome) status() error {
	switch o.result() {
	case "holds":
		return nil
	case "fails":
		return status(statusFails)
	case "void":
		return status(statusVoid)
	}
	return status(statusError)
}

// report is the --json form. Metrics are in seconds and bytes, named as in the stream.
func (o outcome) report() map[string]any {
	type check struct {
		ID    string   `json:"id"`
		Pass  bool     `json:"pass"`
		Value *float64 `json:"value"`
		Bound *float64 `json:"bound"`
		Op    string   `json:"op"`
		Why   string   `json:"why,omitempty"`
	}
	checks := []check{}
	for _, c := range o.end.Checks {
		checks = append(checks, check{c.ID, c.Pass, c.Value, c.Bound, c.Op, c.Why})
	}
	metrics := o.end.Metrics
	if metrics == nil {
		metrics = map[string]float64{}
	}
	report := map[string]any{
		"run": o.id, "experiment": o.spec.Name, "result": o.result(), "trust": o.end.Trust,
		"checks": checks, "metrics": metrics, "guesses": o.guesses(),
	}
	if o.end.Reason != nil {
		report["reason"] = o.end.Reason
	}
	if len(o.end.Doubts) > 0 {
		report["doubts"] = o.end.Doubts
	}
	return report
}
