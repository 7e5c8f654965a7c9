//go:build linux

package labtest

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Case is something that every echo lab must do.
type Case struct {
	Name string
	Why  string
	// Crowd says that it needs a server that serves several clients at once.
	Crowd bool
	Run   func(t *testing.T, s *Server)
}

// Cases of Conformance. After each of them the server must have closed every
// connection, kept no descriptor, and drain at SIGTERM.
var cases = []Case{
	{"byte by byte", "a stream has no messages: the smallest piece is one byte", false, byteByByte},
	{"1 MiB at once", "more than a buffer and more than the kernel's queues take at first", false, atOnce},
	{"pipelined", "10,000 small messages are in flight: nothing is lost or reordered", false, pipelined},
	{"slow reader", "what is unread waits in the client's kernel or at the client, not in our memory", false, slowReader},
	{"half-close", "FIN means no more requests, not no more answers", false, halfClose},
	{"reset", "RST is a normal ending, wherever it comes: counted, not logged, and nobody else notices", false, resets},
	{"come and gone", "2,000 clients (fewer without the long tests) that leave at once leave nothing behind", false, comeAndGone},
	{"no descriptors", "EMFILE neither ends nor spins the server, and it recovers", false, noDescriptors},
	{"SIGTERM", "all that has arrived is answered, even for clients still in the accept queue", false, sigterm},
	{"SIGTERM under load", "at a random moment, what had arrived is answered in full", false, sigtermUnderLoad},
	{"idle crowd", "100 silent clients cost the one that talks nothing", true, idleCrowd},
	{"bad company", "silent, slow and hostile clients do not keep a good one from being served", true, badCompany},
}

// Conformance runs every case against a lab, each with a fresh process.
func Conformance(t *testing.T, name string, args ...string) {
	conform(t, true, Plain(), name, args)
}

// ConformanceOf does it for a lab whose clients speak p.
func ConformanceOf(t *testing.T, p Protocol, name string, args ...string) {
	conform(t, true, p, name, args)
}

// ConformanceAlone leaves out what a server can not do that serves one client
// at a time.
func ConformanceAlone(t *testing.T, name string, args ...string) {
	conform(t, false, Plain(), name, args)
}

func conform(t *testing.T, crowd bool, p Protocol, name string, args []string) {
	for _, c := range cases {
		if c.Crowd && !crowd {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel() // each has a process of its own, and none measures time
			s := Start(t, name, args...)
			s.protocol = p
			s.Metrics() // by then the Go runtime has its own descriptors
			before, now := s.Opened(), []string{}
			c.Run(t, s)
			if s.Ended() {
				return
			}
			s.HangUp()
			defer func() {
				if t.Failed() {
					t.Logf("before: %q\nnow: %q", before, now)
				}
			}()
			// A thread that has not begun yet holds its connection and has not counted it.
			s.Wait("the last connection to be closed, and no descriptor to be left: "+c.Why, func(m map[string]float64) bool {
				now = s.Opened()
				return m["open"] == 0 && len(now) <= len(before)
			})
			s.Stop()
		})
	}
}

func byteByByte(t *testing.T, s *Server) {
	c := s.Dial()
	ask, answer := s.exchange(1, 300, 100)
	for i := range ask {
		if _, err := c.Write(ask[i : i+1]); err != nil {
			t.Fatal(err)
		}
		Arrived(t, c)
	}
	Expect(t, c, answer)
	s.Wait("every byte to be counted", func(m map[string]float64) bool { return int(m["bytes"]) == len(answer) })
}

func atOnce(t *testing.T, s *Server) {
	s.echo(s.Dial(), 2, 1<<20)
}

