//go:build linux

// Epollet is an echo server on edge-triggered epoll, shared by any number of
// threads. What it costs is a law: whoever stops before EAGAIN has to remember,
// because the kernel reports a change once.
package main

import (
	"errors"
	"flag"
	"io"
	"log"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/sock"
	"socketlabs/labs/telemetry"
)

var (
	toTheEnd  = flag.Bool("drain", true, "read until EAGAIN; without it, once per wakeup: the stall")
	readCap   = flag.Int("drain-cap", 16, "reads in a row that one connection gets, 0 without end [0..1000000]")
	oneshot   = flag.Bool("oneshot", false, "EPOLLONESHOT: a connection is off until its thread has done with it")
	armed     = flag.Bool("armed", false, "register EPOLLOUT once and for all; ONESHOT registers each time")
	pooled    = flag.Bool("pool", true, "use the buffers of the output rings again")
	threads   = flag.Int("threads", 1, "threads that wait on the one epoll [1..64]")
	bufSize   = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	maxEvents = flag.Int("max-events", 256, "events per epoll_wait [1..4096]")
	backlog   = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	Accepts, AcceptErrors, Emfile, Reads, Writes, ShortWrites, Bytes           telemetry.Counter
	Wakeups, Again, Resets, BrokenPipes, Interrupted, Rearms, Overlaps, Allocs telemetry.Counter
	Open, Pending                                                              telemetry.Gauge
}

// conn is a connection and what epoll will not say again.
type conn struct {
	sync.Mutex        // guards the others
	fd         int    // -1 once it is closed
	events     uint32 // what epoll watches
	out        ring   // read and not yet sent
	ended      bool   // it sends no more: close when out is empty
	listed     bool   // stopped before EAGAIN for the sake of others
}

// open is who is there. A number is closed under the lock under which its entry
// goes: the kernel gives it out again at once.
var open struct {
	sync.RWMutex         // guards conns
	conns        []*conn // by descriptor
}

var (
	epfd     int
	served   sync.WaitGroup // connections
	stopping atomic.Bool    // the listener is closed
	spare    = sock.Reserve()
)

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	lfd, err := listen(addr)
	if err != nil {
		return err
	}
	end := make(chan error, 1+*threads)
	go func() { end <- stop(lfd, quit) }()
	for range *threads {
		go func() { end <- loop(lfd) }() // who waits in a system call has a thread
	}
	return <-end
}

// listen makes the listener and the epoll that watches it, for one thread at a time.
func listen(addr netip.AddrPort) (lfd int, err error) {
	if lfd, err = sock.Listen(addr, *backlog); err != nil {
		return -1, err
	}
	if err := unix.SetNonblock(lfd, true); err != nil {
		return -1, os.NewSyscallError("fcntl", err)
	}
	if epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return -1, os.NewSyscallError("epoll_create1", err)
	}
	lab.Listening(lfd)
	return lfd, control(unix.EPOLL_CTL_ADD, lfd, unix.EPOLLIN|unix.EPOLLONESHOT)
}

// loop is one thread. It keeps a list of whom it left before EAGAIN, as events
// that say nothing, and does not sleep while there are any.
func loop(lfd int) error {
	events, buf := make([]unix.EpollEvent, *maxEvents), make([]byte, *bufSize)
	var list []unix.EpollEvent
	for {
		timeout := -1
		if len(list) > 0 {
			timeout = 0
		}
		n, err := unix.EpollWait(epfd, events, timeout)
		if err == unix.EINTR { // signal(7): never restarted, SA_RESTART or not
			m.Interrupted.Inc()
			continue
		}
		if err != nil {
			return os.NewSyscallError("epoll_wait", err)
		}
		m.Wakeups.Inc()
		batch := append(events[:n], list...)
		list = list[:0]
		for _, e := range batch {
			again := false
			if fd := int(e.Fd); fd == lfd {
				err = accept(lfd)
			} else if c := find(fd); c != nil { // else another thread closed it
				again, err = handle(c, e.Events, buf)
			}
			if err != nil {
				return err
			}
			if again {
				list = append(list, unix.EpollEvent{Fd: e.Fd})
			}
		}
	}
}

