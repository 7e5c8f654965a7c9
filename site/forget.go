package site

import (
	"errors"
	"time"

	"socketlabs/runner"
)

// lookForDays is how often classes are looked at whose days may be over.
const lookForDays = time.Hour

// lookForPlayed is how often simulated learners are looked for who were left behind.
const lookForPlayed = time.Minute

// keepDays deletes, until the site ends, what was to be kept for so many days, and
// what an end in the middle or a rehearsal has left.
func (s *Site) keepDays() {
	days, played := time.NewTicker(lookForDays), time.NewTicker(lookForPlayed)
	defer days.Stop()
	defer played.Stop()
	s.endDays()
	for {
		select {
		case <-days.C:
			s.endDays()
		case now := <-played.C:
			s.endLeftBehind(now)
		case <-s.ending.Done():
			return
		}
	}
}

func (s *Site) endDays() {
	if err := s.cfg.Class.Expire(); err != nil {
		s.log.Error("site: days of a workshop", "error", err)
	}
	s.removeOrphans()
}

// stopRunsOf ends the runs of a learner that go on.
func (s *Site) stopRunsOf(id string) (list []*runner.Run) {
	for _, sum := range s.everybodys() {
		if run, ok := s.cfg.Runner.Live(sum.ID); ok && asker(sum) == id && id != "" {
			run.Stop()
			list = append(list, run)
		}
	}
	return list
}

// forget deletes a learner, what the class keeps of them, and their recordings: those
// of runs that go on once these have ended.
func (s *Site) forget(id string) error {
	going := s.stopRunsOf(id)
	if err := s.cfg.Class.Forget(id); err != nil {
		return err
	}
	s.learners.gone(id)
	s.proposals.gone(id)
	s.called.gone(id)
	s.removeOrphans()
	if len(going) > 0 {
		s.tasks.Go(func() {
			for _, run := range going {
				select {
				case <-run.Done():
				case <-s.ending.Done(): // the next site looks for orphans first
					return
				}
			}
			s.removeOrphans()
		})
	}
	return nil
}

// removeOrphans deletes the recordings of people who are in no class any more.
func (s *Site) removeOrphans() {
	known := map[string]bool{"": true}
	for _, sum := range s.everybodys() {
		by := asker(sum)
		if _, asked := known[by]; !asked {
			here, err := s.cfg.Class.Knows(by)
			if err != nil {
				s.log.Error("site: whose recording is it", "error", err)
			}
			known[by] = here || err != nil
		}
		if known[by] || !sum.Phase.Over() {
			continue
		}
		if err := s.removeRun(sum.ID); err != nil && !errors.Is(err, runner.ErrNoRun) && !errors.Is(err, runner.ErrRunning) {
			s.log.Error("site: remove a recording", "run", sum.ID, "error", err)
		}
	}
}
