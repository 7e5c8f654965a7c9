package workshop

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	bolt "go.etcd.io/bbolt"
)

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

// number is a key that sorts as the number does.
func number(n uint64) []byte { return fmt.Appendf(nil, "%08d", n) }
