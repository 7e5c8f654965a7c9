package site

import (
	"encoding/json"
	"net/http"
	"strings"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/site/workshop"
)

// watchData is the person whom a page watches, and what can be proposed to them.
type watchData struct {
	Person  string       `json:"person"`
	Propose *proposeForm `json:"propose,omitempty"`
}

// proposeForm is the experiment that they are at, with its settings as their newest
// run of it had them.
type proposeForm struct {
	Lesson     string       `json:"lesson"`
	Experiment string       `json:"experiment"`
	Title      content.Text `json:"title"`
	Knobs      []setting    `json:"knobs"`
	Load       []setting    `json:"load"`
}

// watchPage shows the newest run of a person as they see it, without its controls.
func (s *Site) watchPage(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	id := r.PathValue("person")
	person, ok := s.cfg.Class.Person(id)
	if !ok {
		return workshop.ErrNoPerson
	}
	e := s.shelf.edition()
	p, data := s.page(r, e), &pageData{}
	run, ran := s.newestOf(id)
	if ran {
		begun, asked, err := s.headOf(run.ID)
		if err != nil {
			return err
		}
		p.Replay, data = replayOf(e, run, begun, asked)
	}
	if p.Nameless {
		person.Name = alias(p.Lang, s.numbers()[id])
	}
	p.Path, p.Watch = "wall/"+id, &person
	data.Lead, data.Watch = s.led(), &watchData{Person: id, Propose: s.proposeTo(e, id, run)}
	return s.show(w, r, http.StatusOK, "watch", p, data)
}

// newestOf is somebody's newest run, as it may be told.
func (s *Site) newestOf(person string) (runner.Summary, bool) {
	for _, sum := range s.everybodys() {
		if asker(sum) == person {
			return s.veiled(sum), true
		}
	}
	return runner.Summary{}, false
}

// headOf is what a run's first event says.
func (s *Site) headOf(id string) (run telemetry.Run, asked labs.Spec, err error) {
	rd, err := s.follow(id, 0)
	if err != nil {
		return run, asked, err
	}
	b, err := rd.Next(s.ending) // the first event is there before a run has an id
	if err != nil {
		return run, asked, err
	}
	err = split(b.JSON, func(e telemetry.Event, raw json.RawMessage) {
		if e.Run != nil {
			run, asked = *e.Run, askedOf(raw)
		}
	})
	return run, asked, err
}

// proposeTo finds the experiment that somebody is at: of their newest run, or the first
// of the lesson that they read; nil: there is none.
func (s *Site) proposeTo(e *edition, person string, run runner.Summary) *proposeForm {
	name := run.Experiment
	x, err := e.book.Find(name)
	if at := s.progressOf(person).place(); err != nil && at != nil {
		if l, _, _ := e.book.Lesson(at.Lesson); l != nil && len(l.Experiments) > 0 {
			x, err = l.Experiments[0], nil
		}
	}
	if err != nil || x == nil || x.Spec.Sweep != nil {
		return nil
	}
	lab, ok := e.labs.Lab(x.Spec.Lab)
	if !ok {
		return nil
	}
	v := view(x, lab, e.book.Words, Progress{})
	lesson, _, _ := strings.Cut(x.Spec.Name, "/")
	f := &proposeForm{Lesson: lesson, Experiment: x.ID, Title: x.Title, Knobs: v.Knobs, Load: list(v.Load)}
	if run.Experiment == x.Spec.Name {
		f.Knobs, f.Load = stood(f.Knobs, run.Knobs), stood(f.Load, run.Load)
	}
	f.Knobs, f.Load = s.bounded("knob", f.Knobs), s.bounded("load", f.Load)
	return f
}

// stood gives settings the values that a run had.
func stood(all []setting, had map[string]any) []setting {
	out := make([]setting, 0, len(all))
	for _, one := range all {
		if given, ok := had[one.Name]; ok {
			if checked, err := one.Check(given); err == nil {
				one.Value = checked
			}
		}
		out = append(out, one)
	}
	return out
}
