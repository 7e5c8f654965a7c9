//go:build linux

package labtest

import (
	"bufio"
	"encoding/json"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// report reads a lab's standard output.
type report struct {
	pipe *os.File
	done chan struct{}

	mu     sync.Mutex
	cond   *sync.Cond
	start  telemetry.Event   // mu guards
	latest telemetry.Event   // mu guards
	all    []telemetry.Event // mu guards
	ended  bool              // mu guards
}

func newReport(pipe *os.File) *report {
	r := &report{pipe: pipe, done: make(chan struct{})}
	r.cond = sync.NewCond(&r.mu)
	go r.read()
	return r
}

func (r *report) read() {
	defer close(r.done)
	lines := bufio.NewScanner(r.pipe)
	for lines.Scan() {
		var e telemetry.Event
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			r.add(e)
		}
	}
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	r.cond.Broadcast()
}

func (r *report) add(e telemetry.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, e)
	switch e.Kind {
	case telemetry.KindState:
		r.start = e
	case telemetry.KindSample:
		r.latest = e
	}
	r.cond.Broadcast()
}

func (r *report) close() {
	r.pipe.Close()
	<-r.done
}

// addr waits for the lab's address; "" when it ends without one.
func (r *report) addr() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.start.State == nil && !r.ended {
		r.cond.Wait()
	}
	if r.start.State == nil {
		return ""
	}
	return r.start.State.Facts["addr"]
}

// sample waits for one that was taken at or after t, or for the last.
func (r *report) sample(t float64) telemetry.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.latest.T < t && !r.ended {
		r.cond.Wait()
	}
	return r.latest
}

// Events returns what the lab has said so far.
func (s *Server) Events() []telemetry.Event {
	s.report.mu.Lock()
	defer s.report.mu.Unlock()
	return append([]telemetry.Event(nil), s.report.all...)
}

// Sample returns the first one taken after this call, or the last one of a lab
// that has ended.
func (s *Server) Sample() telemetry.Event { return s.report.sample(Now()) }

// CloseStdout ends reading what the lab says.
func (s *Server) CloseStdout() { s.report.close() }

// Metrics returns the values of Sample. Names are without "lab.".
func (s *Server) Metrics() map[string]float64 {
	s.t.Helper()
	values := map[string]float64{}
	for name, v := range s.Sample().Values {
		values[name[len("lab."):]] = v
	}
	return values
}

// Counter returns one of Metrics; an unknown name ends the test.
func (s *Server) Counter(name string) int {
	s.t.Helper()
	v, ok := s.Metrics()[name]
	if !ok {
		s.t.Fatalf("the lab has no metric %q", name)
	}
	return int(v)
}

// Wait waits until the metrics satisfy cond.
func (s *Server) Wait(what string, cond func(m map[string]float64) bool) {
	s.t.Helper()
	var m map[string]float64
	for end := time.Now().Add(Patience); time.Now().Before(end); {
		if m = s.Metrics(); cond(m) {
			return
		}
	}
	s.t.Fatalf("waited in vain for %s: %v\n%s", what, m, s.stderr)
}

// Stuck waits until the server echoes no more, and returns how many bytes it has.
func (s *Server) Stuck() (bytes int) {
	s.t.Helper()
	last, still := 0.0, 0
	s.Wait("the server to be stuck", func(m map[string]float64) bool {
		if m["bytes"] != last {
			last, still = m["bytes"], 0
		}
		still++
		return last > 0 && still > 3
	})
	return int(last)
}

// Now is CLOCK_MONOTONIC in seconds: the T of events.
func Now() float64 {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return float64(ts.Nano()) / 1e9
}
