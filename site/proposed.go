package site

import (
	"encoding/json"
	"fmt"
	"sync"

	bolt "go.etcd.io/bbolt"

	"socketlabs/content"
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

// proposals are the newest to each person, as the class's store has them: also after a
// restart they wait for an answer.
type proposals struct {
	write sync.Mutex // held while one is written

	mu  sync.Mutex // guards all
	all map[string]proposal
}

var (
	proposalsBucket = []byte("proposals") // of a person's own
	newestKey       = []byte("newest")    // proposal
)

// load takes what the store has into memory.
func (ps *proposals) load(class *workshop.Class) error {
	ps.all = map[string]proposal{}
	for _, person := range class.People() {
		err := class.ReadOwn(person.ID, func(own *bolt.Bucket) error {
			b := own.Bucket(proposalsBucket)
			if b == nil {
				return nil
			}
			text := b.Get(newestKey)
			if text == nil {
				return nil
			}
			var p proposal
			err := json.Unmarshal(text, &p)
			ps.all[person.ID] = p
			return err
		})
		if err != nil {
			return fmt.Errorf("site: proposals: %w", err)
		}
	}
	return nil
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
func (ps *proposals) put(class *workshop.Class, person string, p proposal) error {
	ps.write.Lock()
	defer ps.write.Unlock()
	return ps.keep(class, person, p)
}

// keep writes a proposal and then remembers it. It is called with write held.
func (ps *proposals) keep(class *workshop.Class, person string, p proposal) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	err = class.Own(person, func(own *bolt.Bucket) error {
		b, err := own.CreateBucketIfNotExists(proposalsBucket)
		if err != nil {
			return err
		}
		return b.Put(newestKey, text)
	})
	if err != nil {
		return err
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.all == nil {
		ps.all = map[string]proposal{}
	}
	ps.all[person] = p
	return nil
}

// answer is a person's to the proposal of that id.
func (ps *proposals) answer(class *workshop.Class, person, id string, state proposalState) error {
	ps.write.Lock()
	defer ps.write.Unlock()
	p := ps.of(person)
	if p == nil || p.ID != id {
		return errNoProposal
	}
	p.State = state
	return ps.keep(class, person, *p)
}

// withdraw takes back what was proposed to a person.
func (ps *proposals) withdraw(class *workshop.Class, person string) error {
	ps.write.Lock()
	defer ps.write.Unlock()
	if ps.state(person) == "" {
		return nil
	}
	err := class.Own(person, func(own *bolt.Bucket) error {
		if own.Bucket(proposalsBucket) == nil {
			return nil
		}
		return own.DeleteBucket(proposalsBucket)
	})
	if err == nil {
		ps.forget(person)
	}
	return err
}

// gone forgets what was proposed to a person whom the store has no more.
func (ps *proposals) gone(person string) {
	ps.write.Lock()
	defer ps.write.Unlock()
	ps.forget(person)
}

func (ps *proposals) forget(person string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	delete(ps.all, person)
}
