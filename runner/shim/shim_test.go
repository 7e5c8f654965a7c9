//go:build linux

package shim

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary be what the tests start: the shim and its
// children.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "shim":
			Main()
		case "act":
			act(os.Args[2], os.Args[3:])
			syscall.Exit(0)
		}
	}
	os.Exit(m.Run())
}

const nobody = 65534

// TestUnprivileged runs every other test again as a user without any right.
func TestUnprivileged(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	dir, err := os.MkdirTemp("", "shim")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "shim.test")
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bin, data, 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"-test.skip=^TestUnprivileged$", "-test.timeout=300s", "-test.v"}
	if testing.Short() {
		args = append(args, "-test.short")
	}
	cmd := exec.Command(bin, args...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=/tmp"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, Pdeathsig: unix.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("as uid %d: %v\n%s", nobody, err, out)
	}
	t.Logf("as uid %d: %d tests passed", nobody, strings.Count(string(out), "--- PASS"))
}

// ways are the two ways to hold a run; the second is what a refusing kernel gets.
var ways = []string{Namespaces, Subreaper}

func openAs(t *testing.T, way string, o Options) *Shim {
	t.Helper()
	if o.RunID == "" {
		o.RunID = tagOf(t)
	}
	var s *Shim
	var err error
	if way == Subreaper {
		s, err = open(o, 0)
	} else {
		s, err = Open(o)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		gone(t, o.RunID, time.Second)
	})
	if s.Isolation() != way {
		t.Fatalf("isolation %s (%s), want %s", s.Isolation(), s.Why(), way)
	}
	return s
}

// eachWay runs a test for both ways to hold a run.
func eachWay(t *testing.T, test func(t *testing.T, way string)) {
	for _, way := range ways {
		t.Run(way, func(t *testing.T) { test(t, way) })
	}
}

func tagOf(t *testing.T) string {
	return fmt.Sprintf("test-%d-%s", os.Getpid(), strings.ReplaceAll(t.Name(), "/", "-"))
}

// tagged returns the processes that carry a run's tag.
func tagged(run string) []int {
	var list []int
	for _, pid := range processes() {
		if id, ok := runOf(pid); ok && id == run {
			list = append(list, pid)
		}
	}
	return list
}

// gone fails the test unless nothing of a run is left within that time.
func gone(t *testing.T, run string, within time.Duration) {
	t.Helper()
	var left []int
	for end := time.Now().Add(within); ; time.Sleep(2 * time.Millisecond) {
		if left = tagged(run); len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Errorf("processes %v are left", left)
			return
		}
	}
}

// run starts a command, reads all it says and waits for it.
func run(t *testing.T, s *Shim, c Command) (stdout, stderr string, status Status) {
	t.Helper()
	p, err := s.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	p.Stdin.Close()
	var reading sync.WaitGroup
	read := func(from io.ReadCloser, into *string) {
		data, _ := io.ReadAll(from)
		from.Close()
		*into = string(data)
	}
	reading.Go(func() { read(p.Stdout, &stdout) })
	reading.Go(func() { read(p.Stderr, &stderr) })
	status = p.Wait()
	reading.Wait()
	return stdout, stderr, status
}

func sh(script string) Command { return Command{Path: "/bin/sh", Args: []string{"-c", script}} }

// acting is this binary in one of the roles of act.
func acting(role string, args ...string) Command {
	return Command{Path: self, Args: append([]string{"act", role}, args...)}
}

func TestPIDIsTheParents(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		s := openAs(t, way, Options{})
		for range 10 {
			p, err := s.Start(sh("read x; exit 7"))
			if err != nil {
				t.Fatal(err)
			}
			cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.PID))
			if err != nil || !strings.Contains(string(cmdline), "read x; exit 7") {
				t.Errorf("/proc/%d: %q %v", p.PID, cmdline, err)
			}
			p.Stdin.Close()
			if status := p.Wait(); status.Code != 7 {
				t.Error(status)
			}
			if err := p.Signal(unix.SIGTERM); err != os.ErrProcessDone {
				t.Errorf("signal to the dead: %v", err)
			}
		}
	})
}

func TestSignal(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		s := openAs(t, way, Options{})
		p, err := s.Start(sh("trap 'exit 9' TERM; echo ready; while :; do read x || sleep 0.01; done"))
		if err != nil {
			t.Fatal(err)
		}
		p.Stdout.Read(make([]byte, 16))
		for _, sig := range []syscall.Signal{unix.SIGSTOP, unix.SIGCONT, unix.SIGTERM} {
			if err := p.Signal(sig); err != nil {
				t.Errorf("%v: %v", sig, err)
			}
		}
		if status := p.Wait(); status.Code != 9 {
			t.Errorf("%s, want the trap's exit status 9", status)
		}
	})
}

// The shim outlives the signals of a terminal and of a clumsy person.
func TestShimIgnoresSignals(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		s := openAs(t, way, Options{})
		for _, sig := range []syscall.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGQUIT} {
			if err := unix.Kill(s.PID(), sig); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, status := run(t, s, sh("exit 4")); status.Code != 4 {
			t.Error(status)
		}
	})
}

