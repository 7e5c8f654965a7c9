package site

import (
	"testing"

	"socketlabs/content"
)

// {{run:…}} and {{author:…}} may ask the same recording, each for its own: it is
// judged once for each, and not again.
func TestShownRemembersWhatEachAsked(t *testing.T) {
	judgings := 0
	from := source{sourceKey{run: "x"}, &answers{}, func() (valuer, error) {
		judgings++
		return nil, errUnrecorded
	}}
	for range 3 {
		for _, expr := range []string{"load.p50", "load.p99"} {
			if v := from.values([]content.Placeholder{{Expr: expr}}); v[0].Why == "" {
				t.Errorf("%s: %+v", expr, v)
			}
		}
	}
	if judgings != 2 {
		t.Errorf("judged %d times", judgings)
	}
}
