package site

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"socketlabs/labs"
	"socketlabs/site/workshop"
)

// propose proposes a setting to a learner. It is bounded as if they had chosen it.
func (s *Site) propose(w http.ResponseWriter, r *http.Request) error {
	var ask struct {
		Person     string `json:"person"`
		Lesson     string `json:"lesson"`
		Experiment string `json:"experiment"`
		Setting    string `json:"setting"`
		Value      string `json:"value"`
	}
	class, err := s.commanded(r, &ask)
	if err != nil {
		return err
	}
	person, ok := class.Person(ask.Person)
	if !ok || person.Removed {
		return workshop.ErrNoPerson
	}
	v := visitor{role: learns, person: person, progress: s.progressOf(person.ID)}
	p, err := s.proposal(v, order{Lesson: ask.Lesson, Experiment: ask.Experiment, Settings: map[string]string{ask.Setting: ask.Value}}, ask.Setting)
	if err != nil {
		return err
	}
	if err := s.proposals.put(class, person.ID, p); err != nil {
		return err
	}
	class.Tell(person.ID)
	return reply(w, http.StatusCreated, p)
}

// proposal is one setting of an order as a learner would be allowed to have it.
func (s *Site) proposal(v visitor, o order, name string) (proposal, error) {
	e := s.shelf.edition()
	x, err := e.book.Find(o.Lesson + "/" + o.Experiment)
	if err != nil {
		return proposal{}, errNotFound
	}
	lab, _ := e.labs.Lab(x.Spec.Lab)
	spec, err := o.spec(x, lab)
	if err == nil {
		err = s.capped(v, x.Spec, spec)
	}
	if err != nil {
		return proposal{}, err
	}
	space, short, _ := strings.Cut(name, ".")
	all, values, labels := lab.Knobs, spec.Knobs, e.book.Words.Knobs
	if space == "load" {
		all, values, labels = labs.LoadSettings(), spec.Load, e.book.Words.Settings
	}
	p := proposal{ID: rand.Text(), Lesson: o.Lesson, Experiment: o.Experiment, Title: x.Title, Setting: name, Label: word(labels, short), Value: values[short], State: proposed}
	p.Shown = fmt.Sprint(p.Value)
	if i := slices.IndexFunc(all, func(one labs.Setting) bool { return one.Name == short }); i >= 0 {
		p.Shown = all[i].Text(p.Value)
	}
	return p, nil
}

// withdraw takes a proposal back.
func (s *Site) withdraw(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	id := r.PathValue("person")
	if _, ok := s.cfg.Class.Person(id); !ok {
		return workshop.ErrNoPerson
	}
	err := s.proposals.withdraw(s.cfg.Class, id)
	if err == nil {
		s.cfg.Class.Tell(id)
	}
	return done(w, err)
}

// answerProposal agrees to what was proposed to a learner, or declines it. Their page
// sets it then, and runs nothing.
func (s *Site) answerProposal(w http.ResponseWriter, r *http.Request) error {
	var a struct {
		ID    string `json:"id"`
		Agree bool   `json:"agree"`
	}
	class, err := s.commanded(r, &a)
	if err != nil {
		return err
	}
	v, state := s.visitor(r), declined
	if a.Agree {
		state = agreed
	}
	err = s.proposals.answer(class, v.by(), a.ID, state)
	if err == nil {
		class.Tell(v.by())
	}
	return done(w, err)
}
