//go:build linux

package main_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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

func ask(t *testing.T, c *rpc.Client, r rpc.Request) rpc.Response {
	t.Helper()
	if err := c.Send(r); err != nil {
		t.Fatal(err)
	}
	answer, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func work(id uint32, d time.Duration) rpc.Request {
	return rpc.Request{Method: rpc.Work, ID: id, Body: rpc.WorkBody(d)}
}

// children returns the process ids of the workers.
func children(t *testing.T, s *labtest.Server) (list []int) {
	t.Helper()
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		text, err := os.ReadFile(f)
		_, rest, ok := strings.Cut(string(text), ") ") // pid (comm) state ppid
		if err != nil || !ok {
			continue
		}
		fields := strings.Fields(rest)
		if ppid, _ := strconv.Atoi(fields[1]); ppid == s.PID && fields[0] != "Z" {
			pid, _ := strconv.Atoi(strings.Split(f, "/")[2])
			list = append(list, pid)
		}
	}
	return list
}

// crowd are clients that ask, each at once when it has its answer, and obey
// goaway.
type crowd struct {
	addr                    string
	stop                    atomic.Bool
	clients                 sync.WaitGroup
	answered, lost, refused atomic.Int64
	goAways, connects       atomic.Int64
}

func start(s *labtest.Server, clients, perConnection int) *crowd {
	c := &crowd{addr: s.Addr}
	for range clients {
		c.clients.Go(func() {
			for !c.stop.Load() {
				c.connect(perConnection)
			}
		})
	}
	return c
}

func (c *crowd) connect(calls int) {
	conn, err := net.DialTimeout("tcp", c.addr, labtest.Patience)
	if err != nil {
		c.refused.Add(1)
		time.Sleep(5 * time.Millisecond)
		return
	}
	defer conn.Close()
	c.connects.Add(1)
	conn.SetDeadline(time.Now().Add(labtest.Patience))
	client := &rpc.Client{ReadWriter: conn}
	for id := uint32(1); id <= uint32(calls) && !c.stop.Load(); id++ {
		if client.Send(work(id, time.Millisecond)) != nil {
			c.lost.Add(1)
			return
		}
		for {
			r, err := client.Receive()
			if err != nil {
				c.lost.Add(1)
				return
			}
			if r.Status == rpc.GoAway {
				c.goAways.Add(1)
				calls = 0
				continue
			}
			c.answered.Add(1)
			break
		}
	}
}

func (c *crowd) end() {
	c.stop.Store(true)
	c.clients.Wait()
}

func TestSIGTERM(t *testing.T) {
	for _, c := range []struct {
		knobs string
		lost  bool
		why   string
	}{
		{"-polite -drain-time=1500ms", false, "every client is told, and finishes"},
		{"-polite=false", true, "what is worked on is never answered"},
	} {
		s := labtest.Start(t, "graceful", strings.Fields(c.knobs)...)
		idle, _ := dial(s)
		ask(t, idle, work(1, 0))
		crowd := start(s, 16, 1_000_000)
		s.Wait("calls", func(m map[string]float64) bool { return m["answered"] > 500 })
		s.Signal(unix.SIGTERM)
		if c.lost {
			s.ExitCode()
		} else if r, err := idle.Receive(); err != nil || r.Status != rpc.GoAway || r.ID != 0 {
			t.Errorf("%+v, %v: want goaway", r, err)
		} else if r := ask(t, idle, work(2, 0)); r.ID != 2 || r.Status != rpc.OK {
			t.Errorf("%+v: a call that crossed with goaway is answered", r)
		}
		s.HangUp()
		if code := s.ExitCode(); code != 0 {
			t.Errorf("%s: exit code %d", c.knobs, code)
		}
		crowd.end()
		lost, answered := crowd.lost.Load(), crowd.answered.Load()
		if (lost > 0) != c.lost {
			t.Errorf("%s: %d lost of %d: %s", c.knobs, lost, answered, c.why)
		}
		m := s.Metrics()
		if !c.lost && (m["open"] != 0 || m["workers"] != 0 || m["ready"] != 0 || m["go_aways"] != 17 || m["cut"] != 0 || int64(m["answered"]) != answered+2) {
			t.Errorf("%d answers in all, the lab says %v", answered+2, m)
		}
	}
}

// A client that ignores goaway has what it sent answered, and is not waited for.
func TestDrainTime(t *testing.T) {
	s := labtest.Start(t, "graceful", "-drain-time=100ms")
	client, conn := dial(s)
	ask(t, client, work(1, 0))
	client.Send(work(2, 300*time.Millisecond)) // longer than the time to leave
	labtest.Arrived(t, conn)
	s.Stop()
	for _, want := range []rpc.Status{rpc.GoAway, rpc.OK} {
		if r, err := client.Receive(); err != nil || r.Status != want {
			t.Errorf("%+v, %v: want status %d", r, err, want)
		}
	}
	if _, err := client.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("%v: want the end", err)
	}
	if n := s.Counter("cut"); n != 1 {
		t.Errorf("lab.cut is %d", n)
	}
}

