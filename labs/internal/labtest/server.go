//go:build linux

// Package labtest is httptest for labs: it builds a lab, runs it as a process of
// its own, talks to it over TCP and reads its telemetry. Conformance is the
// table of what every echo lab must do.
package labtest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Patience is how long any single thing may take before a test gives up. It is
// no measurement: a busy machine must not fail a correct lab.
const Patience = 30 * time.Second

// Server is a running lab. Its methods end the test when the lab does not do
// what it should; they belong to the test's goroutine.
type Server struct {
	Addr string
	PID  int

	t        testing.TB
	protocol Protocol // of Conformance
	conns    []net.Conn
	cmd      *exec.Cmd
	report   *report
	stderr   *log
	exited   chan struct{} // closed once the process has been waited for
}

// Start runs the lab on a free port of 127.0.0.1 and returns when it listens.
// At the end of the test it is killed if Stop has not been called.
func Start(t testing.TB, name string, args ...string) *Server {
	t.Helper()
	return StartAnywhere(t, name, append([]string{"-addr=127.0.0.1:0"}, args...)...)
}

// StartAnywhere leaves the address to args and the environment.
func StartAnywhere(t testing.TB, name string, args ...string) *Server {
	t.Helper()
	s := launch(t, name, args...)
	s.Addr = s.report.addr()
	if s.Addr == "" {
		<-s.exited
		t.Fatalf("%s %s did not listen: exit code %d: %s", name, strings.Join(args, " "), s.cmd.ProcessState.ExitCode(), s.stderr)
	}
	return s
}

// Exit runs a lab that is to end by itself, and returns its exit code and what
// it wrote to standard error.
func Exit(t testing.TB, name string, args ...string) (code int, stderr string) {
	t.Helper()
	s := launch(t, name, args...)
	s.wait()
	return s.cmd.ProcessState.ExitCode(), s.stderr.String()
}

func launch(t testing.TB, name string, args ...string) *Server {
	t.Helper()
	stdout, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, stderr: &log{}, exited: make(chan struct{}), report: newReport(stdout)}
	s.cmd = exec.Command(fmt.Sprintf("/proc/self/fd/%d", executable(t, name).Fd()), args...)
	s.cmd.Args[0] = name
	s.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // the race detector's own second at each exit
	s.cmd.Stdout, s.cmd.Stderr = w, s.stderr
	s.cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	started := make(chan error)
	go s.parent(started)
	err = <-started
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	s.PID = s.cmd.Process.Pid
	t.Cleanup(s.kill)
	return s
}

// parent starts the process and waits for it on one thread, because Pdeathsig
// means the death of the thread that started it.
func (s *Server) parent(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := s.cmd.Start()
	started <- err
	if err == nil {
		s.cmd.Wait()
		close(s.exited)
	}
}

func (s *Server) kill() {
	s.HangUp()
	s.cmd.Process.Kill()
	<-s.exited
	s.report.close()
	if s.t.Failed() && s.stderr.String() != "" {
		s.t.Logf("stderr of %s:\n%s", s.cmd.Args[0], s.stderr)
	}
}

func (s *Server) wait() {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(Patience):
		s.t.Fatal("the lab does not end")
	}
}

// Signal sends the process a signal.
func (s *Server) Signal(sig unix.Signal) { unix.Kill(s.PID, sig) }

// Stop has the lab drain, and requires that it does: exit code 0 and not a word
// on standard error.
func (s *Server) Stop() {
	s.t.Helper()
	s.Signal(unix.SIGTERM)
	if code := s.ExitCode(); code != 0 {
		s.t.Fatalf("exit code %d after SIGTERM: %s", code, s.stderr)
	}
	if text := s.stderr.String(); text != "" {
		s.t.Fatalf("the lab logged:\n%s", text)
	}
}

// Ended says whether the process has ended.
func (s *Server) Ended() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// ExitCode waits for the end of the process and returns its exit code.
func (s *Server) ExitCode() int {
	s.t.Helper()
	s.wait()
	<-s.report.done // the last sample
	return s.cmd.ProcessState.ExitCode()
}

// Dial connects. The connection has Patience from now, and ends with HangUp or the test.
func (s *Server) Dial() *net.TCPConn {
	s.t.Helper()
	c, err := net.DialTimeout("tcp", s.Addr, Patience)
	if err != nil {
		s.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(Patience))
	s.conns = append(s.conns, c)
	return c.(*net.TCPConn)
}

// HangUp closes all connections that Dial made.
func (s *Server) HangUp() {
	for _, c := range s.conns {
		c.Close()
	}
	s.conns = nil
}

// LimitFiles gives the process n more descriptors than it has now, and no more
// (RLIMIT_NOFILE). The returned function lifts the limit again.
func (s *Server) LimitFiles(n int) (lift func()) {
	s.t.Helper()
	var old unix.Rlimit
	if err := unix.Prlimit(s.PID, unix.RLIMIT_NOFILE, nil, &old); err != nil {
		s.t.Fatal(err)
	}
	bound, files := 0, s.Files() // new descriptors are below the bound
	for ; n > 0 || slices.Contains(files, bound); bound++ {
		if !slices.Contains(files, bound) {
			n--
		}
	}
	limit := unix.Rlimit{Cur: uint64(bound), Max: old.Max}
	if err := unix.Prlimit(s.PID, unix.RLIMIT_NOFILE, &limit, nil); err != nil {
		s.t.Fatal(err)
	}
	return func() { unix.Prlimit(s.PID, unix.RLIMIT_NOFILE, &old, nil) }
}

// Files returns the process's open descriptors.
func (s *Server) Files() []int {
	s.t.Helper()
	return s.list("fd")
}

// Opened returns what the descriptors are of, as in "3: socket:[12345]".
func (s *Server) Opened() []string {
	s.t.Helper()
	var opened []string
	for _, fd := range s.Files() {
		// The others stand: one that is closed meanwhile is of nothing.
		of, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", s.PID, fd))
		opened = append(opened, fmt.Sprintf("%d: %s", fd, of))
	}
	return opened
}

// Threads returns the process's thread ids.
func (s *Server) Threads() []int {
	s.t.Helper()
	return s.list("task")
}

func (s *Server) list(what string) []int {
	s.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/%s", s.PID, what))
	if err != nil {
		s.t.Fatal(err)
	}
	numbers := make([]int, len(entries))
	for i, e := range entries {
		numbers[i], _ = strconv.Atoi(e.Name())
	}
	return numbers
}

// Interrupt sends SIGURG to every thread. Go's handler is harmless and
// SA_RESTART, so what a thread sees of it is what signal(7) says.
func (s *Server) Interrupt() {
	s.t.Helper()
	for _, tid := range s.Threads() {
		unix.Tgkill(s.PID, tid, unix.SIGURG)
	}
}

// RSS returns the most memory that the process has ever had resident, in bytes.
func (s *Server) RSS() int64 {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		s.t.Fatalf("VmHWM: %v", err)
	}
	return kib << 10
}

// log collects standard error.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer // mu guards
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
