package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/shim"
	"socketlabs/runner/trace"
)

// carry waits for the machine, builds, and has the tracer do its work.
func (t *Tracing) carry() error {
	ticket := Ticket{Run: t.now.ID, Experiment: "trace/" + cmp.Or(t.order.Lab, "server"), Seconds: t.now.Schedule.Seconds, By: t.order.By, Alone: true}
	place, err := t.runner.slot.join(ticket)
	if err != nil {
		return err
	}
	defer place.Close()
	err = place.wait(t.context, func(now standing) {
		t.change(func(n *Trace) { n.Reason = now.reason() })
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(t.context, traceTime+t.runner.limits.Time, errTime)
	defer cancel()
	command, err := t.command(ctx)
	if err != nil {
		return err
	}
	t.change(func(n *Trace) { n.Phase, n.Reason = telemetry.Running, nil })
	ctx, cancel = context.WithTimeoutCause(ctx, traceTime, errTime)
	defer cancel()
	return t.observe(ctx, command)
}

// command is what to start, without its address.
func (t *Tracing) command(ctx context.Context) ([]string, error) {
	if t.order.Command != nil {
		return t.order.Command, nil
	}
	t.change(func(n *Trace) { n.Phase, n.Reason = telemetry.Building, nil })
	binary, output, err := t.runner.builder.build(ctx, t.lab, nil, false)
	if err != nil {
		t.change(func(n *Trace) { n.Log = append(n.Log, output[:min(len(output), maxTraceLog)]...) })
		return nil, err
	}
	return append([]string{binary}, labs.Spec{Knobs: t.order.Knobs}.Args(t.lab)...), nil
}

// observe has a tracer look at the server, in a network of its own where that
// can be had: then there are packets to see too.
func (t *Tracing) observe(ctx context.Context, command []string) error {
	sup, capture, err := t.isolate()
	if err != nil {
		return fails("isolation-refused", err.Error())
	}
	defer sup.Close()
	defer context.AfterFunc(ctx, func() { sup.Close() })()
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	if t.order.Command == nil {
		command = append(command, "-addr="+addr.String())
	}
	plan := trace.Plan{Command: command, Env: []string{"LABS_ADDR=" + addr.String()}, Addr: addr.String(), Root: t.runner.root,
		Schedule: t.now.Schedule, Events: maxCalls, Capture: capture}
	err = t.hear(sup, plan)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (t *Tracing) isolate() (*shim.Shim, bool, error) {
	limits := t.runner.limits
	o := shim.Options{RunID: t.now.ID, Net: "own", Sysctl: t.now.Schedule.Sysctl, Capture: true,
		Limits: shim.Limits{Memory: limits.Memory, Files: limits.Files, Processes: limits.Processes}}
	if sup, err := shim.Open(o); err == nil {
		return sup, true, nil
	}
	o.Net, o.Sysctl, o.Capture = "host", nil, false
	sup, err := shim.Open(o)
	return sup, false, err
}

// hear starts the tracer and takes what it says to its end.
func (t *Tracing) hear(sup *shim.Shim, plan trace.Plan) error {
	text, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	p, err := sup.Start(shim.Command{Path: "/proc/self/exe", Args: []string{"trace"}})
	if err != nil {
		return fails("trace-failed", err.Error())
	}
	defer p.Stdout.Close()
	defer p.Stderr.Close()
	p.Stdin.Write(append(text, '\n'))
	p.Stdin.Close()
	var log sync.WaitGroup
	log.Go(func() {
		eachLine(p.Stderr, 4096, func(line []byte, cut int) {
			t.change(func(n *Trace) {
				if len(n.Log) < maxTraceLog {
					n.Log = append(n.Log, logText(line, cut, 400))
				}
			})
		})
	})
	var end *trace.End
	eachLine(p.Stdout, 1<<20, func(line []byte, cut int) {
		var l trace.Line
		if cut > 0 || json.Unmarshal(line, &l) != nil {
			return
		}
		if l.End != nil {
			end = l.End
		}
		t.change(func(n *Trace) { take(n, l) })
	})
	exit := p.Wait()
	sup.Close()
	log.Wait()
	if end == nil {
		return fails("trace-failed", exit.String())
	}
	return ended(*end)
}

func take(n *Trace, l trace.Line) {
	switch {
	case l.Event != nil:
		n.Events = append(n.Events, *l.Event)
	case l.Packet != nil:
		n.Packets = append(n.Packets, *l.Packet)
	case l.Step != nil:
		n.Steps = append(n.Steps, *l.Step)
	case l.Cost != nil:
		n.Cost = *l.Cost
	case l.End != nil:
		n.Calls, n.NoPacket = l.End.Calls, l.End.Packets
	}
}

// ended is what the end of a tracer means.
func ended(e trace.End) error {
	switch e.Why {
	case trace.Done:
		return nil
	case trace.Exited:
		return fails("lab-crashed", e.Detail)
	case trace.NotListening:
		return fails("not-listening", "")
	case trace.NotStarted:
		return fails("lab-crashed", e.Detail)
	case trace.Late:
		return errTime
	case trace.Refused:
		return fails("trace-refused", e.Detail)
	}
	return fails("trace-"+e.Why, e.Detail) // trace-full
}

// finish puts the events in order and says how it ended.
func (t *Tracing) finish(err error) {
	why := endingOf(err)
	if errors.Is(err, context.Canceled) {
		why = errClosing
	}
	t.change(func(n *Trace) {
		slices.SortStableFunc(n.Events, func(a, b trace.Event) int { return cmp.Compare(a.T, b.T) })
		slices.SortStableFunc(n.Packets, func(a, b trace.Packet) int { return cmp.Compare(a.T, b.T) })
		for i := range n.Events {
			n.Events[i].N = i
		}
		n.Lanes, n.Conns = trace.Lanes(n.Events)
		n.Sources = trace.Quotes(t.runner.root, n.Events)
		n.Phase, n.Reason = why.phase, nil
		if why.reason.Code != "" {
			n.Reason = &why.reason
		}
	})
}
