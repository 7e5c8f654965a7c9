package judge

import (
	"testing"

	"socketlabs/labs/telemetry"
)

// Of the blocks so far there are pairs and an interval that narrows, and no
// verdict, however plain the difference.
func TestSoFarIsNoVerdict(t *testing.T) {
	c := telemetry.Comparing{Metrics: []telemetry.Compared{{Expr: "load.p50", Better: "lower"}}, Expect: "better"}
	var blocks []Block
	var widths []float64
	for i, v := range []float64{10, 5, 5.1, 9.9, 10.1, 4.9, 5, 10} { // A B B A
		arm := []int{0, 1, 1, 0}[i%4]
		blocks = append(blocks, Block{Number: i, Slot: i, Arm: arm, BlockEnd: telemetry.BlockEnd{Trust: "green", Watched: map[string]float64{"load.p50": v}}})
		now := SoFar(c, blocks)
		d := now.Metrics[0]
		if now.Pairs != (i+1)/2 || len(d.Pairs) != now.Pairs || d.Verdict != "" || d.Least != nil || now.As != nil {
			t.Fatalf("after %d blocks: %+v", i+1, now)
		}
		if (d.Low != nil) != (now.Pairs >= 2) {
			t.Fatalf("after %d pairs: %+v", now.Pairs, d)
		}
		if d.Low != nil && i%2 == 1 {
			widths = append(widths, *d.High / *d.Low)
		}
	}
	if len(widths) != 3 || !(widths[0] > widths[1] && widths[1] > widths[2]) {
		t.Errorf("the interval does not narrow: %v", widths)
	}
	if end := Compare(c, blocks); end.Metrics[0].Verdict != "better" || end.As == nil {
		t.Errorf("the verdict of all: %+v", end)
	}
}
