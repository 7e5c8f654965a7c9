package trace

import (
	"slices"
	"strconv"
	"strings"
)

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
	// Held says that it is back-pressure: what the server has to send does not
	// leave, so that it had better not read.
	Held bool `json:"held"`
}

// Left is how many bytes the server had not read at the end.
func (c Conn) Left() int { return c.Sent - c.Read }

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
