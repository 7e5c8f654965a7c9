package workshop

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Distribution is how answers spread, and nothing of who gave which.
type Distribution struct {
	N       int            `json:"n"`
	Choices map[string]int `json:"choices,omitempty"`
	Numbers []float64      `json:"numbers,omitempty"` // sorted
}

// answer is one of them in the store.
type answer struct {
	Given any       `json:"given"` // string or float64
	When  time.Time `json:"when"`
	Seq   uint64    `json:"seq"`
}

// Answer keeps a person's answer, a string or a number, to the vote that is open; it
// takes the place of an earlier one. Errors: ErrNoVote, ErrVoteClosed, ErrNoPerson.
func (c *Class) Answer(vote, person string, given any) error {
	a, key := answer{Given: given, When: time.Now()}, ""
	err := c.db.Batch(func(tx *bolt.Tx) error {
		v, err := voteIn(c.shared(tx), vote)
		if err != nil {
			return err
		}
		round, own := v.State.round(), c.own(tx, person)
		switch {
		case round == 0:
			return ErrVoteClosed
		case own == nil:
			return ErrNoPerson
		}
		b, err := own.CreateBucketIfNotExists(ballotsBucket)
		if err != nil {
			return err
		}
		if a.Seq, err = b.NextSequence(); err != nil {
			return err
		}
		key = vote + "/" + strconv.Itoa(round)
		return put(b, []byte(key), a)
	})
	if err != nil {
		return fmt.Errorf("workshop: answer: %w", err)
	}
	c.told(person, func(in *lead) { in.count(key, person, a) })
	return nil
}

// count takes an answer, by VOTE/ROUND, unless a newer one is known. It is called with
// mu held.
func (l *lead) count(key, person string, a answer) {
	vote, round, _ := strings.Cut(key, "/")
	if l.ballots[vote] == nil {
		l.ballots[vote] = map[string]Ballot{}
	}
	b := l.ballots[vote][person]
	i := 0
	if round == "2" {
		i = 1
	}
	if a.Seq <= b.seq[i] {
		return
	}
	b.seq[i] = a.Seq
	if i == 0 {
		b.First = a.Given
	} else {
		b.Second = a.Given
	}
	l.ballots[vote][person] = b
}

// spread counts answers.
func spread(given []any) (d Distribution) {
	for _, g := range given {
		switch g := g.(type) {
		case string:
			if d.Choices == nil {
				d.Choices = map[string]int{}
			}
			d.Choices[g]++
		case float64:
			d.Numbers = append(d.Numbers, g)
		default:
			continue
		}
		d.N++
	}
	slices.Sort(d.Numbers)
	return d
}

// Answered is how many have answered in each of the two votes.
func (c *Class) Answered(vote string) (n [2]int) {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	for _, b := range c.lead.ballots[vote] {
		if b.First != nil {
			n[0]++
		}
		if b.Second != nil {
			n[1]++
		}
	}
	return n
}

// Ballots is who answered what: for what is told after the class only.
func (c *Class) Ballots(vote string) map[string]Ballot {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	of := map[string]Ballot{}
	for person, b := range c.lead.ballots[vote] {
		of[person] = b
	}
	return of
}
