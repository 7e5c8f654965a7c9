package site

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"time"

	"socketlabs/site/workshop"
)

// rehearsing is how an instructor fills the class with simulated learners, and how many
// there are. The command is for a terminal of this machine: no page starts it.
type rehearsing struct {
	Command   string
	Simulated int
}

func (s *Site) rehearsing(r *http.Request, lang string) rehearsing {
	n := rehearsing{Command: "go run ./cmd/labs rehearse '" + JoinLink(reached(r), lang, s.cfg.Class.Door()) + "'"}
	for _, p := range s.cfg.Class.People() {
		if p.Simulated {
			n.Simulated++
		}
	}
	return n
}

// reached is the site as this machine reaches it: the address to which the request
// came, whatever name was asked for.
func reached(r *http.Request) string {
	scheme, at := "http://", r.Host
	if r.TLS != nil {
		scheme = "https://"
	}
	if served, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		at = served.String()
	}
	return scheme + at
}

// playedFor is how long a simulated learner without an open page stays: a rehearsal's
// sleep for less than a minute, and one that was killed comes back no more.
const playedFor = 10 * time.Minute

// endLeftBehind deletes the simulated learners whom a rehearsal has left behind.
func (s *Site) endLeftBehind(now time.Time) {
	here := s.cfg.Class.Presence()
	for _, p := range s.cfg.Class.People() {
		at := here[p.ID]
		last := slices.MaxFunc([]time.Time{at.Seen, p.Joined, s.began}, time.Time.Compare)
		if !p.Simulated || at.Pages > 0 || now.Sub(last) < playedFor {
			continue
		}
		if err := s.forget(p.ID); err != nil && !errors.Is(err, workshop.ErrNoPerson) {
			s.log.Error("site: end a rehearsal", "error", err)
		}
	}
}

// endRehearsal deletes everybody whom a rehearsal played, with their recordings.
func (s *Site) endRehearsal(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	for _, p := range s.cfg.Class.People() {
		if !p.Simulated {
			continue
		}
		if err := s.forget(p.ID); err != nil && !errors.Is(err, workshop.ErrNoPerson) { // it may leave just now
			return err
		}
	}
	return s.back(w, r, "workshop")
}