func TestCloseEndsEverythingAndMayBeRepeated(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		s := openAs(t, way, Options{})
		p, err := s.Start(acting("hostile"))
		if err != nil {
			t.Fatal(err)
		}
		hostileAddr(t, p.Stdout)
		for range 3 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if left := tagged(tagOf(t)); len(left) > 0 {
			t.Errorf("after Close: %v", left)
		}
		p.Wait()
		if _, err := s.Start(sh("exit 0")); !errors.Is(err, ErrGone) {
			t.Errorf("start after Close: %v", err)
		}
		if _, err := s.Diag(); !errors.Is(err, ErrGone) {
			t.Errorf("diag after Close: %v", err)
		}
	})
}

// Nothing of a shim stays in its parent either.
func TestCloseLeavesNoDescriptorAndNoGoroutine(t *testing.T) {
	descriptors := func() int { e, _ := os.ReadDir("/proc/self/fd"); return len(e) }
	life := func(round int) {
		s := openAs(t, ways[round%2], Options{RunID: fmt.Sprintf("%s-%d", tagOf(t), round)})
		run(t, s, sh("exit 0"))
		if _, err := s.Start(Command{Path: "/no/such/lab"}); err == nil {
			t.Error("started nothing")
		}
		s.Close()
	}
	life(0) // what Go opens once, it has opened now
	files, routines := descriptors(), runtime.NumGoroutine()
	for round := range 6 {
		life(round)
	}
	if n := descriptors(); n > files {
		t.Errorf("%d descriptors, then %d", files, n)
	}
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > routines; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, then %d", routines, runtime.NumGoroutine())
		}
	}
}

func TestCloseWhileStarting(t *testing.T) {
	eachWay(t, func(t *testing.T, way string) {
		for round := range 5 {
			s := openAs(t, way, Options{RunID: fmt.Sprintf("%s-%d", tagOf(t), round)})
			var starting sync.WaitGroup
			first := make(chan bool, 4)
			for range 4 {
				starting.Go(func() { startUntilGone(t, s, first) })
			}
			<-first
			s.Close()
			starting.Wait()
			if left := tagged(s.options.RunID); len(left) > 0 {
				t.Fatalf("round %d: %v", round, left)
			}
		}
	})
}

// startUntilGone starts children that start children, until the shim is closed.
func startUntilGone(t *testing.T, s *Shim, first chan<- bool) {
	for range 1000 {
		p, err := s.Start(sh("sleep 100 & sleep 100 & wait"))
		if err != nil {
			if !errors.Is(err, ErrGone) {
				t.Error(err)
			}
			return
		}
		select {
		case first <- true:
		default:
		}
		defer p.Wait()
		defer closeFiles([]*os.File{p.Stdin.(*os.File), p.Stdout.(*os.File), p.Stderr.(*os.File)})
	}
}

func TestShimKilled(t *testing.T) {
	s := openAs(t, Namespaces, Options{})
	p, err := s.Start(acting("hostile"))
	if err != nil {
		t.Fatal(err)
	}
	unix.Kill(s.PID(), unix.SIGKILL)
	if status := p.Wait(); status.Signal != unix.SIGKILL {
		t.Errorf("a child of a killed shim: %s", status)
	}
	gone(t, tagOf(t), time.Second)
}

// What a killed subreaper leaves carries the run's tag, and Sweep finds it.
func TestSweep(t *testing.T) {
	s := openAs(t, Subreaper, Options{})
	p, err := s.Start(acting("hostile"))
	if err != nil {
		t.Fatal(err)
	}
	hostileAddr(t, p.Stdout)
	unix.Kill(s.PID(), unix.SIGKILL)
	<-s.ended
	if left := tagged(tagOf(t)); len(left) == 0 {
		t.Fatal("nothing is left, so there is nothing to sweep: the test's child is not hostile enough")
	}
	if err := Sweep(func(id string) bool { return id == "another" }); err != nil || len(tagged(tagOf(t))) == 0 {
		t.Errorf("swept what was not asked for: %v", err)
	}
	if err := Sweep(func(id string) bool { return id == tagOf(t) }); err != nil {
		t.Error(err)
	}
	if left := tagged(tagOf(t)); len(left) > 0 {
		t.Errorf("after Sweep: %v", left)
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
		why  string
	}{
		{Options{Net: "link"}, "there are host and own", "links come later"},
		{Options{Sysctl: map[string]string{"net.ipv4.tcp_fin_timeout": "5"}}, "net: own", "the machine's sysctls are not ours"},
		{Options{RunID: "options", Net: "own", Sysctl: map[string]string{"kernel.hostname": "x"}}, "sysctl", "not of the network"},
		{Options{RunID: "options", Net: "own", Sysctl: map[string]string{"net/../kernel/hostname": "x"}}, "sysctl", "a way out of /proc/sys/net"},
		{Options{RunID: "options", Net: "own", Sysctl: map[string]string{"net.ipv4.no_such_thing": "1"}}, "no_such_thing", "the error names it"},
		{Options{}, "run id", "without a tag nothing could be swept"},
		{Options{RunID: "a\x00b"}, "run id", "a variable cannot hold it"},
	} {
		s, err := Open(c.o)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q: %s", c.o, err, c.want, c.why)
		}
	}
}
