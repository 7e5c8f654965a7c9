package site

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/site/workshop"
)

// A proposal is a setting that the instructor proposes to a learner, for an experiment
// of theirs. It is set in their form once they have agreed, and is never run.
type proposal struct {
	ID         string        `json:"id"`
	Lesson     string        `json:"lesson"`
	Experiment string        `json:"experiment"`
	Title      content.Text  `json:"title"`   // of the experiment
	Setting    string        `json:"setting"` // knob.buf
	Label      content.Text  `json:"label"`
	Value      any           `json:"value"`
	Shown      string        `json:"shown"` // the value as it is written
	State      proposalState `json:"state"`
}

type proposalState string

const (
	proposed proposalState = "proposed"
	agreed   proposalState = "agreed"
	declined proposalState = "declined"
)

// proposals are the newest to each person, in memory: who comes back after a restart
// has nothing to answer.
type proposals struct {
	mu  sync.Mutex // guards all
	all map[string]proposal
}

// of is the proposal to a person that waits for an answer; nil: none does.
func (ps *proposals) of(person string) *proposal {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if p, ok := ps.all[person]; ok && p.State == proposed {
		return &p
	}
	return nil
}

// state is how the newest proposal to a person stands; empty: there is none.
func (ps *proposals) state(person string) proposalState {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return ps.all[person].State
}

// put proposes something in the place of what was proposed before.
func (ps *proposals) put(person string, p proposal) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.all == nil {
		ps.all = map[string]proposal{}
	}
	ps.all[person] = p
}

// answer is a person's to the proposal of that id.
func (ps *proposals) answer(person, id string, state proposalState) error {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p, ok := ps.all[person]
	if !ok || p.ID != id || p.State != proposed {
		return errNoProposal
	}
	p.State = state
	ps.all[person] = p
	return nil
}

// gone forgets what was proposed to a person.
func (ps *proposals) gone(person string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	delete(ps.all, person)
}

// propose proposes a setting to a learner. It is bounded as if they had chosen it.
func (s *Site) propose(w http.ResponseWriter, r *http.Request) error {
	var ask struct {
		Person     string `json:"person"`
		Lesson     string `json:"lesson"`
		Experiment string `json:"experiment"`
		Setting    string `json:"setting"`
		Value      string `json:"value"`
	}
	if err := decode(r, &ask); err != nil {
		return err
	}
	if s.cfg.Class == nil {
		return errNoClass
	}
	person, ok := s.cfg.Class.Person(ask.Person)
	if !ok || person.Removed {
		return workshop.ErrNoPerson
	}
	v := visitor{role: learns, person: person, progress: s.progressOf(person.ID)}
	p, err := s.proposal(v, order{Lesson: ask.Lesson, Experiment: ask.Experiment, Settings: map[string]string{ask.Setting: ask.Value}}, ask.Setting)
	if err != nil {
		return err
	}
	s.proposals.put(person.ID, p)
	s.cfg.Class.Tell(person.ID)
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
	s.proposals.gone(id)
	s.cfg.Class.Tell(id)
	return done(w, nil)
}

// answerProposal agrees to what was proposed to a learner, or declines it. Their page
// sets it then, and runs nothing.
func (s *Site) answerProposal(w http.ResponseWriter, r *http.Request) error {
	var a struct {
		ID    string `json:"id"`
		Agree bool   `json:"agree"`
	}
	if err := decode(r, &a); err != nil {
		return err
	}
	if s.cfg.Class == nil {
		return errNoClass
	}
	v, state := s.visitor(r), declined
	if a.Agree {
		state = agreed
	}
	err := s.proposals.answer(v.by(), a.ID, state)
	if err == nil {
		s.cfg.Class.Tell(v.by())
	}
	return done(w, err)
}
