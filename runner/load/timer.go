//go:build linux

package load

import (
	"container/heap"
	"time"
)

// timer calls fire once, at the time for which it was set. The zero value with
// a fire is ready, and not set.
type timer struct {
	at    time.Duration
	fire  func()
	place int // in the heap, from 1; 0: not set
}

// timers are the timers that are set, in a heap by time.
type timers []*timer

// start sets t to fire at that time and at no other.
func (h *timers) start(t *timer, at time.Duration) {
	t.at = at
	if t.place > 0 {
		heap.Fix(h, t.place-1)
	} else {
		heap.Push(h, t)
	}
}

func (h *timers) stop(t *timer) {
	if t.place > 0 {
		heap.Remove(h, t.place-1)
	}
}

// next is when the first one fires.
func (h timers) next() time.Duration {
	if len(h) == 0 {
		return never
	}
	return h[0].at
}

// fire calls what is due. What that sets anew for now waits for the next turn.
func (h *timers) fire(now time.Duration) {
	for n := len(*h); n > 0 && h.next() <= now; n-- {
		t := (*h)[0]
		h.stop(t)
		t.fire()
	}
}

// Len, Less, Swap, Push and Pop are for container/heap.
func (h timers) Len() int           { return len(h) }
func (h timers) Less(i, j int) bool { return h[i].at < h[j].at }

func (h timers) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

func (h *timers) Push(x any) {
	t := x.(*timer)
	*h = append(*h, t)
	t.place = len(*h)
}

func (h *timers) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.place = 0
	return t
}
