//go:build linux

package main_test

import (
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/labtest"
	"socketlabs/labs/internal/rpc"
)

func dial(s *labtest.Server) (*rpc.Client, *net.TCPConn) {
	c := s.Dial()
	return &rpc.Client{ReadWriter: c}, c
}

func send(t *testing.T, c *rpc.Client, calls ...rpc.Request) {
	t.Helper()
	if err := c.Send(calls...); err != nil {
		t.Fatal(err)
	}
}

// receive returns the next n answers, in the order in which they come.
func receive(t *testing.T, c *rpc.Client, n int) []rpc.Response {
	t.Helper()
	var list []rpc.Response
	for range n {
		r, err := c.Receive()
		if err != nil {
			t.Fatalf("after %d of %d answers: %v", len(list), n, err)
		}
		list = append(list, r)
	}
	return list
}

func call(id uint32, d, budget time.Duration) rpc.Request {
	return rpc.Request{Method: rpc.Work, ID: id, Budget: budget, Body: rpc.WorkBody(d)}
}

func TestMethods(t *testing.T) {
	s := labtest.Start(t, "rpc")
	amount := binary.BigEndian.AppendUint32(nil, 7)
	for _, c := range []struct {
		call   rpc.Request
		status rpc.Status
		body   string
		why    string
	}{
		{rpc.Request{Method: rpc.Echo, Body: []byte("hello")}, rpc.OK, "hello", "the body back"},
		{rpc.Request{Method: rpc.Echo}, rpc.OK, "", "a body may be empty"},
		{rpc.Request{Method: rpc.Echo, Body: labtest.Bytes(1, rpc.MaxBody)}, rpc.OK, string(labtest.Bytes(1, rpc.MaxBody)), "the largest there is"},
		{rpc.Request{Method: rpc.Add, Body: amount}, rpc.OK, "\x00\x00\x00\x00\x00\x00\x00\x07", "the total"},
		{rpc.Request{Method: rpc.Add, Body: amount}, rpc.OK, "\x00\x00\x00\x00\x00\x00\x00\x0e", "again, and it is another total"},
		{call(0, time.Millisecond, 0), rpc.OK, "\x00\x00\x03\xe8", "the body back, after its work"},
		{rpc.Request{Method: rpc.Work}, rpc.OK, "", "no work at all"},
		{rpc.Request{Method: 99, Body: []byte("x")}, rpc.UnknownMethod, "", "no such method; the connection goes on"},
		{rpc.Request{Method: rpc.Name}, rpc.OK, "rpc, version 1", "its name"},
	} {
		client, _ := dial(s)
		c.call.ID = 0xfffffff0
		go client.Send(c.call, rpc.Request{Method: rpc.Name, ID: 1})
		for _, r := range receive(t, client, 2) {
			if r.ID == c.call.ID && (r.Status != c.status || string(r.Body) != c.body) {
				t.Errorf("method %d: status %d, %d bytes: %s", c.call.Method, r.Status, len(r.Body), c.why)
			}
		}
	}
	client, conn := dial(s)
	for _, b := range rpc.AppendRequest(nil, rpc.Request{Method: rpc.Echo, ID: 5, Body: []byte("byte by byte")}) {
		conn.Write([]byte{b})
	}
	conn.CloseWrite()
	if r := receive(t, client, 1)[0]; r.ID != 5 || string(r.Body) != "byte by byte" {
		t.Errorf("%+v", r)
	}
	labtest.ExpectEnd(t, conn)
	s.HangUp()
	s.Stop()
}

