package judge

import (
	"slices"

	"socketlabs/labs/telemetry"
)

// # Which stage is the bottleneck
//
// A queue that fills and drains absorbs bursts, and is no trouble; one that does
// not drain over some time has more coming than going: a standing queue
// (RFC 8289, 3.1 and 4.2: the minimum over an interval tells them apart). It is
// not the stage before a growing queue that is to blame, but who takes from it:
//
//   - Recv-Q: the application does not read.
//   - Recv-Q of a listener, the accept queue: it does not accept.
//   - Send-Q: the peer's window (rwnd_limited grows), or the congestion window.
//   - the workers' queue: the workers.
//
// Queues before a full one fill up as well: back-pressure. So the bottleneck is
// behind the last queue of the path that stands; everything behind it drains.
const (
	// inARow is how many samples in a row must find a queue standing: half a
	// second, which no delayed ACK and no turn of the scheduler lasts.
	inARow = 5
	// How much of the time, and how much more than any other stage, it must have
	// been the bottleneck for an answer to be sure.
	sure, likely = 0.5, 0.2
)

// Bottleneck returns which stage held up the rest between two moments, in
// seconds of the measured time. Of several that did one after the other it is
// the one that did for longest.
func (j *Judge) Bottleneck(from, to float64) telemetry.Bottleneck {
	return j.bottleneck(view{span: span{j.zero + ticks(from), j.zero + ticks(to)}, zero: j.zero, now: j.zero + ticks(to), where: "this time"})
}

func (j *Judge) bottleneck(v view) telemetry.Bottleneck {
	none := telemetry.Bottleneck{Stage: "none", Queue: "none", Cause: "nothing-stands", From: j.since(v.from), To: j.since(v.to), Of: tenths(v.to - v.from), Confidence: "high"}
	if v.to <= v.from {
		none.Confidence = "low"
		return none
	}
	stands := make([][]bool, len(j.path)) // by stage and tick after v.from
	for i := range j.path {
		stands[i] = j.standing(&j.path[i], v)
	}
	blamed := blame(stands, v.to-v.from)
	held := make([]int, len(j.path))
	for _, i := range blamed {
		if i >= 0 {
			held[i]++
		}
	}
	worst := 0
	for i := range held {
		if held[i] > held[worst] {
			worst = i
		}
	}
	if held[worst] == 0 {
		return none
	}
	return j.accuse(worst, held, stands, longest(blamed, worst), v)
}

// since returns a tick in seconds of the measured time.
func (j *Judge) since(tick int) float64 { return tenths(tick - j.zero) }

// tenths is ticks in seconds, as exactly as people write them.
func tenths(ticks int) float64 { return float64(ticks) / 10 }

// blame returns for each tick the last stage of the path that stands, or -1.
func blame(stands [][]bool, n int) []int {
	out := make([]int, n)
	for k := range out {
		out[k] = -1
		for i := range stands {
			if stands[i][k] {
				out[k] = i
			}
		}
	}
	return out
}

// longest returns the longest run of i, as indices from and to, to not included.
func longest(list []int, i int) (s span) {
	from := -1
	for k := 0; k <= len(list); k++ {
		switch {
		case k < len(list) && list[k] == i:
			if from < 0 {
				from = k
			}
		case from >= 0:
			if k-from > s.to-s.from {
				s = span{from, k}
			}
			from = -1
		}
	}
	return s
}

// standing returns for each tick of the view whether the stage's queue stands.
func (j *Judge) standing(s *stage, v view) []bool {
	out := make([]bool, v.to-v.from)
	if s.absent != "" {
		return out
	}
	for _, g := range s.signs {
		for to := v.from + min(inARow, len(out)); to <= v.to; to++ {
			part := v
			part.span = span{to - min(inARow, len(out)), to}
			if j.stands(s, g, part) {
				for k := part.from; k < to; k++ {
					out[k-v.from] = true
				}
			}
		}
	}
	return out
}

// stands says whether every sample of the view finds more than the residue, and
// what is there takes longer than it should.
func (j *Judge) stands(s *stage, g sign, v view) bool {
	levels := j.sum(g.gauges, v.span)
	if len(levels) < 2 || slices.ContainsFunc(levels, func(p point) bool { return p.v <= g.residue }) {
		return false
	}
	_, out, ok := j.flows(s, levels, v)
	return !ok || average(levels)-g.residue >= g.wait*out
}

// accuse words what is known of the stage that was found.
func (j *Judge) accuse(i int, held []int, stands [][]bool, at span, v view) telemetry.Bottleneck {
	s := &j.path[i]
	part := v
	part.span = span{v.from + at.from, v.from + at.to}
	b := telemetry.Bottleneck{
		Stage: s.id, Queue: s.queue, From: j.since(part.from), To: j.since(part.to),
		Held: tenths(held[i]), Of: tenths(v.to - v.from),
	}
	most := 0 // of the others
	for k := range held {
		switch {
		case k != i && held[k] > 0:
			b.Others = append(b.Others, j.path[k].id)
			most = max(most, held[k])
		case k < i && slices.Contains(stands[k][at.from:at.to], true):
			b.Behind = append(b.Behind, j.path[k].id)
		}
	}
	b.Confidence = confidence(b.Held/b.Of, float64(most)/float64(held[i]))
	b.Cause, b.Evidence = j.evidence(s, part)
	return b
}

// confidence says how sure the answer is: held is the share of the time, rival
// how long the runner-up was the bottleneck, as a share of that.
func confidence(held, rival float64) string {
	switch {
	case held >= sure && rival <= sure:
		return "high"
	case held >= likely:
		return "medium"
	}
	return "low"
}
