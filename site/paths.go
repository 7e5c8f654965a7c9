package site

import (
	"encoding/json"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// paths finds what a recording does not say of its queues: one that was made
// before they were judged during the run. It follows the first block.
type paths struct {
	judge *judge.Judge // nil: not needed, or not known yet
	said  bool         // the recording says it
}

func (p *paths) add(e telemetry.Event) {
	switch {
	case p.said || e.Block != 0:
	case e.Kind == telemetry.KindPath:
		p.said, p.judge = true, nil
	case e.Kind == telemetry.KindRun && e.Run != nil:
		p.judge, _ = judge.New(e.Run.Question, e.Run.Host) // without it there is no map, and all else is there
	case p.judge == nil:
	case e.Kind == telemetry.KindBlock && e.Begin != nil:
		p.judge.Begin(*e.Begin)
	default:
		p.judge.Add(e)
	}
}

// found returns the missing events, as if they came with the event seq.
func (p *paths) found(seq uint64) (out []json.RawMessage) {
	if p.judge == nil {
		return nil
	}
	for _, e := range p.judge.Paths() {
		e.Seq = seq
		if raw, err := json.Marshal(e); err == nil {
			out = append(out, raw)
		}
	}
	return out
}
