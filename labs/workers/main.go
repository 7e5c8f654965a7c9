//go:build linux

// Workers speaks the toy RPC: one loop, and threads that do the heavy calls. What
// it costs is that each of them is handed over and back, and that there is a
// queue, which must end somewhere.
package main

import (
	"bytes"
	"flag"
	"log"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/loop"
	"socketlabs/labs/internal/rpc"
	"socketlabs/labs/telemetry"
)

var (
	threads   = flag.Int("threads", 2, "threads for the work calls, 0: the loop does them itself [0..64]")
	queue     = flag.Int("queue", 64, "work calls that may wait for a thread [1..1024]")
	kind      = flag.String("work", "wait", "what the work is: to wait, to compute, to have a disk write, or to ask another server [wait|compute|disk|upstream]")
	syncEvery = flag.Duration("sync-every", 0, "disk: a call waits until the disk has its record, 0; or one thread syncs so often what others have answered [0s..10s]")
	lock      = flag.String("lock", "none", "held by a work call as long as it works: no lock, one, or that of its shard [none|one|sharded]")
	shards    = flag.Int("shards", 64, "locks of the sharded table [1..1024]")
	backlog   = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	loop.Counts
	Requests, Handed, Worked, Refused, BadRequests telemetry.Counter
	Contended, LockWait                            telemetry.Counter // locks that were taken, and microseconds of waiting for them
	Guarded                                        telemetry.Counter // rows that were counted under their lock
	Syncs, DiskWait, UpstreamCalls, UpstreamWait   telemetry.Counter // and microseconds of waiting for them
	Queue, Busy, Unsynced                          telemetry.Gauge   // calls that were answered and are not on the disk: Unsynced
}

// maxWork bounds what a call that waits keeps in memory.
const maxWork = 64 << 10

// job is a work call on its way to a thread.
type job struct {
	c    *loop.Conn
	id   uint32
	body []byte
}

var (
	jobs  chan job      // the bounded queue
	locks []sync.Mutex  // locks[row%len(locks)] guards rows[row]
	rows  [4096]uint64  // the table: how often each row was worked on
	mean  time.Duration // of the latest work, the loop's
	own   place         // the loop's, when it works itself
	disk  journal
)

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	runtime.GOMAXPROCS(runtime.NumCPU() + *threads) // the kernel shares the cores among the threads, not Go
	jobs = make(chan job, *queue)
	switch *lock {
	case "one":
		locks = make([]sync.Mutex, 1)
	case "sharded":
		locks = make([]sync.Mutex, *shards)
	}
	if err := startUpstream(); err != nil {
		return err
	}
	stop, err := startJournal()
	if err != nil {
		return err
	}
	if *threads == 0 {
		if err := own.open(); err != nil {
			return err
		}
	}
	var working sync.WaitGroup
	for range *threads {
		p := &place{}
		if err := p.open(); err != nil {
			return err
		}
		working.Go(func() { worker(p) })
	}
	err = loop.Serve(addr, quit, loop.Config{Counts: &m.Counts, Backlog: *backlog, Receive: drain})
	close(jobs)
	working.Wait()
	stop()
	return err
}

// drain takes the calls that have arrived.
func drain(c *loop.Conn) error {
	if err := rpc.Each(c, answer); err != nil {
		m.BadRequests.Inc()
		rpc.Refuse(c, err.Error())
	}
	return nil
}

// answer answers a cheap call at once, and finds somebody for a heavy one.
func answer(c *loop.Conn, r rpc.Request) {
	m.Requests.Inc()
	switch {
	case r.Method == rpc.Echo:
		c.Send(rpc.Append(nil, r.ID, rpc.OK, r.Body))
	case r.Method == rpc.Name:
		c.Send(rpc.Append(nil, r.ID, rpc.OK, []byte("workers")))
	case r.Method != rpc.Work:
		c.Send(rpc.Append(nil, r.ID, rpc.UnknownMethod, nil))
	case len(r.Body) < 4 || len(r.Body) > maxWork:
		m.BadRequests.Inc()
		c.Send(rpc.Append(nil, r.ID, rpc.BadRequest, nil))
	case *threads == 0: // and nobody else is served meanwhile
		_, status := work(job{c, r.ID, r.Body}, &own)
		c.Send(rpc.Append(nil, r.ID, status, r.Body))
	default:
		handOver(job{c, r.ID, r.Body})
	}
}

// handOver puts the call into the queue, or refuses it: an answer now, that says
// when to come again, is better than one that comes when nobody waits any more.
func handOver(j job) {
	if len(jobs) == cap(jobs) { // only this thread fills it
		m.Refused.Inc()
		j.c.Send(rpc.AppendBusy(nil, j.id, time.Millisecond+mean*time.Duration(len(jobs))/time.Duration(*threads)))
		return
	}
	m.Handed.Inc()
	m.Queue.Inc()
	j.body = bytes.Clone(j.body)
	j.c.Hold()
	jobs <- j
}

// worker works on one call after the other, on a thread of its own. Connections
// are the loop's alone, so the answer goes back to it.
func worker(p *place) {
	runtime.LockOSThread()
	defer p.close()
	for j := range jobs {
		m.Queue.Dec()
		m.Busy.Inc()
		took, status := work(j, p)
		m.Busy.Dec()
		j.c.Post(func() { reply(j, took, status) })
	}
}

// reply sends the answer, on the loop's thread.
func reply(j job, took time.Duration, status rpc.Status) {
	mean += (took - mean) / 8
	j.c.Send(rpc.Append(nil, j.id, status, j.body))
	j.c.Release()
}

// work does what the call asks for, to a row of the table and under its lock.
func work(j job, p *place) (took time.Duration, status rpc.Status) {
	began := time.Now()
	if len(locks) > 0 {
		row := (j.id + uint32(j.c.FD)<<20) * 0x9E3779B1 >> 20 // any of the rows: 12 bits
		guard := &locks[row%uint32(len(locks))]
		if !guard.TryLock() {
			m.Contended.Inc()
			guard.Lock()
			m.LockWait.Add(int(time.Since(began).Microseconds()))
		}
		defer guard.Unlock()
		count(row)
	}
	if err := p.perform(rpc.WorkTime(j.body)); err != nil {
		log.Print(err)
		return time.Since(began), rpc.Failed
	}
	m.Worked.Inc()
	return time.Since(began), rpc.OK
}

// count counts the work on a row, and whether its lock is held meanwhile: that is
// asked here, as lockdep_assert_held() asks in Linux, so that nobody who forgets
// the lock goes unnoticed.
func count(row uint32) {
	if guard := &locks[row%uint32(len(locks))]; guard.TryLock() {
		guard.Unlock()
	} else {
		m.Guarded.Inc()
	}
	rows[row]++
}

// perform takes d for what the work is.
func (p *place) perform(d time.Duration) error {
	switch *kind {
	case "compute":
		compute(d)
	case "disk":
		return disk.put(d)
	case "upstream":
		return p.ask(d)
	default:
		wait(d)
	}
	return nil
}

// wait has the thread sleep, as a call to a disk or a database would.
func wait(d time.Duration) {
	left := unix.NsecToTimespec(d.Nanoseconds())
	for d > 0 && unix.Nanosleep(&left, &left) == unix.EINTR { // signal(7): never restarted
	}
}

// compute takes d of CPU time, however long that is on a machine with others.
func compute(d time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for end := cpuTime() + d; cpuTime() < end; {
	}
}

func cpuTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(os.NewSyscallError("clock_gettime", err))
	}
	return time.Duration(t.Nano())
}
