package telemetry

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// distributions are what the property tests draw durations from.
var distributions = map[string]func(*rand.Rand) time.Duration{
	"constant":    func(*rand.Rand) time.Duration { return 1234567 },
	"zero":        func(*rand.Rand) time.Duration { return 0 },
	"nanoseconds": func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(200)) },
	"uniform":     func(r *rand.Rand) time.Duration { return time.Duration(r.Int64N(int64(50 * time.Millisecond))) },
	"exponential": func(r *rand.Rand) time.Duration {
		return time.Duration(r.ExpFloat64() * float64(300*time.Microsecond))
	},
	"lognormal": func(r *rand.Rand) time.Duration { return time.Duration(math.Exp(12 + 2*r.NormFloat64())) },
	"pareto":    func(r *rand.Rand) time.Duration { return time.Duration(1e4 / math.Pow(1-r.Float64(), 1.5)) },
	"two humps": func(r *rand.Rand) time.Duration {
		if r.IntN(100) < 97 {
			return 80*time.Microsecond + time.Duration(r.IntN(5000))
		}
		return 2*time.Second + time.Duration(r.IntN(1e8))
	},
	"powers of two": func(r *rand.Rand) time.Duration { return 1<<r.IntN(38) - time.Duration(r.IntN(2)) },
	"all octaves":   func(r *rand.Rand) time.Duration { return time.Duration(r.Uint64() >> (27 + r.IntN(36))) },
}

// sample draws n durations, none above the largest value told apart.
func sample(seed uint64, n int, draw func(*rand.Rand) time.Duration) []time.Duration {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = min(draw(r), maxNanos)
	}
	return out
}

func of(ds []time.Duration) Histogram {
	var h Histogram
	for _, d := range ds {
		h.Observe(d)
	}
	return h
}

func within(got, want, share float64) bool { return math.Abs(got-want) <= share*math.Abs(want) }

// Every value has a bucket, the buckets follow each other without a gap, and
// each is at most 1/64 of its value wide.
func TestBuckets(t *testing.T) {
	next := uint64(0)
	for i := range buckets {
		low, high := edges(i)
		if low != next || bucket(low) != i || bucket(high) != i {
			t.Fatalf("bucket %d is %d to %d, after %d; they lie in %d and %d", i, low, high, next, bucket(low), bucket(high))
		}
		if width := high - low + 1; i >= sub && width*sub > low {
			t.Fatalf("bucket %d is %d wide at %d", i, width, low)
		}
		next = high + 1
	}
	if next != maxNanos+1 {
		t.Errorf("the buckets end at %d, not at %d", next, maxNanos)
	}
}

func TestQuantileIsWithinOnePercent(t *testing.T) {
	for name, draw := range distributions {
		for _, n := range []int{1, 2, 10, 99, 1000, 20000} {
			ds := sample(uint64(n), n, draw)
			h := of(ds)
			slices.Sort(ds)
			for _, q := range []float64{0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1} {
				exact := ds[max(int(math.Ceil(q*float64(n))), 1)-1].Seconds()
				if got := h.Quantile(q); !within(got, exact, 0.01) {
					t.Errorf("%s, %d of them: quantile %g is %g, exact is %g", name, n, q, got, exact)
				}
			}
			if !within(h.Min, ds[0].Seconds(), 1e-12) || !within(h.Max, ds[n-1].Seconds(), 1e-12) || h.Count != uint64(n) {
				t.Errorf("%s, %d of them: min %g max %g count %d; want %v %v", name, n, h.Min, h.Max, h.Count, ds[0], ds[n-1])
			}
		}
	}
}

func TestQuantilesAreOrdered(t *testing.T) {
	for name, draw := range distributions {
		h := of(sample(7, 5000, draw))
		last := h.Min
		for q := 0.0; q <= 1; q += 0.001 {
			v := h.Quantile(q)
			if v < last || v > h.Max {
				t.Fatalf("%s: quantile %g is %g, after %g and below max %g", name, q, v, last, h.Max)
			}
			last = v
		}
		if h.Quantile(-1) != h.Quantile(0) || h.Quantile(2) != h.Quantile(1) {
			t.Errorf("%s: a share beyond 0 and 1 gives %g and %g", name, h.Quantile(-1), h.Quantile(2))
		}
	}
}

func TestMean(t *testing.T) {
	for name, draw := range distributions {
		ds := sample(3, 3000, draw)
		sum := 0.0
		for _, d := range ds {
			sum += d.Seconds()
		}
		if h := of(ds); !within(h.Mean(), sum/3000, 1e-9) {
			t.Errorf("%s: mean %g, exact %g", name, h.Mean(), sum/3000)
		}
	}
}

func TestEmpty(t *testing.T) {
	var h Histogram
	h.ObserveN(time.Second, 0)
	for what, v := range map[string]float64{"quantile": h.Quantile(0.5), "coarse quantile": h.CoarseQuantile(0.5), "mean": h.Mean()} {
		if !math.IsNaN(v) {
			t.Errorf("%s of nothing is %g", what, v)
		}
	}
	h.Each(func(low, high float64, n uint64) { t.Errorf("nothing has a bucket %g to %g", low, high) })
	if c := h.Clone(); !reflect.DeepEqual(c, Histogram{}) {
		t.Errorf("a clone of nothing is %+v", c)
	}
}

