//go:build linux

package load

import (
	"math"
	"time"
)

// pace is the schedule of an open load: when which group of requests is due.
type pace []span

// span is a part of it, in which the rate stays or changes evenly.
type span struct {
	from     time.Duration // it begins
	before   float64       // groups due before that
	interval float64       // nanoseconds between two groups at its beginning
	slope    float64       // by which groups per nanosecond change each nanosecond
}

// newPace returns the schedule of s, which is steady until zero, where measuring
// begins, and has its shape from then on.
func newPace(s *settings, start, zero, end time.Duration) pace {
	p := pace{{from: start, interval: float64(time.Second) * float64(s.burst) / s.rate}}
	switch s.shape {
	case "ramp":
		last := p.then(zero, s.rate, s.burst)
		last.slope = (s.peak - s.rate) / float64(s.burst) / float64(time.Second) / float64(end-zero)
	case "steps":
		for i := range s.steps {
			share := float64(i) / float64(s.steps)
			rate := s.rate + (s.peak-s.rate)*float64(i)/float64(s.steps-1)
			p.then(zero+time.Duration(share*float64(end-zero)), rate, s.burst)
		}
	}
	return p
}

// then ends the last span and begins one of another rate, in requests per second.
func (p *pace) then(at time.Duration, rate float64, burst int) *span {
	*p = append(*p, span{from: at, before: p.count(at), interval: float64(time.Second) * float64(burst) / rate})
	return &(*p)[len(*p)-1]
}

// due is when group g is due.
func (p pace) due(g int64) time.Duration {
	i := len(p) - 1
	for i > 0 && p[i].before > float64(g) {
		i--
	}
	s := &p[i]
	n := float64(g) - s.before
	if s.slope == 0 {
		return s.from + time.Duration(n*s.interval)
	}
	// n = rate·t + slope/2·t², solved so that no two large numbers are subtracted.
	rate := 1 / s.interval
	return s.from + time.Duration(2*n/(rate+math.Sqrt(max(0, rate*rate+2*s.slope*n))))
}

// count is how many groups are due before t, with the part of the next one.
func (p pace) count(t time.Duration) float64 {
	i := len(p) - 1
	for i > 0 && p[i].from > t {
		i--
	}
	s := &p[i]
	d := float64(t - s.from)
	return s.before + d/s.interval + s.slope/2*d*d
}
