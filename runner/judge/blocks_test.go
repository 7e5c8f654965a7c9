package judge

import (
	"testing"

	"socketlabs/labs/telemetry"
)

func ended(slot int, trust string, doubts ...telemetry.Doubt) Block {
	return Block{Slot: slot, BlockEnd: telemetry.BlockEnd{Trust: trust, Doubts: doubts}}
}

func TestConcludeTrust(t *testing.T) {
	late := telemetry.Doubt{Code: "late", Value: 0.02, Bound: 0.01, Void: true}
	later := telemetry.Doubt{Code: "late", Value: 0.2, Bound: 0.01, Void: true}
	for why, row := range map[string]struct {
		blocks []Block
		trust  string
		doubts int
	}{
		"nothing happened":                    {nil, "void", 0},
		"all is well":                         {[]Block{ended(0, "green"), ended(1, "green")}, "green", 0},
		"a repeat stands in for a void one":   {[]Block{ended(0, "void", late), ended(1, "green"), ended(0, "green")}, "green", 0},
		"one that stays void is told":         {[]Block{ended(0, "void", late), ended(1, "green"), ended(2, "green"), ended(0, "void", later)}, "amber", 1},
		"half is enough":                      {[]Block{ended(0, "void", late), ended(1, "green")}, "amber", 1},
		"less than half proves nothing":       {[]Block{ended(0, "void", late), ended(1, "void", later), ended(2, "green")}, "void", 1},
		"a busy machine in one block is told": {[]Block{ended(0, "amber", telemetry.Doubt{Code: "load"}), ended(1, "green")}, "amber", 1},
	} {
		v := Conclude(telemetry.Run{}, row.blocks)
		if v.Trust != row.trust || len(v.Doubts) != row.doubts {
			t.Errorf("%s: %s, %+v", why, v.Trust, v.Doubts)
		}
	}
}

func TestBlocksAreBounded(t *testing.T) {
	head := telemetry.Event{Kind: telemetry.KindRun, Run: &telemetry.Run{Question: telemetry.Question{Seconds: 1}}}
	blocks, err := ReplayBlocks([]telemetry.Event{head, {Block: 1 << 40, Kind: telemetry.KindSample}, {Block: -1, Kind: telemetry.KindSample},
		{Block: 1, Kind: telemetry.KindBlock, Begin: &telemetry.Block{Arm: 99, Slot: -7, Seconds: 1}}})
	if err != nil || len(blocks) != 2 {
		t.Errorf("%d blocks, %v", len(blocks), err)
	}
}
