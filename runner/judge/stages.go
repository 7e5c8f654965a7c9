package judge

import (
	"slices"

	"socketlabs/labs/telemetry"
)

// The path of a request and its answer, as tanks one behind the other. Each has
// a level, made of gauges, and flows: of one side a counter tells, and what it
// lacks follows from the level, for nothing gets lost on the way:
//
//	in − out = change of the level
//
// # Queues of a lab
//
// A lab declares nothing. What its gauges mean is told by their names, and a
// knob of the same name as the gauge is the queue's limit:
//
//	parser    parser, parsing, unparsed, incoming; unfinished: the rest has not come, and the parser is not to blame
//	workers   queue, queued, waiting
//	out       pending, held_bytes, held
//	consumers of the workers' queue: busy, working
//	what leaves the workers' queue: worked, else answered
type stage struct {
	id, queue, unit string
	level           []string // gauges; their sum,
	less            []string // without these
	in, out         []string // counters; the sum of one side is known, or neither
	limit           func(v view) (float64, bool)
	signs           []sign
	absent          string // why this run cannot show it
}

// sign is a level that says that the stage does not keep up: it is above residue
// and takes longer than wait, in seconds, to pass.
type sign struct {
	gauges  []string
	residue float64
	wait    float64
}

const (
	// minWait is the shortest wait in a queue that counts, in seconds. A request of
	// a server that keeps up spends some tens of microseconds in one.
	minWait = 0.001
	// minAck is that of bytes that were sent and are not acknowledged: a receiver
	// may delay an ACK by up to 200 ms (Linux, TCP_DELACK_MAX; RFC 1122, 4.2.3.2,
	// allows 500 ms), and that is no queue.
	minAck = 0.25
)

// names of a lab's gauges, by what they mean.
var (
	parserGauges = []string{"parser", "parsing", "unparsed", "incoming"}
	waitingParts = []string{"unfinished"}
	workerGauges = []string{"queue", "queued", "waiting"}
	outGauges    = []string{"pending", "held_bytes", "held"}
	busyGauges   = []string{"busy", "working"}
	workDone     = []string{"worked", "answered"}
)

// newPath returns the stages of a run, in the order of a request's way. All of
// them are there; what this run cannot show says why.
func (j *Judge) newPath() []stage {
	arrives, received := []string{"load.bytes_out", "load.fault_sent"}, []string{"load.bytes_in", "load.fault_received"}
	path := []stage{
		j.clientStage(),
		{id: "client_sendq", queue: "sendq", unit: "bytes", level: []string{"kernel.client_sendq"}, in: arrives,
			signs: []sign{{[]string{"kernel.client_sendq"}, 0, minAck}}},
		// The answers' way back, from the server's struct tcp_info: sent and not yet
		// acknowledged. It accuses nobody: sendq has the same bytes, and why they stand.
		{id: "link", queue: "link", unit: "bytes", level: []string{"kernel.sendq"}, less: []string{"kernel.notsent"}, out: received, signs: []sign{}},
		{id: "recvq", queue: "recvq", unit: "bytes", level: []string{"kernel.recvq"}, in: arrives},
		{id: "accept", queue: "accept", unit: "connections", level: []string{"kernel.accept_queue"}, out: j.ours("lab.accepts"), limit: j.backlog},
		j.parserStage(),
		{id: "workers", queue: "workers", unit: "requests", level: j.gauges(workerGauges), out: j.done(), limit: j.knob(workerGauges)},
		{id: "out", queue: "out", unit: "bytes", level: j.gauges(outGauges), out: j.ours("lab.bytes")},
		{id: "sendq", queue: "sendq", unit: "bytes", level: []string{"kernel.sendq"}, out: received,
			signs: []sign{{[]string{"kernel.notsent"}, 0, minWait}, {[]string{"kernel.sendq"}, 0, minAck}}},
	}
	for i := range path {
		s := &path[i]
		if s.absent == "" && len(s.level) == 0 {
			s.absent = "no-gauge"
		}
		if s.signs == nil {
			s.signs = []sign{{s.level, 0, minWait}}
		}
	}
	return path
}

// clientStage is what is due and was not sent. In the closed model nothing is:
// a client asks again when it has its answer. One or two groups are due at the
// very moment of a sample, and being as late as a generator may be is no queue.
func (j *Judge) clientStage() stage {
	s := stage{id: "client", queue: "client", unit: "requests", level: []string{"load.backlog"}, out: []string{"load.sent"}}
	burst, _ := j.q.Ask["burst"].(float64)
	s.signs = []sign{{s.level, 2 * max(burst, 1), maxLate}}
	switch {
	case len(j.q.Ask) == 0:
		s.absent = "no-load"
	case j.q.Ask["model"] != "open":
		s.absent = "closed-loop"
	}
	return s
}

// parserStage is what was read and is no whole message yet. The rest of a message
// may not have come: then nobody here could take it.
func (j *Judge) parserStage() stage {
	own, parts := j.gauges(parserGauges), j.gauges(waitingParts)
	s := stage{id: "parser", queue: "parser", unit: "bytes", level: slices.Concat(own, parts), out: j.ours("lab.bytes"), signs: []sign{}}
	if len(own) > 0 {
		s.signs = []sign{{own, 0, minWait}}
	}
	return s
}

