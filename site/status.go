package site

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// status is what the site says about itself and where it runs.
type status struct {
	Version   string         `json:"version"`
	Host      telemetry.Host `json:"host"`
	Limits    runner.Limits  `json:"limits"`
	Live      []string       `json:"live"` // ids of runs
	Trouble   []string       `json:"trouble"`
	Linux     bool           `json:"linux"`
	Toolchain string         `json:"toolchain"` // "go1.26.8"; empty: there is none
}

func (s *Site) statusNow() status {
	return status{
		Version: s.cfg.Version, Host: s.cfg.Runner.Host(), Limits: s.cfg.Runner.Limits(),
		Live: s.live(s.listed()), Trouble: list(s.cfg.Runner.Trouble()),
		Linux: linux, Toolchain: s.tools(),
	}
}

func (s *Site) status(w http.ResponseWriter, r *http.Request) error {
	return reply(w, http.StatusOK, s.statusNow())
}

// toolchain asks the go command once which toolchain builds the labs.
func toolchain(root string) func() string {
	return sync.OnceValue(func() string {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, "go", "env", "GOVERSION")
		cmd.Dir = root
		out, err := cmd.Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	})
}

// prebuild has the open lesson's labs built first, the others after them.
func (s *Site) prebuild(e *edition, l *content.Lesson) {
	var names []string
	for _, x := range l.Experiments {
		names = append(names, x.Spec.Lab)
	}
	for _, lab := range e.labs.Labs {
		names = append(names, lab.Name)
	}
	var order []string
	for _, n := range names {
		if !slices.Contains(order, n) {
			order = append(order, n)
		}
	}
	if linux && s.counts.opened.Swap(&opening{e, l.ID}).differs(e, l.ID) {
		s.cfg.Runner.Prebuild(order...)
	}
}

// opening is a lesson that was opened, in an edition.
type opening struct {
	edition *edition
	lesson  string
}

func (o *opening) differs(e *edition, lesson string) bool {
	return o == nil || o.edition != e || o.lesson != lesson
}

// counts are what /metrics tells.
type counts struct {
	answers  [6]atomic.Int64 // by the first digit of the status
	watchers atomic.Int64    // open WebSockets
	frames   atomic.Int64
	cut      atomic.Int64 // watchers that took nothing
	started  atomic.Int64 // runs
	opened   atomic.Pointer[opening]

	mu     sync.Mutex // guards phases
	phases map[telemetry.Phase]int
}

// livez says that the process answers.
func (s *Site) livez(w http.ResponseWriter, r *http.Request) error { return plainText(w, "ok\n") }

// readyz says whether new requests are welcome.
func (s *Site) readyz(w http.ResponseWriter, r *http.Request) error {
	if s.ending.Err() != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return plainText(w, "ending\n")
	}
	return plainText(w, "ok\n")
}

// healthz says what is wrong; a site that is degraded still serves.
func (s *Site) healthz(w http.ResponseWriter, r *http.Request) error {
	trouble, word := list(s.cfg.Runner.Trouble()), "ok"
	if len(trouble) > 0 {
		word = "degraded"
	}
	return reply(w, http.StatusOK, map[string]any{"status": word, "trouble": trouble})
}

func plainText(w http.ResponseWriter, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprint(w, text)
	return nil
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

// answer remembers the status that was sent.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController through.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Hijack is how a request becomes a WebSocket.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.status = http.StatusSwitchingProtocols
	return http.NewResponseController(a.ResponseWriter).Hijack()
}

// seen returns what counts and logs the answer when it has been given.
func (s *Site) seen(a *answer, r *http.Request) func() {
	began := time.Now()
	return func() {
		if class := a.status / 100; class > 0 && class < len(s.counts.answers) {
			s.counts.answers[class].Add(1)
		}
		s.log.Debug("answered", "method", r.Method, "path", r.URL.Path, "status", a.status,
			slog.Duration("took", time.Since(began)))
	}
}
