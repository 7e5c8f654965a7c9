package site

import (
	"slices"
	"strings"
	"time"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/site/workshop"
)

// seat is somebody on the wall. It changes only when something has: what counts on,
// as the time since when, the wall's page counts itself. Times are milliseconds since
// 1970; 0: there is none.
type seat struct {
	Person string `json:"person"`
	N      int    `json:"n"` // of them while names are hidden
	Name   string `json:"name"`
	Lesson string `json:"lesson"`
	Step   string `json:"step"`    // reading, done, or the id of an experiment or a comparison
	At     string `json:"section"` // that is read
	// State is reading, queued, building, starting, running, draining, finished, failed,
	// void, stopped, interrupted, or lost: no page is open.
	State   string            `json:"state"`
	Run     string            `json:"run,omitempty"` // the newest
	Reason  *telemetry.Reason `json:"reason,omitempty"`
	Doubt   *telemetry.Doubt  `json:"doubt,omitempty"`  // why it is void
	Place   int               `json:"place,omitempty"`  // in the queue: how many are ahead
	Begins  int64             `json:"begins,omitempty"` // to be measured, about
	Paused  bool              `json:"paused,omitempty"`
	Moved   int64             `json:"moved"` // when they last did something, or something of theirs ended
	Seen    int64             `json:"seen,omitempty"`
	Joined  int64             `json:"joined,omitempty"` // of who came since the site began, and was not seen yet
	Held    int               `json:"held"`             // of the lesson's checks
	Checks  int               `json:"checks"`
	Hand    *seatHand         `json:"hand,omitempty"`
	Watched bool              `json:"watched,omitempty"`
	// Simulated says that a rehearsal plays them.
	Simulated bool `json:"simulated,omitempty"`
	// Proposal is how the newest proposal to them stands; empty: there is none.
	Proposal proposalState `json:"proposal,omitempty"`
}

// seatHand is a hand that is up, or answered.
type seatHand struct {
	Text  string             `json:"text"`
	State workshop.HandState `json:"state"`
	At    int64              `json:"at"`
	Run   string             `json:"run,omitempty"`
}

// Steps that are no experiment.
const (
	stepReading = "reading"
	stepDone    = "done"
)

// glance is what one look at the class finds out once for all seats.
type glance struct {
	edition *edition
	present map[string]workshop.Presence
	queue   map[string]runner.Waiting // by run
	last    map[string]runner.Summary // the newest run, by person
	traces  map[string]*runTrace      // by run
	begins  map[string]int64          // by run that waits
}

// seatOf is what the wall shows of somebody: everything that the site knows of them
// comes together here.
func (s *Site) seatOf(g *glance, n int, p workshop.Person) seat {
	t := seat{Person: p.ID, N: n, Name: p.Name, Simulated: p.Simulated, State: "reading", Moved: millis(p.Joined)}
	here, own := g.present[p.ID], s.progressOf(p.ID)
	if t.Lesson, t.At = here.Lesson, here.Section; t.Lesson == "" {
		if at := own.place(); at != nil {
			t.Lesson, t.At = at.Lesson, at.Section
		}
	}
	t.did(here.Seen)
	l, _, _ := g.edition.book.Lesson(t.Lesson)
	going := t.ran(g, g.last[p.ID], l, here.Experiment)
	if here.Pages == 0 && !going {
		t.State, t.Seen = "lost", millis(here.Seen)
		if t.Seen == 0 && p.Joined.After(s.began) {
			t.Joined = millis(p.Joined)
		}
	}
	if l, _, _ = g.edition.book.Lesson(t.Lesson); l != nil {
		have, answered := own.stands(l)
		t.Held, t.Checks = have.Done, have.Total
		t.did(answered)
		switch {
		case have.Total > 0 && have.Done == have.Total && !going:
			t.Step = stepDone
		case t.Step == "":
			t.Step = stepIn(l, t.At, here.Experiment)
		}
	}
	if h, ok := s.cfg.Class.Hand(p.ID); ok && h.State != workshop.Lowered {
		t.Hand = &seatHand{h.Text, h.State, millis(h.At), h.Run}
	}
	t.Watched, t.Proposal = s.watched.is(p.ID), s.proposals.state(p.ID)
	return t
}

// ran takes in the newest run, and says whether it goes on. One that is over says nothing
// any more once they are elsewhere: in another lesson, or at another step of l, which is
// the lesson that they read; bench is what they have on their bench.
func (t *seat) ran(g *glance, run runner.Summary, l *content.Lesson, bench string) (going bool) {
	if run.ID == "" {
		return false
	}
	lesson, step, _ := strings.Cut(run.Experiment, "/")
	phase, why, took := run.Phase, run.Reason, run.Seconds
	var doubt *telemetry.Doubt
	if run.Trust == "void" {
		doubt = &telemetry.Doubt{Void: true}
	}
	if now := g.traces[run.ID].stands(); now.phase != "" {
		phase, why, doubt, took = now.phase, now.reason, now.doubt, max(took, now.ended)
	}
	going = !phase.Over()
	if !going {
		t.did(run.Began.Add(time.Duration(took * float64(time.Second))))
		if lesson != t.Lesson && t.Lesson != "" || l != nil && leftStep(l, t.At, bench, step) {
			return false
		}
	}
	t.Run, t.Lesson, t.Step, t.State, t.Reason = run.ID, lesson, step, string(phase), why
	if phase == telemetry.Finished && doubt != nil {
		t.State, t.Doubt = "void", doubt
	}
	if w, ok := g.queue[run.ID]; ok && w.Began.IsZero() && going {
		t.State, t.Place, t.Begins, t.Paused, t.Reason = string(telemetry.Queued), w.Place, g.begins[run.ID], w.Paused, nil
	}
	return going
}

// did notes that something of theirs happened.
func (t *seat) did(at time.Time) { t.Moved = max(t.Moved, millis(at)) }

// stepIn is the step of a section: of its experiments and comparisons the one on the
// bench, else the first, if any.
func stepIn(l *content.Lesson, section, bench string) string {
	switch steps := stepsIn(l, section); {
	case len(steps) == 0:
		return stepReading
	case slices.Contains(steps, bench):
		return bench
	default:
		return steps[0]
	}
}

// leftStep says whether who reads a section, with that on the bench, is at another step
// than the one named. Above the first section nobody has left anything.
func leftStep(l *content.Lesson, section, bench, step string) bool {
	if section == "" {
		return false
	}
	steps := stepsIn(l, section)
	return !slices.Contains(steps, step) || slices.Contains(steps, bench) && bench != step
}

// stepsIn are a section's experiments and comparisons, in the order of its text.
func stepsIn(l *content.Lesson, section string) (ids []string) {
	i := slices.IndexFunc(l.Sections, func(s content.Section) bool { return s.ID == section })
	if i < 0 || section == "" {
		return nil
	}
	for _, b := range l.Sections[i].Body {
		if id := stepOf(b); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// place is where the reader was last; nil: nowhere.
func (p *progress) place() *Place {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.have.Place
}

// stands counts a lesson's checks, and says when its newest prediction was answered.
func (p *progress) stands(l *content.Lesson) (have pips, answered time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range l.Experiments {
		for _, q := range x.Predictions {
			if g := p.have.Guesses[x.Spec.Name+"/"+q.ID]; g.When.After(answered) {
				answered = g.When
			}
		}
	}
	return p.have.pips(l), answered
}

// millis are milliseconds since 1970; 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
