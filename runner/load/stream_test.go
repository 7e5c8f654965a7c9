package load

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestPattern: every place begins a slice of the same endless pattern.
func TestPattern(t *testing.T) {
	p := newPattern()
	for _, place := range []int64{0, 1, period - 1, period, 3*period + 5, period - most/2, 1 << 50} {
		whole := p.at(place, most)
		for _, n := range []int64{1, 1000, most - 1} {
			if !bytes.Equal(whole[n:], p.at(place+n, int(most-n))) {
				t.Errorf("place %d and %d do not join", place, n)
			}
		}
	}
}

// TestStreamsDiffer: no two connections, and no connection twice, begin in the
// same place of the pattern.
func TestStreamsDiffer(t *testing.T) {
	seen := map[int64]bool{}
	for number := range 10000 {
		var s stream
		s.begin(number)
		if seen[s.base%period] {
			t.Fatalf("stream %d begins like another", number)
		}
		seen[s.base%period] = true
	}
	var s stream
	places := map[int64]bool{}
	for range 1000 {
		s.begin(7)
		places[s.base%period] = true
	}
	if len(places) != 1000 {
		t.Errorf("a connection that was opened 1000 times began in %d places", len(places))
	}
}

func TestAccept(t *testing.T) {
	p := newPattern()
	var s stream
	s.begin(1)
	s.owed, s.sent = 100, 50
	first, second := p.at(s.base, 30), p.at(s.base+30, 21)
	if !s.accept(p, first) || !s.accept(p, second[:20]) {
		t.Error("what was sent is not accepted")
	}
	if s.accept(p, second[20:]) {
		t.Error("a byte that was not sent yet is accepted")
	}
	if len(s.rest(p)) != 50 || s.rest(p)[0] != p.at(s.base+50, 1)[0] {
		t.Error("the rest begins elsewhere")
	}
}

// TestTimers sets, moves and stops timers in any order, and compares with a list.
func TestTimers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var h timers
	var fired []time.Duration
	all := make([]*timer, 100)
	for i := range all {
		all[i] = &timer{}
		all[i].fire = func() { fired = append(fired, all[i].at) }
	}
	set := map[*timer]time.Duration{}
	for range 2000 {
		x := all[random.IntN(len(all))]
		if random.IntN(3) == 0 {
			h.stop(x)
			delete(set, x)
		} else {
			set[x] = time.Duration(random.IntN(1000))
			h.start(x, set[x])
		}
	}
	var want []time.Duration
	for _, at := range set {
		if at <= 500 {
			want = append(want, at)
		}
	}
	slices.Sort(want)
	h.fire(500)
	if !slices.Equal(fired, want) {
		t.Errorf("fired %v\nwant  %v", fired, want)
	}
	if len(h) != len(set)-len(want) || h.next() <= 500 {
		t.Errorf("%d are left, the next at %d", len(h), h.next())
	}
}

// TestTimerAgain: a timer that sets itself for now does not hold up the rest.
func TestTimerAgain(t *testing.T) {
	var h timers
	var x timer
	times := 0
	x.fire = func() { times++; h.start(&x, 0) }
	h.start(&x, 0)
	h.fire(1)
	if times != 1 || h.next() != 0 {
		t.Errorf("fired %d times", times)
	}
}
