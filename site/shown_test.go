package site

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// {{run:…}} and {{author:…}} may ask the same recording, each for its own: it is
// judged once for each, and not again.
func TestShownRemembersWhatEachAsked(t *testing.T) {
	judgings := 0
	from := source{sourceKey{run: "x"}, &answers{}, func([]string) (valuer, error) {
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

// What a page shows is what the recording says when encoding/json reads all of it
// and every block is judged to its end: short cuts change nothing.
func TestShownIsWhatTheWholeRecordingSays(t *testing.T) {
	t.Parallel()
	s := serve(t)
	asked := 0
	for _, l := range s.lessons() {
		got := s.shown.of(s.shelf.edition(), l, nil)
		whole := map[*content.Experiment]valuer{}
		for i, p := range l.Shown {
			at := slices.IndexFunc(l.Experiments, func(x *content.Experiment) bool { return x.ID == p.Experiment })
			if at < 0 || l.Experiments[at].Author == nil {
				continue
			}
			x := l.Experiments[at]
			if whole[x] == nil {
				whole[x] = replayWhole(t, x.Author)
			}
			want := value{Text: "–", Author: true}
			if v, err := whole[x].Value(p.Expr); err != nil {
				want.Why = err.Error()
			} else {
				want.Text = p.Text(v)
			}
			asked++
			if got[i] != want {
				t.Errorf("%s: %s is shown as %+v, want %+v", x.Spec.Name, p.Expr, got[i], want)
			}
		}
	}
	if asked < 50 {
		t.Errorf("%d placeholders", asked)
	}
}

// replayWhole judges a recording the long way.
func replayWhole(t *testing.T, recording []byte) valuer {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(recording))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	var events []telemetry.Event
	for lines.Scan() {
		var e telemetry.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	blocks, err := judge.ReplayBlocks(events)
	if err != nil {
		t.Fatal(err)
	}
	if events[0].Run.Sweep == nil {
		return blocks[0].Judge
	}
	of := map[int]*judge.Judge{} // by slot: a block that repeats a void one counts in its place
	for _, b := range blocks {
		of[b.Slot] = b.Judge
	}
	var judges []*judge.Judge
	for _, slot := range slices.Sorted(maps.Keys(of)) {
		judges = append(judges, of[slot])
	}
	sweep, err := judge.NewSweep(judges)
	if err != nil {
		t.Fatal(err)
	}
	return sweep
}
