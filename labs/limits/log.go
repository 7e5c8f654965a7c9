//go:build linux

package main

import (
	"log"
	"math/rand/v2"
	"net/netip"
	"time"
)

// class is a kind of line. Each has its own share of the log, so that a million
// lines of one can not drown the only line of another.
type class struct {
	name    string
	lines   int // in this second
	leftOut int // since the last line
}

var (
	limited   = &class{name: "limited"}
	refused   = &class{name: "refused"}
	malformed = &class{name: "malformed"}
	classes   = []*class{limited, refused, malformed}
	second    time.Time // the beginning of this one
)

// note logs what happened to whom, unless its class has had its lines.
func note(c *class, who netip.Addr, format string, args ...any) {
	enough := c.lines >= *sample
	if *logBy == "share" {
		enough = rand.IntN(100) > 0
	}
	if enough {
		m.LogLeftOut.Inc()
		c.leftOut++
		return
	}
	c.lines++
	m.LogLines.Inc()
	if c == malformed {
		m.BadLogged.Inc()
	}
	log.Printf("%s %s: "+format, append([]any{c.name, masked(who)}, args...)...)
}

// leftOut ends a second and says what it has left out: a gap that is counted is
// no lie.
func leftOut() {
	for _, c := range classes {
		if c.leftOut > 0 && *sample > 0 {
			log.Printf("%s: %d more", c.name, c.leftOut)
		}
		c.lines, c.leftOut = 0, 0
	}
}

// masked says which network somebody is in: that is enough to see an attack, and
// too little to name a person.
func masked(who netip.Addr) string {
	bits := 24
	if who.Is6() {
		bits = 48
	}
	if network, err := who.Prefix(bits); *mask && err == nil {
		return network.String()
	}
	return who.String()
}
