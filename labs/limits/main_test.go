//go:build linux

package main_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"socketlabs/labs/internal/labtest"
	"socketlabs/labs/internal/rpc"
)

// call is a request without a budget.
func call(method rpc.Method, id uint32, body string) []byte {
	return labtest.Call(method, id, 0, []byte(body))
}

type answer struct {
	id     uint32
	status rpc.Status
	body   string
}

func read(t *testing.T, c net.Conn) answer {
	t.Helper()
	head := make([]byte, rpc.ResponseHeader)
	if _, err := io.ReadFull(c, head); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint32(head[6:]))
	if _, err := io.ReadFull(c, body); err != nil {
		t.Fatal(err)
	}
	return answer{binary.BigEndian.Uint32(head), rpc.Status(binary.BigEndian.Uint16(head[4:])), string(body)}
}

// calls makes n of them at once and returns how many were allowed, and what the
// last refusal says about coming again.
func calls(t *testing.T, c net.Conn, n int) (allowed int, wait time.Duration) {
	t.Helper()
	var out []byte
	for id := range uint32(n) {
		out = append(out, call(rpc.Echo, id, "body")...)
	}
	c.Write(out)
	for id := range uint32(n) {
		switch got := read(t, c); {
		case got == answer{id, rpc.OK, "body"}:
			allowed++
		case got.id == id && got.status == rpc.Busy && len(got.body) == 4:
			wait = time.Duration(binary.BigEndian.Uint32([]byte(got.body))) * time.Millisecond
		default:
			t.Fatalf("call %d: %+v", id, got)
		}
	}
	return allowed, wait
}

// dial connects from a source address of its own.
func dial(t *testing.T, s *labtest.Server, from string) *net.TCPConn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: labtest.Patience}
	c, err := d.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(labtest.Patience))
	return c.(*net.TCPConn)
}

// start runs the lab without its log.
func start(t *testing.T, args string) *labtest.Server {
	t.Helper()
	return labtest.Start(t, "limits", append(strings.Fields(args), "-log-sample=0")...)
}

// stop requires that it drains.
func stop(t *testing.T, s *labtest.Server) {
	t.Helper()
	s.HangUp()
	s.Stop()
}

func TestWithinTheLimits(t *testing.T) {
	s := labtest.Start(t, "limits", "-rate=100000", "-burst=1000")
	c := s.Dial()
	if allowed, _ := calls(t, c, 1000); allowed != 1000 {
		t.Errorf("%d of 1000 calls allowed", allowed)
	}
	for _, x := range []struct {
		request []byte
		want    answer
	}{
		{call(rpc.Name, 1, ""), answer{1, rpc.OK, "limits"}},
		{call(rpc.Add, 2, "abcd"), answer{2, rpc.UnknownMethod, ""}},
	} {
		c.Write(x.request)
		if got := read(t, c); got != x.want {
			t.Errorf("%+v, want %+v", got, x.want)
		}
	}
	c.Write(call(rpc.Echo, 3, "last"))
	c.CloseWrite()
	if got := read(t, c); got != (answer{3, rpc.OK, "last"}) {
		t.Errorf("%+v after FIN", got)
	}
	labtest.ExpectEnd(t, c)
	s.Stop() // and not a word of log
}

func TestBucket(t *testing.T) {
	s := start(t, "-rate=10 -burst=5")
	c := s.Dial()
	began := time.Now()
	allowed, wait := calls(t, c, 50)
	if most := 5 + int(time.Since(began).Seconds()*10); allowed < 5 || allowed > most || wait == 0 || wait > 102*time.Millisecond {
		t.Errorf("%d calls allowed at once, and the next in %s", allowed, wait)
	}
	time.Sleep(wait)
	if allowed, _ := calls(t, c, 1); allowed != 1 {
		t.Error("refused after the wait that it was told")
	}
	time.Sleep(time.Second)
	began = time.Now()
	allowed, _ = calls(t, c, 20)
	if most := 5 + int(time.Since(began).Seconds()*10); allowed < 5 || allowed > most {
		t.Errorf("%d calls allowed after a second: the bucket holds 5", allowed)
	}
	stop(t, s)
	if m := s.Metrics(); m["allowed"]+m["limited"] != 71 || m["requests"] != 71 || m["log_left_out"] != m["limited"] {
		t.Errorf("%v", m)
	}
}

