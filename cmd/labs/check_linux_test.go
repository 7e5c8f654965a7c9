package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/runner"
)

// A first try in company settles what cannot be due to the company; comparisons
// are alone, and so is what is run again.
func TestCheckInLanes(t *testing.T) {
	data := t.TempDir()
	os.Symlink(built, filepath.Join(data, "bin"))
	status, out, diag := invoke(t, data, "check", "--run", "1", "--tries", "3", "--rounds", "1", "--lanes", "2", "coalesce")
	if status != 0 {
		t.Fatalf("exit status %d\n%s%s", status, out, diag)
	}
	r, err := runner.Open(runner.Config{Root: filepath.Join("..", ".."), Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer closeRunner(r)
	ids := regexp.MustCompile(`[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}`)
	for line := range strings.Lines(out) {
		id := ids.FindString(line)
		if id == "" {
			continue
		}
		s, err := r.Summary(id)
		if err != nil {
			t.Fatal(err)
		}
		if company := strings.Contains(line, "in company"); s.Shared != company || company && s.Kind != "" {
			t.Errorf("shared: %v, kind %q of %s", s.Shared, s.Kind, line)
		}
	}
	for _, claim := range []string{"coalesce/two-or-one  ", "coalesce/corked  holds  ", "coalesce/together  fails  ", "coalesce/together  holds  with solution.go  "} {
		if !strings.Contains(out, claim) {
			t.Errorf("nothing says %q:\n%s", claim, out)
		}
	}
	if !strings.Contains(out, "in company") {
		t.Errorf("nothing was settled in company:\n%s", out)
	}
}

// Interrupted, it ends what runs in every lane.
func TestCheckInLanesIsInterrupted(t *testing.T) {
	data := t.TempDir()
	os.Symlink(built, filepath.Join(data, "bin"))
	cmd, out, diag := prepare(t, data, "check", "--run", "1", "--rounds", "1", "--lanes", "2", "averages")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	loads := func() (n int) {
		for _, p := range descendants(cmd.Process.Pid) {
			if args := arguments(p); len(args) > 1 && args[1] == "load" {
				n++
			}
		}
		return n
	}
	until(t, 3*time.Minute, "two are measured", func() bool { return loads() == 2 })
	tree := descendants(cmd.Process.Pid)
	unix.Kill(cmd.Process.Pid, unix.SIGINT)
	if _, ok := cmd.Wait().(*exec.ExitError); !ok || cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("exit status %d\n%s%s", cmd.ProcessState.ExitCode(), out, diag)
	}
	if n := alive(tree); n != 0 {
		t.Errorf("%d processes are left", n)
	}
}

// What may not be tried beside others, and what a busy machine could bring about.
func TestTrialsInCompany(t *testing.T) {
	_, book, _, err := (&place{root: filepath.Join("..", "..")}).book()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct{ sociable, slow bool }{
		"coalesce/nodelay":    {true, false},  // p50 below a bound
		"coalesce/two-writes": {true, true},   // p50 above one
		"epoll/more-clients":  {false, false}, // a sweep
		"states/roomy":        {false, false}, // overflows of the whole machine
	} {
		exp, err := book.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		trial := trial{spec: exp.Spec, want: "holds"}
		if trial.sociable() != want.sociable || want.sociable && trial.slow() != want.slow {
			t.Errorf("%s: sociable %v, slow %v", name, trial.sociable(), trial.slow())
		}
	}
}
