package workshop

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
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

// lead is what memory has of the store.
type lead struct {
	everybody Feed // what all may know has changed
	desk      Feed // what only the instructor sees has changed

	mu      sync.RWMutex // guards what follows
	now     Lead
	notes   []Note // as they were sent
	votes   []Vote // as they were begun
	ballots map[string]map[string]Ballot
	hands   map[string]Hand // the newest of each person
	left    map[string]left
	own     map[string]*Feed
	present map[string]Presence
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

func newLead() lead {
	return lead{ballots: map[string]map[string]Ballot{}, hands: map[string]Hand{}, left: map[string]left{}, own: map[string]*Feed{}, present: map[string]Presence{}}
}

// readLead takes what the store has into memory.
func (c *Class) readLead(b *bolt.Bucket) error {
	shared := b.Bucket(sharedBucket)
	if text := shared.Get(leadKey); text != nil {
		if err := json.Unmarshal(text, &c.lead.now); err != nil {
			return err
		}
	}
	err := errors.Join(
		all(shared, notesBucket, func(_ string, n Note) { c.lead.notes = append(c.lead.notes, n) }),
		all(shared, votesBucket, func(_ string, v Vote) { c.lead.votes = append(c.lead.votes, v) }),
	)
	for id := range c.persons {
		err = errors.Join(err, c.readOwnLead(b.Bucket(ownBucket).Bucket([]byte(id)), id))
	}
	return err
}

func (c *Class) readOwnLead(own *bolt.Bucket, id string) error {
	if own == nil {
		return nil
	}
	return errors.Join(
		all(own, ballotsBucket, func(key string, a answer) { c.lead.count(key, id, a) }),
		all(own, handsBucket, func(_ string, h Hand) { c.lead.hands[id] = h }), // the newest comes last
		all(own, leftKey, func(_ string, l left) { c.lead.left[id] = l }),
	)
}

// all reads the values of a bucket, if there is one, in the order of their keys.
func all[T any](in *bolt.Bucket, name []byte, take func(key string, v T)) error {
	b := in.Bucket(name)
	if b == nil {
		return nil
	}
	return b.ForEach(func(key, text []byte) error {
		var v T
		err := json.Unmarshal(text, &v)
		take(string(key), v)
		return err
	})
}

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

func (l *lead) ownFeed(id string) *Feed {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, ok := l.own[id]
	if !ok {
		f = &Feed{}
		l.own[id] = f
	}
	return f
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

// told takes into memory what a person has done and the store has, unless they were
// deleted meanwhile, and tells them and the instructor.
func (c *Class) told(id string, take func(*lead)) {
	c.lead.mu.Lock()
	if _, there := c.Person(id); there {
		take(&c.lead)
	}
	c.lead.mu.Unlock()
	c.Tell(id)
	c.lead.desk.Bump()
}

// Follows says whether a person follows the class.
func (c *Class) Follows(id string) bool {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	return !c.lead.left[id].Yes
}

// gone drops what memory has of a person who was deleted.
func (l *lead) gone(id string) {
	l.mu.Lock()
	for _, of := range l.ballots {
		delete(of, id)
	}
	delete(l.hands, id)
	delete(l.left, id)
	delete(l.present, id)
	f := l.own[id]
	delete(l.own, id)
	l.mu.Unlock()
	if f != nil {
		f.Bump() // whoever still watches finds that they are gone
	}
	l.everybody.Bump() // a distribution that was shown has one answer fewer
	l.desk.Bump()
}

// cleared forgets what the class had together.
func (l *lead) cleared() {
	l.mu.Lock()
	l.now, l.notes, l.votes = Lead{}, nil, nil
	clear(l.ballots)
	l.mu.Unlock()
	l.everybody.Bump()
	l.desk.Bump()
}

// sentence is a line that somebody wrote to others.
func sentence(text string) (string, error) {
	text, err := checkName(text, MaxSentence)
	if err != nil {
		return "", fmt.Errorf("%w: it %w", ErrSentence, err)
	}
	return text, nil
}

// number is a key that sorts as the number does.
func number(n uint64) []byte { return fmt.Appendf(nil, "%08d", n) }
