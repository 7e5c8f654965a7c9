package site

import (
	"context"
	"net/http"
	"slices"
	"sync"

	bolt "go.etcd.io/bbolt"

	"socketlabs/runner"
	"socketlabs/site/workshop"
)

// visitor is who asks: the owner, who is a workshop's instructor, one of its
// learners, or a stranger. What an answer says of runs and progress is theirs.
type visitor struct {
	role     role
	person   workshop.Person // of a learner, and of one who was removed
	progress *progress
}

type role int

const (
	stranger role = iota
	removed       // a learner whom the instructor has removed
	learns        // a learner of the workshop
	owns          // the owner: the instructor
)

// learns says whether a learner asks.
func (v visitor) learns() bool { return v.role == learns }

// by is how recordings name who asked for them.
func (v visitor) by() string { return v.person.ID }

// asking is how the visitor's runs are asked for.
func (v visitor) asking() []runner.Option {
	if v.role == owns {
		return nil
	}
	return []runner.Option{runner.By(v.by())}
}

type visitorKey struct{}

// as returns the request with who asks.
func (v visitor) as(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
}

// visitor is who asks, as the gate has found. An exported book is asked for by its
// owner; whoever has not come through the gate is a stranger.
func (s *Site) visitor(r *http.Request) visitor {
	if v, ok := r.Context().Value(visitorKey{}).(visitor); ok {
		return v
	}
	if s.cfg.exported {
		return visitor{role: owns, progress: s.progress}
	}
	return visitor{progress: newProgress()}
}

// who finds out who asks.
func (s *Site) who(r *http.Request) visitor {
	if s.bearer(r) || s.cookie(r) {
		return visitor{role: owns, progress: s.progress}
	}
	if s.cfg.Class != nil {
		for _, c := range r.CookiesNamed(learnerCookie(r)) {
			switch p, err := s.cfg.Class.Who(c.Value); err {
			case nil:
				return visitor{learns, p, s.progressOf(p.ID)}
			case workshop.ErrRemoved:
				return visitor{removed, p, newProgress()}
			}
		}
	}
	return visitor{progress: newProgress()}
}

// learners are the progress of those who were here since the site began.
type learners struct {
	mu   sync.Mutex // guards have
	have map[string]*progress
}

// progressOf is the progress of whoever a recording names: a learner of the
// workshop, or the owner. Nothing is kept of who is in no class any more.
func (s *Site) progressOf(by string) *progress {
	switch {
	case by == "":
		return s.progress
	case s.cfg.Class == nil:
		return newProgress()
	}
	s.learners.mu.Lock()
	defer s.learners.mu.Unlock()
	if p, ok := s.learners.have[by]; ok {
		return p
	}
	p := newProgress()
	err := s.cfg.Class.ReadOwn(by, func(b *bolt.Bucket) error { return p.load(b) })
	if err != nil {
		if err != workshop.ErrNoPerson {
			s.log.Error("site: read a learner's progress", "error", err)
		}
		return p
	}
	p.update = func(change func(buckets) error) error {
		return s.cfg.Class.Own(by, func(b *bolt.Bucket) error { return change(b) })
	}
	if s.learners.have == nil {
		s.learners.have = map[string]*progress{}
	}
	s.learners.have[by] = p
	return p
}

// gone drops what memory has of a learner.
func (l *learners) gone(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.have, id)
}

// asker is who asked for a run, by an id; empty: the owner, who also has what was
// imported.
func asker(sum runner.Summary) string {
	if sum.Imported != nil {
		return ""
	}
	return sum.By
}

// theirs says why a run is not the visitor's to see or to change. The instructor may
// see every run; a run of somebody else is for a learner as if it were not there.
func (s *Site) theirs(v visitor, id string) error {
	if !v.learns() {
		return nil
	}
	sum, err := s.cfg.Runner.Summary(id)
	if err == nil && asker(sum) != v.by() {
		err = runner.ErrNoRun
	}
	return err
}

// queueFor is the queue for the measuring slot as a visitor may see it: everybody's
// places, and only of one's own what runs.
func (s *Site) queueFor(v visitor) []runner.Waiting {
	queue := list(s.cfg.Runner.Queue())
	if !v.learns() {
		return queue
	}
	queue = slices.Clone(queue)
	for i, t := range queue {
		if t.By != v.by() {
			queue[i].Run, queue[i].Experiment, queue[i].By = "", "", ""
		}
	}
	return queue
}

// followed is what a lesson's page needs to follow its files: a class reads, and the
// instructor edits.
func (s *Site) followed(v visitor, e *edition, lesson string) *livePage {
	if v.learns() {
		return nil
	}
	return e.live(lesson)
}

// listed returns the visitor's runs, the newest first, and takes their checks: some
// may have been made headless. What is sealed stays so.
func (s *Site) listed(v visitor) []runner.Summary {
	runs := slices.DeleteFunc(s.everybodys(), func(sum runner.Summary) bool { return v.role < learns || asker(sum) != v.by() })
	if err := v.progress.take(counted(s.shelf.edition().book, runs)...); err != nil {
		s.log.Error("site: take the checks", "error", err)
	}
	for i, sum := range runs {
		runs[i] = s.veiled(sum)
	}
	return runs
}

// everybodys returns all runs, the newest first, as they are.
func (s *Site) everybodys() []runner.Summary {
	runs, err := s.cfg.Runner.Runs()
	if err != nil {
		s.log.Error("site: list the runs", "error", err)
	}
	return runs
}
