package telemetry

import (
	"math"
	"math/bits"
	"time"
)

// A histogram has 64 buckets to the octave of nanoseconds: a bucket is at most
// 1/64 of its value wide, and its middle at most 0.8 % from any value in it.
const (
	subBits = 6
	sub     = 1 << subBits
	// maxNanos is the largest value told apart: 2^38 ns, 274 s.
	maxNanos = 1<<38 - 1
	buckets  = (38 - subBits + 1) * sub
)

func bucket(ns uint64) int {
	if ns < sub {
		return int(ns)
	}
	shift := bits.Len64(ns) - 1 - subBits
	return shift*sub + int(ns>>shift)
}

// edges returns the smallest and the largest nanosecond count of bucket i.
func edges(i int) (low, high uint64) {
	if i < sub {
		return uint64(i), uint64(i)
	}
	shift := i/sub - 1
	low = uint64(sub+i%sub) << shift
	return low, low + 1<<shift - 1
}

// Histogram is a distribution of durations: cumulative, mergeable, and within
// 1 % at every quantile. The zero value is empty. It has one owner: it is not
// safe for use by several threads.
//
// In JSON it is {"count":N,"sum":S,"min":A,"max":B,"b":[gap,n, gap,n …]}: for
// each bucket that is not empty the distance from the last such bucket (from -1
// at the start) and its count. Sum, min and max are in seconds.
type Histogram struct {
	Count    uint64
	Sum      float64  // seconds
	Min, Max float64  // seconds; 0 when empty
	n        []uint64 // by bucket; of one that was read only up to the last that is not empty
}

// Observe adds one duration. Negative ones count as zero.
func (h *Histogram) Observe(d time.Duration) { h.ObserveN(d, 1) }

// ObserveN adds the same duration n times.
func (h *Histogram) ObserveN(d time.Duration, n uint64) {
	if n == 0 {
		return
	}
	h.widen()
	ns := uint64(min(max(d, 0), maxNanos))
	h.n[bucket(ns)] += n
	s := float64(ns) / 1e9
	if h.Count == 0 || s < h.Min {
		h.Min = s
	}
	h.Max = max(h.Max, s)
	h.Sum += s * float64(n)
	h.Count += n
}

// widen makes room for every bucket.
func (h *Histogram) widen() {
	if len(h.n) < buckets {
		h.n = append(make([]uint64, 0, buckets), h.n...)[:buckets]
	}
}

// Clone returns a copy that later observations do not change.
func (h *Histogram) Clone() Histogram {
	c := *h
	c.n = append([]uint64(nil), h.n...)
	return c
}

// Merge adds o to h.
func (h *Histogram) Merge(o Histogram) {
	if o.Count == 0 {
		return
	}
	h.widen()
	for i, n := range o.n {
		h.n[i] += n
	}
	if h.Count == 0 || o.Min < h.Min {
		h.Min = o.Min
	}
	h.Max = max(h.Max, o.Max)
	h.Count += o.Count
	h.Sum += o.Sum
}

// Since returns what was observed after the earlier snapshot of the same
// histogram. Its Min and Max are as exact as the buckets, and never outside h's.
// Of two that are not snapshots of the same, what earlier has more is ignored.
func (h Histogram) Since(earlier Histogram) Histogram {
	if earlier.Count == 0 {
		return h
	}
	if h.Count == earlier.Count {
		return Histogram{}
	}
	d := Histogram{n: make([]uint64, len(h.n))}
	first, last := -1, 0
	for i, n := range h.n {
		if i < len(earlier.n) {
			n -= min(n, earlier.n[i])
		}
		if d.n[i] = n; n > 0 {
			if first < 0 {
				first = i
			}
			last = i
			d.Count += n
		}
	}
	if d.Count == 0 {
		return Histogram{}
	}
	low, _ := edges(first)
	_, high := edges(last)
	d.Min = max(float64(low)/1e9, h.Min)
	d.Max = min(float64(high)/1e9, h.Max)
	// The difference of two large sums is not exact.
	d.Sum = min(max(h.Sum-earlier.Sum, d.Min*float64(d.Count)), d.Max*float64(d.Count))
	return d
}

// Quantile returns the value below which the share q of the observations lie,
// in seconds, by nearest rank; NaN when empty. It is never below Min or above Max.
// A share below 0 is 0, and one above 1 is 1.
func (h Histogram) Quantile(q float64) float64 {
	return h.quantile(q, func(low, high uint64) float64 { return (float64(low) + float64(high)) / 2 / 1e9 })
}

// CoarseQuantile is what a histogram of power-of-two buckets of microseconds
// would say (the chapter's HdrLite): the upper edge of the bucket in which the
// quantile lies. Values of 2^19 µs and more share the last bucket, whose edge is
// given as 2^20 µs.
func (h Histogram) CoarseQuantile(q float64) float64 {
	if h.Count == 0 {
		return math.NaN()
	}
	var coarse [20]uint64
	for i, n := range h.n {
		if n > 0 {
			low, _ := edges(i)
			coarse[min(max(bits.Len64(low/1000)-1, 0), len(coarse)-1)] += n
		}
	}
	rank := rank(q, h.Count)
	for i, n := range coarse {
		if rank <= n {
			return float64(uint64(2)<<i) / 1e6
		}
		rank -= n
	}
	return math.NaN()
}

// Mean returns the average in seconds; NaN when empty.
func (h Histogram) Mean() float64 {
	if h.Count == 0 {
		return math.NaN()
	}
	return h.Sum / float64(h.Count)
}

func rank(q float64, count uint64) uint64 {
	return min(max(uint64(math.Ceil(min(max(q, 0), 1)*float64(count))), 1), count)
}

func (h Histogram) quantile(q float64, at func(low, high uint64) float64) float64 {
	if h.Count == 0 {
		return math.NaN()
	}
	rank := rank(q, h.Count)
	for i, n := range h.n {
		if rank <= n {
			return min(max(at(edges(i)), h.Min), h.Max)
		}
		rank -= n
	}
	return h.Max
}

// Each calls f for every bucket that is not empty, in order: its edges in
// seconds and its count.
func (h Histogram) Each(f func(low, high float64, n uint64)) {
	for i, n := range h.n {
		if n > 0 {
			low, high := edges(i)
			f(float64(low)/1e9, float64(high+1)/1e9, n)
		}
	}
}