func TestRefuses(t *testing.T) {
	s := labtest.Start(t, "rpc")
	header := rpc.AppendRequest(nil, rpc.Request{Method: rpc.Echo, ID: 3})
	long := binary.BigEndian.AppendUint32(header[:12:12], rpc.MaxBody+1)
	for _, c := range []struct {
		bytes []byte
		id    uint32
		why   string
	}{
		{make([]byte, 16), 0, "version 0"},
		{[]byte("GET / HTTP/1.1\r\n\r\n"), 0, "not even this protocol"},
		{long, 3, "a body beyond the cap"},
	} {
		client, conn := dial(s)
		conn.Write(append(c.bytes, header...)) // what follows is not read as a call
		if r := receive(t, client, 1)[0]; r.Status != rpc.BadRequest || r.ID != c.id {
			t.Errorf("%+v: %s", r, c.why)
		}
		labtest.ExpectEnd(t, conn)
	}
	if n := s.Counter("bad_requests"); n != 3 {
		t.Errorf("lab.bad_requests is %d", n)
	}
	s.HangUp()
	s.Stop()
}

func TestOvertakes(t *testing.T) {
	for _, c := range []struct {
		knob  string
		first uint32
		why   string
	}{
		{"-in-order=false", 2, "what is done first is answered first"},
		{"-in-order=true", 1, "the quick one waits for the slow one"},
	} {
		s := labtest.Start(t, "rpc", c.knob)
		client, _ := dial(s)
		send(t, client, call(1, 100*time.Millisecond, 0), rpc.Request{Method: rpc.Echo, ID: 2}, rpc.Request{Method: 99, ID: 3})
		list := receive(t, client, 3)
		if list[0].ID != c.first {
			t.Errorf("%s: call %d is answered first: %s", c.knob, list[0].ID, c.why)
		}
		s.HangUp()
		s.Stop()
	}
}

func TestBudget(t *testing.T) {
	const long, short = 300 * time.Millisecond, 30 * time.Millisecond
	for _, c := range []struct {
		name   string
		knobs  string
		calls  []rpc.Request
		status []rpc.Status // by id
		counts map[string]int
		why    string
	}{
		{"expired", "-capacity=1", []rpc.Request{call(0, long, 0), call(1, short, short)}, []rpc.Status{rpc.OK, rpc.Timeout},
			map[string]int{"expired": 1, "abandoned": 0, "late": 0}, "its turn came when nobody waited any more"},
		{"expired, and done", "-capacity=1 -honour-budget=false", []rpc.Request{call(0, long, 0), call(1, short, short)}, []rpc.Status{rpc.OK, rpc.Timeout},
			map[string]int{"expired": 0, "abandoned": 0, "late": 1}, "the same, worked on for nobody"},
		{"limited", "-capacity=1 -limit=30ms", []rpc.Request{call(0, long, 2*long), call(1, short, 0)}, []rpc.Status{rpc.OK, rpc.Timeout},
			map[string]int{"expired": 1, "abandoned": 0, "late": 0}, "it brought no budget, and got one"},
		{"abandoned", "-capacity=1", []rpc.Request{call(0, long, short)}, []rpc.Status{rpc.Timeout},
			map[string]int{"expired": 0, "abandoned": 1, "late": 0}, "its budget ended in the middle of the work"},
		{"in time", "-capacity=1", []rpc.Request{call(0, short, long)}, []rpc.Status{rpc.OK},
			map[string]int{"expired": 0, "abandoned": 0, "late": 0}, "there was time left"},
		{"refused", "-capacity=1 -queue=1", []rpc.Request{call(0, long, 0), call(1, short, 0), call(2, short, 0), call(3, short, 0)}, nil,
			map[string]int{"answered": 4}, "one works, one waits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := labtest.Start(t, "rpc", strings.Fields(c.knobs)...)
			client, _ := dial(s)
			began := time.Now()
			send(t, client, c.calls...)
			refused := 0
			for _, r := range receive(t, client, len(c.calls)) {
				if r.Status == rpc.Busy && binary.BigEndian.Uint32(r.Body) > 0 {
					refused++
				}
				if c.status != nil && r.Status != c.status[r.ID] {
					t.Errorf("call %d: status %d, want %d: %s", r.ID, r.Status, c.status[r.ID], c.why)
				}
			}
			if d := time.Since(began); c.name == "abandoned" && d > long/2 {
				t.Errorf("a budget of %s ended after %s", short, d)
			}
			if c.status == nil && refused != 2 && refused != 3 { // the first may be in the queue when the second comes
				t.Errorf("%d refused: %s", refused, c.why)
			}
			m := s.Metrics()
			for name, want := range c.counts {
				if int(m[name]) != want {
					t.Errorf("lab.%s is %v, want %d: %s", name, m[name], want, c.why)
				}
			}
			if m["queue"] != 0 || m["working"] != 0 {
				t.Errorf("all is answered, and %v wait, %v work", m["queue"], m["working"])
			}
			s.HangUp()
			s.Stop()
		})
	}
}

