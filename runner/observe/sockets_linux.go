package observe

import (
	"cmp"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// TCP's states as the kernel numbers them (net/tcp_states.h), the metric that
// counts each, and what ss(8) calls it.
var states = [...]struct{ metric, name string }{
	1:  {"kernel.established", "ESTAB"},
	2:  {"", "SYN-SENT"},
	3:  {"kernel.syn_recv", "SYN-RECV"},
	4:  {"kernel.fin_wait1", "FIN-WAIT-1"},
	5:  {"kernel.fin_wait2", "FIN-WAIT-2"},
	6:  {"kernel.time_wait", "TIME-WAIT"},
	7:  {"", "UNCONN"},
	8:  {"kernel.close_wait", "CLOSE-WAIT"},
	9:  {"kernel.last_ack", "LAST-ACK"},
	10: {"", "LISTEN"},
	11: {"kernel.closing", "CLOSING"},
	12: {"kernel.syn_recv", "SYN-RECV"}, // a request socket, not yet a full one
}

const (
	established = 1
	synRecv     = 3
	timeWait    = 6
	listening   = 10
	newSynRecv  = 12

	allStates = 1<<13 - 1
)

// sockets watches the TCP sockets with one local port.
type sockets struct {
	fd   int
	req  []byte
	buf  []byte
	list []socket

	// Retransmits of sockets that are gone stay counted: total grows by what each
	// socket's own count has grown since the dump before.
	seen, before map[uint64]uint32
	retransmits  uint64
}

func newSockets(fd int, addr netip.AddrPort) (*sockets, error) {
	family := uint8(unix.AF_INET)
	if addr.Addr().Is6() {
		family = unix.AF_INET6
	}
	return &sockets{
		fd: fd, req: request(family, addr.Port(), allStates), buf: make([]byte, 64<<10),
		seen: map[uint64]uint32{}, before: map[uint64]uint32{},
	}, prepare(fd)
}

// sample dumps the sockets and adds what they amount to.
func (s *sockets) sample(values map[string]float64) error {
	s.list = s.list[:0]
	s.seen, s.before = s.before, s.seen
	clear(s.seen)
	err := dump(s.fd, s.req, s.buf, func(k socket) {
		s.list = append(s.list, k)
		if k.state != listening {
			s.seen[k.cookie] = k.retrans
			if was := s.before[k.cookie]; k.retrans > was {
				s.retransmits += uint64(k.retrans - was)
			}
		}
	})
	if err != nil {
		return err
	}
	s.add(values)
	return nil
}

// add sums the sockets up under the names of the catalogue.
func (s *sockets) add(values map[string]float64) {
	for _, st := range states {
		if st.metric != "" {
			values[st.metric] = 0
		}
	}
	var recvq, sendq, rtt, cwnd float64
	for _, k := range s.list {
		if k.state == listening {
			values["kernel.accept_queue"] = float64(k.recvq)
			values["kernel.backlog"] = float64(k.sendq)
			continue
		}
		if int(k.state) < len(states) && states[k.state].metric != "" {
			values[states[k.state].metric]++
		}
		if k.state == established {
			rtt += float64(k.rtt)
			cwnd += float64(k.cwnd)
		}
		recvq += float64(k.recvq)
		sendq += float64(k.sendq)
	}
	values["kernel.recvq"], values["kernel.sendq"] = recvq, sendq
	values["kernel.retransmits"] = float64(s.retransmits)
	if n := values["kernel.established"]; n > 0 {
		values["kernel.rtt"], values["kernel.cwnd"] = rtt/n/1e6, cwnd/n
	}
}

// table returns the listener and the most sockets with the most bytes queued,
// as the last dump saw them.
func (s *sockets) table(most int) []telemetry.Socket {
	rank := func(k socket) int64 {
		if k.state == listening {
			return 1 << 62
		}
		return int64(k.recvq) + int64(k.sendq)
	}
	slices.SortStableFunc(s.list, func(a, b socket) int {
		return cmp.Or(cmp.Compare(rank(b), rank(a)), cmp.Compare(a.peer.Port(), b.peer.Port()))
	})
	rows := []telemetry.Socket{}
	for _, k := range s.list[:min(most, len(s.list))] {
		row := telemetry.Socket{
			Peer: k.peer.String(), State: name(k.state), RecvQ: int64(k.recvq), SendQ: int64(k.sendq),
			RTT: float64(k.rtt) / 1e6, Cwnd: int(k.cwnd), Retrans: int(k.retrans),
		}
		if k.state == listening {
			row.Peer, row.Cwnd, row.RTT = "*", 0, 0
		}
		rows = append(rows, row)
	}
	return rows
}

func name(state uint8) string {
	if int(state) < len(states) && states[state].name != "" {
		return states[state].name
	}
	return "?"
}
