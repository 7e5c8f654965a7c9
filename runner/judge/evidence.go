package judge

import (
	"strings"

	"socketlabs/labs/telemetry"
)

const (
	// busyCores and idleCores say whether a server that does not read is at work,
	// in cores; unread is the share of the time in which the peer's window was shut
	// that says so (measured with a slow reader: above 0.7 with one connection).
	busyCores, idleCores = 0.8, 0.05
	shutWindow           = 0.5
	// full is the share of the requests in flight that are allowed from which on
	// the client waits for answers and not for itself.
	full = 0.9
)

// evidence returns why a stage's queue stood in the view, and the values that say so.
func (j *Judge) evidence(s *stage, v view) (cause string, list []telemetry.Evidence) {
	name := strings.Join(s.level, " + ")
	add := func(code, metric string, value float64, unit string) {
		list = append(list, telemetry.Evidence{Code: code, Metric: metric, Value: value, Unit: unit})
	}
	levels := j.sum(s.level, v.span)
	if len(levels) > 0 {
		least := levels[0].v
		for _, p := range levels {
			least = min(least, p.v)
		}
		add("least", name, least, s.unit)
		add("mean", name, average(levels), s.unit)
	}
	if s.limit != nil {
		if n, ok := s.limit(v); ok {
			add("limit", name, n, s.unit)
		}
	}
	if _, out, ok := j.flows(s, j.levels(s, v.span), v); ok {
		add("out", name, out, s.unit+"/s")
		if out > 0 {
			add("wait", name, average(levels)/out, "seconds")
		}
	}
	return j.cause(s, v, add), list
}

// cause says who does not take from the queue.
func (j *Judge) cause(s *stage, v view, add func(code, metric string, value float64, unit string)) string {
	switch s.id {
	case "recvq":
		return j.reader(v, add)
	case "accept":
		if n, ok := j.rate("lab.accepts", v); ok && n > 0 {
			return "accept-slow"
		}
		return "not-accepting"
	case "sendq":
		return j.window(v, add)
	case "client_sendq":
		return "unacknowledged"
	case "workers":
		for _, m := range j.gauges(busyGauges) {
			if n, err := j.words.tracks[m].level(v, "mean"); err == nil {
				add("busy", m, n, "")
			}
		}
		return "workers-busy"
	case "out":
		return "not-flushed"
	case "client":
		return j.sender(v, add)
	}
	return "parser-slow"
}

// rate is a counter's increase a second.
func (j *Judge) rate(name string, v view) (float64, bool) {
	t := j.words.tracks[name]
	if t == nil {
		return 0, false
	}
	n, err := t.increase(v)
	return n / v.seconds(), err == nil
}

// reader says what an application does that does not read.
func (j *Judge) reader(v view, add func(code, metric string, value float64, unit string)) string {
	cores, ok := j.rate("kernel.cpu", v)
	if ok {
		add("cpu", "kernel.cpu", cores, "cores")
	}
	switch {
	case ok && cores >= busyCores:
		return "app-busy"
	case ok && cores < idleCores:
		return "app-stopped"
	}
	return "app-slow"
}

// window says which window holds up a Send-Q.
func (j *Judge) window(v view, add func(code, metric string, value float64, unit string)) string {
	unsent, err := j.words.tracks["kernel.notsent"].level(v, "mean")
	if err == nil {
		add("unsent", "kernel.notsent", unsent, "bytes")
	}
	shut, ok := j.rate("kernel.rwnd_limited", v)
	if ok {
		add("window", "kernel.rwnd_limited", shut, "s/s")
	}
	if held, err := j.words.tracks["kernel.client_recvq"].level(v, "mean"); err == nil {
		add("unread", "kernel.client_recvq", held, "bytes")
	}
	again, resent := j.rate("kernel.retransmits", v)
	switch {
	case ok && shut >= shutWindow:
		return "peer-window"
	case resent && again > 0 || unsent == 0:
		return "unacknowledged"
	case j.roomy(v):
		return "held-back"
	}
	return "congestion"
}

// roomy says whether the congestion window has room for what is not sent: then
// it is the kernel that waits, for an ACK or for more to send (Nagle, TCP_CORK;
// RFC 9293, 3.7.4). A segment is counted as small as it may be, 536 bytes.
func (j *Judge) roomy(v view) bool {
	flying := -1.0
	if sent, err := j.words.tracks["kernel.sendq"].level(v, "mean"); err == nil {
		unsent, _ := j.words.tracks["kernel.notsent"].level(v, "mean")
		flying = sent - unsent
	}
	cwnd, err := j.words.tracks["kernel.cwnd"].level(v, "mean")
	open, e := j.words.tracks["kernel.established"].level(v, "mean")
	return err == nil && e == nil && flying >= 0 && flying < cwnd*536*open/2
}

// sender says why requests wait in the client.
func (j *Judge) sender(v view, add func(code, metric string, value float64, unit string)) string {
	connections, _ := number64(j.q.Ask["connections"])
	depth, _ := number64(j.q.Ask["depth"])
	if room := connections * max(depth, 1); room > 0 {
		n, err := j.words.tracks["load.inflight"].level(v, "mean")
		if err == nil {
			add("inflight", "load.inflight", n, "requests")
			add("room", "load.inflight", room, "requests")
		}
		if err == nil && n >= full*room {
			return "in-flight-full"
		}
	}
	return "load-late"
}
