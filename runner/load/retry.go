//go:build linux

package load

import (
	"math/rand/v2"
	"time"
)

// retryBudget bounds how many of all requests are retries: each call earns a
// share of one, and a retry costs one. As in gRPC, no more than maxRetrySavings
// are saved up, so that good times do not pay for a storm.
type retryBudget struct {
	share, saved float64
}

const maxRetrySavings = 10

// earn is called for each call that is made.
func (b *retryBudget) earn() { b.saved = min(b.saved+b.share, maxRetrySavings) }

// spend takes one retry, if there is one. A share of 1 is no budget.
func (b *retryBudget) spend() bool {
	switch {
	case b.share >= 1:
		return true
	case b.saved < 1:
		return false
	}
	b.saved--
	return true
}

// pause is how long to wait before a retry, after so many attempts: doubled with
// each, and with jitter a random part of that, so that those who failed together
// do not come back together.
func (s callSettings) pause(attempts int) time.Duration {
	d := s.backoff << min(attempts-1, 10)
	if s.jitter && d > 0 {
		d = rand.N(d)
	}
	return d
}
