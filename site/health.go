package site

import (
	"fmt"
	"net/http"
)

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
