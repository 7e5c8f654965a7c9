package site

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"socketlabs/labs/telemetry"
)

// attach makes a browser keep the answer as a file.
func attach(w http.ResponseWriter, name, kind string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
}

// recording is a run's file as it stands.
func (s *Site) recording(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	path, err := s.cfg.Runner.Recording(id)
	if err == nil {
		err = s.unsealed(id)
	}
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	attach(w, id+".jsonl", "application/x-ndjson")
	http.ServeContent(w, r, "", info.ModTime(), f)
	return nil
}

// logText is every log line of a run, safe to look at in a terminal.
func (s *Site) logText(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	rd, err := s.follow(id, 0)
	if err != nil {
		return err
	}
	attach(w, id+".log", "text/plain; charset=utf-8")
	b := bufio.NewWriter(w)
	defer b.Flush()
	_, err = available(rd, func(batch []byte) error {
		return split(batch, func(e telemetry.Event, _ json.RawMessage) {
			if e.Kind == telemetry.KindLog {
				fmt.Fprintf(b, "%8.1f %-6s %-5s %s\n", e.T, telemetry.Visible(e.From), telemetry.Visible(e.Level), telemetry.Visible(e.Text))
			}
		})
	})
	if err != nil {
		s.log.Error("site: log", "run", id, "error", err)
	}
	return nil
}
