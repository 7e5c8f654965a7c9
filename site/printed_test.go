package site

import (
	"strings"
	"testing"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
)

// What stands left of an axis has room for six characters.
func TestPrintedAxesFit(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 13: "13", 9999: "9,999", 12345: "12.3k", 100000: "100k", 999500: "1,000k", 4039225: "4.04M", 64306050: "64.3M",
		0.0625: "0.0625", 1.0 / 1024: "0.001", 0.00004: "4e-05"} {
		if got := axisText(v); got != want || len(got) > 6 {
			t.Errorf("%g: %q, want %q", v, got, want)
		}
	}
	drawn := string(drawing([][]float64{{0, 64306050}}, drawn{}, telemetry.Block{Seconds: 1}))
	if strings.Contains(drawn, content.Format(64306050.0, "")) || !strings.Contains(drawn, ">64.3M<") {
		t.Errorf("the highest value is cut by the drawing's edge: %s", drawn)
	}
}
