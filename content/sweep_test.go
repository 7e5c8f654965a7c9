package content

import (
	"slices"
	"strings"
	"testing"
)

// sweeping makes a sweep of the lesson edge's experiment idle, whose expressions
// over all blocks are then those that are given.
func sweeping(answer, check, shown string) []edit {
	const yaml = "edge/lesson.yaml"
	edits := []edit{
		{yaml, "    warmup: 0.5", "    sweep: {knob.threads: [1, 2, 4]}\n    warmup: 0.5"},
		{yaml, `'wakeups_per_second > 1000 ? "often" : lab.wakeups == 0 ? "no" : "quiet-one"'`, answer},
		{yaml, "calm: silent_client.lab.wakeups < 10", "calm: " + check},
	}
	for _, lang := range []string{"edge/ko.md", "edge/en.md"} {
		edits = append(edits, edit{lang, "{{run:idle wakeups_per_second}}", "{{run:idle " + shown + "}}"},
			edit{lang, "{{run:idle kernel.cpu / seconds", "{{run:idle max(kernel.cpu / seconds)"})
	}
	return edits
}

// A sweep's charts are of a block; its checks, answers and placeholders are over all.
func TestSweepIsRead(t *testing.T) {
	fsys := files(t)
	for _, e := range sweeping(`'max(wakeups_per_second) > 1000 ? "often" : lab.wakeups[0] == 0 ? "no" : "quiet-one"'`, "max(silent_client.lab.wakeups) < 10 && knob.threads[2] == 4", "wakeups_per_second[-1]") {
		e.apply(t, fsys)
	}
	book, problems := load(fsys, "content", catalog(t))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	x, err := book.Find("edge/idle")
	if err != nil {
		t.Fatal(err)
	}
	if s := x.Spec.Sweep; s == nil || s.Setting != "knob.threads" || !slices.Equal(s.Values, []string{"1", "2", "4"}) {
		t.Errorf("sweep %+v", s)
	}
	if len(x.Spec.Watch) != 1 || len(x.Spec.Checks) != 1 || x.Spec.Blocks() != 3 {
		t.Errorf("%+v", x.Spec)
	}
}

func TestSweepsExpressionsAreOverLists(t *testing.T) {
	fsys := files(t)
	for _, e := range sweeping(`'"no"'`, "silent_client.lab.wakeups < 10", "wakeups_per_second[3]") {
		e.apply(t, fsys)
	}
	_, problems := load(fsys, "content", catalog(t))
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{"silent_client.lab.wakeups is a list in a sweep, one value for each of the 3 blocks", "wakeups_per_second[3]: there are 3 blocks: [0] to [2]"} {
		if !strings.Contains(all, want) {
			t.Errorf("nobody says %q:\n%s", want, all)
		}
	}
}
