//go:build linux

package main_test

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/labtest"
)

func TestConformance(t *testing.T) {
	for _, knobs := range labtest.Modes(
		"-listeners=1",            // the loop alone
		"-listeners=4 -buf=512",   // a read is rarely all that is there
		"-steer=cpu -buf=1048576", // one read may take all that is there
	) {
		t.Run(knobs, func(t *testing.T) { labtest.Conformance(t, "reuseport", strings.Fields(knobs)...) })
	}
}

func TestDeal(t *testing.T) {
	const clients = 200
	for _, c := range []struct {
		steer       string
		most, least func(n int) bool
		why         string
	}{
		{"hash", func(n int) bool { return n < 85 }, func(n int) bool { return n > 20 }, "50 each, give or take a few: the standard deviation is 6"},
		{"cpu", func(n int) bool { return n == clients }, func(n int) bool { return n == 0 }, "every SYN arrives on the CPU that sends it"},
	} {
		t.Run(c.steer, func(t *testing.T) {
			s := labtest.Start(t, "reuseport", "-listeners=4", "-steer="+c.steer)
			defer onOneCPU(t)()
			for range clients {
				s.Dial()
			}
			s.Wait("all to be accepted", func(m map[string]float64) bool { return m["accepts"] == clients })
			if most, least := s.Counter("most"), s.Counter("least"); !c.most(most) || !c.least(least) {
				t.Errorf("of %d connections one listener has %d and another %d: %s", clients, most, least, c.why)
			}
			s.HangUp()
			s.Stop()
		})
	}
}

// onOneCPU keeps the test's goroutine on one CPU until undone.
func onOneCPU(t *testing.T) (undo func()) {
	t.Helper()
	runtime.LockOSThread()
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	unix.SchedSetaffinity(0, &one)
	return func() {
		unix.SchedSetaffinity(0, &all)
		runtime.UnlockOSThread()
	}
}

func TestListenerCloses(t *testing.T) {
	t.Run("reset", func(t *testing.T) {
		if n := resetsAtClose(t, "-migrate=false"); n < 25 || n > 75 {
			t.Errorf("%d of 100 connections were reset: about half of them were in the queue", n)
		}
	})
	t.Run("migrated", func(t *testing.T) {
		if os.Getenv("OWN_NETWORK") == "" {
			if _, err := os.Stat("/proc/sys/net/core/netdev_max_backlog"); err == nil { // no container
				refusesTheMachines(t)
			}
			ownNetwork(t)
			return
		}
		loopbackUp(t)
		if n := resetsAtClose(t, "-migrate"); n != 0 {
			t.Errorf("%d of 100 connections were reset: the other listener had to get them", n)
		}
	})
}

// refusesTheMachines requires that the machine's setting stays as it is.
func refusesTheMachines(t *testing.T) {
	t.Helper()
	before := migrateReq(t)
	code, stderr := labtest.Exit(t, "reuseport", "-addr=127.0.0.1:0", "-migrate")
	if after := migrateReq(t); code != lab.CannotListen || !strings.Contains(stderr, "a network of its own") || after != before {
		t.Errorf("in the machine's network: exit code %d, %s, tcp_migrate_req was %s and is %s", code, stderr, before, after)
	}
}

// migrateReq is the machine's setting.
func migrateReq(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/net/ipv4/tcp_migrate_req")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// resetsAtClose has 100 clients of two listeners, one of which closes. The
// others must be answered.
func resetsAtClose(t *testing.T, migrate string) (resets int) {
	s := labtest.Start(t, "reuseport", "-listeners=2", "-close-after=1s", migrate)
	type client interface {
		Read([]byte) (int, error)
	}
	var clients []client
	for i := range 100 {
		c := s.Dial()
		c.Write(labtest.Bytes(uint64(i), 1))
		clients = append(clients, c)
	}
	for i, c := range clients {
		b := make([]byte, 1)
		_, err := c.Read(b)
		switch {
		case errors.Is(err, unix.ECONNRESET):
			resets++
		case err != nil:
			t.Error(err)
		case b[0] != labtest.Bytes(uint64(i), 1)[0]:
			t.Error("a wrong byte")
		}
	}
	if n := s.Counter("accepts"); n != 100-resets {
		t.Errorf("%d accepted and %d reset of 100", n, resets)
	}
	s.HangUp()
	s.Stop()
	return resets
}

// ownNetwork runs the test again in a network of its own, whose settings it may
// change.
func ownNetwork(t *testing.T) {
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$")
	cmd.Env = append(os.Environ(), "OWN_NETWORK=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		t.Errorf("in a network of its own: %s", out)
	case err != nil:
		t.Skipf("no network of its own: %v", err)
	}
}

func loopbackUp(t *testing.T) {
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Fatal(err)
	}
}
