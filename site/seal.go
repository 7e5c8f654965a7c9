package site

import (
	"slices"
	"strings"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// A mystery's recording tells what was hidden in it. Until its answer is given,
// whatever leaves the site is without that: readers of recordings use follow,
// lists use veiled, and files are not given out.

// sealed says whether a run is of a mystery that whoever asked for it has not solved.
func (s *Site) sealed(sum runner.Summary) bool {
	seed, ok := strings.CutPrefix(sum.Experiment, labs.MysteryPrefix)
	return ok && !s.progressOf(asker(sum)).answered(seed)
}

// unsealed is errSealed when the run's file would give the answer away.
func (s *Site) unsealed(id string) error {
	sum, err := s.cfg.Runner.Summary(id)
	if err == nil && s.sealed(sum) {
		err = errSealed
	}
	return err
}

// follow reads a run from after seq on, without what is sealed.
func (s *Site) follow(id string, after uint64) (*runner.Reader, error) {
	rd, err := s.cfg.Runner.Follow(id, after)
	if err != nil {
		return nil, err
	}
	sum, err := s.cfg.Runner.Summary(id)
	if err != nil {
		return nil, err
	}
	if s.sealed(sum) {
		rd = rd.Through(veil)
	}
	return rd, nil
}

// veiled is what may be told of a run in a list.
func (s *Site) veiled(sum runner.Summary) runner.Summary {
	if !s.sealed(sum) {
		return sum
	}
	return runner.Summary{ID: sum.ID, Experiment: sum.Experiment, Began: sum.Began, Phase: sum.Phase, Reason: bare(sum.Reason),
		Trust: sum.Trust, Edited: sum.Edited, By: sum.By, Metrics: toldOf(sum.Metrics), Bytes: sum.Bytes}
}

// veil takes out of events what would give the answer away. None goes missing:
// sequences stay dense.
func veil(events []telemetry.Event) {
	for i, e := range events {
		v := telemetry.Event{Seq: e.Seq, T: e.T, Kind: e.Kind, From: e.From, Block: e.Block}
		switch {
		case e.Run != nil:
			v.Run = &telemetry.Run{ID: e.Run.ID, Schema: e.Run.Schema, Experiment: e.Run.Experiment, Began: e.Run.Began, Edited: e.Run.Edited, Host: e.Run.Host, By: e.Run.By,
				Question: telemetry.Question{Warmup: e.Run.Question.Warmup, Seconds: e.Run.Question.Seconds}}
		case e.State != nil:
			v.State = &telemetry.State{Phase: e.State.Phase, Reason: bare(e.State.Reason), Facts: e.State.Facts}
		case e.Begin != nil:
			v.Begin = e.Begin
		case e.Sockets != nil:
			v.Sockets = e.Sockets
		case e.End != nil:
			v.End = &telemetry.End{Phase: e.End.Phase, Reason: bare(e.End.Reason), Trust: e.End.Trust, Doubts: e.End.Doubts, Metrics: toldOf(e.End.Metrics)}
		case e.Kind == telemetry.KindSample, e.Kind == telemetry.KindFigures:
			v.Values, v.Hists = toldOf(e.Values), toldOf(e.Hists)
		case e.Kind == telemetry.KindLog && e.From == telemetry.FromKernel:
			v.Level, v.Text = e.Level, e.Text
		case e.Kind == telemetry.KindSockets: // there are none
		default: // what the server, its clients and its faults say of themselves
			v.Kind, v.From = telemetry.KindSample, telemetry.FromJudge
		}
		events[i] = v
	}
}

// bare is a reason without what it names of the run. A place in the queue for
// the machine is no secret.
func bare(r *telemetry.Reason) *telemetry.Reason {
	if r == nil {
		return nil
	}
	b := telemetry.Reason{Code: r.Code}
	if r.Code == "slot-busy" || r.Code == "paused" {
		b.Args = r.Args
	}
	return &b
}

// toldOf keeps the metrics that are shown before a mystery is solved. A metric's
// parts, like load.open.max, are told as it is.
func toldOf[T any](all map[string]T) map[string]T {
	if all == nil {
		return nil
	}
	out := make(map[string]T, len(all))
	for name, v := range all {
		whole := name
		if i := strings.LastIndexByte(name, '.'); strings.Count(name, ".") > 1 && slices.Contains(levels, name[i+1:]) {
			whole = name[:i]
		}
		if labs.MysteryTells(whole) {
			out[name] = v
		}
	}
	return out
}

// levels are the parts of a gauge.
var levels = []string{"last", "min", "max", "mean"}
