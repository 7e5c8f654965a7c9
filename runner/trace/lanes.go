package trace

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
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

// Conn is a connection as both of its ends saw it. Bytes and calls are of the
// whole trace.
type Conn struct {
	N       int  `json:"n"`
	Port    int  `json:"port"`    // the client's
	Sent    int  `json:"sent"`    // by the client
	Read    int  `json:"read"`    // by the server
	Written int  `json:"written"` // by the server
	Got     int  `json:"got"`     // by the client
	Reads   int  `json:"reads"`   // of the server that brought bytes
	Again   int  `json:"again"`   // reads of the server that ended in EAGAIN
	Wakeups int  `json:"wakeups"` // times that epoll_wait or poll reported it
	Known   bool `json:"known"`   // the server's reads were seen: io_uring's are not

	Queue  []Level `json:"queue"`  // what was sent and not yet read, whenever that changed
	Stalls []Stall `json:"stalls"` // times when there was something to read and nobody did
}

// Level is how many bytes wait to be read from a time on.
type Level struct {
	T     float64 `json:"t"`
	Bytes int     `json:"bytes"`
}

// Stall is a time in which bytes wait and the server makes no call on their connection.
type Stall struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Bytes int     `json:"bytes"`
}

// Left is how many bytes the server had not read at the end.
func (c Conn) Left() int { return c.Sent - c.Read }

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

// join numbers the connections and gives both lanes of each its number.
func (s *sorter) join() []Conn {
	var conns []Conn
	for _, l := range s.lanes {
		if l.Who == Client && l.Kind == KindConnection {
			l.Conn = len(conns) + 1
			conns = append(conns, Conn{N: l.Conn, Port: port(l.peer)})
		}
	}
	var nameless []*Lane
	free := slices.Clone(conns)
	for _, l := range s.lanes {
		switch {
		case l.Who != Server || l.Kind != KindConnection:
		case l.peer == "":
			nameless = append(nameless, l)
		default:
			if i := slices.IndexFunc(conns, func(c Conn) bool { return c.Port == port(l.peer) }); i >= 0 {
				l.Conn = conns[i].N
				free = slices.DeleteFunc(free, func(c Conn) bool { return c.N == l.Conn })
			}
		}
	}
	for i, l := range nameless[:min(len(nameless), len(free))] { // who did not ask accept(2) for addresses: by order
		l.Conn = free[i].N
	}
	return conns
}

func port(addr string) int {
	n, _ := strconv.Atoi(addr[strings.LastIndexByte(addr, ':')+1:])
	return n
}

// count sums up what happened on a connection.
func (s *sorter) count(c *Conn, events []Event) {
	for _, l := range s.lanes {
		if l.Conn != c.N {
			continue
		}
		for _, n := range l.Events {
			c.take(events[n])
		}
		if l.Who == Server && len(l.Events) > 0 {
			c.Wakeups = reports(l, events)
		}
	}
}

var (
	reads  = []string{"read", "recvfrom", "recvmsg", "readv"}
	writes = []string{"write", "sendto", "sendmsg", "writev", "sendfile"}
)

func (c *Conn) take(e Event) {
	n := int(max(e.Result, 0))
	switch read := slices.Contains(reads, e.Call); {
	case read && e.Who == Server:
		c.Known = true
		c.Read += n
		if n > 0 {
			c.Reads++
		}
		if e.Errno == "EAGAIN" {
			c.Again++
		}
	case read:
		c.Got += n
	case !slices.Contains(writes, e.Call):
	case e.Who == Server:
		c.Written += n
	default:
		c.Sent += n
	}
}

// reports counts how often a lane's descriptor was reported while it was open.
func reports(l *Lane, events []Event) int {
	count, to := 0, l.Events[len(l.Events)-1]
	for _, e := range events {
		if e.PID != l.PID || e.Op != "" || e.N > to && events[to].Call == "close" {
			continue
		}
		if e.end() < l.since { // somebody else had the number then
			continue
		}
		for _, r := range e.Ready {
			if r.FD == l.FD {
				count++
			}
		}
	}
	return count
}