// What is answered timeout may have been done: that is why add must not be retried.
func TestFail(t *testing.T) {
	s := labtest.Start(t, "rpc", "-fail=1")
	client, _ := dial(s)
	for id := range uint32(10) {
		send(t, client, rpc.Request{Method: rpc.Add, ID: id, Body: binary.BigEndian.AppendUint32(nil, 1)})
		if r := receive(t, client, 1)[0]; r.Status != rpc.Timeout {
			t.Errorf("%+v", r)
		}
	}
	if m := s.Metrics(); m["added"] != 10 || m["failed"] != 10 {
		t.Errorf("%v added, %v answered timeout", m["added"], m["failed"])
	}
	s.HangUp()
	s.Stop()
}

func TestKeepsNotEverything(t *testing.T) {
	s := labtest.Start(t, "rpc", "-capacity=1")
	client, _ := dial(s)
	body := make([]byte, rpc.MaxBody) // no work, when its turn comes
	took := make(chan time.Duration, 1)
	go func() {
		began := time.Now()
		client.Send(call(100, time.Second, 0))
		for id := range uint32(80) {
			client.Send(rpc.Request{Method: rpc.Work, ID: id, Body: body})
		}
		took <- time.Since(began)
	}()
	refused := 0
	for _, r := range receive(t, client, 81) {
		if r.Status == rpc.Busy {
			refused++
		}
	}
	if d := <-took; d > 900*time.Millisecond {
		t.Logf("nothing shown: it took %s to send them", d)
	} else if refused < 5 || refused > 20 {
		t.Errorf("%d of 80 calls with 1 MiB are refused, 64 MiB may wait", refused)
	}
	s.HangUp()
	s.Stop()
}

func TestSIGTERM(t *testing.T) {
	s := labtest.Start(t, "rpc", "-capacity=2")
	var clients []*rpc.Client
	for range 10 {
		client, conn := dial(s)
		send(t, client, call(1, 20*time.Millisecond, 0), call(2, 20*time.Millisecond, 0), rpc.Request{Method: rpc.Echo, ID: 3})
		labtest.Arrived(t, conn)
		clients = append(clients, client)
	}
	s.Stop()
	for _, client := range clients {
		receive(t, client, 3)
		if r, err := client.Receive(); err == nil {
			t.Errorf("and %+v", r)
		}
	}
	if n := s.Counter("answered"); n != 30 {
		t.Errorf("%d answers", n)
	}
}

// The client is gone, its work is not waited for.
func TestGone(t *testing.T) {
	s := labtest.Start(t, "rpc", "-capacity=1")
	client, conn := dial(s)
	for id := range uint32(50) {
		send(t, client, call(id, time.Second, 0))
	}
	s.Wait("the calls", func(m map[string]float64) bool { return m["requests"] == 50 })
	labtest.Reset(conn)
	s.Wait("its end", func(m map[string]float64) bool { return m["open"] == 0 })
	began := time.Now()
	s.Signal(unix.SIGTERM)
	if code := s.ExitCode(); code != 0 || time.Since(began) > 900*time.Millisecond {
		t.Errorf("exit code %d after %s", code, time.Since(began))
	}
}
