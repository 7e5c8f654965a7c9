package trace

import (
	"fmt"
	"slices"
	"strconv"
)

// Lane is one descriptor of one process, from when it was made until it was
// closed: the kernel gives numbers out again.
type Lane struct {
	Who    string `json:"who"`
	PID    int    `json:"pid"`
	FD     int    `json:"fd"` // -1: calls that are about none
	Kind   string `json:"kind"`
	Conn   int    `json:"conn,omitempty"` // number of the connection, from 1 by time
	Own    bool   `json:"own"`            // the program's own code uses it
	First  bool   `json:"shown"`          // Shown
	Events []int  `json:"events"`         // by number
	peer   string // the other end's address, or for a client its own
	since  float64
	serves bool // an epoll that watches sockets
}

// Kinds of lanes.
const (
	KindListener   = "listener"
	KindEpoll      = "epoll"
	KindConnection = "connection"
	KindSocket     = "socket" // neither listens nor is connected
	KindFile       = "file"
	KindStandard   = "standard" // input, output, error
	KindPoll       = "poll"     // calls that wait for several descriptors that they name
	KindRing       = "ring"     // io_uring: what is done through it makes no calls
	KindNone       = "none"
	KindOther      = "other" // pipes, event descriptors, what was there before
)

// Shown says whether a lane is worth a look at first: what the program itself
// does on sockets and with epoll.
func (l Lane) Shown() bool {
	switch l.Kind {
	case KindListener, KindConnection, KindSocket, KindPoll, KindRing:
		return l.Own
	case KindEpoll:
		return l.serves // a language's runtime has one too, for its timers
	}
	return false
}

// Name is who, kind and descriptor in a few words.
func (l Lane) Name() string {
	name := l.Who
	if l.FD >= 0 {
		name += " fd " + strconv.Itoa(l.FD)
	}
	switch {
	case l.Conn > 0:
		return fmt.Sprintf("%s (connection %d)", name, l.Conn)
	case l.Kind == KindNone:
		return name
	case l.FD < 0:
		return name + " " + l.Kind
	}
	return name + " (" + l.Kind + ")"
}

// sorter puts events into lanes.
type sorter struct {
	lanes []*Lane
	now   map[[2]int]*Lane // by process and descriptor
}

// Lanes puts events, by time of entry, into lanes, and joins the two ends of
// each connection.
func Lanes(events []Event) ([]Lane, []Conn) {
	s := sorter{now: map[[2]int]*Lane{}}
	for _, e := range events {
		lane := s.lane(e)
		lane.Events = append(lane.Events, e.N)
		lane.Own = lane.Own || e.Own
		s.learn(e, lane)
	}
	conns := s.join()
	for i := range conns {
		s.count(&conns[i], events)
		s.queue(&conns[i], events)
	}
	slices.SortStableFunc(s.lanes, func(a, b *Lane) int { return a.order() - b.order() })
	out := make([]Lane, len(s.lanes))
	for i, l := range s.lanes {
		l.First = l.Shown()
		out[i] = *l
	}
	return out, conns
}

// order puts the server above the client, and sockets above what is less told of.
func (l *Lane) order() int {
	place := slices.Index([]string{KindListener, KindEpoll, KindRing, KindPoll, KindConnection, KindSocket, KindOther, KindFile, KindStandard, KindNone}, l.Kind)
	if !l.Shown() {
		place += 20
	}
	if l.Who == Client {
		place += 10
	}
	return place
}

// lane finds where an event belongs. What makes a descriptor belongs to it, but
// for accept, which is the listener's.
func (s *sorter) lane(e Event) *Lane {
	switch {
	case e.FD != nil:
		return s.at(e, *e.FD)
	case e.Errno == "" && e.Took != nil && made[e.Call] != "":
		return s.open(e, int(e.Result), made[e.Call])
	}
	if slices.Contains(polls, e.Call) {
		return s.at(e, pollLane)
	}
	return s.at(e, noLane)
}

// Lanes without a descriptor.
const (
	noLane   = -1
	pollLane = -2
)

var polls = []string{"poll", "ppoll", "select", "pselect6"}

// made are the calls that return a new descriptor, and its kind.
var made = map[string]string{
	"socket": KindSocket, "epoll_create1": KindEpoll, "epoll_create": KindEpoll, "openat": KindFile, "open": KindFile,
	"eventfd2": KindOther, "timerfd_create": KindOther, "signalfd4": KindOther, "io_uring_setup": KindRing,
}

func (s *sorter) at(e Event, fd int) *Lane {
	if l := s.now[[2]int{e.PID, fd}]; l != nil {
		return l
	}
	kind := KindOther
	switch {
	case fd == pollLane:
		kind = KindPoll
	case fd < 0:
		kind = KindNone
	case fd < 3:
		kind = KindStandard
	}
	return s.open(e, fd, kind)
}

func (s *sorter) open(e Event, fd int, kind string) *Lane {
	l := &Lane{Who: e.Who, PID: e.PID, FD: fd, Kind: kind, since: e.end()}
	s.lanes = append(s.lanes, l)
	s.now[[2]int{e.PID, fd}] = l
	return l
}

// learn takes from an event what its descriptor is.
func (s *sorter) learn(e Event, l *Lane) {
	if e.Errno != "" && e.Errno != "EINPROGRESS" {
		return
	}
	switch e.Call {
	case "epoll_ctl":
		if target := s.now[[2]int{e.PID, *e.Target}]; target != nil {
			l.serves = l.serves || target.Kind == KindListener || target.Kind == KindConnection || target.Kind == KindSocket
		}
	case "listen":
		l.Kind = KindListener
	case "connect":
		l.Kind = KindConnection
		if port(e.Peer) == 0 { // AF_UNIX: a name service, a log
			l.Kind = KindOther
		}
	case "getsockname":
		if l.Who == Client {
			l.peer = e.Peer
		}
	case "accept", "accept4":
		l.Kind = KindListener
		if e.Took != nil {
			c := s.open(e, int(e.Result), KindConnection)
			c.peer, c.Own, c.since = e.Peer, e.Own, e.end()
		}
	case "close":
		delete(s.now, [2]int{e.PID, l.FD})
	}
}
