package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"socketlabs/labs"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// clues say which fault a sick signal betrays. The solver knows nothing but
// them and the doctor's steps: what the page shows.
var clues = map[string]string{
	"recvq": "undrained", "close-wait": "close-wait", "held-back": "nagle", "accept-full": "backlog",
	"lock-wait": "lock", "disk-wait": "disk", "upstream-wait": "dependency",
	"held": "tail", "emfile": "descriptors", "fds": "descriptors", "window": "slow-reader", "idle-wakeups": "storm",
}

// solve names every fault that the steps betray, each with its proof: when they
// tell all apart it is one.
func solve(x judge.Examination) (found []runner.Answer) {
	sick := map[string]judge.DoctorSignal{}
	for _, s := range x.Steps {
		for _, g := range s.Signals {
			if g.State == judge.Sick {
				sick[g.ID] = g
			}
		}
	}
	if _, slow := sick["window"]; slow { // whoever waits for a reader reads nothing either
		delete(sick, "recvq")
	}
	if _, full := sick["emfile"]; full { // those that are turned away are wakeups without a read
		delete(sick, "idle-wakeups")
	}
	for id, g := range sick {
		fault, ok := clues[id]
		known := slices.ContainsFunc(found, func(a runner.Answer) bool { return a.Fault == fault })
		if ok && !known {
			found = append(found, runner.Answer{Fault: fault, Metric: g.Metric, From: g.From, To: g.To})
		}
	}
	return found
}

// seedOf returns the first seed at or above from that hides a fault.
func seedOf(t *testing.T, fault string, from int) int {
	t.Helper()
	for seed := from; seed < from+100; seed++ {
		if m, _, err := labs.MysteryOf(seed); err == nil && m.ID == fault {
			return seed
		}
	}
	t.Fatalf("no seed hides %s", fault)
	return 0
}

// The doctor runs an experiment whose illness is known and names it; of the
// recording it says the same again.
func TestDoctorNamesTheStall(t *testing.T) {
	data := t.TempDir()
	status, out, diag := invoke(t, data, "doctor", "epoll-edge/stall", "--json")
	var x judge.Examination
	if err := json.Unmarshal([]byte(out), &x); err != nil || status != 0 {
		t.Fatalf("exit status %d, %v\n%s\n%s", status, err, out, diag)
	}
	if found := solve(x); len(found) != 1 || found[0].Fault != "undrained" {
		t.Errorf("it finds %+v in %+v", found, x.Steps)
	}
	if x.Bottleneck == nil || x.Bottleneck.Queue != "recvq" {
		t.Errorf("the bottleneck is %+v", x.Bottleneck)
	}
	if _, again, _ := invoke(t, data, "doctor", x.Run, "--json"); again != out {
		t.Errorf("of its recording it says\n%s\nand not\n%s", again, out)
	}
	_, told, _ := invoke(t, data, "doctor", x.Run, "--lang", "ko")
	for _, want := range []string{"3. 커널 소켓 큐  [아픔]", "6. 디스크  [안 보임]", "ss -ti 'sport = :" + x.Port + "'", "strace -f -c -p " + x.PID} {
		if !strings.Contains(told, want) {
			t.Errorf("it does not say %q:\n%s", want, told)
		}
	}
	if status, _, diag := invoke(t, data, "doctor", "no-such-run"); status != 2 || !strings.Contains(diag, "labs list") {
		t.Errorf("a run that there is not: exit status %d\n%s", status, diag)
	}
	if status, _, diag := invoke(t, data, "mystery", "--seed", "-1"); status != 2 || !strings.Contains(diag, "from 0 to 999999") {
		t.Errorf("a mystery that there is not: exit status %d\n%s", status, diag)
	}
}

// TestLongMysteriesAreToldApart runs each of them, LABS_MYSTERY=5 five times.
func TestLongMysteriesAreToldApart(t *testing.T) {
	onlyLong(t)
	rounds, _ := strconv.Atoi(os.Getenv("LABS_MYSTERY"))
	data := t.TempDir()
	var matrix strings.Builder
	for _, fault := range labs.MysteryIDs() {
		t.Run(fault, func(t *testing.T) {
			fmt.Fprintf(&matrix, "%-12s %v\n", fault, tellApart(t, data, fault, max(rounds, 1)))
		})
	}
	t.Logf("what was hidden, and what was found how often:\n%s", matrix.String())
}

