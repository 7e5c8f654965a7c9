//go:build linux

package loop_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/loop"
	"socketlabs/labs/internal/sock"
)

const patience = 10 * time.Second

// server is a loop in this process.
type server struct {
	*loop.Loop
	t    *testing.T
	addr string
	quit int
	done chan error
}

func start(t *testing.T, c loop.Config) *server {
	t.Helper()
	c.Counts = &loop.Counts{}
	s := &server{t: t, done: make(chan error, 1)}
	var err error
	if s.Loop, err = loop.New(c); err != nil {
		t.Fatal(err)
	}
	lfd, err := sock.Listen(netip.MustParseAddrPort("127.0.0.1:0"), 64)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := sock.Addr(lfd)
	if err != nil {
		t.Fatal(err)
	}
	s.addr = addr.String()
	if err := s.Listen(lfd); err != nil {
		t.Fatal(err)
	}
	if s.quit, err = unix.Eventfd(0, unix.EFD_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	go func() { s.done <- s.Run(s.quit) }()
	t.Cleanup(func() {
		s.stop()
		unix.Close(s.quit)
	})
	return s
}

// stop does what SIGTERM does, and requires that the loop ends well.
func (s *server) stop() {
	s.t.Helper()
	if s.done == nil {
		return
	}
	unix.Write(s.quit, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	select {
	case err := <-s.done:
		if err != nil || s.Counts.Open.Value() != 0 || s.Counts.Pending.Value() != 0 {
			s.t.Errorf("ended with %v, %d connections open, %d bytes pending", err, s.Counts.Open.Value(), s.Counts.Pending.Value())
		}
	case <-time.After(patience):
		s.t.Error("the loop does not end")
	}
	s.done = nil
}

func (s *server) dial() *net.TCPConn {
	s.t.Helper()
	c, err := net.DialTimeout("tcp", s.addr, patience)
	if err != nil {
		s.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(patience))
	s.t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

func echo(c *loop.Conn) error {
	c.Send(c.In)
	c.Take(len(c.In))
	return nil
}

// all reads to the end.
func all(t *testing.T, c net.Conn) []byte {
	t.Helper()
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestEchoesMoreThanTheKernelTakes(t *testing.T) {
	s := start(t, loop.Config{Receive: echo})
	c, data := s.dial(), bytes.Repeat([]byte("0123456789abcde\n"), 1<<20)
	c.SetReadBuffer(64 << 10)
	go func() {
		c.Write(data)
		c.CloseWrite()
	}()
	for last := int64(-1); last != s.Counts.Pending.Value() || last == 0; time.Sleep(20 * time.Millisecond) {
		last = s.Counts.Pending.Value()
	}
	if n := s.Counts.Pending.Value(); n > 64<<10+4096 {
		t.Errorf("%d bytes are kept for a client that does not read", n)
	}
	if !bytes.Equal(all(t, c), data) {
		t.Error("not what was sent")
	}
}

func TestHeldAnswersOutliveFIN(t *testing.T) {
	s := start(t, loop.Config{Receive: func(c *loop.Conn) error {
		body := bytes.Clone(c.In)
		c.Take(len(c.In))
		c.Hold()
		time.AfterFunc(50*time.Millisecond, func() {
			c.Post(func() {
				c.Send(body)
				c.Release()
			})
		})
		return nil
	}})
	c := s.dial()
	c.Write([]byte("later"))
	c.CloseWrite()
	if got := all(t, c); string(got) != "later" {
		t.Errorf("got %q", got)
	}
	c = s.dial()
	c.Write([]byte("at the end"))
	for s.Counts.Reads.Value() < 3 { // the first one's bytes and FIN, and these
		time.Sleep(time.Millisecond)
	}
	s.stop()
	if got := all(t, c); string(got) != "at the end" {
		t.Errorf("got %q at the loop's end", got)
	}
}

func TestFinishIsHeard(t *testing.T) {
	s := start(t, loop.Config{Accept: func(c *loop.Conn) {
		c.Send([]byte("not now"))
		c.Finish()
	}, Receive: func(c *loop.Conn) error { return errors.New("received after Finish") }})
	for range 50 { // closing with unread bytes at once would reset some of them
		c := s.dial()
		c.Write(make([]byte, 10_000))
		if got := all(t, c); string(got) != "not now" {
			t.Fatalf("got %q", got)
		}
		c.Close()
	}
	began := time.Now()
	s.dial() // and never leaves
	s.stop()
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("a client that does not leave holds the loop up for %s", d)
	}
}

func TestTooMuchUnread(t *testing.T) {
	s := start(t, loop.Config{MaxIn: 10_000, Receive: func(c *loop.Conn) error { return nil }})
	c := s.dial()
	go c.Write(make([]byte, 1<<20))
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("it goes on")
	}
}

// A front: what a client says goes to another server, and its answer back.
func TestDial(t *testing.T) {
	behind := start(t, loop.Config{Receive: echo})
	var up *loop.Conn
	var client *loop.Conn
	s := start(t, loop.Config{
		Accept: func(c *loop.Conn) {
			if up == nil {
				t.Error("Accept sees the connection that Dial made")
			}
			client = c
		},
		Receive: func(c *loop.Conn) error {
			to := up
			if c == up {
				to = client
			}
			to.Send(c.In)
			c.Take(len(c.In))
			return nil
		},
	})
	dialled := make(chan error)
	s.Post(func() {
		c, err := s.Dial(netip.MustParseAddrPort(behind.addr), "up")
		up = c
		dialled <- err
	})
	if err := <-dialled; err != nil || up.Data != "up" {
		t.Fatal(err)
	}
	c, data := s.dial(), bytes.Repeat([]byte("front"), 1<<18)
	go c.Write(data)
	got := make([]byte, len(data))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, data) {
		t.Errorf("not what was sent: %v", err)
	}
	if _, err := s.Dial(netip.MustParseAddrPort("127.0.0.1:1"), nil); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("%v, want ECONNREFUSED", err)
	}
}

// A thread may be done with its work when there is no loop any more.
func TestPostAfterTheEnd(t *testing.T) {
	s := start(t, loop.Config{Receive: echo})
	s.stop()
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK) // gets a number that the loop had
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	s.Post(func() { t.Error("called without a loop") })
	if n, err := unix.Read(fd, make([]byte, 8)); err != unix.EAGAIN {
		t.Errorf("somebody else's descriptor was written to: %d, %v", n, err)
	}
}

func TestTick(t *testing.T) {
	ticks := make(chan time.Time, 100)
	start(t, loop.Config{Receive: echo, Every: 5 * time.Millisecond, Tick: func(_ *loop.Loop, now time.Time) {
		select {
		case ticks <- now:
		default:
		}
	}})
	for range 3 {
		select {
		case <-ticks:
		case <-time.After(patience):
			t.Fatal("no tick")
		}
	}
}
