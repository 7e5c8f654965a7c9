//go:build linux

// Meter is an echo server that measures itself: it takes a while for each
// answer and counts in a histogram how long that was. What it costs is that a
// percentile is known as well as its bucket is narrow, and no better.
package main

import (
	"flag"
	"math"
	"math/bits"
	"net/netip"
	"sort"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/threads"
	"socketlabs/labs/telemetry"
)

var (
	work    = flag.Duration("work", 0, "how long each answer takes, before it is sent [0s..10s]")
	bufSize = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	backlog = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	threads.Echo
	P50, P99 telemetry.Gauge // microseconds
	Widest   telemetry.Gauge // percent
}

const maxThreads = 3000 // are served at once; the Go runtime aborts at 10,000 threads

// took is the histogram: how many answers fell into each bucket.
var took [512]atomic.Uint64

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	m.Widest.Set(widest())
	return threads.Serve(addr, quit, threads.Config{Counts: &m.Counts, Backlog: *backlog, Most: maxThreads, Handle: handle})
}

// bucket says in which bucket a time belongs. There is one for each power of
// two, and the last one takes all that is longer.
func bucket(us uint64) int {
	if us == 0 {
		return 0
	}
	return min(bits.Len64(us)-1, 19)
}

// longest is where the last bucket ends, in microseconds.
const longest = 60_000_000

// edge is the time below which all times of a bucket are.
func edge(i int) int {
	return sort.Search(longest, func(us int) bool { return bucket(uint64(us)) > i })
}

// widest is how wide the widest bucket is in percent of where it begins, for
// times from 100 µs to 10 s.
func widest() int {
	most := 0.0
	for us := 100.0; us < 10_000_000; us *= 1.02 {
		i := bucket(uint64(us))
		begin := max(edge(i-1), 1)
		most = max(most, 100*float64(edge(i)-begin)/float64(begin))
	}
	return int(math.Round(most))
}

// observe counts a time and says anew what the percentiles are.
func observe(d time.Duration) {
	took[bucket(uint64(d.Microseconds()))].Add(1)
	m.P50.Set(quantile(0.5))
	m.P99.Set(quantile(0.99))
}

// quantile is a time that so large a share of the answers did not exceed: the
// upper edge of the bucket in which that answer is.
func quantile(share float64) int {
	total := uint64(0)
	for i := range took {
		total += took[i].Load()
	}
	rank, seen := uint64(math.Ceil(share*float64(total))), uint64(0)
	for i := range took {
		if seen += took[i].Load(); seen >= rank {
			return edge(i)
		}
	}
	return longest
}

// handle serves one connection to its end.
func handle(cfd int) error {
	buf := make([]byte, *bufSize)
	for {
		n, err := m.Read(cfd, buf)
		if err != nil {
			return err
		}
		began := time.Now()
		wait(*work)
		if err := m.Reply(cfd, buf[:n]); err != nil {
			return err
		}
		observe(time.Since(began))
	}
}

// wait has the thread sleep, as a call to a disk or a database would.
func wait(d time.Duration) {
	left := unix.NsecToTimespec(d.Nanoseconds())
	for d > 0 && unix.Nanosleep(&left, &left) == unix.EINTR { // signal(7): never restarted
	}
}
