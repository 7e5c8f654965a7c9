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
	// Bytes of SendQ that were not sent yet: they wait for the peer's window or
	// the congestion window.
	NotSent int64
	// Connections that wait for accept(2), and how many may, over all listeners.
	AcceptQueue, Backlog int64
	// Means over established connections; Measured is their number.
	RTT, Cwnd float64 // seconds, segments
	Measured  int
	// Segments sent again since the first Read, also by connections that have
	// ended; what one sent again after the last Read that saw it is lost.
	Retransmits uint64
	// Seconds that the peers' windows held up their connections, summed up in
	// the same way.
	RwndLimited float64
	// Sockets whose remote port it is, the clients' that are in the same network:
	// how many are in TIME_WAIT, because they closed first, and the bytes in the
	// queues of the rest. Peers says that this Read looked for them.
	PeerTimeWait             int
	ClientRecvQ, ClientSendQ int64
	Peers                    bool
}

// Listens says whether a socket accepts connections.
func (s SocketStats) Listens() bool { return s.States[unix.BPF_TCP_LISTEN] > 0 }

// Sockets reads the TCP sockets on one local port, again and again.
type Sockets struct {
	diag     *diag
	port     uint16
	list     []socket // of the last Read
	families []uint8  // that have a listener; nil: not known
	reads    int
	counts   map[uint64]counts // of connections that have any, by cookie
	again    uint64
	limited  uint64   // microseconds
	peers    []socket // of the last look at them
}

// counts are what a connection counts since it began.
type counts struct {
	retrans uint32
	rwnd    uint64
	read    int // in which it was seen last
}

// NewSockets reads over fd, a NETLINK_SOCK_DIAG socket of the lab's network.
func NewSockets(fd int, port uint16) *Sockets {
	return &Sockets{diag: newDiag(fd), port: port, counts: map[uint64]counts{}}
}

// lookAround is how many Reads apart families without a listener are looked at:
// a dump walks the kernel's whole table of connections, for a few of ours too.
const lookAround = 10

// peersEvery is how many Reads apart the other side is looked at.
const peersEvery = 2

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
	s.count()
	stats := s.sum()
	if s.reads%peersEvery == 1 {
		if err := s.lookAcross(families); err != nil {
			return SocketStats{}, err
		}
		stats.addPeers(s.peers)
	}
	return stats, nil
}

// lookAcross finds the other ends. A listener on [::] has peers of both families.
func (s *Sockets) lookAcross(families []uint8) (err error) {
	s.peers = s.peers[:0]
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		if family != unix.AF_INET && !slices.Contains(families, family) {
			continue
		}
		if s.peers, err = s.diag.peers(family, s.port, s.peers); err != nil {
			return err
		}
	}
	return nil
}

// addPeers sums up the other ends. What is only connecting has its SYN in the
// send queue, and that is none of the application's bytes.
func (st *SocketStats) addPeers(peers []socket) {
	st.Peers = true
	for _, x := range peers {
		switch x.state {
		case unix.BPF_TCP_TIME_WAIT:
			st.PeerTimeWait++
		case unix.BPF_TCP_SYN_SENT:
		default:
			st.ClientRecvQ += int64(x.recvq)
			st.ClientSendQ += int64(x.sendq)
		}
	}
}

func listens(s socket) bool { return s.state == unix.BPF_TCP_LISTEN }

func (s *Sockets) sum() SocketStats {
	stats := SocketStats{Retransmits: s.again, RwndLimited: float64(s.limited) / 1e6}
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
	st.NotSent += int64(x.notsent)
}

// count adds what each connection has counted since it was seen last, and
// forgets those that are gone.
func (s *Sockets) count() {
	for i := range s.list {
		x := &s.list[i]
		if x.retrans > 0 || x.rwnd > 0 {
			last := s.counts[x.cookie]
			s.again += uint64(x.retrans - last.retrans)
			s.limited += max(x.rwnd, last.rwnd) - last.rwnd
			s.counts[x.cookie] = counts{x.retrans, max(x.rwnd, last.rwnd), s.reads}
		}
	}
	for cookie, c := range s.counts {
		if c.read != s.reads {
			delete(s.counts, cookie)
		}
	}
}

// Len is how many sockets the last Read saw.
func (s *Sockets) Len() int { return len(s.list) }

// Seen is how many sockets the kernel has told of, the peers among them.
func (s *Sockets) Seen() int { return len(s.list) + len(s.peers) }

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