// gauges returns those of the lab's gauges that have one of the names.
func (j *Judge) gauges(names []string) (out []string) {
	for _, m := range j.q.Metrics {
		if m.Kind == telemetry.KindGauge && slices.Contains(names, m.Name[len("lab."):]) {
			out = append(out, m.Name)
		}
	}
	return out
}

// ours returns the counter if the lab has it.
func (j *Judge) ours(name string) []string {
	if slices.ContainsFunc(j.q.Metrics, func(m telemetry.Metric) bool { return m.Name == name && m.Kind == telemetry.KindCounter }) {
		return []string{name}
	}
	return nil
}

// done returns the counter of what leaves the workers' queue.
func (j *Judge) done() []string {
	for _, name := range workDone {
		if c := j.ours("lab." + name); c != nil {
			return c
		}
	}
	return nil
}

// backlog is how many connections may wait: one more than listen(2) was asked
// for, because the kernel refuses when there are more than that.
func (j *Judge) backlog(v view) (float64, bool) {
	n, err := j.words.tracks["kernel.backlog"].level(v, "last")
	return n + 1, err == nil
}

// knob returns the knob of the same name as a lab's gauge.
func (j *Judge) knob(names []string) func(view) (float64, bool) {
	for _, m := range j.gauges(names) {
		if n, ok := number64(j.q.Knob[m[len("lab."):]]); ok {
			return func(view) (float64, bool) { return n, true }
		}
	}
	return nil
}

func number64(v any) (float64, bool) {
	bare, err := fromBare(v)
	return bare.n, err == nil && bare.kind == number
}

// Stages returns every queue of the path at t, seconds of the measured time,
// with the flows of the second before it.
func (j *Judge) Stages(t float64) []telemetry.Stage {
	to := j.zero + ticks(t)
	v := view{span: span{max(to-ticks(1), j.start), to}, zero: j.zero, now: to, where: "the last second"}
	out := make([]telemetry.Stage, len(j.path))
	for i := range j.path {
		out[i] = j.shown(&j.path[i], v)
	}
	return out
}

func (j *Judge) shown(s *stage, v view) telemetry.Stage {
	out := telemetry.Stage{ID: s.id, Queue: s.queue, Absent: s.absent}
	if s.absent != "" {
		return out
	}
	if !j.heardOf(s.level) {
		out.Absent = "not-recorded"
		return out
	}
	out.Unit, out.Metrics = s.unit, slices.Concat(s.level, s.less)
	levels := j.levels(s, v.span)
	if len(levels) == 0 { // frozen, or gone
		return out
	}
	out.Level = &levels[len(levels)-1].v
	if in, leaves, ok := j.flows(s, levels, v); ok {
		out.In, out.Out = &in, &leaves
		if mean := average(levels); leaves > 0 && mean > 0 {
			wait := mean / leaves
			out.Wait = &wait
		}
	}
	if s.id == "link" {
		j.travel(&out, v)
	}
	if s.limit != nil {
		if n, ok := s.limit(v); ok {
			out.Limit = &n
		}
	}
	return out
}

// travel adds what the server's struct tcp_info says of the way to the peers.
func (j *Judge) travel(out *telemetry.Stage, v view) {
	if rtt, err := j.words.tracks["kernel.rtt"].level(v, "last"); err == nil {
		out.RTT = &rtt
	}
	if n, err := j.words.tracks["kernel.retransmits"].increase(v); err == nil {
		out.Again = &n
	}
}

// heardOf says whether any sample of the run had one of the metrics.
func (j *Judge) heardOf(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return len(j.words.tracks[n].points) > 0 })
}

// levels returns what a stage holds at every tick of the span.
func (j *Judge) levels(s *stage, in span) []point {
	points := j.sum(s.level, in)
	for _, name := range s.less {
		t := j.words.tracks[name]
		for i := range points {
			if n := t.at(points[i].tick); n > 0 {
				points[i].v = max(points[i].v-t.points[n-1].v, 0)
			}
		}
	}
	return points
}

// sum returns the sum of gauges at every tick of the span at which the first
// was told; the others count as they were told last.
func (j *Judge) sum(names []string, s span) []point {
	if len(names) == 0 {
		return nil
	}
	points := slices.Clone(j.words.tracks[names[0]].within(s))
	for _, name := range names[1:] {
		t := j.words.tracks[name]
		for i := range points {
			if n := t.at(points[i].tick); n > 0 {
				points[i].v += t.points[n-1].v
			}
		}
	}
	return points
}

func average(points []point) float64 {
	total := 0.0
	for _, p := range points {
		total += p.v
	}
	return total / float64(len(points))
}

// flows returns what enters and leaves a stage a second: one is counted, and the
// other is that and the change of the level.
func (j *Judge) flows(s *stage, levels []point, v view) (in, out float64, ok bool) {
	known, entering := s.out, false
	if len(known) == 0 {
		known, entering = s.in, true
	}
	if len(levels) < 2 || len(known) == 0 {
		return 0, 0, false
	}
	first, last := levels[0], levels[len(levels)-1]
	v.span = span{first.tick, last.tick}
	rate := 0.0
	for _, name := range known {
		n, err := j.words.tracks[name].increase(v)
		if err != nil {
			return 0, 0, false
		}
		rate += n / v.seconds()
	}
	change := (last.v - first.v) / v.seconds()
	if entering {
		return rate, max(rate-change, 0), true
	}
	return max(rate+change, 0), rate, true
}
