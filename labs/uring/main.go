//go:build linux

// Uring is an echo server on io_uring: one system call submits the answers to
// many requests and brings the next ones. What it costs is that the kernel works
// while the server does something else, so that every buffer and descriptor has
// to stay until the kernel says that it is done; and that many hosts forbid it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"math/bits"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/sock"
	"socketlabs/labs/telemetry"
)

var (
	entries = flag.Int("entries", 256, "operations that one io_uring_enter submits at most, rounded up to a power of two [1..4096]")
	buffers = flag.Int("buffers", 256, "buffers for all connections together, rounded up to a power of two [1..32768]")
	bufSize = flag.Int("buf", 4096, "bytes of a buffer [64..65536 bytes]")
	gather  = flag.Int("gather", 32, "completions that one io_uring_enter waits for at most, while they come quickly [1..256]")
	linger  = flag.Duration("linger", 100*time.Microsecond, "how long it waits for more than one [0s..10ms]")
	backlog = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	Accepts, AcceptErrors, Emfile, Enters, Completions, Bytes     telemetry.Counter
	ShortWrites, Again, Starved, Resets, BrokenPipes, Interrupted telemetry.Counter
	Open, Pending                                                 telemetry.Gauge
}

// unsent is how many buffers full one connection may have us keep before nothing
// more is read from it.
const unsent = 16

// conn is a connection, and what the kernel is doing for it.
type conn struct {
	fd        int
	receiving bool // until a completion without hasMore
	multishot bool // it receives more than once
	cancelled bool // the kernel is to receive no more
	over      bool // no more will be received: FIN, or it is dead
	dead      bool // no more can be sent either
	sending   state
	buffer    uint16 // what a hasty send sends from
	turn      uint32 // counts hasty sends
	entry     uint32 // where the ring has that send
	size      int    // bytes of that send
	flying    []byte // what a patient send sends
	out       []byte // to be sent after it
}

var (
	r       ring
	lfd     = -1
	quitfd  int
	closing bool
	conns   []*conn // by descriptor
	sent    []turn  // since the last enter
	starved []*conn // they found no buffer
	busy    bool    // there is something to do that no completion will tell of
	spare   = sock.Reserve()
)

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	runtime.LockOSThread() // the ring is this thread's
	if err := listen(addr, quit); err != nil {
		return err
	}
	var submitted []turn
	for lfd >= 0 || m.Open.Value() > 0 {
		wait := 1
		if busy {
			wait, busy = 0, false
		}
		if err := r.submit(wait); err != nil {
			return err
		}
		submitted = submitted[:0]
		if r.queued == 0 {
			sent, submitted = submitted, sent
		}
		n := 0
		for e, ok := r.take(); ok; e, ok = r.take() {
			if e.op() == opRecv { // a send that failed at once stands before what was waited for
				submitted = settle(submitted)
			}
			if err := complete(e); err != nil {
				return err
			}
			n++
		}
		submitted = settle(submitted)
		if wait > 0 {
			r.gather(n, *gather)
		}
		feed()
		m.Completions.Add(n)
	}
	return nil
}

// listen makes the ring and the listener, which blocks: of a non-blocking socket
// io_uring does not wait for readiness either.
func listen(addr netip.AddrPort, quit int) (err error) {
	if err := r.open(*entries, 1<<bits.Len(uint(*buffers-1)), *bufSize); err != nil {
		return forbidden(err)
	}
	if lfd, err = sock.Listen(addr, *backlog); err != nil {
		return err
	}
	quitfd = quit
	poll(quit)
	arm()
	lab.Listening(lfd)
	return nil
}

// forbidden says why there is no ring, if it knows.
func forbidden(err error) error {
	why := ""
	switch disabled, _ := os.ReadFile("/proc/sys/kernel/io_uring_disabled"); {
	case errors.Is(err, unix.ENOSYS):
		why = "this kernel has no io_uring, or a seccomp filter such as a container's hides it"
	case errors.Is(err, unix.EPERM) && strings.TrimSpace(string(disabled)) != "0":
		why = "the sysctl kernel.io_uring_disabled forbids it"
	case errors.Is(err, unix.EPERM):
		why = "a security policy forbids it, such as a container's seccomp filter"
	case errors.Is(err, unix.EINVAL):
		why = "this lab takes Linux 6.1 or later"
	case errors.Is(err, unix.ENOMEM):
		why = "the limit of locked memory is too low: ulimit -l"
	default:
		return err
	}
	return fmt.Errorf("%w: %s", err, why)
}

