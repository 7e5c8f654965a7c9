package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// slots are the slot as so many processes with the same data folder see it.
func slots(t *testing.T, n, shared int) (list []*slot) {
	dir := t.TempDir()
	for range n {
		s := &slot{path: filepath.Join(dir, "lock"), queue: filepath.Join(dir, "line"), shared: shared}
		t.Cleanup(s.work.Wait)
		list = append(list, s)
	}
	t.Cleanup(func() {
		if left, _ := os.ReadDir(filepath.Join(dir, "line")); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	return list
}

// asks draws a ticket: a name in capitals wants to be alone.
func asks(t *testing.T, s *slot, run string) *place {
	t.Helper()
	p, err := s.join(Ticket{Run: run, Seconds: 10, Alone: run == strings.ToUpper(run)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lineOf is the line as Queue gives it: those in brackets are measured.
func lineOf(s *slot) string {
	var list []string
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.line() {
		if !t.Began.IsZero() {
			t.Run = "[" + t.Run + "]"
		}
		list = append(list, t.Run)
	}
	return strings.Join(list, " ")
}

// until waits for another goroutine or process to have seen what has changed.
func until(t *testing.T, s *slot, want string) {
	t.Helper()
	for range 1000 {
		if lineOf(s) == want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the line is %s, want %s", lineOf(s), want)
}

func TestSlotIsShared(t *testing.T) {
	s := slots(t, 1, 2)[0]
	places := map[string]*place{}
	for _, run := range []string{"a", "b", "c", "D", "e", "f", "G", "H"} {
		places[run] = asks(t, s, run)
	}
	// D waits for those before it only, and e does not overtake it.
	for _, step := range []struct{ ends, want string }{
		{"", "[a] [b] c D e f G H"},
		{"b", "[a] [c] D e f G H"},
		{"a", "[c] D e f G H"},
		{"c", "[D] e f G H"},
		{"D", "[e] [f] G H"},
		{"f", "[e] G H"},
		{"G", "[e] H"}, // it gives up
		{"e", "[H]"},
		{"H", ""},
	} {
		if step.ends != "" {
			places[step.ends].Close()
		}
		if got := lineOf(s); got != step.want {
			t.Errorf("after %s: %s, want %s", step.ends, got, step.want)
		}
	}
}

func TestSlotCountsOthers(t *testing.T) {
	s := slots(t, 1, 3)[0]
	a, b, c := asks(t, s, "a"), asks(t, s, "b"), asks(t, s, "c")
	if a.beside() != 2 || c.beside() != 2 {
		t.Errorf("beside a %d, beside c %d", a.beside(), c.beside())
	}
	b.Close()
	if a.beside() != 1 {
		t.Errorf("beside a %d when b has ended", a.beside())
	}
	a.Close()
	c.Close()
}

// Two processes, each with some of the line: who came first is first, whatever it
// wants, and one that dies is nobody's obstacle.
func TestSlotOfTwoProcesses(t *testing.T) {
	both := slots(t, 2, 2)
	one, two := both[0], both[1]
	a, b, c := asks(t, one, "a"), asks(t, two, "b"), asks(t, two, "c")
	d, e := asks(t, one, "D"), asks(t, two, "e")
	until(t, one, "[a] [b] c D e")
	until(t, two, "[a] [b] c D e")
	a.Close()
	until(t, one, "[b] [c] D e")
	b.Close()
	c.Close()
	until(t, two, "[D] e")
	f := asks(t, one, "f")
	d.Close()
	until(t, one, "[e] [f]")
	g := asks(t, one, "G")
	e.file.Close() // as when its process is killed
	e.lock.Close()
	until(t, one, "[f] G")
	f.Close()
	until(t, one, "[G]")
	g.Close()
	two.mu.Lock()
	two.mine = nil
	two.mu.Unlock()
}

func TestQueueKeepsItsOrder(t *testing.T) {
	both := slots(t, 2, 1)
	s, foreign := both[0], both[1]
	first := asks(t, s, "A")
	gone := asks(t, foreign, "GONE") // its process dies
	ctx, leave := context.WithCancel(t.Context())
	left, told := make(chan error), make(chan standing, 9)
	go func() { // it gives up
		p := asks(t, s, "B")
		defer p.Close()
		left <- p.wait(ctx, func(now standing) { told <- now })
	}()
	if got := (<-told).reason(); got.Code != "slot-busy" || fmt.Sprint(got.Args) != "map[place:2 wait:20]" {
		t.Errorf("behind two that take 10 s each: %+v", got)
	}
	gone.file.Close()
	if got := (<-told).reason(); fmt.Sprint(got.Args) != "map[place:1 wait:10]" {
		t.Errorf("behind one: %+v", got)
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	until(t, s, "[A]")
	last := asks(t, s, "C")
	first.Close()
	if err := last.wait(t.Context(), nil); err != nil || lineOf(s) != "[C]" {
		t.Errorf("nobody is before the last: %v, %s", err, lineOf(s))
	}
	last.Close()
	foreign.mu.Lock()
	foreign.mine = nil
	foreign.mu.Unlock()
}

func TestPush(t *testing.T) {
	both := slots(t, 2, 1)
	one, two := both[0], both[1]
	places := []*place{asks(t, one, "A"), asks(t, one, "B"), asks(t, two, "X"), asks(t, one, "C"), asks(t, one, "D")}
	if err := one.first("D"); err != nil || lineOf(one) != "[A] D X B C" {
		t.Errorf("D first, and X keeps its place: %s, %v", lineOf(one), err)
	}
	if err := one.first("D"); err != nil || lineOf(one) != "[A] D X B C" {
		t.Errorf("it is: %s, %v", lineOf(one), err)
	}
	for _, run := range []string{"A", "X", "nobody"} { // measured, another process's, none
		if err := one.first(run); !errors.Is(err, ErrNotWaiting) {
			t.Errorf("%s: %v", run, err)
		}
	}
	until(t, two, "[A] D X B C")
	places[0].Close()
	until(t, two, "[D] X B C")
	for _, p := range slices.Backward(places[1:]) {
		p.Close()
	}
}

func TestPause(t *testing.T) {
	both := slots(t, 2, 1)
	one, two := both[0], both[1]
	a, b := asks(t, one, "A"), asks(t, one, "B")
	if err := one.pause(true); err != nil {
		t.Fatal(err)
	}
	var last *standing
	for range len(b.news) {
		now := <-b.news
		last = &now
	}
	if last == nil || last.reason().Code != "paused" || last.reason().Args["place"] != "1" {
		t.Errorf("B is told %+v", last)
	}
	c, x := asks(t, one, "C"), asks(t, two, "X")
	until(t, one, "[A] X B C") // another process's is not held up
	a.Close()
	until(t, one, "[X] B C")
	x.Close()
	until(t, one, "B C")
	if err := one.pause(false); err != nil || lineOf(one) != "[B] C" {
		t.Errorf("after the pause: %s, %v", lineOf(one), err)
	}
	b.Close()
	c.Close()
}

func TestWaits(t *testing.T) {
	now := time.Now()
	for _, row := range []struct {
		why, line string // a measured one has a bracket; capitals: alone; each takes 10 s
		want      string
	}{
		{"one after the other", "[A] B C", "0 10 20"},
		{"two at a time", "[a] [b] c d e", "0 0 10 10 20"},
		{"alone after all, the others after it", "[a] b C d e F", "0 0 10 20 20 30"},
		{"nobody is measured", "A b c D", "0 10 10 20"},
	} {
		var line []Ticket
		for _, run := range strings.Fields(row.line) {
			name := strings.Trim(run, "[]")
			ticket := Ticket{Run: name, Seconds: 10, Alone: name == strings.ToUpper(name)}
			if name != run {
				ticket.Began = now.Add(time.Hour) // so that all of it is left
				ticket.Seconds = 10 - time.Hour.Seconds()
			}
			line = append(line, ticket)
		}
		s := &slot{shared: 2}
		var got []string
		for _, wait := range s.waits(line) {
			got = append(got, fmt.Sprintf("%.0f", wait))
		}
		if strings.Join(got, " ") != row.want {
			t.Errorf("%s: %s waits %v, want %s", row.why, row.line, got, row.want)
		}
	}
}
