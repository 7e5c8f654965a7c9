package workshop

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Errors of leading and of helping.
var (
	ErrSentence = errors.New("workshop: not a sentence")
	ErrMany     = errors.New("workshop: the class has as many of them as it keeps")
)

// Bounds of what is kept of a class.
const (
	MaxSentence = 200 // characters, of a note and of a raised hand
	maxNotes    = 500
	maxVotes    = 200
)

// Here is where the instructor wants everybody to be.
type Here struct {
	Lesson     string    `json:"lesson"`
	Section    string    `json:"section,omitempty"`
	Experiment string    `json:"experiment,omitempty"`
	Since      time.Time `json:"since"`
}

// Lead is how the class stands, as everybody may know it.
type Lead struct {
	Here *Here `json:"here,omitempty"`
	// Gates is the section or experiment, by lesson, up to which the class may go;
	// a lesson without one is open.
	Gates map[string]string `json:"gates,omitempty"`
	// Hints is how many of an exercise's hints are released, by lesson; where nothing
	// is said, everybody opens them at their own pace.
	Hints map[string]int `json:"hints,omitempty"`
}

// Note is a line to everybody.
type Note struct {
	ID   uint64    `json:"id"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// left says whether a person has left follow-me; seq tells the newer of two.
type left struct {
	Yes bool   `json:"yes"`
	Seq uint64 `json:"seq"`
}

// Of the store. In the class's bucket:
var (
	leadKey     = []byte("lead")  // Lead
	notesBucket = []byte("notes") // Note by number
	votesBucket = []byte("votes") // Vote by number
)

// In each person's own:
var (
	ballotsBucket = []byte("ballots") // answer by VOTE/ROUND
	handsBucket   = []byte("hands")   // Hand by number
	leftKey       = []byte("left")    // left, in a bucket of that name
)

// Lead returns how the class stands.
func (c *Class) Lead() Lead {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	l := c.lead.now
	l.Gates, l.Hints = maps.Clone(l.Gates), maps.Clone(l.Hints)
	return l
}

// WatchLead tells of changes of what all may know; see Feed.Watch.
func (c *Class) WatchLead() (version uint64, changed <-chan struct{}) {
	return c.lead.everybody.Watch()
}

// WatchDesk tells of changes of what the instructor alone sees: how many have
// answered, who has raised a hand, how many pages are open.
func (c *Class) WatchDesk() (version uint64, changed <-chan struct{}) { return c.lead.desk.Watch() }

// WatchOwn tells a person of changes of what is theirs.
func (c *Class) WatchOwn(id string) (version uint64, changed <-chan struct{}) {
	return c.lead.ownFeed(id).Watch()
}

// Tell has a person's pages look again.
func (c *Class) Tell(id string) { c.lead.ownFeed(id).Bump() }

// Gather wants everybody at a place; nil: nowhere in particular any more.
func (c *Class) Gather(h *Here) error {
	return c.setLead(func(l *Lead) {
		l.Here = nil
		if h != nil {
			at := *h
			at.Since = time.Now()
			l.Here = &at
		}
	})
}

// SetGate lets the class go up to a section or experiment of a lesson; empty: to its end.
func (c *Class) SetGate(lesson, upto string) error {
	return c.setLead(func(l *Lead) {
		if l.Gates == nil {
			l.Gates = map[string]string{}
		}
		l.Gates[lesson] = upto
		if upto == "" {
			delete(l.Gates, lesson)
		}
	})
}

// ReleaseHints lets learners open n hints of a lesson's exercise; -1: all of them.
func (c *Class) ReleaseHints(lesson string, n int) error {
	return c.setLead(func(l *Lead) {
		if l.Hints == nil {
			l.Hints = map[string]int{}
		}
		l.Hints[lesson] = n
		if n < 0 {
			delete(l.Hints, lesson)
		}
	})
}

func (c *Class) setLead(change func(*Lead)) error {
	c.write.Lock()
	defer c.write.Unlock()
	next := c.Lead()
	change(&next)
	if err := c.db.Update(func(tx *bolt.Tx) error { return put(c.shared(tx), leadKey, next) }); err != nil {
		return fmt.Errorf("workshop: lead: %w", err)
	}
	c.lead.mu.Lock()
	c.lead.now = next
	c.lead.mu.Unlock()
	c.lead.everybody.Bump()
	return nil
}

func (c *Class) shared(tx *bolt.Tx) *bolt.Bucket { return c.bucket(tx).Bucket(sharedBucket) }

// Broadcast sends a line to everybody. Errors: ErrSentence, ErrMany.
func (c *Class) Broadcast(text string) (Note, error) {
	text, err := sentence(text)
	if err != nil {
		return Note{}, err
	}
	c.write.Lock()
	defer c.write.Unlock()
	n := Note{Text: text, At: time.Now()}
	err = c.db.Update(func(tx *bolt.Tx) error {
		b, err := c.shared(tx).CreateBucketIfNotExists(notesBucket)
		if err == nil {
			n.ID, err = b.NextSequence()
		}
		if err == nil && n.ID > maxNotes {
			return ErrMany
		}
		if err == nil {
			err = put(b, number(n.ID), n)
		}
		return err
	})
	if err != nil {
		return n, fmt.Errorf("workshop: note: %w", err)
	}
	c.lead.mu.Lock()
	c.lead.notes = append(c.lead.notes, n)
	c.lead.mu.Unlock()
	c.lead.everybody.Bump()
	return n, nil
}

// Notes returns what was sent to everybody, the oldest first.
func (c *Class) Notes() []Note {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	return slices.Clone(c.lead.notes)
}

// SetFollow says whether a person follows the class; who has joined does.
func (c *Class) SetFollow(id string, follow bool) error {
	l := left{Yes: !follow}
	err := c.Own(id, func(b *bolt.Bucket) error {
		own, err := b.CreateBucketIfNotExists(leftKey)
		if err == nil {
			l.Seq, err = own.NextSequence()
		}
		if err == nil {
			err = put(own, leftKey, l)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("workshop: follow: %w", err)
	}
	c.told(id, func(in *lead) {
		if l.Seq > in.left[id].Seq {
			in.left[id] = l
		}
	})
	return nil
}

// Follows says whether a person follows the class.
func (c *Class) Follows(id string) bool {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	return !c.lead.left[id].Yes
}

// sentence is a line that somebody wrote to others.
func sentence(text string) (string, error) {
	text, err := checkName(text, MaxSentence)
	if err != nil {
		return "", fmt.Errorf("%w: it %w", ErrSentence, err)
	}
	return text, nil
}