// accept takes one connection and has the listener reported again. An error is
// the listener's own (accept(2)).
func accept(lfd int) error {
	open.Lock()
	defer open.Unlock()
	if stopping.Load() {
		return nil
	}
	cfd, _, err := unix.Accept4(lfd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	switch {
	case err == nil:
		m.Accepts.Inc()
		enter(cfd)
	case err == unix.EAGAIN, err == unix.EINTR: // it left, or is reported again
	case sock.Died(err):
		m.AcceptErrors.Inc()
	case sock.Exhausted(err): // left in the queue it would be reported for ever
		m.Emfile.Inc()
		spare.Refuse(lfd)
	default:
		return os.NewSyscallError("accept4", err)
	}
	return control(unix.EPOLL_CTL_MOD, lfd, unix.EPOLLIN|unix.EPOLLONESHOT)
}

// handle does what an event allows and whatever was left undone before. It
// returns whether c belongs on the thread's list.
func handle(c *conn, events uint32, buf []byte) (again bool, err error) {
	if !c.TryLock() { // bytes came while another thread had it
		m.Overlaps.Inc()
		c.Lock()
	}
	if c.fd < 0 { // that thread closed it
		c.Unlock()
		return false, nil
	}
	c.listed = c.listed && events != 0 // from the list
	err = c.flush()
	if err == nil && !c.ended && !c.pending() {
		err = drain(c, events, buf)
	}
	if err == errLater {
		again, c.listed, err = !c.listed, true, nil
	}
	if err == io.EOF && c.out.n > 0 && !c.ended { // after FIN it gets the rest, after RST this fails
		c.ended = true
		err = c.flush()
	}
	if err != nil || c.ended && c.out.n == 0 {
		leave(c, err)
		return false, nil
	}
	return again, watch(c)
}

// errLater ends a drain before EAGAIN.
var errLater = errors.New("others wait")

// drain reads and answers until EAGAIN, and finds a FIN without asking events.
// The end of the connection is io.EOF. Who stops earlier is remembered: c is
// pending, or it goes on the list.
func drain(c *conn, events uint32, buf []byte) error {
	for reads := 1; ; reads++ {
		n, err := unix.Read(c.fd, buf)
		m.Reads.Inc()
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
			continue
		case err == unix.EAGAIN: // the receive queue is empty
			m.Again.Inc()
			return nil
		case err == unix.ECONNRESET: // a normal ending: count it
			m.Resets.Inc()
			return io.EOF
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0: // FIN
			return io.EOF
		}
		if err := c.send(buf[:n]); err != nil {
			return err
		}
		switch {
		case c.pending(): // back-pressure: once there is room, handle drains again
			return nil
		case !*toTheEnd && !stopping.Load(): // and nobody remembers: the stall
			return nil
		case *readCap > 0 && reads >= *readCap: // fairness
			return errLater
		}
	}
}

// watch registers what c waits for, and unlocks it. EPOLL_CTL_MOD reports anew
// what is ready, so that nothing is lost between two registrations.
func watch(c *conn) error {
	fd, want := c.fd, wanted(c)
	same := want == c.events
	c.events = want
	if *oneshot {
		same = c.listed // it stays off
		c.Unlock()      // once it is on, another thread may have it
	} else {
		defer c.Unlock()
	}
	if same {
		return nil
	}
	m.Rearms.Inc()
	return control(unix.EPOLL_CTL_MOD, fd, want)
}

// wanted is bytes and the FIN behind them, and room for output. Under ONESHOT,
// what c can not use now would come back with every EPOLL_CTL_MOD.
func wanted(c *conn) uint32 {
	want := uint32(unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET)
	if c.out.n > 0 || *armed && !*oneshot {
		want |= unix.EPOLLOUT
	}
	if *oneshot {
		want |= unix.EPOLLONESHOT
		if c.pending() || c.ended {
			want &^= unix.EPOLLIN | unix.EPOLLRDHUP
		}
	}
	return want
}

func control(op, fd int, events uint32) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(epfd, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}))
}

func find(fd int) *conn {
	open.RLock()
	defer open.RUnlock()
	return open.conns[fd]
}

// enter lists the connection and has it watched, under the lock of open.
func enter(cfd int) {
	open.conns = append(open.conns, make([]*conn, max(0, cfd+1-len(open.conns)))...) // room for it
	c := &conn{fd: cfd}
	c.events = wanted(c)
	open.conns[cfd] = c
	if err := control(unix.EPOLL_CTL_ADD, cfd, c.events); err != nil { // ENOSPC: too many are watched
		log.Print(err)
		open.conns[cfd] = nil
		unix.Close(cfd)
		return
	}
	m.Open.Inc()
	served.Add(1)
}

// leave closes c, and unlocks it.
func leave(c *conn, err error) {
	if err != nil && err != io.EOF {
		log.Print(err)
	}
	c.out.drop(c.out.n)
	open.Lock()
	open.conns[c.fd] = nil
	unix.Close(c.fd)
	c.fd = -1
	open.Unlock()
	c.Unlock()
	m.Open.Dec()
	served.Done()
}

// stop waits for SIGTERM, takes who is still in the queue, closes the door, and
// lets every connection end as if its FIN had come: after SHUT_RD a read still
// returns the bytes that have arrived, and then 0. To epoll that is a change.
func stop(lfd, quit int) error {
	sock.Wait(-1, quit)
	for sock.Wait(lfd, quit) == nil {
		if err := accept(lfd); err != nil {
			return err
		}
	}
	open.Lock()
	stopping.Store(true)
	unix.Close(lfd)
	for _, c := range open.conns {
		if c != nil {
			unix.Shutdown(c.fd, unix.SHUT_RD)
		}
	}
	open.Unlock()
	served.Wait()
	return nil
}
