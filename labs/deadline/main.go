//go:build linux

// Deadline is an echo server that waits in poll(2) only, each time until a
// moment that it has chosen: for a request, an answer, a connection of its own,
// a sign of life. What it costs is a poll for every wait, and to decide for each
// one how long it is worth it.
package main

import (
	"errors"
	"flag"
	"io"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/threads"
	"socketlabs/labs/telemetry"
)

var (
	kind           = flag.String("deadline", "progress", "what moves a deadline: nothing, bytes up to total-timeout, bytes without end; or there is none [absolute|progress|idle|none]")
	readTimeout    = flag.Duration("read-timeout", 10*time.Second, "how long reading may wait, 0 for ever [0s..60s]")
	writeTimeout   = flag.Duration("write-timeout", 10*time.Second, "how long writing may wait, 0 for ever [0s..60s]")
	most           = flag.Duration("total-timeout", 30*time.Second, "progress: how long a request or an answer may take in all [100ms..60s]")
	request        = flag.Int("request", 0, "bytes of a request, 0 for all that a connection sends [0..1048576 bytes]")
	floor          = flag.Bool("floor", false, "round what is left down to milliseconds, not up")
	keepalive      = flag.Duration("keepalive", 0, "silence before the kernel asks whether the peer is there, and between asking, 0 never [0s..60s]")
	userTimeout    = flag.Duration("user-timeout", 0, "how long sent bytes may stay unacknowledged, 0 the system's [0s..60s]")
	ping           = flag.Duration("ping", 0, "silence before we ask with a byte of our own, and before we give up, 0 never [0s..60s]")
	upstream       = flag.String("upstream", "none", "connect out too, to a listener that answers or to one that does not [none|live|mute]")
	connectTimeout = flag.Duration("connect-timeout", time.Second, "how long connecting may wait, 0 as long as the kernel tries [0s..60s]")
	bufSize        = flag.Int("buf", 4096, "bytes per read [64..1048576 bytes]")
	backlog        = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name.
var m struct {
	threads.Counts
	Reads, Writes, ShortWrites, Bytes                       telemetry.Counter
	Polls, Early, Again, Timeouts, Resets, BrokenPipes      telemetry.Counter
	Connects, ConnectTimeouts, Etimedout, Pings, Unanswered telemetry.Counter
}

const (
	maxThreads = 3000 // are served at once; the Go runtime aborts at 10,000 threads
	probes     = 2    // unanswered keepalive probes that end a connection
)

// conn is one connection, served on a thread of its own.
type conn struct {
	fd    int
	heard time.Time // when the last byte came
	pings int       // since then
}

func main() { lab.Main(serve, &m) }

func serve(addr netip.AddrPort, quit int) error {
	var probing sync.WaitGroup
	err := threads.Serve(addr, quit, threads.Config{
		Counts: &m.Counts, Backlog: *backlog, Flags: unix.SOCK_NONBLOCK, Most: maxThreads, Handle: handle,
		Before: func() {
			if *upstream != "none" {
				probing.Go(func() { probe(quit) })
			}
		},
	})
	if err == nil {
		probing.Wait()
	}
	return err
}

// handle serves one connection to its end.
func handle(cfd int) error {
	if err := watch(cfd); err != nil {
		return err
	}
	return drain(&conn{fd: cfd, heard: time.Now()}, make([]byte, *bufSize))
}

// drain reads and answers until the connection ends. A normal ending is io.EOF.
func drain(c *conn, buf []byte) error {
	d, left := begin(*readTimeout), *request
	for {
		n, err := unix.Read(c.fd, buf)
		m.Reads.Inc()
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
			continue
		case err == unix.EAGAIN: // nothing there: the time to wait
			m.Again.Inc()
			if err := hear(c, d); err != nil {
				return err
			}
			continue
		case err != nil:
			return failed("read", err)
		case n == 0: // FIN; everything before it has been answered
			return io.EOF
		}
		if err := reply(c, buf[:n]); err != nil {
			return err
		}
		c.heard, c.pings = time.Now(), 0
		if left -= n; *request > 0 && left <= 0 { // the next request
			d, left = begin(*readTimeout), *request
		}
		d.progress(n)
	}
}

// hear waits for bytes. A peer that is silent is asked once; an answer is a
// byte like any other.
func hear(c *conn, d deadline) error {
	for {
		var turn time.Time
		if *ping > 0 {
			turn = c.heard.Add(*ping * time.Duration(1+c.pings))
		}
		err := await(c.fd, unix.POLLIN, sooner(turn, d.next), -1)
		switch {
		case err != errLate:
			return err
		case turn.IsZero() || time.Now().Before(turn):
			m.Timeouts.Inc()
			return io.EOF
		case c.pings > 0:
			m.Unanswered.Inc()
			return io.EOF
		}
		c.pings++
		m.Pings.Inc()
		if err := reply(c, []byte{0}); err != nil {
			return err
		}
	}
}

// reply writes all of data, for as long as an answer may take.
func reply(c *conn, data []byte) error {
	d := begin(*writeTimeout)
	for len(data) > 0 {
		n, err := unix.Write(c.fd, data)
		m.Writes.Inc()
		switch {
		case err == unix.EINTR:
			m.Interrupted.Inc()
			continue
		case err == unix.EAGAIN: // no room: the time to wait
			m.Again.Inc()
			if err := await(c.fd, unix.POLLOUT, d.next, -1); err == errLate {
				m.Timeouts.Inc()
				return io.EOF
			} else if err != nil {
				return err
			}
			continue
		case err != nil:
			return failed("write", err)
		}
		if n < len(data) {
			m.ShortWrites.Inc()
		}
		m.Bytes.Add(n)
		data = data[n:]
		d.progress(n)
	}
	return nil
}

// failed says what an error means: io.EOF, when it is one of the ways in which
// a connection ends.
func failed(call string, err error) error {
	switch err {
	case unix.ECONNRESET:
		m.Resets.Inc()
	case unix.EPIPE: // the reset was noticed by an earlier call
		m.BrokenPipes.Inc()
	case unix.ETIMEDOUT: // the kernel has given the peer up
		m.Etimedout.Inc()
	default:
		return os.NewSyscallError(call, err)
	}
	return io.EOF
}

// watch has the kernel look for a dead peer: TCP_USER_TIMEOUT while bytes are
// unacknowledged, keepalive while there are none (tcp(7)).
func watch(cfd int) error {
	seconds := int((*keepalive + time.Second - 1) / time.Second)
	var err error
	for _, o := range []struct{ level, option, value int }{
		{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(*userTimeout / time.Millisecond)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, max(1, seconds)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, max(1, seconds)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, probes},
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, min(1, seconds)},
	} {
		err = errors.Join(err, unix.SetsockoptInt(cfd, o.level, o.option, o.value))
	}
	return os.NewSyscallError("setsockopt", err)
}
