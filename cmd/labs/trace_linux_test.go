package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

func TestTraceRefusesWhatItCanNotDo(t *testing.T) {
	p := &place{root: filepath.Join("..", "..")}
	for _, c := range []struct {
		args []string
		f    traceFlags
		want string
	}{
		{nil, traceFlags{}, "name what to look at"},
		{[]string{"epoll/pieces"}, traceFlags{lab: "epoll"}, "name what to look at"},
		{nil, traceFlags{lab: "no-such"}, "labs list"},
		{nil, traceFlags{lab: "epoll", schedule: "no-such"}, "burst, two"},
		{nil, traceFlags{lab: "epoll", set: []string{"load.rate=5"}}, "knob.NAME=VALUE"},
		{nil, traceFlags{lab: "epoll", set: []string{"knob.buf=1"}}, "buf"},
		{nil, traceFlags{server: "cat", set: []string{"knob.buf=512"}}, "no knobs"},
		{nil, traceFlags{server: "no-such-program"}, "no such program"},
	} {
		if _, err := p.traceOrder(c.args, c.f, c.f.server != ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %+v: %v, want %q", c.args, c.f, err, c.want)
		}
	}
}

// The stall, headless: as text, and as JSON.
func TestLongTraceShowsTheStall(t *testing.T) {
	onlyLong(t)
	data := t.TempDir()
	os.Symlink(built, filepath.Join(data, "bin"))
	args := []string{"trace", "--lab", "epollet", "--set", "knob.drain=false", "--set", "knob.buf=512"}
	status, stdout, stderr := invoke(t, data, args...)
	if strings.Contains(stdout, "trace-refused") {
		t.Skip("this system does not permit it")
	}
	if status != statusHolds {
		t.Fatalf("status %d: %s%s", status, stdout, stderr)
	}
	for _, want := range []string{"1488 bytes waited", "0 ended in EAGAIN", "labs/epollet/main.go:", "epoll_pwait", "these times are not real"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("it does not say %q:\n%s", want, stdout)
		}
	}
	status, stdout, stderr = invoke(t, data, append(args, "--json", "--schedule", "small")...)
	var n runner.Trace
	if err := json.Unmarshal([]byte(stdout), &n); err != nil || status != statusHolds {
		t.Fatalf("status %d, %v: %s", status, err, stderr)
	}
	if n.Phase != telemetry.Finished || len(n.Conns) != 1 || n.Conns[0].Got != 300 || len(n.Conns[0].Stalls) != 0 || len(n.Sources) == 0 {
		t.Errorf("requests that fit do not stall: %s %+v", n.Phase, n.Conns)
	}
}

// TestLongTraceKilledLeavesNothing kills the program with SIGKILL in the middle
// of a trace, as root and as nobody: tracer, server and client go with it.
func TestLongTraceKilledLeavesNothing(t *testing.T) {
	onlyLong(t)
	dir := t.TempDir()
	server := filepath.Join(dir, "server")
	build := exec.Command("go", "build", "-o", server, "./labs/epollet")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	users := []*syscall.Credential{nil}
	if os.Getuid() == 0 {
		users = append(users, &syscall.Credential{Uid: 65534, Gid: 65534})
	}
	for i, user := range users {
		if user != nil {
			give(t, dir, user)
		}
		for range 2 {
			killTrace(t, filepath.Join(dir, "data"), server, user, i)
		}
	}
}

func killTrace(t *testing.T, data, server string, user *syscall.Credential, who int) {
	t.Helper()
	cmd, _, stderr := prepare(t, data+string(rune('a'+who)), "trace", "--exec", server, "--for", "12s")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user, Pdeathsig: syscall.SIGKILL}
	cmd.Dir = filepath.Dir(server)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var tree []process
	defer cmd.Wait()
	defer cmd.Process.Kill()
	until(t, 60*time.Second, "shim, tracer, server and client are there", func() bool {
		tree = descendants(cmd.Process.Pid)
		if cmd.Process.Signal(syscall.Signal(0)) != nil {
			t.Fatalf("it ended: %s", stderr)
		}
		return len(tree) >= 4
	})
	cmd.Process.Kill()
	killed := time.Now()
	for alive(tree) > 0 && time.Since(killed) < 2*time.Second {
		time.Sleep(5 * time.Millisecond)
	}
	if n := alive(tree); n > 0 {
		t.Errorf("user %v: %d of %d processes are left after %v", user, n, len(tree), time.Since(killed))
	}
}

// A container's seccomp profile may forbid ptrace(2): then it is said, and what
// to do about it.
func TestTraceSaysThatItIsNotPermitted(t *testing.T) {
	cmd, stdout, stderr := prepare(t, t.TempDir(), "trace", "--exec", "true")
	err := withoutPtrace(cmd.Start)
	if err != nil {
		t.Skipf("no seccomp here: %v", err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != statusError {
		t.Errorf("status %d: %s", code, stderr)
	}
	for _, want := range []string{"trace-refused", "operation not permitted", "ptrace_scope", "seccomp"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("it does not say %q: %s%s", want, stdout, stderr)
		}
	}
}

// withoutPtrace calls start on a thread whose children may not use ptrace(2).
func withoutPtrace(start func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with this goroutine, and its filter with it
		filter := []unix.SockFilter{
			{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the call's number
			{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_PTRACE, Jt: 0, Jf: 1},
			{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
			{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		}
		program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
		err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		if err == nil {
			err = unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
		}
		if err == nil {
			err = start()
		}
		result <- err
	}()
	return <-result
}
