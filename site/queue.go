package site

import (
	"errors"
	"net/http"

	"socketlabs/runner"
)

// asking is the person whose run a request asks for, by an opaque id; empty: the
// owner, who leads.
func (s *Site) asking(r *http.Request) string { return "" }

// how says how a request's run is asked for. A run that is graded has the machine
// for itself, as comparisons, sweeps, mysteries and traces do; the others share it
// as far as Limits.Shared allows.
func (s *Site) how(r *http.Request, graded bool) []runner.Option {
	how := []runner.Option{runner.By(s.asking(r))}
	if !graded {
		how = append(how, runner.Shared())
	}
	return how
}

// queued is a line of the queue. Whose it is the owner is told, and the person
// whose it is.
type queued struct {
	runner.Waiting
	Mine bool `json:"mine"`
}

// queue is who measures and who waits for it, as whoever asks may know it.
func (s *Site) queue(r *http.Request) []queued {
	who, list := s.asking(r), []queued{}
	for _, w := range s.cfg.Runner.Queue() {
		mine := w.By == who
		if who != "" && !mine {
			w.By = ""
		}
		list = append(list, queued{w, mine})
	}
	return list
}

// queueData tells the queue.
func (s *Site) queueData(w http.ResponseWriter, r *http.Request) error {
	return reply(w, http.StatusOK, map[string]any{"paused": s.cfg.Runner.Paused(), "queue": s.queue(r)})
}

// pauseQueue lets nothing more begin to be measured.
func (s *Site) pauseQueue(w http.ResponseWriter, r *http.Request) error {
	return done(w, s.cfg.Runner.Pause())
}

// resumeQueue ends a pause.
func (s *Site) resumeQueue(w http.ResponseWriter, r *http.Request) error {
	return done(w, s.cfg.Runner.Resume())
}

// first puts a run that waits before the others that do.
func (s *Site) first(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	err := s.cfg.Runner.Push(id)
	if errors.Is(err, runner.ErrNotWaiting) {
		if _, missing := s.cfg.Runner.Summary(id); missing != nil {
			err = missing
		}
	}
	return done(w, err)
}

// stopAll ends every run that this site carries, and says how many there were.
func (s *Site) stopAll(w http.ResponseWriter, r *http.Request) error {
	return reply(w, http.StatusOK, map[string]int{"stopped": s.cfg.Runner.StopAll()})
}

// done answers a command that has nothing to tell.
func done(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}
