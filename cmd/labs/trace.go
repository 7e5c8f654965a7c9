package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/trace"
)

// traceFlags are what `labs trace` was told.
type traceFlags struct {
	lab, server, schedule string
	set                   []string
	length                time.Duration
	asJSON, all           bool
}

func traceCommand(p *place) *cobra.Command {
	var f traceFlags
	cmd := &cobra.Command{
		Use:   "trace [LESSON/EXPERIMENT]",
		Short: "Show every system call of a server and of its client, slowed down",
		Long: `Trace starts a server and a client that follows a short schedule, and shows
every system call of both: its descriptor, result and errno, with the line of
the source that made it where that can be told, and the packets on the wire.
The server is an experiment's, a lab with its knobs, or any program, which
finds its address in LABS_ADDR.

The times are not real: each call is many times slower under a tracer. How many
is measured and said.

Schedules: ` + strings.Join(schedules(), ", ") + `.
Exit status: 0 the schedule was carried out, 2 it was not.`,
		Example: `  labs trace --lab epollet --set knob.drain=false --set knob.buf=512
  labs trace epoll/drained --schedule two
  labs trace --exec './my-server --quiet' --schedule unread --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			order, err := p.traceOrder(args, f, cmd.Flags().Changed("exec"))
			if err != nil {
				return err
			}
			r, err := p.runner(cmd.ErrOrStderr(), runner.Limits{})
			if err != nil {
				return err
			}
			seen, err := look(cmd.Context(), r, order)
			if err := errors.Join(err, closeRunner(r)); err != nil {
				return err
			}
			if f.asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(seen)
			} else {
				printTrace(cmd.OutOrStdout(), seen, f.all)
			}
			if err == nil && seen.Phase != telemetry.Finished {
				err = status(statusError)
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.lab, "lab", "", "look at this lab")
	flags.StringArrayVar(&f.set, "set", nil, "a knob of the lab, as knob.NAME=VALUE; may be repeated")
	flags.StringVar(&f.server, "exec", "", "look at this server: a program and its arguments, without a shell")
	flags.StringVar(&f.schedule, "schedule", "", "what the client does (default burst)")
	flags.DurationVar(&f.length, "for", 0, "look for this long instead of the schedule's time")
	flags.BoolVar(&f.all, "all", false, "show what is left out: the language's runtime, files, standard streams")
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON object: events, packets, lanes, connections, cost")
	return cmd
}

func schedules() []string {
	var ids []string
	for _, s := range trace.Schedules() {
		ids = append(ids, s.ID)
	}
	return ids
}

// traceOrder checks what the command line asks for: one of an experiment, a lab
// and a program.
func (p *place) traceOrder(args []string, f traceFlags, foreign bool) (runner.TraceOrder, error) {
	o := runner.TraceOrder{Schedule: f.schedule, Seconds: f.length.Seconds()}
	if _, ok := trace.ScheduleNamed(f.schedule); !ok {
		return o, fmt.Errorf("--schedule %s: there are %s", f.schedule, strings.Join(schedules(), ", "))
	}
	named := len(args)
	for _, is := range []bool{f.lab != "", foreign} {
		if is {
			named++
		}
	}
	if named != 1 {
		return o, errors.New("name what to look at: LESSON/EXPERIMENT, --lab NAME or --exec 'PROGRAM ARGUMENTS'")
	}
	if foreign {
		command, err := stranger(f.server, f.set)
		o.Command = command
		return o, err
	}
	spec := labs.Spec{Name: f.lab, Lab: f.lab}
	if len(args) == 1 {
		var err error
		if spec, err = p.spec(args[0], nil, 0, nil); err != nil {
			return o, err
		}
	}
	root, err := labs.Root(p.root)
	if err != nil {
		return o, err
	}
	catalog, err := labs.Read(root)
	if err != nil {
		return o, err
	}
	lab, ok := catalog.Lab(spec.Lab)
	if !ok {
		return o, fmt.Errorf("--lab %s: there is no such lab: `labs list` shows them", spec.Lab)
	}
	for _, s := range f.set {
		key, value, ok := strings.Cut(s, "=")
		if !ok || !strings.HasPrefix(key, "knob.") {
			return o, fmt.Errorf("--set %s: write it as knob.NAME=VALUE, like knob.buf=512: what the client does is a schedule's", s)
		}
		if err := spec.Set(lab, key, value); err != nil {
			return o, fmt.Errorf("--set %w", err)
		}
	}
	o.Lab, o.Knobs = spec.Lab, spec.Knobs
	return o, nil
}

// look traces, and stops when ctx ends.
func look(ctx context.Context, r *runner.Runner, o runner.TraceOrder) (runner.Trace, error) {
	t, err := r.Trace(o)
	if err != nil {
		return runner.Trace{}, err
	}
	defer context.AfterFunc(ctx, t.Stop)()
	<-t.Done()
	return t.View(), nil
}

// printTrace writes a trace for a person: the events by time with their lanes,
// then what they sum up to.
func printTrace(w io.Writer, n runner.Trace, all bool) {
	lanes, out := map[int]trace.Lane{}, 0
	for _, l := range n.Lanes {
		for _, e := range l.Events {
			lanes[e] = l
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TIME\tLANE\tCALL\tRESULT\tTOOK\tSOURCE")
	packets := n.Packets
	for i, e := range n.Events {
		for len(packets) > 0 && packets[0].T <= e.T {
			printPacket(t, packets[0])
			packets = packets[1:]
		}
		if !all && !lanes[i].Shown() {
			out++
			continue
		}
		fmt.Fprintf(t, "%.6f\t%s\t%s(%s)\t%s\t%s\t%s\n", e.T, lanes[i].Name(), e.Call, e.Args, e.Outcome(), took(e), source(e))
	}
	for _, p := range packets {
		printPacket(t, p)
	}
	t.Flush()
	if out > 0 {
		fmt.Fprintf(w, "left out: %d calls of the language's runtime, files and standard streams (--all shows them)\n", out)
	}
	printSums(w, n)
}

func printPacket(w io.Writer, p trace.Packet) {
	arrow := "client ─▶ server"
	if p.From == trace.Server {
		arrow = "client ◀─ server"
	}
	fmt.Fprintf(w, "%.6f\tpacket :%d\t%s %s\tseq %d ack %d len %d win %d\t\t\n", p.T, p.Port, arrow, p.Flag, p.Seq, p.Ack, p.Len, p.Win)
}

func took(e trace.Event) string {
	if e.Took == nil {
		return "never"
	}
	return fmt.Sprintf("%.0f µs", *e.Took*1e6)
}

func source(e trace.Event) string {
	if len(e.Stack) == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d", e.Stack[0].File, e.Stack[0].Line)
}

// printSums says what the events sum up to: by connection, by call, by lane.
func printSums(w io.Writer, n runner.Trace) {
	for _, c := range n.Conns {
		left := "the server's reads were not seen"
		if c.Known {
			left = fmt.Sprintf("the server read %d in %d reads, %d ended in EAGAIN, %d wakeups; %d bytes were left unread", c.Read, c.Reads, c.Again, c.Wakeups, c.Left())
		}
		fmt.Fprintf(w, "connection %d: sent %d bytes and got %d back; %s\n", c.N, c.Sent, c.Got, left)
		for _, s := range c.Stalls {
			what := "a stall"
			if s.Held {
				what = "back-pressure"
			}
			fmt.Fprintf(w, "  %s: %d bytes waited unread from %.3f to %.3f s\n", what, s.Bytes, s.From, s.To)
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, who := range []string{trace.Server, trace.Client} {
		for _, call := range slices.Sorted(maps.Keys(n.Calls[who])) {
			fmt.Fprintf(t, "%s\t%s\t%d\n", who, call, n.Calls[who][call])
		}
	}
	for _, l := range n.Lanes {
		if l.Shown() {
			fmt.Fprintf(t, "lane\t%s\t%d\n", l.Name(), len(l.Events))
		}
	}
	t.Flush()
	if n.NoPacket != "" {
		fmt.Fprintf(w, "no packets: %s\n", n.NoPacket)
	}
	if n.Cost.Traced > 0 {
		fmt.Fprintf(w, "these times are not real: a send and a receive took %.1f µs under the tracer, %.1f µs without it: %.0f times\n", n.Cost.Traced*1e6, n.Cost.Plain*1e6, n.Cost.Times())
	}
	if n.Reason != nil {
		fmt.Fprintf(w, "%s%s\n", n.Phase, because(n.Reason))
		for _, line := range n.Log {
			fmt.Fprintln(w, "  "+telemetry.Visible(line))
		}
		if advice := traceAdvice[n.Reason.Code]; advice != "" {
			fmt.Fprintln(w, advice)
		}
	}
}

// traceAdvice says what to do about a trace that did not come to its end.
var traceAdvice = map[string]string{
	"trace-refused": "the system does not let a process trace its own child: see /proc/sys/kernel/yama/ptrace_scope (3 forbids it), and in a container allow ptrace in its seccomp profile",
	"trace-full":    "the server made more calls than a trace holds: what is shown is the beginning",
	"not-listening": "the server finds its address in LABS_ADDR",
}