// complete takes note of what has been done.
func complete(e cqe) error {
	switch fd := int(uint32(e.data)); e.op() {
	case opAccept:
		return accept(e)
	case opPollAdd:
		if fd == quitfd {
			stop()
			return nil
		}
		return admit()
	case opRecv:
		drain(conns[fd], e)
	case opSend:
		flush(conns[fd], int(e.res))
	case opCancel: // it came too early or too late
		if c := conns[fd]; c != nil {
			c.cancelled = false
			watch(c)
		}
	}
	return nil
}

// drain takes what has been received.
func drain(c *conn, e cqe) {
	if e.flags&hasMore == 0 {
		c.receiving, c.cancelled = false, false
	}
	switch err := unix.Errno(-e.res); {
	case e.flags&hasBuffer != 0:
		r.free--
		reply(c, uint16(e.flags>>16), int(e.res))
	case e.res == 0: // FIN; everything before it is on its way
		c.over = true
	case err == unix.ENOBUFS:
		m.Starved.Inc()
		starved = append(starved, c)
		return
	case err == unix.ECANCELED || err == unix.EINTR || err == unix.EAGAIN: // watch goes on
	default:
		lose(c, "recv", err)
	}
	watch(c)
}

// watch begins what c needs next: to send what it keeps, to receive, to receive
// no more while it keeps too much (back-pressure), or to be closed.
func watch(c *conn) {
	if c.sending == idle && len(c.out) > 0 {
		c.flying, c.out, c.sending = c.out, nil, patient
		send(c, c.flying)
	}
	if c.sending == hasty && (c.over || len(c.out) > 0) {
		busy = true
	}
	full := len(c.out)+len(c.flying) > unsent**bufSize
	switch {
	case c.receiving && (c.over || full || c.multishot && lfd < 0):
		cancel(c)
	case !c.receiving && c.over && c.sending == idle:
		leave(c)
	case !c.receiving && !c.over && !full:
		receive(c)
	}
}

// receive has the kernel receive whatever comes, each time into a buffer of its
// choice, until it says that it stops. Once shut has ended the connections it
// does so one by one: a multishot receive goes on when it is woken, and the end
// that shutdown(2) makes has woken it before.
func receive(c *conn) {
	e := r.next(opRecv, c.fd)
	e.flags, e.ioprio = selectBuffer, pollFirst
	if c.receiving, c.multishot = true, lfd >= 0; c.multishot {
		e.ioprio |= multishotRecv
	}
}

// cancel ends the receiving. It does so later, and what comes until then has to
// be taken.
func cancel(c *conn) {
	if !c.cancelled {
		e := r.next(opCancel, c.fd)
		e.flags, e.addr = skipSuccess, opRecv<<32|uint64(c.fd)
		c.cancelled = true
	}
}

// feed has as many receive again of those who found no buffer as there are
// buffers; the others stay first in the line.
func feed() {
	hungry, free := starved, r.free
	starved = nil
	for _, c := range hungry {
		switch {
		case conns[c.fd] != c || c.receiving: // it has left, or receives already
		case free == 0: // until hasty sends have given theirs back
			busy = true
			starved = append(starved, c)
		default:
			free--
			watch(c)
		}
	}
}

// lose ends a connection of which nothing is left. What is under way for it ends
// by itself, and only then it can be closed.
func lose(c *conn, call string, err unix.Errno) {
	if !c.dead {
		switch err {
		case unix.ECONNRESET: // a normal ending: count it
			m.Resets.Inc()
		case unix.EPIPE: // the reset was noticed by an earlier call
			m.BrokenPipes.Inc()
		default:
			log.Print(os.NewSyscallError(call, err))
		}
		unix.Shutdown(c.fd, unix.SHUT_RDWR)
	}
	m.Pending.Add(-len(c.out))
	c.over, c.dead, c.out = true, true, nil
}

// enter lists the connection and has it receive.
func enter(cfd int) {
	conns = append(conns, make([]*conn, max(0, cfd+1-len(conns)))...) // room for it
	m.Open.Inc()
	c := &conn{fd: cfd}
	conns[cfd] = c
	watch(c)
}

// leave closes it. Nothing is under way for it.
func leave(c *conn) {
	m.Open.Dec()
	conns[c.fd] = nil
	unix.Close(c.fd)
}