// tellApart runs a fault so many times with seeds of their own and returns what
// the solver found, with a question mark what it found in a void run. That proves
// nothing: it is run again, five times at most.
func tellApart(t *testing.T, data, fault string, rounds int) map[string]int {
	t.Helper()
	found := map[string]int{}
	for round, seed := 0, 0; round < rounds; round++ {
		seed = seedOf(t, fault, seed)
		x, void := examineMystery(t, data, seed)
		answers, doubt := solve(x), ""
		if void {
			doubt = "?"
			t.Logf("NOT TESTED: %s: five runs of seed %d were void", fault, seed)
		}
		for _, a := range answers {
			found[a.Fault+doubt]++
		}
		if void {
			seed++
			continue
		}
		if len(answers) != 1 || answers[0].Fault != fault {
			t.Errorf("seed %d hides %s, and the steps betray %+v\n%+v", seed, fault, answers, x.Steps)
		} else {
			markMystery(t, data, seed, answers[0])
		}
		seed++
	}
	return found
}

// examineMystery runs a mystery until a run is not void, five times at most.
func examineMystery(t *testing.T, data string, seed int) (x judge.Examination, void bool) {
	t.Helper()
	for range 5 {
		status, out, diag := invoke(t, data, "mystery", "--seed", strconv.Itoa(seed), "--json")
		var r mysteryReport
		if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 {
			t.Fatalf("seed %d: exit status %d, %v\n%s\n%s", seed, status, err, out, diag)
		}
		if x = r.Examination; r.Trust != "void" {
			return x, false
		}
	}
	return x, true
}

// markMystery answers, and the answer must be right and proved.
func markMystery(t *testing.T, data string, seed int, a runner.Answer) {
	t.Helper()
	status, out, diag := invoke(t, data, "mystery", "--seed", strconv.Itoa(seed), "--json",
		"--answer", a.Fault, "--metric", a.Metric, "--from", fmt.Sprint(a.From), "--to", fmt.Sprint(a.To))
	var r mysteryReport
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.Marks == nil {
		t.Fatalf("seed %d: exit status %d, %v\n%s\n%s", seed, status, err, out, diag)
	}
	if !r.Marks.Right || !r.Marks.Proved || status != 0 {
		t.Errorf("seed %d: %+v is marked %+v", seed, a, *r.Marks)
	}
}

// An examination runs each mystery once, and marks the answers together.
func TestExam(t *testing.T) {
	data := t.TempDir()
	seed := seedOf(t, "lock", 0)
	paper := []string{"mystery", "--exam", "1", "--seed", strconv.Itoa(seed), "--json"}
	read := func(status int, args ...string) examReport {
		t.Helper()
		got, out, diag := invoke(t, data, append(slices.Clone(paper), args...)...)
		var x examReport
		if err := json.Unmarshal([]byte(out), &x); err != nil || got != status || len(x.Questions) != 1 {
			t.Fatalf("exit status %d, want %d, %v\n%s\n%s", got, status, err, out, diag)
		}
		return x
	}
	asked := read(0).Questions[0]
	found := solve(*asked.Examination)
	if len(found) != 1 || asked.Marks != nil || asked.Run == "" {
		t.Fatalf("%+v: the steps betray %+v", asked, found)
	}
	a := found[0]
	for _, c := range []struct {
		answer         string
		status, points int
	}{
		{fmt.Sprintf("%d %s %s %g %g", seed, a.Fault, a.Metric, a.From, a.To), 0, runner.MostPoints},
		{fmt.Sprintf("%d disk lab.syncs 0 3", seed), 1, 0},
		{fmt.Sprintf("%d - - 0 0", seed), 1, 0},
	} {
		file := filepath.Join(t.TempDir(), "paper")
		if err := os.WriteFile(file, []byte(c.answer), 0o600); err != nil {
			t.Fatal(err)
		}
		x := read(c.status, "--answers", file)
		if x.Questions[0].Run != asked.Run || x.Points != c.points || x.Of != runner.MostPoints || x.Passed != (c.status == 0) {
			t.Errorf("%s: %+v", c.answer, x)
		}
	}
	if status, _, diag := invoke(t, data, "mystery", "--exam", "12"); status != 2 || !strings.Contains(diag, "from 1 to 11") {
		t.Errorf("a paper that is too long: exit status %d\n%s", status, diag)
	}
	if status, _, diag := invoke(t, data, "mystery", "--answers", "x"); status != 2 || !strings.Contains(diag, "--exam") {
		t.Errorf("answers without a paper: exit status %d\n%s", status, diag)
	}
}
