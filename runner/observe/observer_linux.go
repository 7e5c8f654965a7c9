package observe

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// dear is what a look at the sockets may cost; one that costs more is taken
// every fifth time only. With 10,000 sockets that is about the limit.
const (
	dear     = 10 * time.Millisecond
	sparsely = 5
)

// tableRows bounds the table of sockets.
const tableRows = 50

// Observer watches one lab from outside. It has one owner: it is not safe for
// use by several goroutines.
type Observer struct {
	sockets *sockets
	process *process
	host    *host
	skip    int // samples until the sockets are looked at again
}

// New observes the process pid that serves addr. diag is a socket of
// NETLINK_SOCK_DIAG in the network namespace of the lab; the observer closes it.
func New(pid, diag int, addr netip.AddrPort) (*Observer, error) {
	o := &Observer{}
	var err error
	if o.sockets, err = newSockets(diag, addr); err == nil {
		o.process, err = newProcess(pid)
	}
	if err != nil {
		unix.Close(diag)
		return nil, err
	}
	o.host = newHost(pid)
	return o, nil
}

// Close gives back what New opened.
func (o *Observer) Close() {
	o.process.close()
	o.host.close()
	unix.Close(o.sockets.fd)
}

// Sample looks at everything once, at time t in seconds: one event from the
// kernel about the lab, one about the machine. What this kernel does not report
// is absent, and so is the lab once it has ended.
func (o *Observer) Sample(t float64) []telemetry.Event {
	lab := map[string]float64{}
	alive := o.process.sample(lab)
	if o.skip--; o.skip <= 0 {
		began := time.Now()
		if err := o.sockets.sample(lab); err != nil {
			alive = false
		}
		if time.Since(began) > dear {
			o.skip = sparsely
		}
	}
	machine := map[string]float64{}
	o.host.sample(t, machine)
	var events []telemetry.Event
	if alive {
		events = append(events, telemetry.Event{T: t, Kind: telemetry.KindSample, From: telemetry.FromKernel, Values: lab})
	}
	return append(events, telemetry.Event{T: t, Kind: telemetry.KindSample, From: telemetry.FromHost, Values: machine})
}

// Table is the sockets as the last Sample saw them: the listener, then those
// with the most bytes queued.
func (o *Observer) Table(t float64) telemetry.Event {
	return telemetry.Event{T: t, Kind: telemetry.KindSockets, From: telemetry.FromKernel, Sockets: o.sockets.table(tableRows)}
}
