//go:build linux

package observe

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// TableSize is how many sockets Table shows.
const TableSize = 50

// perTick is how many sockets are read at every tick: 10 000 take about 10 ms.
// With more of them the ticks between two readings become more.
const perTick = 10000

// Observer observes one lab. It has one owner: its methods are not safe for use
// by several goroutines.
type Observer struct {
	process *Process
	host    *Host
	sockets *Sockets
	fd      int

	gone    bool
	every   int  // ticks from one reading of the sockets to the next
	wait    int  // ticks until the next one
	trouble bool // the sockets could not be read, and it was said
}

// New observes the process pid that serves addr. diagFD is a NETLINK_SOCK_DIAG
// socket of the process's network; Close closes it, and so does an error. Of addr
// the port counts: a server of 127.0.0.1 may well listen on [::].
func New(pid, diagFD int, addr netip.AddrPort) (*Observer, error) {
	process, err := NewProcess(pid)
	if err != nil {
		unix.Close(diagFD)
		return nil, err
	}
	// A dump is answered at once; a kernel that does not must not stop the run.
	limit := unix.NsecToTimeval(time.Second.Nanoseconds())
	if err := unix.SetsockoptTimeval(diagFD, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		process.Close()
		unix.Close(diagFD)
		return nil, fmt.Errorf("observe: setsockopt: %w", err)
	}
	return &Observer{process: process, host: NewHost(pid), sockets: NewSockets(diagFD, addr.Port()), fd: diagFD, every: 1}, nil
}

// Close lets everything go.
func (o *Observer) Close() {
	o.process.Close()
	o.host.Close()
	unix.Close(o.fd)
}

// Gone says that the process has ended: from then on the kernel's samples have
// only the sockets that are left on its port.
func (o *Observer) Gone() bool { return o.gone }

// Sample returns the samples of this tick, t being their time: one from the
// kernel and one from the host. Names are the
// catalogue's; what the kernel does not tell, or not at this tick, is absent.
// When the sockets are read at another rate from here on, a log line says so.
func (o *Observer) Sample(t float64) []telemetry.Event {
	var events []telemetry.Event
	values := make(map[string]float64, 32)
	o.gone = o.gone || !o.process.Sample(values)
	events = append(events, o.addSockets(t, values)...)
	events = append(events, telemetry.Event{T: t, Kind: telemetry.KindSample, From: telemetry.FromKernel, Values: values})
	host := make(map[string]float64, 8)
	o.host.Sample(host)
	return append(events, telemetry.Event{T: t, Kind: telemetry.KindSample, From: telemetry.FromHost, Values: host})
}

// Table returns the sockets of the last reading.
func (o *Observer) Table(t float64) telemetry.Event {
	return telemetry.Event{T: t, Kind: telemetry.KindSockets, From: telemetry.FromKernel, Sockets: o.sockets.Table(TableSize)}
}

// addSockets reads the sockets when it is time to, and returns what there is to
// say about it.
func (o *Observer) addSockets(t float64, values map[string]float64) []telemetry.Event {
	if o.wait--; o.wait > 0 {
		return nil
	}
	o.wait = o.every
	stats, err := o.sockets.Read()
	if err != nil {
		return o.complain(t, err)
	}
	stats.put(values)
	seen := o.sockets.Seen()
	every := 1 + seen/perTick
	if every == o.every {
		return nil
	}
	o.every, o.wait = every, every
	return []telemetry.Event{said(t, "info", fmt.Sprintf("%d sockets: they are read every %d ms from here on",
		seen, (time.Duration(every)*telemetry.Tick).Milliseconds()))}
}

// complain says once that the sockets cannot be read.
func (o *Observer) complain(t float64, err error) []telemetry.Event {
	if o.trouble {
		return nil
	}
	o.trouble = true
	return []telemetry.Event{said(t, "warn", "the lab's sockets cannot be read: "+err.Error())}
}

func said(t float64, level, text string) telemetry.Event {
	return telemetry.Event{T: t, Kind: telemetry.KindLog, From: telemetry.FromKernel, Level: level, Text: text}
}

// put puts the kernel.* values of the sockets into values. A listener that is
// closed has no queue, and no connection has no mean.
func (st *SocketStats) put(values map[string]float64) {
	for state, metric := range map[int]string{
		unix.BPF_TCP_ESTABLISHED: "kernel.established",
		unix.BPF_TCP_SYN_RECV:    "kernel.syn_recv",
		unix.BPF_TCP_FIN_WAIT1:   "kernel.fin_wait1",
		unix.BPF_TCP_FIN_WAIT2:   "kernel.fin_wait2",
		unix.BPF_TCP_CLOSE_WAIT:  "kernel.close_wait",
		unix.BPF_TCP_LAST_ACK:    "kernel.last_ack",
		unix.BPF_TCP_CLOSING:     "kernel.closing",
		unix.BPF_TCP_TIME_WAIT:   "kernel.time_wait",
	} {
		values[metric] = float64(st.States[state])
	}
	values["kernel.recvq"] = float64(st.RecvQ)
	values["kernel.sendq"] = float64(st.SendQ)
	values["kernel.notsent"] = float64(st.NotSent)
	values["kernel.retransmits"] = float64(st.Retransmits)
	values["kernel.rwnd_limited"] = st.RwndLimited
	if st.Peers {
		values["kernel.peer_time_wait"] = float64(st.PeerTimeWait)
		values["kernel.client_recvq"] = float64(st.ClientRecvQ)
		values["kernel.client_sendq"] = float64(st.ClientSendQ)
	}
	if st.States[unix.BPF_TCP_LISTEN] > 0 {
		values["kernel.accept_queue"] = float64(st.AcceptQueue)
		values["kernel.backlog"] = float64(st.Backlog)
	}
	if st.Measured > 0 {
		values["kernel.rtt"] = st.RTT
		values["kernel.cwnd"] = st.Cwnd
	}
}
