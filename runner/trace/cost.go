//go:build linux

package trace

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Pairs of a send and a receive that are timed without and with a tracer.
const (
	plainPairs  = 4000
	tracedPairs = 300
)

// measure times what tracing costs: the same loop, here and in a child that is
// traced as the server will be.
func measure() (Cost, error) {
	plain, err := pairs(plainPairs)
	if err != nil {
		return Cost{}, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return Cost{}, err
	}
	defer r.Close()
	t := newTracer(Plan{Events: 4*tracedPairs + 1000}, func(Line) {})
	t.zero = monotonic()
	_, err = t.start(Server, "/proc/self/exe", []string{os.Args[0], "trace", "cost"}, os.Environ(), w)
	w.Close()
	if err != nil {
		t.stop()
		return Cost{}, fmt.Errorf("ptrace: %w", err)
	}
	late := time.AfterFunc(lateTime, t.stop)
	defer late.Stop()
	t.follow(func() bool { return false })
	text, err := io.ReadAll(r)
	if err != nil {
		return Cost{}, err
	}
	var traced float64
	if err := json.Unmarshal(text, &traced); err != nil {
		return Cost{}, fmt.Errorf("ptrace: the process that was traced said %q", text)
	}
	return Cost{plain.Seconds(), traced}, nil
}

// pairs returns the time of one send and one receive of 64 bytes.
func pairs(n int) (time.Duration, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, os.NewSyscallError("socketpair", err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	buf := make([]byte, 64)
	began := monotonic()
	for range n {
		if _, err := unix.Write(fds[0], buf); err != nil {
			return 0, os.NewSyscallError("write", err)
		}
		if _, err := unix.Read(fds[1], buf); err != nil {
			return 0, os.NewSyscallError("read", err)
		}
	}
	return (monotonic() - began) / time.Duration(n), nil
}

// sayCost is the child that is timed.
func sayCost() int {
	d, err := pairs(tracedPairs)
	if err != nil {
		return 1
	}
	fmt.Println(d.Seconds())
	return 0
}
