package judge

import (
	"errors"
	"slices"

	"socketlabs/labs/telemetry"
)

// errNoSweep is the error of a recording that is no sweep's.
var errNoSweep = errors.New("judge: this run is no sweep")

// CapacityOf reads a sweep's recording, which may still be written: a block that
// has not ended is a step without trust and without numbers. The objective is any
// check over one block, so every block is judged again.
func CapacityOf(events []telemetry.Event, objective string) (Capacity, error) {
	blocks, err := ReplayBlocks(events)
	if err != nil {
		return Capacity{}, err
	}
	blocks = slices.DeleteFunc(blocks, func(b Block) bool {
		return !slices.ContainsFunc(events, func(e telemetry.Event) bool { return e.Block == b.Number && e.BlockEnd != nil })
	})
	return curves(events, blocks, objective, func(b Block, _ telemetry.Question) (bool, error) {
		c, err := b.Judge.words.compileCheck(telemetry.Formula{Expr: objective})
		if err != nil {
			return false, err
		}
		result := c.judge(b.Judge.measured())
		if result.Why != "" {
			return false, errors.New(result.Why)
		}
		return result.Pass, nil
	})
}

// CapacityAt is CapacityOf with the usual objective. It needs the recording's
// events of the kinds run, block and block-end only, so that a sweep can be
// looked at while it measures without being disturbed.
func CapacityAt(events []telemetry.Event, p99 float64) (Capacity, error) {
	var blocks []Block
	for _, e := range events {
		switch {
		case e.Kind == telemetry.KindBlock && e.Begin != nil:
			blocks = append(blocks, Block{Number: e.Block, Slot: e.Begin.Slot, Arm: e.Begin.Arm})
		case e.Kind == telemetry.KindBlockEnd && e.BlockEnd != nil && len(blocks) > 0 && blocks[len(blocks)-1].Number == e.Block:
			blocks[len(blocks)-1].BlockEnd = *e.BlockEnd
		}
	}
	blocks = slices.DeleteFunc(blocks, func(b Block) bool { return b.Trust == "" })
	return curves(events, blocks, UsualObjective(p99), func(b Block, q telemetry.Question) (bool, error) {
		slow, answered := b.Metrics["load.p99"]
		oldest, known := b.Metrics["load.oldest.max"]
		if !answered || !known {
			return false, errors.New("load observed nothing in the measured time")
		}
		return slow < p99 && oldest < q.Seconds/2, nil
	})
}

// curves gives each arm of the run its block; of a sweep each arm has one.
func curves(events []telemetry.Event, blocks []Block, objective string, met goal) (Capacity, error) {
	if len(events) == 0 || events[0].Run == nil || events[0].Run.Sweep == nil {
		return Capacity{}, errNoSweep
	}
	done := bySlot(blocks)
	var all []swept
	for i, arm := range events[0].Run.Arms {
		step, ok := telemetry.ParseStep(arm.Label)
		if !ok {
			continue
		}
		s := swept{step: step, arm: arm}
		if at := slices.IndexFunc(done, func(b Block) bool { return b.Arm == i }); at >= 0 {
			s.block = &done[at]
		}
		all = append(all, s)
	}
	return capacity(objective, met, all), nil
}
