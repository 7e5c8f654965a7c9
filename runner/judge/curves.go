package judge

import (
	"errors"
	"slices"

	"socketlabs/labs/telemetry"
)

// CapacityOf reads a sweep's recording, which may still be written: a block that
// has not ended is a step without trust and without numbers. The error says that
// the recording is no sweep's.
func CapacityOf(events []telemetry.Event, objective string) (Capacity, error) {
	blocks, err := ReplayBlocks(events)
	if err != nil {
		return Capacity{}, err
	}
	head := *events[0].Run
	if head.Sweep == nil {
		return Capacity{}, errors.New("judge: this run is no sweep")
	}
	blocks = slices.DeleteFunc(blocks, func(b Block) bool {
		return !slices.ContainsFunc(events, func(e telemetry.Event) bool { return e.Block == b.Number && e.BlockEnd != nil })
	})
	done := bySlot(blocks)
	var all []swept
	for i, arm := range head.Arms { // of a sweep, each arm has one block
		step, ok := telemetry.ParseStep(arm.Label)
		if !ok {
			continue
		}
		s := swept{step: step, lab: arm.Lab, asked: arm.Question, block: -1}
		if at := slices.IndexFunc(done, func(b Block) bool { return b.Arm == i }); at >= 0 {
			s.block, s.judge = done[at].Number, done[at].Judge
		}
		all = append(all, s)
	}
	return capacity(objective, all), nil
}
