package site

import (
	"errors"
	"net/http"

	"socketlabs/runner"
)

// queue tells who measures and who waits for it, in order, and whether anything
// more may begin.
func (s *Site) queue(w http.ResponseWriter, r *http.Request) error {
	return reply(w, http.StatusOK, map[string]any{"paused": s.cfg.Runner.Paused(), "queue": s.queueFor(s.visitor(r))})
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
