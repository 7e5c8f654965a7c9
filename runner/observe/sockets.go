//go:build linux

package observe

import (
	"cmp"
	"slices"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// states are the names of TCP states as ss(8) writes them, by number.
var states = [...]string{
	unix.BPF_TCP_ESTABLISHED: "ESTAB",
	unix.BPF_TCP_SYN_SENT:    "SYN-SENT",
	unix.BPF_TCP_SYN_RECV:    "SYN-RECV",
	unix.BPF_TCP_FIN_WAIT1:   "FIN-WAIT-1",
	unix.BPF_TCP_FIN_WAIT2:   "FIN-WAIT-2",
	unix.BPF_TCP_TIME_WAIT:   "TIME-WAIT",
	unix.BPF_TCP_CLOSE:       "UNCONN",
	unix.BPF_TCP_CLOSE_WAIT:  "CLOSE-WAIT",
	unix.BPF_TCP_LAST_ACK:    "LAST-ACK",
	unix.BPF_TCP_LISTEN:      "LISTEN",
	unix.BPF_TCP_CLOSING:     "CLOSING",
}

// SocketStats sums up the sockets on a port at one moment.
type SocketStats struct {
	// By TCP state: States[unix.BPF_TCP_CLOSE_WAIT].
	States [len(states)]int
	// Bytes over all connections, as ss(8) shows them: a FIN counts as one.
	RecvQ, SendQ int64
	// Connections that wait for accept(2), and how many may, over all listeners.
	AcceptQueue, Backlog int64
	// Means over established connections; Measured is their number.
	RTT, Cwnd float64 // seconds, segments
	Measured  int
	// Segments sent again since the first Read, also by connections that have
	// ended; what one sent again after the last Read that saw it is lost.
	Retransmits uint64
}

// Sockets reads the TCP sockets on one local port, again and again.
type Sockets struct {
	diag     *diag
	port     uint16
	list     []socket // of the last Read
	families []uint8  // that have a listener; nil: not known
	reads    int
	retrans  map[uint64]retransmits // of connections that have any, by cookie
	again    uint64
}

type retransmits struct {
	last uint32
	read int // in which it was seen last
}

// NewSockets reads over fd, a NETLINK_SOCK_DIAG socket of the lab's network.
func NewSockets(fd int, port uint16) *Sockets {
	return &Sockets{diag: newDiag(fd), port: port, retrans: map[uint64]retransmits{}}
}

// lookAround is how many Reads apart families without a listener are looked at:
// a dump walks the kernel's whole table of connections, for a few of ours too.
const lookAround = 10

// Read dumps the sockets and sums them up.
func (s *Sockets) Read() (SocketStats, error) {
	if s.reads%lookAround == 0 {
		s.families = nil
	}
	s.reads++
	families := s.families
	if families == nil {
		families = []uint8{unix.AF_INET, unix.AF_INET6}
	}
	s.list, s.families = s.list[:0], nil
	for _, family := range families {
		from := len(s.list)
		var err error
		if s.list, err = s.diag.dump(family, s.port, s.list); err != nil {
			return SocketStats{}, err
		}
		if slices.ContainsFunc(s.list[from:], listens) {
			s.families = append(s.families, family)
		}
	}
	s.countRetransmits()
	return s.sum(), nil
}

func listens(s socket) bool { return s.state == unix.BPF_TCP_LISTEN }

func (s *Sockets) sum() SocketStats {
	stats := SocketStats{Retransmits: s.again}
	for i := range s.list {
		stats.add(&s.list[i])
	}
	if n := float64(stats.Measured); n > 0 {
		stats.RTT /= n * 1e6
		stats.Cwnd /= n
	}
	return stats
}

// add counts one socket; RTT and Cwnd are sums until all are counted.
func (st *SocketStats) add(x *socket) {
	if int(x.state) < len(st.States) {
		st.States[x.state]++
	}
	switch x.state {
	case unix.BPF_TCP_LISTEN:
		st.AcceptQueue += int64(x.recvq)
		st.Backlog += int64(x.sendq)
		return
	case unix.BPF_TCP_ESTABLISHED:
		if x.info {
			st.Measured++
			st.RTT += float64(x.rtt)
			st.Cwnd += float64(x.cwnd)
		}
	}
	st.RecvQ += int64(x.recvq)
	st.SendQ += int64(x.sendq)
}

// countRetransmits adds what each connection has sent again since it was seen
// last, and forgets those that are gone.
func (s *Sockets) countRetransmits() {
	for i := range s.list {
		x := &s.list[i]
		if x.retrans > 0 {
			s.again += uint64(x.retrans - s.retrans[x.cookie].last)
			s.retrans[x.cookie] = retransmits{x.retrans, s.reads}
		}
	}
	for cookie, r := range s.retrans {
		if r.read != s.reads {
			delete(s.retrans, cookie)
		}
	}
}

// Len is how many sockets the last Read saw.
func (s *Sockets) Len() int { return len(s.list) }

// Table returns the listeners and then the connections with the most bytes in
// their queues, at most top in all, as the last Read saw them.
func (s *Sockets) Table(top int) []telemetry.Socket {
	order := make([]*socket, len(s.list))
	for i := range s.list {
		order[i] = &s.list[i]
	}
	slices.SortFunc(order, fuller)
	table := make([]telemetry.Socket, 0, min(top, len(order)))
	for _, x := range order[:min(top, len(order))] {
		table = append(table, x.shown())
	}
	return table
}

// fuller orders listeners first, then by the bytes in both queues, then by peer.
func fuller(a, b *socket) int {
	switch {
	case listens(*a) && !listens(*b):
		return -1
	case listens(*b) && !listens(*a):
		return 1
	}
	return cmp.Or(
		-cmp.Compare(int64(a.recvq)+int64(a.sendq), int64(b.recvq)+int64(b.sendq)),
		a.peer.Compare(b.peer),
	)
}

func (x *socket) shown() telemetry.Socket {
	t := telemetry.Socket{
		Peer: x.peer.String(), State: "?",
		RecvQ: int64(x.recvq), SendQ: int64(x.sendq),
		RTT: float64(x.rtt) / 1e6, Cwnd: int(x.cwnd), Retrans: int(x.retrans),
	}
	if int(x.state) < len(states) {
		t.State = states[x.state]
	}
	if listens(*x) {
		t.Peer, t.RTT, t.Cwnd = "*", 0, 0
	}
	return t
}
