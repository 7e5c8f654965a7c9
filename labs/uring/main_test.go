//go:build linux

package main_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) {
	for _, knobs := range labtest.Modes(
		"",
		"-entries=1 -buffers=2 -buf=512", // every queue is full all the time
		"-buf=65536 -buffers=4",          // buffers are few, and one holds all that is there
	) {
		t.Run(knobs, func(t *testing.T) { labtest.Conformance(t, "uring", strings.Fields(knobs)...) })
	}
}

// One connection and one request at a time: the enter that submits the answer
// also waits for the next request.
func TestOneEnterForARequest(t *testing.T) {
	const requests = 500
	s := labtest.Start(t, "uring")
	c := s.Dial()
	before := s.Metrics()
	for i := range requests {
		labtest.Echo(t, c, labtest.Bytes(uint64(i), 64))
	}
	after := s.Metrics()
	if n := after["completions"] - before["completions"]; n < requests || n > requests*1.05 {
		t.Errorf("%v completions for %d requests: a send that succeeds says nothing", n, requests)
	}
	if n := after["enters"] - before["enters"]; n > requests*2.2 { // twice when the client is slow
		t.Errorf("%v enters for %d requests", n, requests)
	}
	s.HangUp()
	s.Stop()
}

func TestStarved(t *testing.T) {
	for _, c := range []struct {
		knobs   string
		starved bool
		why     string
	}{
		{"-buffers=2 -buf=64", true, "16 connections want 2 buffers"},
		{"-buffers=256 -buf=4096", false, "there is a buffer for each"},
	} {
		t.Run(c.knobs, func(t *testing.T) {
			s := labtest.Start(t, "uring", strings.Fields(c.knobs)...)
			labtest.Crowd(t, s, 16)
			if n := s.Counter("starved"); (n > 0) != c.starved {
				t.Errorf("lab.starved is %d: %s", n, c.why)
			}
			s.HangUp()
			s.Stop()
		})
	}
}

func TestBackPressure(t *testing.T) {
	const most = 256 * 4096 // all buffers, once: receiving is cancelled, but what has begun goes on
	s := labtest.Start(t, "uring", "-buf=4096")
	c := s.Dial()
	sent := make(chan error, 1)
	data := labtest.Bytes(1, 32<<20)
	go func() {
		_, err := c.Write(data)
		sent <- err
	}()
	s.Stuck()
	if n := s.Counter("pending"); n == 0 || n > most {
		t.Errorf("lab.pending is %d: it must be at most %d", n, most)
	}
	other := s.Dial()
	labtest.Echo(t, other, labtest.Bytes(2, 100_000)) // who does not read takes no buffer from the others
	labtest.Expect(t, c, data)
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if n := s.Counter("pending"); n != 0 {
		t.Errorf("lab.pending is %d after all was read", n)
	}
	s.HangUp()
	s.Stop()
}

// Idle, the ring waits in a way of which the Go scheduler knows: the garbage
// collector need not wait for it, and nobody is woken.
func TestIdle(t *testing.T) {
	s := labtest.Start(t, "uring")
	s.Dial()
	s.Wait("the connection", func(m map[string]float64) bool { return m["open"] == 1 })
	before := s.Counter("enters")
	time.Sleep(500 * time.Millisecond)
	if n := s.Counter("enters") - before; n > 20 {
		t.Errorf("%d enters with nothing to do", n)
	}
	s.HangUp()
	s.Stop()
}

func TestFiveThousand(t *testing.T) {
	s := labtest.Start(t, "uring")
	labtest.Crowd(t, s, 5000)
	s.HangUp()
	s.Stop()
}

// A container's seccomp filter answers EPERM or ENOSYS.
func TestForbidden(t *testing.T) {
	for errno, says := range map[unix.Errno]string{
		unix.ENOSYS: "this kernel has no io_uring",
		unix.EPERM:  "forbids it",
	} {
		if os.Getenv("FORBID") == unix.ErrnoName(errno) {
			forbid(t, errno)
			code, stderr := labtest.Exit(t, "uring", "-addr=127.0.0.1:0")
			if code != lab.CannotListen || !strings.Contains(stderr, says) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d: %q, want %d and %q", code, stderr, lab.CannotListen, says)
			}
		} else if os.Getenv("FORBID") == "" {
			cmd := exec.Command("/proc/self/exe", "-test.run=^TestForbidden$")
			cmd.Env = append(os.Environ(), "FORBID="+unix.ErrnoName(errno))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		}
	}
}

// forbid has io_uring_setup fail in this process and all that it starts
// (seccomp(2)).
func forbid(t *testing.T, errno unix.Errno) {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // seccomp_data.nr
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_IO_URING_SETUP, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	_, _, failed := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if failed != 0 {
		t.Fatal(failed)
	}
}
