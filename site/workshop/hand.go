package workshop

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// ErrNoHand is for a hand that is not up.
var ErrNoHand = errors.New("workshop: the hand is not up")

// Window is how many seconds of a run travel with a raised hand.
const Window = 30

// maxHands is how often one person raises a hand.
const maxHands = 200

// HandState is whether a hand is up.
type HandState string

// The states.
const (
	Raised   HandState = "raised"
	Answered HandState = "answered"
	Lowered  HandState = "lowered"
)

// Hand is a question; each person has one at a time.
type Hand struct {
	N      uint64    `json:"n"` // of that person, from 1
	Person string    `json:"person"`
	Text   string    `json:"text"`
	State  HandState `json:"state"`
	At     time.Time `json:"at"` // since when it is up
	Lesson string    `json:"lesson,omitempty"`
	// Run is what was on the bench, and From and To the seconds of it, since load
	// began, that the question is about; all empty: none.
	Run    string  `json:"run,omitempty"`
	From   float64 `json:"from,omitempty"`
	To     float64 `json:"to,omitempty"`
	Answer *Reply  `json:"answer,omitempty"`
	Seq    uint64  `json:"seq"` // tells the newer of two states
}

// Reply is the instructor's answer; with a run it is note Note of it too.
type Reply struct {
	Text  string    `json:"text"`
	At    time.Time `json:"at"`
	Chart string    `json:"chart,omitempty"`
	T     float64   `json:"t,omitempty"`
	To    float64   `json:"to,omitempty"`
	Note  int       `json:"note,omitempty"`
}

// Raise puts a person's hand up with a sentence; of h its Text, Lesson, Run and To
// count. One that is up stays where it is in the row, with the new sentence. Errors:
// ErrSentence, ErrMany, ErrNoPerson.
func (c *Class) Raise(person string, h Hand) (Hand, error) {
	text, err := sentence(h.Text)
	if err != nil {
		return Hand{}, err
	}
	now := time.Now()
	return c.setHand(person, func(old Hand) (Hand, error) {
		up := Hand{N: old.N, Person: person, Text: text, State: Raised, At: old.At, Lesson: h.Lesson}
		if old.State != Raised {
			up.N, up.At = old.N+1, now
		}
		if up.N > maxHands {
			return up, ErrMany
		}
		if h.Run != "" {
			up.Run, up.From, up.To = h.Run, max(0, h.To-Window), h.To
		}
		return up, nil
	})
}

// Lower takes a hand down; one that is down stays so.
func (c *Class) Lower(person string) (Hand, error) {
	return c.setHand(person, func(h Hand) (Hand, error) {
		if h.N == 0 {
			return h, ErrNoHand
		}
		h.State = Lowered
		return h, nil
	})
}

// Reply answers a hand that is up, or answers it once more. Errors: ErrSentence,
// ErrNoHand, ErrNoPerson.
func (c *Class) Reply(person string, r Reply) (Hand, error) {
	if r.Text == "" {
		return Hand{}, fmt.Errorf("%w: it is empty", ErrSentence)
	}
	r.At = time.Now()
	return c.setHand(person, func(h Hand) (Hand, error) {
		if h.State != Raised && h.State != Answered {
			return h, ErrNoHand
		}
		h.State, h.Answer = Answered, &r
		return h, nil
	})
}

// setHand changes a person's hand, as the store has it.
func (c *Class) setHand(person string, change func(Hand) (Hand, error)) (Hand, error) {
	var h Hand
	err := c.Own(person, func(own *bolt.Bucket) error {
		b, err := own.CreateBucketIfNotExists(handsBucket)
		if err != nil {
			return err
		}
		var old Hand
		if _, text := b.Cursor().Last(); text != nil {
			if err := json.Unmarshal(text, &old); err != nil {
				return err
			}
		}
		if h, err = change(old); err != nil {
			return err
		}
		if h.Seq, err = b.NextSequence(); err != nil {
			return err
		}
		return put(b, number(h.N), h)
	})
	if err != nil {
		return h, fmt.Errorf("workshop: hand: %w", err)
	}
	c.told(person, func(in *lead) {
		if h.Seq > in.hands[person].Seq {
			in.hands[person] = h
		}
	})
	return h, nil
}

// Hand is a person's, as it stands.
func (c *Class) Hand(person string) (Hand, bool) {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	h, ok := c.lead.hands[person]
	return h, ok
}

// Hands returns those that are up or answered, who waits longest first.
func (c *Class) Hands() []Hand {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	list := []Hand{}
	for _, h := range c.lead.hands {
		if h.State != Lowered {
			list = append(list, h)
		}
	}
	slices.SortFunc(list, func(a, b Hand) int {
		return cmp.Or(-cmp.Compare(a.State, b.State), a.At.Compare(b.At), cmp.Compare(a.Person, b.Person)) // raised before answered
	})
	return list
}

// Asked returns every hand that a person has raised, the oldest first.
func (c *Class) Asked(person string) (list []Hand, err error) {
	err = c.ReadOwn(person, func(own *bolt.Bucket) error {
		return all(own, handsBucket, func(_ string, h Hand) { list = append(list, h) })
	})
	return list, err
}
