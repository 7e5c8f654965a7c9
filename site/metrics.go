package site

import (
	"bufio"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"

	"socketlabs/labs/telemetry"
)

// counts are what /metrics tells.
type counts struct {
	answers   [6]atomic.Int64 // by the first digit of the status
	watchers  atomic.Int64    // open WebSockets
	frames    atomic.Int64
	attending atomic.Int64  // pages that follow the workshop
	walls     atomic.Int64  // open ones
	moved     atomic.Uint64 // runs that began, ended or were deleted here
	following atomic.Int64  // pages that follow their lesson's files
	cut       atomic.Int64  // watchers that took nothing
	started   atomic.Int64  // runs
	opened    atomic.Pointer[opening]

	mu     sync.Mutex // guards phases
	phases map[telemetry.Phase]int
}

// ended counts a run's end.
func (c *counts) ended(p telemetry.Phase) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phases == nil {
		c.phases = map[telemetry.Phase]int{}
	}
	c.phases[p]++
}

// metrics tells the counts as Prometheus reads them (text format 0.0.4).
func (s *Site) metrics(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	b := bufio.NewWriter(w)
	defer b.Flush()
	line := func(name, kind, help, labels string, v any) {
		if help != "" {
			fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
		}
		fmt.Fprintf(b, "%s%s %v\n", name, labels, v)
	}
	help := "Answers by class of status."
	for class := 1; class < len(s.counts.answers); class++ {
		line("labs_http_requests_total", "counter", help, fmt.Sprintf(`{class="%dxx"}`, class), s.counts.answers[class].Load())
		help = ""
	}
	line("labs_websockets_open", "gauge", "Readers of event streams.", "", s.counts.watchers.Load())
	line("labs_websocket_frames_total", "counter", "Frames sent to them.", "", s.counts.frames.Load())
	line("labs_websocket_frames_made_total", "counter", "Frames that were shared among them.", "", s.frames.made.Load())
	line("labs_websockets_cut_total", "counter", "Readers cut off because they took nothing.", "", s.counts.cut.Load())
	line("labs_runs_started_total", "counter", "Runs started here.", "", s.counts.started.Load())
	help = "Runs started here that have ended."
	for phase, n := range s.counts.ends() {
		line("labs_runs_ended_total", "counter", help, fmt.Sprintf(`{phase=%q}`, phase), n)
		help = ""
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	line("go_goroutines", "gauge", "Goroutines.", "", runtime.NumGoroutine())
	line("go_memstats_heap_inuse_bytes", "gauge", "Heap in use.", "", m.HeapInuse)
	line("go_memstats_sys_bytes", "gauge", "Memory from the system.", "", m.Sys)
	return nil
}

func (c *counts) ends() map[telemetry.Phase]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[telemetry.Phase]int{}
	for p, n := range c.phases {
		out[p] = n
	}
	return out
}
