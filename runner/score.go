package runner

import (
	"slices"
	"time"

	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// patience is how long a tick waits for samples that are not there yet.
const patience = 60 * time.Millisecond

// score is the sheet on which a block is written down, tick by tick: all that
// belongs to one tick becomes one frame, judged.
type score struct {
	clock   clock
	journal *journal
	judge   *judge.Judge
	gates   map[string]*gate // by source

	next        tick // to be written
	start, stop tick // of the load; 0 before they are known
	newest      map[string]tick
	samples     []telemetry.Event // not written
	others      []telemetry.Event // not written
	over, late  bool              // the last tick is judged; a sample of before it has come since
}

// sources are who samples, in the order of a frame.
var sources = []string{telemetry.FromLab, telemetry.FromLoad, telemetry.FromKernel, telemetry.FromHost}

func (s *score) begin(r *Run, verdicts *judge.Judge) {
	limit := r.runner.limits.Log
	*s = score{
		clock: r.clock, journal: r.journal, judge: verdicts,
		gates:  map[string]*gate{telemetry.FromLab: newGate(limit), telemetry.FromLoad: newGate(limit)},
		next:   tickAt(monotonic()) + 1,
		newest: map[string]tick{},
	}
}

// add takes an event; its T is as in the recording.
func (s *score) add(e telemetry.Event) {
	if e.Kind != telemetry.KindSample {
		s.others = append(s.others, e)
		return
	}
	s.samples = append(s.samples, e)
	s.newest[e.From] = max(s.newest[e.From], s.clock.tick(e.T))
}

// gone says that a source has ended: nobody waits for it any more.
func (s *score) gone(from string) { s.newest[from] = 1 << 62 }

// due is when the next tick is written, whoever is missing.
func (s *score) due() time.Duration { return s.next.time() + patience }

// complete says whether every source has sampled the next tick.
func (s *score) complete() bool {
	if s.start == 0 {
		return false
	}
	for _, from := range sources {
		if s.newest[from] < s.next && !(from == telemetry.FromLoad && s.next < s.start) {
			return false
		}
	}
	return true
}

// write writes the next tick as one frame: what was said, the samples, and what
// the judge makes of them.
func (s *score) write() error {
	k := s.next
	s.next++
	if k%10 == 0 {
		s.notices()
	}
	frame := s.take(k)
	if s.start > 0 && s.start <= k && k <= s.stop {
		frame = append(frame, s.judged(k)...)
		s.over = k == s.stop
	}
	return s.journal.write(frame...)
}

// take returns what is there for tick k and before it.
func (s *score) take(k tick) []telemetry.Event {
	frame := s.others
	s.others = nil
	slices.SortStableFunc(s.samples, func(a, b telemetry.Event) int {
		if x, y := s.clock.tick(a.T), s.clock.tick(b.T); x != y {
			return int(x - y)
		}
		return slices.Index(sources, a.From) - slices.Index(sources, b.From)
	})
	n := 0
	for n < len(s.samples) && s.clock.tick(s.samples[n].T) <= k {
		s.judge.Add(s.samples[n])
		s.late = s.late || s.over && s.clock.tick(s.samples[n].T) <= s.stop
		n++
	}
	frame = append(frame, s.samples[:n]...)
	s.samples = slices.Clone(s.samples[n:])
	return frame
}

// judged is what the judge has to say at tick k.
func (s *score) judged(k tick) []telemetry.Event {
	t := s.clock.on(k)
	derived, figures, checks := s.judge.Tick(t)
	var events []telemetry.Event
	if len(derived) > 0 {
		events = append(events, telemetry.Event{T: t, Kind: telemetry.KindSample, From: telemetry.FromJudge, Values: derived})
	}
	if len(figures) > 0 {
		events = append(events, telemetry.Event{T: t, Kind: telemetry.KindFigures, From: telemetry.FromJudge, Values: figures})
	}
	if k > s.start && ((k-s.start)%10 == 0 || k == s.stop) {
		path := s.judge.Path(t)
		events = append(events, telemetry.Event{T: t, Kind: telemetry.KindPath, From: telemetry.FromJudge, Path: &path})
	}
	for _, c := range checks {
		events = append(events, telemetry.Event{T: t, Kind: telemetry.KindCheck, From: telemetry.FromJudge, Check: &c})
	}
	return events
}

// notices says what the gates left out.
func (s *score) notices() {
	for _, from := range []string{telemetry.FromLab, telemetry.FromLoad} {
		if text := s.gates[from].notice(); text != "" {
			s.add(telemetry.Event{T: s.clock.since(monotonic()), Kind: telemetry.KindLog, From: from, Level: "warn", Text: text})
		}
	}
}

// flush writes what was said without waiting for the tick.
func (s *score) flush() error {
	said := s.others
	s.others = nil
	return s.journal.write(said...)
}

// rest writes all that is left, whatever its tick. What the judge said at the last tick
// it says again when a sample came too late for that: the figures are then of all that
// was measured, as the checks at the end are. The queues' path stays once a second.
func (s *score) rest() error {
	s.notices()
	frame := s.take(1 << 62)
	if s.late {
		frame = append(frame, slices.DeleteFunc(s.judged(s.stop), func(e telemetry.Event) bool { return e.Kind == telemetry.KindPath })...)
	}
	return s.journal.write(frame...)
}
