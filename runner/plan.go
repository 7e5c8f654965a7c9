package runner

import (
	"context"
	"fmt"
	"slices"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// arm is one of a plan's arms, ready to be executed.
type arm struct {
	label    string
	index    int
	spec     labs.Spec
	lab      labs.Lab // with the spec's version built in, if there is one
	edited   bool     // the code under labs/ differs from the workbook's
	question telemetry.Question
	binary   string // known once it is built
}

// arms checks a plan and returns its arms.
func arms(p labs.Plan, c *labs.Catalog, host telemetry.Host) ([]*arm, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("runner: %w", err)
	}
	var out []*arm
	for i, a := range p.Arms {
		lab, err := check(a.Spec, c)
		if err != nil {
			return nil, err
		}
		spec := a.Spec.Clone()
		q := spec.Question(lab)
		j, err := judge.New(q, host)
		if err == nil && p.Compare != nil {
			err = j.Compares(*p.Compare)
		}
		if err != nil {
			return nil, err
		}
		arm := &arm{label: a.Label, index: i, spec: spec, lab: lab, edited: spec.Edited(lab), question: q}
		if spec.Version != nil {
			arm.lab = lab.With(*spec.Version)
		}
		out = append(out, arm)
	}
	return out, nil
}

// several says whether the run has more than one block.
func (r *Run) several() bool { return len(r.plan.Order) > 1 }

// heading is what a recording begins with.
func (r *Run) heading(began time.Time) telemetry.Run {
	first := r.arms[0]
	h := telemetry.Run{
		ID: r.id, Schema: 1, Experiment: r.plan.Name, Began: began, Lab: first.lab.Name, Code: first.lab.Code, Command: r.command,
		Edited: first.edited, Question: first.question, Asked: first.spec, Host: r.runner.host,
	}
	for _, a := range r.arms {
		h.Exercise = h.Exercise || a.spec.Version != nil
	}
	if !r.several() {
		return h
	}
	h.Kind, h.Plan, h.Compare, h.Sweep = r.plan.Kind, r.plan, r.plan.Compare, r.plan.Sweep
	for _, a := range r.arms {
		h.Arms = append(h.Arms, telemetry.Arm{Label: a.label, Lab: a.lab.Name, Code: a.lab.Code, Edited: a.edited, Exercise: a.spec.Version != nil, Question: a.question})
	}
	return h
}

// limit is how long the run may take.
func (r *Run) limit() time.Duration {
	limit := r.runner.limits.Time
	if r.several() {
		limit += seconds(r.plan.Seconds() * 4 / 3) // a third may be repeated
	}
	return limit
}

// buildArms builds each binary once, before anything is measured.
func (r *Run) buildArms(ctx context.Context) error {
	built := map[string]string{}
	for _, a := range r.arms {
		if r.command != nil {
			a.binary = r.command[0]
			continue
		}
		if built[a.lab.Build] == "" {
			binary, err := r.build(ctx, a)
			if err != nil {
				return err
			}
			built[a.lab.Build] = binary
		}
		a.binary = built[a.lab.Build]
	}
	return nil
}

// rounds executes a plan of several blocks. Those of a round that are void are
// repeated once at its end, as far as the plan allows.
func (r *Run) rounds(ctx context.Context) (judge.Verdict, error) {
	var done []judge.Block
	room := r.plan.Repeats()
	for _, round := range r.plan.Rounds() {
		var void []int
		for _, slot := range round {
			b, err := r.turn(ctx, done, slot, room > 0)
			if err != nil {
				return judge.Verdict{}, err
			}
			if done = append(done, b); b.Retry {
				void = append(void, slot)
				room--
			}
		}
		for _, slot := range void {
			b, err := r.turn(ctx, done, slot, false)
			if err != nil {
				return judge.Verdict{}, err
			}
			done = append(done, b)
		}
	}
	return judge.Conclude(r.header, done), nil
}

// turn executes one block of several, after those that are done, and tells what
// it amounts to; retry says that it is repeated when it is void.
func (r *Run) turn(ctx context.Context, done []judge.Block, slot int, retry bool) (judge.Block, error) {
	if ctx.Err() != nil {
		return judge.Block{}, context.Cause(ctx)
	}
	a := r.arms[r.plan.Order[slot]]
	r.journal.block = len(done)
	j, err := r.execute(ctx, a, slot)
	if err != nil {
		return judge.Block{}, err
	}
	b := judge.Block{Number: len(done), Slot: slot, Arm: a.index, BlockEnd: j.End(a.label, r.plan.Compare)}
	b.Retry = retry && b.Trust == "void"
	if r.plan.Sweep != nil {
		b.Judge = j // its checks are about all blocks
	}
	if r.plan.Compare != nil {
		now := judge.SoFar(*r.plan.Compare, append(slices.Clone(done), b))
		b.SoFar = &now
	}
	return b, r.journal.write(telemetry.Event{T: r.now(), Kind: telemetry.KindBlockEnd, From: telemetry.FromJudge, BlockEnd: &b.BlockEnd})
}