func TestObserveLimits(t *testing.T) {
	var h Histogram
	h.Observe(-time.Second)
	h.Observe(time.Hour)
	if h.Min != 0 || h.Max != float64(maxNanos)/1e9 || h.Count != 2 {
		t.Errorf("-1 s and 1 h were kept as %g and %g", h.Min, h.Max)
	}
}

func TestMergeIsTheUnion(t *testing.T) {
	for name, draw := range distributions {
		a, b := sample(1, 700, draw), sample(2, 1300, draw)
		union, merged := of(append(slices.Clone(a), b...)), of(a)
		merged.Merge(of(b))
		merged.Merge(Histogram{})
		if !like(merged, union) {
			t.Errorf("%s: merged %s, of all %s", name, line(merged), line(union))
		}
		var empty Histogram
		empty.Merge(union)
		if !like(empty, union) {
			t.Errorf("%s: merged into nothing %s, of all %s", name, line(empty), line(union))
		}
	}
}

// like compares all but the rounding of the sum.
func like(a, b Histogram) bool {
	return a.Count == b.Count && a.Min == b.Min && a.Max == b.Max && within(a.Sum, b.Sum, 1e-9) && slices.Equal(a.n, b.n)
}

func line(h Histogram) string {
	text, _ := json.Marshal(h)
	return string(text)
}

func TestSince(t *testing.T) {
	for name, draw := range distributions {
		early, late := sample(4, 900, draw), sample(5, 400, draw)
		h := of(early)
		before := h.Clone()
		for _, d := range late {
			h.Observe(d)
		}
		got, want := h.Since(before), of(late)
		if got.Count != want.Count || !slices.Equal(got.n, want.n) {
			t.Errorf("%s: since %s, want %s", name, line(got), line(want))
		}
		if got.Min > want.Min || got.Max < want.Max || !within(got.Min, want.Min, 0.02) || !within(got.Max, want.Max, 0.02) {
			t.Errorf("%s: since says %g to %g, it was %g to %g", name, got.Min, got.Max, want.Min, want.Max)
		}
		if m := got.Mean(); !within(m, want.Mean(), 1e-6) || m < got.Min || m > got.Max*(1+1e-12) {
			t.Errorf("%s: mean %g, want %g", name, m, want.Mean())
		}
		if p := got.Quantile(0.99); p > got.Max || !within(p, want.Quantile(0.99), 0.02) {
			t.Errorf("%s: p99 %g, want %g", name, p, want.Quantile(0.99))
		}
		if before.Count != 900 {
			t.Errorf("%s: a clone changed with its original", name)
		}
	}
}

func TestSinceOfOthers(t *testing.T) {
	a, b := of([]time.Duration{1, 2, 3}), of([]time.Duration{2, 2, 2, 2, 9})
	for _, tt := range []struct {
		why         string
		now, before Histogram
		count       uint64
	}{
		{"nothing before", a, Histogram{}, 3},
		{"nothing since", a, a, 0},
		{"nothing now", Histogram{}, a, 0},
		{"another histogram: what it has more is ignored", a, b, 2},
		{"and the other way round", b, a, 4},
	} {
		got := tt.now.Since(tt.before)
		if got.Count != tt.count || got.Count == 0 && !math.IsNaN(got.Quantile(0.5)) || got.Count > 0 && got.Quantile(1) > got.Max {
			t.Errorf("%s: %s, want a count of %d", tt.why, line(got), tt.count)
		}
	}
}

func TestCoarseQuantile(t *testing.T) {
	for _, tt := range []struct {
		d    time.Duration
		want float64
		why  string
	}{
		{0, 2e-6, "the first bucket holds 0 and 1 µs"},
		{1 * time.Microsecond, 2e-6, ""},
		{3 * time.Microsecond, 4e-6, "2 to 3"},
		{100 * time.Microsecond, 128e-6, "64 to 127"},
		{600 * time.Microsecond, 1024e-6, "512 to 1023"},
		{50 * time.Millisecond, 65536e-6, ""},
		{time.Minute, 1048576e-6, "the last bucket has no end; it is given as 2^20 µs"},
	} {
		h := of([]time.Duration{tt.d})
		if got := h.CoarseQuantile(0.5); got != tt.want {
			t.Errorf("%v: %g, want %g (%s)", tt.d, got, tt.want, tt.why)
		}
	}
	h := of([]time.Duration{time.Microsecond, time.Microsecond, time.Microsecond, time.Millisecond})
	if a, b := h.CoarseQuantile(0.75), h.CoarseQuantile(0.76); a != 2e-6 || b != 1024e-6 {
		t.Errorf("three of four are 1 µs: p75 %g, p76 %g", a, b)
	}
}

