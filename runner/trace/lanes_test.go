package trace

import (
	"slices"
	"testing"
)

// story makes events of a server that reads once an edge, as the kernel would
// have it: 2000 bytes come and 512 are read.
func story() []Event {
	took, seven, eight, five := 0.001, 7, 8, 5
	at := func(t float64, who, call string, fd *int, result int64) Event {
		return Event{Who: who, PID: len(who), T: t, Took: &took, Call: call, FD: fd, Result: result, Own: true}
	}
	accept := at(0.1, Server, "accept4", &seven, 8)
	accept.Peer = "127.0.0.1:40000"
	named := at(0.05, Client, "getsockname", &five, 0)
	named.Peer = "127.0.0.1:40000"
	connect := at(0.04, Client, "connect", &five, 0)
	connect.Peer = "127.0.0.1:9000"
	waits := at(0.4, Server, "epoll_wait", &seven, 1)
	waits.Took = nil
	again := at(0.23, Server, "read", &eight, -1)
	again.Errno = "EAGAIN"
	list := []Event{
		at(-0.1, Server, "socket", nil, 7), at(-0.09, Server, "listen", &seven, 0), at(0.03, Client, "socket", nil, 5), connect, named, accept,
		at(0.2, Client, "sendmsg", &five, 2000), at(0.21, Server, "read", &eight, 512), at(0.22, Server, "write", &eight, 512), again, at(0.25, Client, "read", &five, 512),
		at(0.7, Server, "read", &eight, 512), at(0.71, Server, "close", &eight, 0), at(0.8, Server, "accept4", &seven, 8), at(0.81, Server, "read", &eight, 0),
	}
	for i := range list {
		list[i].N = i
	}
	return list
}

func TestLanes(t *testing.T) {
	events := story()
	lanes, conns := Lanes(events)
	var names []string
	seen := 0
	for _, l := range lanes {
		names = append(names, l.Name())
		seen += len(l.Events)
	}
	// The number 8 was given out twice: two lanes. Who came second is nobody we know.
	want := []string{"server fd 7 (listener)", "server fd 8 (connection 1)", "server fd 8 (connection)", "client fd 5 (connection 1)"}
	if !slices.Equal(names, want) || seen != len(events) {
		t.Errorf("%q with %d events, want %q with %d", names, seen, want, len(events))
	}
	if len(conns) != 1 {
		t.Fatalf("%+v", conns)
	}
	c := conns[0]
	if c.Sent != 2000 || c.Read != 1024 || c.Written != 512 || c.Got != 512 || c.Reads != 2 || c.Again != 1 || !c.Known || c.Left() != 976 {
		t.Errorf("%+v", c)
	}
	// From the EAGAIN at 0.231 to the read that ended at 0.701, 1488 bytes waited.
	if len(c.Stalls) != 1 || c.Stalls[0].Bytes != 1488 || c.Stalls[0].From < 0.23 || c.Stalls[0].To > 0.702 {
		t.Errorf("stalls: %+v", c.Stalls)
	}
	levels := []int{2000, 1488, 976}
	for i, l := range c.Queue {
		if i >= len(levels) || l.Bytes != levels[i] {
			t.Errorf("queue: %+v, want %v", c.Queue, levels)
		}
	}
}

func TestSchedules(t *testing.T) {
	for _, s := range Schedules() {
		open := map[int]bool{}
		last := 0.0
		for _, step := range s.Steps {
			if step.At < last || step.At >= s.Seconds {
				t.Errorf("%s: a step at %g s, after %g s, of %g s", s.ID, step.At, last, s.Seconds)
			}
			if last = step.At; step.Do == Connect {
				open[step.Client] = true
			}
			if !open[step.Client] {
				t.Errorf("%s: client %d does %s before it connects", s.ID, step.Client, step.Do)
			}
		}
	}
}
