//go:build linux

package main

import (
	"time"

	"socketlabs/labs/telemetry"
)

// The steps, beside those that follow from shares.
const (
	rolledBack = 0
	accepted   = 4
)

// shares are percents by step; the first is a knob.
var shares = []int{0, 0, 50, 100}

var since time.Time // this step began

// seen is how a version did.
type seen struct {
	calls, bad int
	latency    telemetry.Histogram
}

func (s *seen) add(latency time.Duration, bad bool) {
	s.calls++
	if bad { // how fast it fails is nobody's gain
		s.bad++
		return
	}
	s.latency.Observe(latency)
}

func (s *seen) errorShare() float64 { return float64(s.bad) / float64(max(s.calls, 1)) }

// median is 0 of a version that has answered nothing well.
func (s *seen) median() time.Duration {
	if s.latency.Count == 0 {
		return 0
	}
	return time.Duration(s.latency.Quantile(0.5) * float64(time.Second))
}

// judge decides about a step: back as soon as the new version is seen to be bad,
// on when it was well for the whole of it.
func judge(now time.Time) {
	m.OldMicros.Set(int(old.seen.median().Microseconds()))
	m.NewMicros.Set(int(next.seen.median().Microseconds()))
	step := int(m.Step.Value())
	if step == rolledBack || step == accepted || next.seen.calls < *minCalls {
		return
	}
	switch {
	case worse(next.seen, old.seen):
		m.Rollbacks.Inc()
		begin(rolledBack, now)
	case now.Sub(since) < *stepTime:
	case m.Share.Value() == 100:
		m.Step.Set(accepted)
	default:
		m.Promotions.Inc()
		begin(step+1, now)
	}
}

// worse compares with the old version at the same time, because a slow hour is
// slow for both.
func worse(a, b seen) bool {
	return a.errorShare() > b.errorShare()+*maxErrors ||
		b.latency.Count > 0 && float64(a.median()) > float64(b.median())**maxSlower
}

// begin begins a step. The old version, which has no more calls in the last one,
// stays as it was seen before.
func begin(step int, now time.Time) {
	since, next.seen = now, seen{}
	if shares[step] < 100 {
		old.seen = seen{}
	}
	m.Step.Set(step)
	m.Share.Set(shares[step])
}