func TestWhoIsOneClient(t *testing.T) {
	for _, c := range []struct {
		knob              string
		second, neighbour int
		why               string
	}{
		{"-per=address", 0, 10, "a second connection has no bucket of its own, another address has"},
		{"-per=connection", 10, 10, "who connects again begins with a full bucket"},
	} {
		t.Run(c.knob, func(t *testing.T) {
			s := start(t, "-rate=1 -burst=10 "+c.knob)
			first, second, neighbour := s.Dial(), s.Dial(), dial(t, s, "127.0.0.2")
			calls(t, first, 20)
			got, _ := calls(t, second, 20)
			other, _ := calls(t, neighbour, 20)
			if got < c.second || got > c.second+2 || other < c.neighbour || other > c.neighbour+2 {
				t.Errorf("%d calls by another connection, %d by another address: %s", got, other, c.why)
			}
			neighbour.Close()
			s.HangUp()
			s.Wait("the end", func(m map[string]float64) bool { return m["open"] == 0 })
			want := 2
			if c.knob == "-per=connection" {
				want = 0
			}
			if n := s.Counter("clients"); n != want {
				t.Errorf("%d clients are remembered after their connections, want %d", n, want)
			}
			stop(t, s)
		})
	}
}

func TestTableIsBounded(t *testing.T) {
	s := start(t, "-rate=1 -burst=3 -clients=10")
	for i := range 50 {
		if allowed, _ := calls(t, dial(t, s, fmt.Sprintf("127.0.0.%d", i+1)), 5); allowed != 3 {
			t.Errorf("client %d: %d calls allowed", i, allowed)
		}
	}
	if m := s.Metrics(); m["clients"] != 10 || m["evicted"] != 40 {
		t.Errorf("%v clients, %v evicted", m["clients"], m["evicted"])
	}
	if allowed, _ := calls(t, dial(t, s, "127.0.0.50"), 5); allowed > 1 {
		t.Error("the latest client was forgotten")
	}
	stop(t, s)
}

func TestTooManyConnections(t *testing.T) {
	s := start(t, "-max-connections=3")
	var in []*net.TCPConn
	for range 3 {
		c := s.Dial()
		calls(t, c, 1)
		in = append(in, c)
	}
	for range 20 {
		out := s.Dial()
		out.Write(call(rpc.Echo, 1, "too late"))
		if got := read(t, out); got != (answer{0, rpc.GoAway, ""}) {
			t.Fatalf("%+v", got)
		}
		labtest.ExpectEnd(t, out)
	}
	if m := s.Metrics(); m["refused"] != 20 || m["served"] != 3 {
		t.Errorf("%v refused, %v served", m["refused"], m["served"])
	}
	in[0].Close()
	s.Wait("room", func(m map[string]float64) bool { return m["served"] == 2 })
	if allowed, _ := calls(t, s.Dial(), 1); allowed != 1 {
		t.Error("there is room, and nobody gets in")
	}
	stop(t, s)
}

func TestIdle(t *testing.T) {
	const limit = time.Second
	s := start(t, fmt.Sprintf("-idle-timeout=%s", limit))
	silent, dribbler, busy := s.Dial(), s.Dial(), s.Dial()
	half := call(rpc.Echo, 1, strings.Repeat("x", 1000))
	for i := range 10 {
		dribbler.Write(half[i : i+1]) // a byte in time is no call
		calls(t, busy, 1)
		time.Sleep(limit / 8)
	}
	for _, c := range []net.Conn{silent, dribbler} {
		if got := read(t, c); got != (answer{0, rpc.GoAway, ""}) {
			t.Errorf("%+v", got)
		}
		labtest.ExpectEnd(t, c)
	}
	calls(t, busy, 1)
	if m := s.Metrics(); m["idle_closed"] != 2 || m["served"] != 1 {
		t.Errorf("%v closed, %v served", m["idle_closed"], m["served"])
	}
	stop(t, s)
}

func TestNeverIdle(t *testing.T) {
	s := labtest.Start(t, "limits", "-idle-timeout=0")
	c := s.Dial()
	labtest.ExpectSilence(t, c, 300*time.Millisecond)
	calls(t, c, 1)
	s.HangUp()
	s.Stop()
}

func TestMalformed(t *testing.T) {
	s := start(t, "")
	c := s.Dial()
	c.Write([]byte("GET / HTTP/1.1\r\nHost: lab\r\n\r\n"))
	if got := read(t, c); got != (answer{0, rpc.BadRequest, ""}) {
		t.Errorf("%+v", got)
	}
	labtest.ExpectEnd(t, c)
	if n := s.Counter("bad_requests"); n != 1 {
		t.Errorf("lab.bad_requests is %d", n)
	}
	stop(t, s)
}

func TestStop(t *testing.T) {
	s := labtest.Start(t, "limits")
	conns := make([]*net.TCPConn, 20)
	for i := range conns {
		conns[i] = s.Dial()
		conns[i].Write(call(rpc.Echo, uint32(i), "last"))
		labtest.Arrived(t, conns[i])
	}
	s.Stop()
	for i, c := range conns {
		if got := read(t, c); got != (answer{uint32(i), rpc.OK, "last"}) {
			t.Errorf("%+v", got)
		}
		labtest.ExpectEnd(t, c)
	}
}
