package site

import (
	"bufio"
	"log/slog"
	"net"
	"net/http"
	"time"
)

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
