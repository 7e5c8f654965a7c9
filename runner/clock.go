package runner

import (
	"context"
	"math"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// tick is a point of the grid on which every source samples: CLOCK_MONOTONIC in
// units of telemetry.Tick.
type tick int64

// monotonic reads CLOCK_MONOTONIC, which all processes of the machine share.
func monotonic() time.Duration {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // fails for no valid clock
	return time.Duration(ts.Nano())
}

// tickAt is the last tick that is not after t.
func tickAt(t time.Duration) tick { return tick(t / telemetry.Tick) }

// tickOf is the tick that a sample's T means.
func tickOf(t float64) tick { return tick(math.Round(t * 10)) }

func (k tick) time() time.Duration { return time.Duration(k) * telemetry.Tick }

// sleep waits until CLOCK_MONOTONIC shows t, or ctx ends.
func sleep(ctx context.Context, t time.Duration) error {
	timer := time.NewTimer(t - monotonic())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// clock turns times of CLOCK_MONOTONIC into seconds since a run began.
type clock struct{ zero tick }

// since is the T of something that is no sample, to the millisecond.
func (c clock) since(t time.Duration) float64 {
	return float64((t-c.zero.time())/time.Millisecond) / 1000
}

// on is the T of a sample: a multiple of 0.1.
func (c clock) on(k tick) float64 { return float64(k-c.zero) / 10 }

// tick is the tick that a sample's T in the recording means.
func (c clock) tick(t float64) tick { return c.zero + tickOf(t) }