func TestEach(t *testing.T) {
	ds := sample(9, 1000, distributions["lognormal"])
	h := of(ds)
	total, end := uint64(0), 0.0
	h.Each(func(low, high float64, n uint64) {
		in := uint64(0)
		for _, d := range ds {
			if float64(d)/1e9 >= low && float64(d)/1e9 < high {
				in++
			}
		}
		if n != in || low < end || high <= low {
			t.Errorf("%g to %g has %d, counted %d", low, high, n, in)
		}
		total, end = total+n, high
	})
	if total != h.Count {
		t.Errorf("the buckets hold %d of %d", total, h.Count)
	}
}

func TestHistogramJSON(t *testing.T) {
	for name, draw := range distributions {
		h := of(sample(6, 500, draw))
		var back Histogram
		if err := json.Unmarshal([]byte(line(h)), &back); err != nil || line(back) != line(h) {
			t.Errorf("%s: %v: %s became %s", name, err, line(h), line(back))
		}
		since := h.Since(of(sample(6, 200, draw)))
		if err := json.Unmarshal([]byte(line(since)), &back); err != nil || back.Count != since.Count {
			t.Errorf("%s: %v: a difference %s became %s", name, err, line(since), line(back))
		}
	}
	var empty, back Histogram
	const want = `{"count":0,"sum":0,"min":0,"max":0,"b":[]}`
	if got := line(empty); got != want {
		t.Errorf("nothing is %s, want %s", got, want)
	}
	if err := json.Unmarshal([]byte(want), &back); err != nil || !reflect.DeepEqual(back, empty) {
		t.Errorf("%v: %+v", err, back)
	}
	h := of([]time.Duration{0, 2, 2})
	if got, want := line(h), `{"count":3,"sum":4e-9,"min":0,"max":2e-9,"b":[1,1,2,2]}`; got != want {
		t.Errorf("0, 2 and 2 ns are %s, want %s: gaps from -1", got, want)
	}
}

func TestHistogramJSONRefuses(t *testing.T) {
	for why, text := range map[string]string{
		"half a pair":        `{"count":1,"b":[1]}`,
		"no bucket":          `{"count":1,"b":[]}`,
		"no gap":             `{"count":1,"b":[0,1]}`,
		"beyond the last":    `{"count":1,"b":[2113,1]}`,
		"beyond by sum":      `{"count":2,"b":[2112,1,1,1]}`,
		"a huge gap":         `{"count":1,"b":[18446744073709551615,1]}`,
		"an empty bucket":    `{"count":0,"b":[1,0]}`,
		"more than counted":  `{"count":1,"b":[1,2]}`,
		"less than counted":  `{"count":3,"b":[1,2]}`,
		"a sum that wraps":   `{"count":1,"b":[1,18446744073709551615,1,2]}`,
		"a negative bucket":  `{"count":1,"b":[1,-1]}`,
		"max below min":      `{"count":1,"min":2,"max":1,"b":[1,1]}`,
		"a negative minimum": `{"count":1,"min":-1,"max":1,"b":[1,1]}`,
		"a negative sum":     `{"count":1,"sum":-1,"b":[1,1]}`,
		"no object":          `[1]`,
	} {
		var h Histogram
		if err := json.Unmarshal([]byte(text), &h); err == nil {
			t.Errorf("%s was read: %s as %s", why, text, line(h))
		}
	}
}

func FuzzHistogramJSON(f *testing.F) {
	h := of(sample(8, 50, distributions["pareto"]))
	f.Add([]byte(line(h)))
	f.Add([]byte(`{"count":1,"sum":1,"min":0,"max":1e300,"b":[2112,1]}`))
	f.Add([]byte(`{"count":18446744073709551615,"b":[1,18446744073709551615]}`))
	f.Add([]byte(`{"count":0}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, b Histogram
		if json.Unmarshal(data, &a) != nil {
			return
		}
		if err := json.Unmarshal([]byte(line(a)), &b); err != nil || line(a) != line(b) {
			t.Errorf("%v: %s became %s", err, line(a), line(b))
		}
		for _, q := range []float64{0, 0.5, 0.99, 1} {
			if v := a.Quantile(q); a.Count > 0 && !(v >= a.Min && v <= a.Max) {
				t.Errorf("%s: quantile %g is %g", line(a), q, v)
			}
			a.CoarseQuantile(q)
		}
		a.Since(h)
		h.Since(a)
		sum, other := h.Clone(), a.Clone()
		sum.Merge(a)
		other.Merge(h)
		if other.Observe(maxNanos); sum.Count+1 != other.Count {
			t.Errorf("%s: %d and one observations are %d", line(a), sum.Count, other.Count)
		}
	})
}

func BenchmarkObserve(b *testing.B) {
	var h Histogram
	ds := sample(1, 1024, distributions["lognormal"])
	for i := 0; b.Loop(); i++ {
		h.Observe(ds[i&1023])
	}
}

func ExampleHistogram() {
	var h Histogram
	for range 99 {
		h.Observe(time.Millisecond)
	}
	h.Observe(time.Second)
	fmt.Printf("p50 %.3g s, p99 %.3g s, max %.3g s, mean %.3g s\n", h.Quantile(0.5), h.Quantile(0.99), h.Max, h.Mean())
	// Output: p50 0.001 s, p99 0.001 s, max 1 s, mean 0.011 s
}
