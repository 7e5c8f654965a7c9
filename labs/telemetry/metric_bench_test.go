package telemetry

import "testing"

// BenchmarkCounters is what a lab's counters cost a request of the epoll lab with
// its drain loop: two reads, one EAGAIN, a write, its bytes, a wakeup, and a look
// at the longest drain. ÷ the CPU time of a request (.ci/bench) it is their share.
func BenchmarkCounters(b *testing.B) {
	var reads, again, writes, bytes, wakeups Counter
	var longest Gauge
	for b.Loop() {
		wakeups.Inc()
		reads.Inc()
		if longest.Value() < 0 {
			longest.Set(1)
		}
		writes.Inc()
		bytes.Add(64)
		reads.Inc()
		again.Inc()
	}
}
