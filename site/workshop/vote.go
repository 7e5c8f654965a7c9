package workshop

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Errors of votes.
var (
	ErrNoVote     = errors.New("workshop: no such vote")
	ErrVoteOpen   = errors.New("workshop: a vote is open")
	ErrVoteClosed = errors.New("workshop: the vote is closed")
	ErrVoteState  = errors.New("workshop: the vote does not stand so")
)

// VoteState is how far a vote has come. It only ever goes on: first, a discussion,
// second, and what came of it; the second may be left out.
type VoteState string

// The states, in their order.
const (
	Open1   VoteState = "open1"
	Closed1 VoteState = "closed1"
	Open2   VoteState = "open2"
	Closed2 VoteState = "closed2"
	Shown   VoteState = "shown"
)

// round is which of the two votes is open; 0: none.
func (s VoteState) round() int {
	switch s {
	case Open1:
		return 1
	case Open2:
		return 2
	}
	return 0
}

// VoteStep is what the instructor does with a vote.
type VoteStep string

// The steps.
const (
	Close VoteStep = "close" // nobody answers or changes an answer any more
	Next  VoteStep = "next"  // opens the second vote
	Show  VoteStep = "show"  // tells everybody how the answers spread
	Free  VoteStep = "free"  // holds nobody up any more, wherever the vote stands
)

// after is the state that a step leads to.
func (s VoteState) after(step VoteStep) (VoteState, error) {
	switch {
	case step == Close && s == Open1:
		return Closed1, nil
	case step == Close && s == Open2:
		return Closed2, nil
	case step == Next && s == Closed1:
		return Open2, nil
	case step == Show && (s == Closed1 || s == Closed2):
		return Shown, nil
	}
	return s, ErrVoteState
}

// Vote is a prediction that the class answers, twice.
type Vote struct {
	ID       string    `json:"id"`
	Question string    `json:"question"` // LESSON/EXPERIMENT/PREDICTION
	State    VoteState `json:"state"`
	Began    time.Time `json:"began"`
	// Freed says that the instructor holds nobody up until the vote is over.
	Freed bool `json:"freed,omitempty"`
	// Spread is how the answers of the two votes spread; nil until it is shown.
	Spread *[2]Distribution `json:"spread,omitempty"`
}

// Holds says whether what is voted on waits for the vote: a run would tell the answer.
func (v Vote) Holds() bool { return !v.Freed && v.State != Closed2 && v.State != Shown }

// took is the vote after a step.
func (v Vote) took(step VoteStep) (Vote, error) {
	if step == Free {
		if !v.Holds() {
			return v, ErrVoteState
		}
		v.Freed = true
		return v, nil
	}
	var err error
	v.State, err = v.State.after(step)
	return v, err
}

// Ballot is what a person has answered in the two votes; nil: nothing.
type Ballot struct {
	First  any `json:"first"`
	Second any `json:"second"`

	seq [2]uint64 // tells the newer of two answers
}

// BeginVote opens the first vote on a prediction, LESSON/EXPERIMENT/PREDICTION. Errors:
// ErrVoteOpen, ErrMany.
func (c *Class) BeginVote(question string) (Vote, error) {
	c.write.Lock()
	defer c.write.Unlock()
	v := Vote{Question: question, State: Open1, Began: time.Now()}
	if slices.ContainsFunc(c.stored(), func(o Vote) bool { return o.State.round() != 0 }) {
		return v, ErrVoteOpen
	}
	err := c.db.Update(func(tx *bolt.Tx) error {
		b, err := c.shared(tx).CreateBucketIfNotExists(votesBucket)
		if err != nil {
			return err
		}
		n, err := b.NextSequence()
		if err == nil && n > maxVotes {
			return ErrMany
		}
		v.ID = strconv.FormatUint(n, 10)
		return errors.Join(err, put(b, number(n), v))
	})
	if err != nil {
		return v, fmt.Errorf("workshop: vote: %w", err)
	}
	c.lead.mu.Lock()
	c.lead.votes = append(c.lead.votes, v)
	c.lead.mu.Unlock()
	c.lead.everybody.Bump()
	return v, nil
}

// StepVote closes a vote, opens the second one, shows what came of them, or frees whom it
// holds up. Errors:
// ErrNoVote, ErrVoteState.
func (c *Class) StepVote(id string, step VoteStep) (Vote, error) {
	c.write.Lock()
	defer c.write.Unlock()
	var v Vote
	err := c.db.Update(func(tx *bolt.Tx) (err error) {
		if v, err = voteIn(c.shared(tx), id); err != nil {
			return err
		}
		if v, err = v.took(step); err != nil {
			return err
		}
		n, _ := strconv.ParseUint(id, 10, 64)
		return put(c.shared(tx).Bucket(votesBucket), number(n), v)
	})
	if err != nil {
		return v, fmt.Errorf("workshop: vote %s: %w", id, err)
	}
	c.lead.mu.Lock()
	for i := range c.lead.votes {
		if c.lead.votes[i].ID == id {
			c.lead.votes[i] = v
		}
	}
	c.lead.mu.Unlock()
	c.lead.everybody.Bump()
	return v, nil
}

// voteIn reads a vote of the store.
func voteIn(shared *bolt.Bucket, id string) (v Vote, err error) {
	n, err := strconv.ParseUint(id, 10, 32)
	b := shared.Bucket(votesBucket)
	if err != nil || b == nil {
		return v, ErrNoVote
	}
	text := b.Get(number(n))
	if text == nil {
		return v, ErrNoVote
	}
	return v, json.Unmarshal(text, &v)
}

// stored are the votes as the store has them.
func (c *Class) stored() []Vote {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	return slices.Clone(c.lead.votes)
}

// Votes returns all votes, the oldest first. How the answers spread is said of those
// that are shown only.
func (c *Class) Votes() []Vote {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	list := slices.Clone(c.lead.votes)
	for i, v := range list {
		if v.State != Shown {
			continue
		}
		var first, second []any
		for _, b := range c.lead.ballots[v.ID] {
			first, second = append(first, b.First), append(second, b.Second)
		}
		list[i].Spread = &[2]Distribution{spread(first), spread(second)}
	}
	return list
}

// Vote returns one of them.
func (c *Class) Vote(id string) (Vote, error) {
	for _, v := range c.Votes() {
		if v.ID == id {
			return v, nil
		}
	}
	return Vote{}, ErrNoVote
}

// NewestVote is the id of the vote that was begun last; empty: there was none.
func (c *Class) NewestVote() string {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	if len(c.lead.votes) == 0 {
		return ""
	}
	return c.lead.votes[len(c.lead.votes)-1].ID
}

// Ballot is what a person has answered.
func (c *Class) Ballot(vote, person string) Ballot {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	return c.lead.ballots[vote][person]
}
