package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

func queuesCommand(p *place) *cobra.Command {
	var asJSON, author bool
	at, block := -1.0, 1
	cmd := &cobra.Command{
		Use:   "queues RUN|LESSON/EXPERIMENT",
		Short: "Show every queue on the way of a request, and which stage is the bottleneck",
		Long: `Show every queue on the way of a request and its answer in a recording: what it
holds, what enters and leaves it a second, its limit, and how long it holds up
what passes it. An experiment is run first; with --author its author's recording
is read instead.

The bottleneck is the stage whose queue does not drain for half a second while
all behind it do. --at looks at another moment than its last. Of a comparison or a
sweep --block chooses the block, as the page numbers them.`,
		Example: `  labs queues blocking/one-silent
  labs queues epoll-edge/stall --author
  labs queues 20260102T150405Z-0a1b2c3d --at 1.5 --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			events, err := p.recorded(cmd, args[0], author)
			if err != nil {
				return err
			}
			q, err := queuesOf(events, at, block)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(q)
			}
			q.print(cmd.OutOrStdout())
			return nil
		},
	}
	cmd.Flags().BoolVar(&author, "author", false, "read the author's recording of the experiment")
	cmd.Flags().Float64Var(&at, "at", at, "look at this moment, in seconds of the measured time (default: the end of the bottleneck)")
	cmd.Flags().IntVar(&block, "block", block, "of a run of several blocks, which: from 1")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object: run, experiment, block, blocks, label, at, stages, verdict")
	return cmd
}

// recorded returns the events of a run, of an author's recording, or of an
// experiment that is run now.
func (p *place) recorded(cmd *cobra.Command, name string, author bool) ([]telemetry.Event, error) {
	if author {
		return p.authored(name)
	}
	r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
	if err != nil {
		return nil, err
	}
	id := name
	if strings.Contains(name, "/") {
		id, err = p.runNow(cmd, r, name)
	}
	var events []telemetry.Event
	if err == nil {
		events, err = recordingOf(r, id)
	}
	return events, errors.Join(err, closeRunner(r))
}

// runNow runs an experiment and returns the run's id.
func (p *place) runNow(cmd *cobra.Command, r *runner.Runner, name string) (string, error) {
	spec, err := p.spec(name, nil, 0, nil)
	if err != nil {
		return "", err
	}
	out, err := carry(cmd.Context(), r, spec, nil, cmd.ErrOrStderr())
	if err == nil && out.end.Phase != telemetry.Finished {
		err = fmt.Errorf("%s: %s%s", name, out.end.Phase, because(out.end.Reason))
	}
	return out.id, err
}

func recordingOf(r *runner.Runner, id string) ([]telemetry.Event, error) {
	path, err := r.Recording(id)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: name a run of the data folder, or LESSON/EXPERIMENT", id, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return runner.ReadRecording(f)
}

func (p *place) authored(name string) ([]telemetry.Event, error) {
	_, book, problems, err := p.book()
	if err != nil {
		return nil, err
	}
	x, err := book.Find(name)
	switch {
	case err != nil:
		return nil, errors.Join(err, about(problems, name))
	case x.Author == nil:
		return nil, fmt.Errorf("%s has no author's recording: leave --author out, and it is run", name)
	}
	return runner.ReadRecording(bytes.NewReader(x.Author))
}

// queues is the path of a recording at one moment.
type queues struct {
	Run        string               `json:"run"`
	Experiment string               `json:"experiment"`
	Block      int                  `json:"block"`  // from 1, of
	Blocks     int                  `json:"blocks"` // all that the run has
	Label      string               `json:"label,omitempty"`
	At         float64              `json:"at"` // seconds of the measured time
	Stages     []telemetry.Stage    `json:"stages"`
	Verdict    telemetry.Bottleneck `json:"verdict"` // of the whole measured time

	addr string
}

// queuesOf judges a block of a recording, counted from 1; at below 0 is the end of
// the bottleneck.
func queuesOf(events []telemetry.Event, at float64, block int) (queues, error) {
	blocks, err := judge.ReplayBlocks(events)
	if err != nil {
		return queues{}, err
	}
	if block < 1 || block > len(blocks) {
		return queues{}, fmt.Errorf("--block %d: it has blocks 1 to %d", block, len(blocks))
	}
	run, b := events[0].Run, blocks[block-1]
	seconds := run.Question.Seconds
	if b.Arm > 0 && b.Arm < len(run.Arms) {
		seconds = run.Arms[b.Arm].Question.Seconds
	}
	q := queues{Run: run.ID, Experiment: run.Experiment, Block: block, Blocks: len(blocks), Label: b.Label, Verdict: b.Judge.Bottleneck(0, seconds), At: at}
	if at > seconds {
		return q, fmt.Errorf("--at %g: the run measured %g s: choose a moment in them", at, seconds)
	}
	if at < 0 {
		q.At = q.Verdict.To
	}
	q.Stages = b.Judge.Stages(q.At)
	for _, e := range events {
		if e.Block == block-1 && e.State != nil && e.State.Facts["addr"] != "" {
			q.addr = e.State.Facts["addr"]
		}
	}
	return q, nil
}

func (q queues) print(w io.Writer) {
	fmt.Fprintf(w, "%s  %s  at %g s of the measured time\n", q.Experiment, q.Run, q.At)
	if q.Blocks > 1 {
		fmt.Fprintf(w, "block %d of %d, %s; --block shows another\n", q.Block, q.Blocks, q.Label)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  \tlevel\tin a second\tout a second\tlimit\twaits\t\t")
	for _, s := range q.Stages {
		if s.Absent != "" {
			fmt.Fprintf(t, "  %s\t–\t\t\t\t\t%s\t\n", s.ID, s.Absent)
			continue
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, level(s.Level, ""), level(s.In, ""), level(s.Out, ""),
			level(s.Limit, ""), level(s.Wait, "seconds"), s.Unit, toldBy(s))
	}
	t.Flush()
	v := q.Verdict
	fmt.Fprintf(w, "\nbottleneck: %s (%s), confidence %s\n", v.Stage, v.Cause, v.Confidence)
	if v.Stage == "none" {
		return
	}
	fmt.Fprintf(w, "  from %g to %g s, in all %g of %g s\n", v.From, v.To, v.Held, v.Of)
	if len(v.Behind) > 0 {
		fmt.Fprintf(w, "  back-pressure: %s\n", strings.Join(v.Behind, ", "))
	}
	if len(v.Others) > 0 {
		fmt.Fprintf(w, "  at other times: %s\n", strings.Join(v.Others, ", "))
	}
	for _, e := range v.Evidence {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", e.Code, e.Metric, level(&e.Value, e.Unit))
	}
	t.Flush()
	if c := terminalCommand(v.Stage, q.addr); c != "" {
		fmt.Fprintf(w, "  while it runs: %s\n", c)
	}
}

// toldBy says where a stage's level comes from, and of the link what else is known.
func toldBy(s telemetry.Stage) string {
	if s.ID != "link" {
		return strings.Join(s.Metrics, " + ")
	}
	return fmt.Sprintf("%s; rtt %s, %s sent again", strings.Join(s.Metrics, " - "), level(s.RTT, "seconds"), level(s.Again, ""))
}

// terminalCommand is what shows a stage in a terminal while the server runs.
func terminalCommand(stage, addr string) string {
	port := addr[strings.LastIndexByte(addr, ':')+1:]
	switch {
	case port == "":
		return ""
	case stage == "accept":
		return "ss -tln '( sport = :" + port + " )'"
	case stage == "recvq" || stage == "sendq" || stage == "link":
		return "ss -tin '( sport = :" + port + " )'"
	case stage == "client_sendq":
		return "ss -tin '( dport = :" + port + " )'"
	}
	return ""
}

// level writes a number with its unit.
func level(v *float64, unit string) string {
	switch {
	case v == nil:
		return "–"
	case unit == "seconds":
		return content.Format(*v, "ms")
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s", content.Format(*v, ""), unit))
}