func pipelined(t *testing.T, s *Server) {
	const messages = 10_000
	c := s.Dial()
	ask, answer := s.exchange(3, messages*32, 32)
	sent := make(chan error, 1)
	go func() {
		var err error
		for one := range slices.Chunk(ask, len(ask)/messages) {
			if _, err = c.Write(one); err != nil {
				break
			}
		}
		sent <- err
	}()
	Expect(t, c, answer)
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// Modes are the settings of a lab that a test goes through: the first two of
// them, and with the long tests all.
func Modes(all ...string) []string {
	if os.Getenv("LABS_LONG") != "" {
		return all
	}
	return all[:2]
}

// full is the size of a case with the long tests, and its size otherwise.
func full(long, short int) int {
	if os.Getenv("LABS_LONG") != "" {
		return long
	}
	return short
}

func slowReader(t *testing.T, s *Server) {
	size := full(64<<20, 48<<20)
	if race { // whose shadow memory makes several bytes of each byte of garbage
		size = 96 << 20
	}
	ask, answer := s.exchange(4, size, message) // before the server begins to wait for it
	before := s.RSS()
	c := s.Dial()
	c.SetReadBuffer(64 << 10)
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(ask)
		sent <- err
	}()
	if s.Stuck() >= size {
		t.Fatal("the kernel took everything: this shows nothing")
	}
	if grown := s.RSS() - before; grown > int64(size/2) {
		t.Errorf("the server grew by %d bytes while %d were unread", grown, size)
	}
	Expect(t, c, answer)
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func halfClose(t *testing.T, s *Server) {
	c := s.Dial()
	ask, answer := s.exchange(5, 1<<20, message)
	go func() {
		c.Write(ask)
		c.CloseWrite()
	}()
	Expect(t, c, answer)
	ExpectEnd(t, c)
}

func resets(t *testing.T, s *Server) {
	points := []func(c *net.TCPConn){
		func(c *net.TCPConn) {}, // perhaps still in the accept queue
		func(c *net.TCPConn) { c.Write([]byte{1}) },
		func(c *net.TCPConn) { s.echo(c, 1, 100) },
		func(c *net.TCPConn) { // what it sent is read, in the queue or on its way; nothing is taken back
			s.echo(c, 2, 100)
			ask, _ := s.exchange(2, 50_000, message)
			c.Write(ask)
		},
		func(c *net.TCPConn) { // in the middle of an answer
			ask, answer := s.exchange(3, 1<<20, message)
			go c.Write(ask)
			Expect(t, c, answer[:1000])
		},
	}
	const rounds = 8
	for range rounds {
		for _, reach := range points {
			c := s.Dial()
			reach(c)
			Reset(c)
		}
	}
	clients := float64(rounds * len(points))
	s.Wait("every reset", func(m map[string]float64) bool { return m["resets"]+m["broken_pipes"] == clients })
	s.echo(s.Dial(), 6, 1000)
}

func comeAndGone(t *testing.T, s *Server) {
	clients := full(2000, 500)
	for i := range clients {
		c := s.Dial()
		if i%2 == 0 {
			ask, _ := s.exchange(uint64(i), 100, message)
			c.Write(ask)
		}
		c.Close()
	}
	s.Wait("every accept", func(m map[string]float64) bool { return int(m["accepts"]) == clients && m["open"] == 0 })
	s.echo(s.Dial(), 7, 1000)
}

func noDescriptors(t *testing.T, s *Server) {
	const clients = 10
	lift := s.LimitFiles(0)
	for range clients {
		ExpectEnd(t, s.Dial())
	}
	if n := s.Counter("emfile"); n != clients {
		t.Errorf("lab.emfile is %d after %d clients: does accept spin?", n, clients)
	}
	lift()
	s.echo(s.Dial(), 8, 1000)
}

func sigterm(t *testing.T, s *Server) {
	const clients, size = 20, 10_000
	conns := make([]*net.TCPConn, clients)
	for i := range conns {
		conns[i] = s.Dial()
		if i%4 > 0 { // the others are silent
			ask, _ := s.exchange(uint64(i), size, message)
			conns[i].Write(ask)
			Arrived(t, conns[i])
		}
	}
	s.Stop()
	for i, c := range conns {
		if i%4 > 0 {
			_, answer := s.exchange(uint64(i), size, message)
			Expect(t, c, answer)
		}
		ExpectEnd(t, c)
	}
	if n := s.Counter("accepts"); n != clients {
		t.Errorf("the last sample says %d accepts, want %d", n, clients)
	}
}

func sigtermUnderLoad(t *testing.T, s *Server) {
	const size = 10_000
	var clients sync.WaitGroup
	var answers atomic.Int64
	var signal atomic.Int64 // when it was sent, in nanoseconds of this process; 0: not yet
	began := time.Now()
	for i := range 8 {
		c := s.Dial()
		clients.Go(func() {
			for round := 0; ; round++ {
				ask, answer := s.exchange(uint64(i*1000+round), size, message)
				if _, err := c.Write(ask); err != nil {
					return // the door is closed
				}
				if !arrived(c, time.Second) {
					return // nor has it a window
				}
				at := int64(time.Since(began))
				got := make([]byte, len(answer))
				n, err := io.ReadFull(c, got)
				switch told := signal.Load(); {
				case err == nil && !bytes.Equal(got, answer):
					t.Errorf("client %d: a wrong answer", i)
				case err != nil && (told == 0 || at < told):
					t.Errorf("client %d: %d of %d bytes of an answer to what had arrived before SIGTERM: %v", i, n, len(answer), err)
				}
				if err != nil {
					return
				}
				answers.Add(1)
			}
		})
	}
	moment := time.Duration(20+rand.IntN(50)) * time.Millisecond
	time.Sleep(moment)
	for end := time.Now().Add(Patience); answers.Load() == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // a busy machine has not served anybody yet
	}
	signal.Store(int64(time.Since(began)))
	s.Stop()
	clients.Wait()
	if answers.Load() == 0 {
		t.Error("no answer before SIGTERM: this shows nothing")
	}
	if t.Failed() {
		t.Logf("SIGTERM came after %s", time.Duration(signal.Load()))
	}
}

