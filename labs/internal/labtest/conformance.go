//go:build linux

package labtest

import (
	"net"
	"testing"

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
	{"reset", "RST is a normal ending: counted, not logged, and nobody else notices", false, resets},
	{"come and gone", "500 clients that leave at once leave nothing behind", false, comeAndGone},
	{"no descriptors", "EMFILE neither ends nor spins the server, and it recovers", false, noDescriptors},
	{"SIGTERM", "all that has arrived is answered, even for clients still in the accept queue", false, sigterm},
	{"idle crowd", "100 silent clients cost the one that talks nothing", true, idleCrowd},
}

// Conformance runs every case against a lab, each with a fresh process.
func Conformance(t *testing.T, name string, args ...string) {
	conform(t, true, name, args)
}

// ConformanceAlone leaves out what a server can not do that serves one client
// at a time.
func ConformanceAlone(t *testing.T, name string, args ...string) {
	conform(t, false, name, args)
}

func conform(t *testing.T, crowd bool, name string, args []string) {
	for _, c := range cases {
		if c.Crowd && !crowd {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			s := Start(t, name, args...)
			s.Metrics() // by then the Go runtime has its own descriptors
			files := len(s.Files())
			c.Run(t, s)
			if s.Ended() {
				return
			}
			s.HangUp()
			s.Wait("the last connection to be closed", func(m map[string]float64) bool { return m["open"] == 0 })
			if n := len(s.Files()); n != files {
				t.Errorf("%d descriptors before, %d after: %s", files, n, c.Why)
			}
			s.Stop()
		})
	}
}

func byteByByte(t *testing.T, s *Server) {
	c := s.Dial()
	for _, b := range Bytes(1, 300) {
		Echo(t, c, []byte{b})
	}
	if n := s.Counter("bytes"); n != 300 {
		t.Errorf("lab.bytes is %d, want 300", n)
	}
}

func atOnce(t *testing.T, s *Server) {
	Echo(t, s.Dial(), Bytes(2, 1<<20))
}

func pipelined(t *testing.T, s *Server) {
	const messages, size = 10_000, 32
	c, data := s.Dial(), Bytes(3, messages*size)
	sent := make(chan error, 1)
	go func() {
		var err error
		for at := 0; at < len(data) && err == nil; at += size {
			_, err = c.Write(data[at : at+size])
		}
		sent <- err
	}()
	Expect(t, c, data)
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func slowReader(t *testing.T, s *Server) {
	const size = 32 << 20
	before := s.RSS()
	c, data := s.Dial(), Bytes(4, size)
	c.SetReadBuffer(64 << 10)
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(data)
		sent <- err
	}()
	if s.Stuck() == size {
		t.Fatal("the kernel took everything: this shows nothing")
	}
	if grown := s.RSS() - before; grown > size/2 {
		t.Errorf("the server grew by %d bytes while %d were unread", grown, size)
	}
	Expect(t, c, data)
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func halfClose(t *testing.T, s *Server) {
	c, data := s.Dial(), Bytes(5, 1<<20)
	go func() {
		c.Write(data)
		c.CloseWrite()
	}()
	Expect(t, c, data)
	ExpectEnd(t, c)
}

func resets(t *testing.T, s *Server) {
	const clients = 20
	for i := range clients {
		c := s.Dial()
		Echo(t, c, Bytes(uint64(i), 100))
		c.Write(Bytes(uint64(i), 50_000)) // it may be read, in the queue or on its way when RST comes
		Reset(c)
	}
	s.Wait("20 resets", func(m map[string]float64) bool { return m["resets"]+m["broken_pipes"] == clients })
	Echo(t, s.Dial(), Bytes(6, 1000))
}

func comeAndGone(t *testing.T, s *Server) {
	const clients = 500
	for i := range clients {
		c := s.Dial()
		if i%2 == 0 {
			c.Write(Bytes(uint64(i), 100))
		}
		c.Close()
	}
	s.Wait("500 accepts", func(m map[string]float64) bool { return m["accepts"] == clients && m["open"] == 0 })
	Echo(t, s.Dial(), Bytes(7, 1000))
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
	Echo(t, s.Dial(), Bytes(8, 1000))
}

func sigterm(t *testing.T, s *Server) {
	const clients, size = 20, 10_000
	conns := make([]*net.TCPConn, clients)
	for i := range conns {
		conns[i] = s.Dial()
		if i%4 > 0 { // the others are silent
			conns[i].Write(Bytes(uint64(i), size))
			Arrived(t, conns[i])
		}
	}
	s.Stop()
	for i, c := range conns {
		if i%4 > 0 {
			Expect(t, c, Bytes(uint64(i), size))
		}
		ExpectEnd(t, c)
	}
	if n := s.Counter("accepts"); n != clients {
		t.Errorf("the last sample says %d accepts, want %d", n, clients)
	}
}

func idleCrowd(t *testing.T, s *Server) {
	for range 100 {
		s.Dial()
	}
	c := s.Dial()
	for i := range 100 {
		Echo(t, c, Bytes(uint64(i), 640))
	}
	s.Wait("101 connections", func(m map[string]float64) bool { return m["open"] == 101 })
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
