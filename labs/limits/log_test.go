//go:build linux

package main

import (
	"bytes"
	"log"
	"net/netip"
	"strings"
	"testing"
)

// logged returns what f logs.
func logged(t *testing.T, f func()) string {
	t.Helper()
	var out bytes.Buffer
	log.SetOutput(&out)
	log.SetFlags(0)
	for _, c := range classes {
		c.lines, c.leftOut = 0, 0
	}
	f()
	return out.String()
}

var who = netip.MustParseAddr("192.0.2.77")

// storm is a second of one error in ten thousand refusals.
func storm() {
	for i := range 10_000 {
		if i == 5000 {
			note(malformed, who, "3 bytes are no call")
		}
		note(limited, who, "more than 10 calls a second")
	}
	leftOut()
}

func TestRareErrorsAreKept(t *testing.T) {
	*sample = 5
	out := logged(t, storm)
	if n := strings.Count(out, "\n"); n != 7 {
		t.Errorf("%d lines, want 5, 1 and the count of the others:\n%s", n, out)
	}
	for _, want := range []string{"malformed 192.0.2.0/24: 3 bytes are no call\n", "limited: 9995 more\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestAShareLosesThem(t *testing.T) {
	*logBy = "share"
	defer func() { *logBy = "class" }()
	kept := 0
	for range 100 {
		if strings.Contains(logged(t, storm), "malformed 192") {
			kept++
		}
	}
	if kept > 20 { // one in the mean
		t.Errorf("kept %d of 100", kept)
	}
}

func TestMask(t *testing.T) {
	for _, c := range []struct{ addr, masked string }{
		{"192.0.2.77", "192.0.2.0/24"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"},
	} {
		if got := masked(netip.MustParseAddr(c.addr)); got != c.masked {
			t.Errorf("%s is masked as %s, want %s", c.addr, got, c.masked)
		}
		*mask = false
		if got := masked(netip.MustParseAddr(c.addr)); got != c.addr {
			t.Errorf("%s without mask is %s", c.addr, got)
		}
		*mask = true
	}
	if got := masked(netip.Addr{}); !strings.Contains(got, "invalid") {
		t.Errorf("nobody is %q", got)
	}
}
