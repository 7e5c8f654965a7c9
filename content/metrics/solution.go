//go:build ignore

package main

// bucket says in which bucket a time belongs. Each power of two is split into 16
// buckets of equal width, so that none is wider than a sixteenth of its times;
// below 16 each microsecond has its own.
func bucket(us uint64) int {
	const split = 4 // a power of two has 1<<split buckets
	if us < 1<<split {
		return int(us)
	}
	octave := bits.Len64(us) - 1 - split // 0 for 16 to 31 microseconds
	return min((octave+1)<<split+int(us>>octave)-1<<split, len(took)-1)
}