func idleCrowd(t *testing.T, s *Server) {
	for range 100 {
		s.Dial()
	}
	c := s.Dial()
	for i := range 100 {
		s.echo(c, uint64(i), 640)
	}
	s.Wait("101 connections", func(m map[string]float64) bool { return m["open"] == 101 })
}

func badCompany(t *testing.T, s *Server) {
	done := make(chan struct{})
	var bad sync.WaitGroup
	defer func() { // before HangUp, which ends what they do
		close(done)
		bad.Wait()
	}()
	// A misbehaving client does its step again and again, on a new connection
	// when the last one has ended.
	misbehave := func(pause time.Duration, step func(c *net.TCPConn) error) {
		bad.Go(func() {
			for c := (*net.TCPConn)(nil); ; {
				select {
				case <-done:
					if c != nil {
						c.Close()
					}
					return
				case <-time.After(pause):
				}
				if c == nil {
					conn, err := net.DialTimeout("tcp", s.Addr, Patience)
					if err != nil {
						continue
					}
					c = conn.(*net.TCPConn)
				}
				c.SetDeadline(time.Now().Add(50 * time.Millisecond))
				if err := step(c); err != nil && !os.IsTimeout(err) {
					c.Close()
					c = nil
				}
			}
		})
	}
	for i := range 4 {
		misbehave(time.Millisecond, func(c *net.TCPConn) error { return nil })
		misbehave(5*time.Millisecond, func(c *net.TCPConn) error { // a byte at a time, and the answer is never read
			_, err := c.Write([]byte{byte(i)})
			return err
		})
		misbehave(time.Millisecond, func(c *net.TCPConn) error { // a flood, and the answer is never read
			ask, _ := s.exchange(1, 256<<10, message)
			_, err := c.Write(ask)
			return err
		})
		misbehave(3*time.Millisecond, func(c *net.TCPConn) error {
			c.Write(Bytes(2, 5000))
			c.SetLinger(0)
			return io.EOF
		})
		misbehave(3*time.Millisecond, func(c *net.TCPConn) error {
			c.Write(Bytes(3, 50_000))
			c.CloseWrite()
			c.Read(make([]byte, 100))
			return io.EOF
		})
	}
	c := s.Dial()
	for i := range 200 {
		s.echo(c, uint64(i), 640)
		time.Sleep(2 * time.Millisecond)
	}
}

// echo sends a payload and requires its answer, while it is being sent.
func (s *Server) echo(c *net.TCPConn, seed uint64, n int) {
	s.t.Helper()
	ask, answer := s.exchange(seed, n, message)
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(ask)
		sent <- err
	}()
	Expect(s.t, c, answer)
	if err := <-sent; err != nil {
		s.t.Fatal(err)
	}
}

// Crowd has n clients connected at the same time, each with a few requests
// answered, and requires that nothing went wrong with any of them.
func Crowd(t *testing.T, s *Server, n int) {
	t.Helper()
	var limit unix.Rlimit
	unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	if limit.Cur < uint64(n)+100 {
		t.Skipf("%d descriptors are not enough for %d clients: raise ulimit -n", limit.Cur, n)
	}
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = s.Dial()
	}
	for round := range 3 {
		for i, c := range conns { // all requests are on their way before the first answer is read
			if _, err := c.Write(Bytes(uint64(round*n+i), 256)); err != nil {
				t.Fatal(err)
			}
		}
		for i, c := range conns {
			Expect(t, c, Bytes(uint64(round*n+i), 256))
		}
	}
	m := s.Metrics()
	for name, want := range map[string]int{
		"accepts": n, "open": n, "bytes": 3 * n * 256,
		"accept_errors": 0, "emfile": 0, "resets": 0, "broken_pipes": 0, "short_writes": 0,
	} {
		if int(m[name]) != want {
			t.Errorf("lab.%s is %v with %d clients, want %d", name, m[name], n, want)
		}
	}
}