func TestHandOver(t *testing.T) {
	for _, c := range []struct {
		knob          string
		perConnection int
		why           string
	}{
		{"fd", 1_000_000, "old connections, and a listener that never closes"},
		{"fd", 1, "the same, and a new connection for each call"},
		{"reuseport", 1_000_000, "the new listener is there before the old one closes"},
		{"none", 1_000_000, "there is a time when nobody listens"},
	} {
		t.Run(fmt.Sprintf("%s-%d", c.knob, c.perConnection), func(t *testing.T) {
			s := labtest.Start(t, "graceful", "-hand-over="+c.knob)
			crowd := start(s, 8, c.perConnection)
			for n := range 2 {
				seen := crowd.answered.Load()
				s.Wait("calls", func(m map[string]float64) bool { return crowd.answered.Load() > seen+200 })
				if r := ask(t, clientOf(s), rpc.Request{Method: rpc.Name}); string(r.Body) != fmt.Sprint("generation ", n+1) {
					t.Errorf("%q answers after %d hand-overs", r.Body, n)
				}
				s.HangUp()
				s.Signal(unix.SIGHUP)
				s.Wait("the next one", func(m map[string]float64) bool {
					return int(m["hand_overs"]) == n+1 && int(m["generation"]) == n+2 && m["ready"] == 1
				})
				s.Wait("the next one alone", func(m map[string]float64) bool { return m["workers"] == 1 })
			}
			crowd.end()
			s.Stop()
			if n := crowd.lost.Load(); n != 0 {
				t.Errorf("%d of %d calls are lost: %s", n, crowd.answered.Load(), c.why)
			}
			if n := crowd.refused.Load(); (n > 0) != (c.knob == "none") {
				t.Errorf("%d connections are refused: %s", n, c.why)
			}
			if m := s.Metrics(); int64(m["answered"]) != crowd.answered.Load()+2 || m["generation"] != 3 || m["open"] != 0 || m["working"] != 0 {
				t.Errorf("%d answers of three generations, the lab says %v", crowd.answered.Load()+2, m)
			}
		})
	}
}

func clientOf(s *labtest.Server) *rpc.Client {
	c, _ := dial(s)
	return c
}

func TestHealth(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	s := labtest.Start(t, "graceful", "-hand-over=none", "-drain-time=1500ms", "-health="+port)
	defer http.DefaultClient.CloseIdleConnections()
	expect := func(when string, live, ready, healthy int) {
		t.Helper()
		for path, want := range map[string]int{"livez": live, "readyz": ready, "healthz": healthy} {
			r, err := http.Get("http://127.0.0.1:" + port + "/" + path)
			if err != nil {
				t.Errorf("%s: /%s: %v", when, path, err)
				continue
			}
			if r.Body.Close(); r.StatusCode != want {
				t.Errorf("%s: /%s says %d, want %d", when, path, r.StatusCode, want)
			}
		}
	}
	expect("listening", 200, 200, 200)
	client, _ := dial(s)
	ask(t, client, work(1, 0))

	s.Signal(unix.SIGHUP) // the client keeps the old worker, and no other comes before its end
	s.Wait("the gap", func(m map[string]float64) bool { return m["ready"] == 0 })
	expect("nobody listens", 200, 503, 200)
	if r, err := client.Receive(); err != nil || r.Status != rpc.GoAway {
		t.Fatalf("%+v, %v", r, err)
	}
	s.HangUp()
	s.Wait("the next worker", func(m map[string]float64) bool { return m["ready"] == 1 })
	expect("listening again", 200, 200, 200)

	for _, pid := range children(t, s) {
		unix.Kill(pid, unix.SIGSTOP)
		time.Sleep(1200 * time.Millisecond)
		expect("the worker is stuck", 200, 200, 503)
		unix.Kill(pid, unix.SIGCONT)
	}
	client, _ = dial(s)
	ask(t, client, work(1, 0))
	s.Signal(unix.SIGTERM)
	if r, err := client.Receive(); err != nil || r.Status != rpc.GoAway {
		t.Fatalf("%+v, %v", r, err)
	}
	if r := ask(t, client, work(2, 0)); r.Status != rpc.OK {
		t.Errorf("%+v", r)
	}
	expect("SIGTERM, and answering", 200, 503, 200)
	s.HangUp()
	if code := s.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := http.Get("http://127.0.0.1:" + port + "/livez"); err == nil {
		t.Error("ended, and live")
	}
}

func TestNobodyIsLeftBehind(t *testing.T) {
	s := labtest.Start(t, "graceful")
	pids := children(t, s)
	if len(pids) != 1 {
		t.Fatalf("workers %v, want one", pids)
	}
	s.Signal(unix.SIGKILL)
	s.ExitCode()
	for end := time.Now().Add(labtest.Patience); unix.Kill(pids[0], 0) == nil && !zombie(pids[0]); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the worker outlives its supervisor")
		}
	}
}

func zombie(pid int) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return strings.Contains(string(text), ") Z ")
}

// A worker that dies by itself ends the lab: whoever runs it must know.
func TestWorkerDies(t *testing.T) {
	s := labtest.Start(t, "graceful")
	for _, pid := range children(t, s) {
		unix.Kill(pid, unix.SIGKILL)
	}
	if code := s.ExitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
}
