//go:build linux

package lab_test

import (
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/labtest"
	"socketlabs/labs/telemetry"
)

func TestRefuses(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		args string
		code int
		says string // in one line
		why  string
	}{
		{"-buf=12", lab.BadFlags, `invalid value "12" for flag -buf: it takes a whole number from 64 to 1048576 bytes`, "below the range"},
		{"-buf=2MiB", lab.BadFlags, `"2MiB" for flag -buf`, "above the range, with a multiple"},
		{"-buf=4096.5", lab.BadFlags, "whole number", "an Int"},
		{"-buf=many", lab.BadFlags, `"many" for flag -buf`, "no number"},
		{"-buf", lab.BadFlags, "flag needs an argument: -buf", "no value"},
		{"-model=two", lab.BadFlags, `"two" for flag -model: it takes one of one, threads`, "not among the choices"},
		{"-read-timeout=61s", lab.BadFlags, "a number from 0 to 60 seconds", "above the range"},
		{"-read-timeout=-1s", lab.BadFlags, "a number from 0 to 60 seconds", "no time is negative"},
		{"-nope", lab.BadFlags, "-nope", "no such flag"},
		{"9000", lab.BadFlags, `"9000" is no flag`, "an argument that nobody would read"},
		{"-addr=localhost:9000", lab.BadFlags, `"localhost:9000" is no address`, "names are not resolved"},
		{"-addr=127.0.0.1", lab.BadFlags, "no address", "no port"},
		{"-addr=0.0.0.0:0", lab.BadFlags, "add -expose", "the network can reach it"},
		{"-addr=[::]:0", lab.BadFlags, "add -expose", "so it can by IPv6"},
		{"-addr=[::ffff:0.0.0.0]:0", lab.BadFlags, "add -expose", "the same in disguise"},
		{"-addr=" + taken.Addr().String(), lab.CannotListen, "bind " + taken.Addr().String() + ": address already in use", "somebody listens there"},
		{"-addr=203.0.113.1:0 -expose", lab.CannotListen, "bind 203.0.113.1:0: cannot assign requested address", "not an address of this machine"},
	} {
		t.Run(c.args, func(t *testing.T) {
			code, stderr := labtest.Exit(t, "blocking", strings.Fields(c.args)...)
			if code != c.code || !strings.Contains(stderr, c.says) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%s: exit code %d, %q; want %d and one line with %q", c.why, code, stderr, c.code, c.says)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	if code, stderr := labtest.Exit(t, "blocking", "-h"); code != 0 || stderr != "" {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}

func TestAddress(t *testing.T) {
	t.Setenv("LABS_ADDR", "127.0.0.2:0")
	for _, c := range []struct {
		args []string
		want string
		why  string
	}{
		{nil, "127.0.0.2:", "LABS_ADDR is the default"},
		{[]string{"-addr=127.0.0.3:0"}, "127.0.0.3:", "the flag goes before the environment"},
		{[]string{"-addr=[::1]:0"}, "[::1]:", "IPv6"},
		{[]string{"-addr=0.0.0.0:0", "-expose"}, "0.0.0.0:", "exposed on demand"},
	} {
		s := labtest.StartAnywhere(t, "epoll", c.args...)
		if !strings.HasPrefix(s.Addr, c.want) || strings.HasSuffix(s.Addr, ":0") {
			t.Errorf("listening on %s: %s", s.Addr, c.why)
		}
		labtest.Echo(t, s.Dial(), labtest.Bytes(1, 64))
		s.HangUp()
		s.Stop()
	}
}

func TestSamples(t *testing.T) {
	begin := labtest.Now()
	s := labtest.Start(t, "epoll")
	time.Sleep(450 * time.Millisecond)
	labtest.Echo(t, s.Dial(), labtest.Bytes(1, 77))
	s.HangUp()
	s.Stop()
	events := s.Events()
	state := events[0].State
	if events[0].From != telemetry.FromLab || state == nil || state.Phase != telemetry.Running || state.Facts["addr"] != s.Addr || state.Facts["pid"] == "" {
		t.Errorf("the first event is %+v", events[0])
	}
	last := begin
	for _, e := range events[1:] {
		if e.Kind != telemetry.KindSample || e.From != telemetry.FromLab {
			t.Fatalf("not a sample: %+v", e)
		}
		if ticks := e.T * 10; e.T <= last || math.Abs(ticks-math.Round(ticks)) > 1e-6 || e.T != math.Round(ticks)/10 {
			t.Errorf("T is %v after %v: not the next grid time", e.T, last)
		}
		last = e.T
	}
	if len(events) < 4 || last > labtest.Now()+0.2 {
		t.Errorf("%d events, the last of %v", len(events), last)
	}
	if v := events[len(events)-1].Values; v["lab.bytes"] != 77 || v["lab.accepts"] != 1 || v["lab.open"] != 0 {
		t.Errorf("the last sample lacks what happened: %v", v)
	}
}

func TestFrozen(t *testing.T) {
	s := labtest.Start(t, "epoll")
	s.Metrics()
	s.Signal(unix.SIGSTOP)
	time.Sleep(500 * time.Millisecond)
	s.Signal(unix.SIGCONT)
	if behind := labtest.Now() - s.Sample().T; behind > 0.15 {
		t.Errorf("the sample after the pause is %.2f s old", behind)
	}
	s.Stop()
}

func TestReaderGone(t *testing.T) {
	s := labtest.Start(t, "epoll")
	s.CloseStdout()
	time.Sleep(300 * time.Millisecond)
	labtest.Echo(t, s.Dial(), labtest.Bytes(1, 1000))
	s.HangUp()
	s.Stop()
}

func TestCutShort(t *testing.T) {
	for _, c := range []struct {
		signals int
		why     string
	}{
		{1, "DrainTime is over"},
		{2, "the second signal does not wait"},
	} {
		s := labtest.Start(t, "epoll")
		conn := s.Dial()
		go conn.Write(labtest.Bytes(1, 64<<20)) // the answer is not read, so it can not be drained
		s.Wait("pending output", func(m map[string]float64) bool { return m["pending"] > 0 })
		begin := time.Now()
		s.Signal(unix.SIGTERM)
		for range c.signals - 1 {
			time.Sleep(200 * time.Millisecond) // equal signals that wait become one
			s.Signal(unix.SIGINT)
		}
		if code := s.ExitCode(); code != lab.CutShort {
			t.Errorf("exit code %d: %s", code, c.why)
		}
		if d := time.Since(begin); c.signals == 1 && d < lab.DrainTime {
			t.Errorf("ended after %s: %s", d, c.why)
		}
	}
}
