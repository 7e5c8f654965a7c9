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

// Errors of joining and of what is done with people.
var (
	ErrCode     = errors.New("workshop: not a code of this class")
	ErrDoor     = errors.New("workshop: the door is closed")
	ErrFull     = errors.New("workshop: all seats are taken")
	ErrName     = errors.New("workshop: not a name")
	ErrRemoved  = errors.New("workshop: the instructor has removed this person")
	ErrNoPerson = errors.New("workshop: no such person")
)

// TooMany is the error of an address that guesses.
type TooMany struct{ Wait time.Duration }

func (e *TooMany) Error() string {
	return fmt.Sprintf("workshop: too many wrong codes: wait %.0f s", e.Wait.Seconds())
}

// Person is somebody in the class.
type Person struct {
	ID      string    `json:"id"` // random; recordings name it as who asked
	Name    string    `json:"name"`
	Joined  time.Time `json:"joined"`
	Removed bool      `json:"removed,omitempty"` // by the instructor: kept, and not let in
	// Simulated says that a rehearsal plays this person.
	Simulated bool `json:"simulated,omitempty"`
}

// People returns everybody, also who was removed, in the order in which they came.
func (c *Class) People() []Person {
	c.mu.RLock()
	defer c.mu.RUnlock()
	list := make([]Person, 0, len(c.persons))
	for _, p := range c.persons {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Person) int { return cmp.Or(a.Joined.Compare(b.Joined), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Person returns somebody by id, also who was removed.
func (c *Class) Person(id string) (Person, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	p, ok := c.persons[id]
	return p, ok
}

// Watch tells of changes of people and of the door; see Feed.Watch.
func (c *Class) Watch() (version uint64, changed <-chan struct{}) { return c.people.Watch() }

// Who returns whom a token belongs to. The error is ErrNoPerson, or ErrRemoved with
// the person.
func (c *Class) Who(token string) (Person, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	t, ok := c.tokens[secretOf(token)]
	p, there := c.persons[t.ID]
	switch {
	case !ok || !there:
		return Person{}, ErrNoPerson
	case p.Removed:
		return p, ErrRemoved
	}
	return p, nil
}

// Rename gives a person a name, made unique.
func (c *Class) Rename(id, name string) (Person, error) {
	name, err := checkName(name, maxName)
	if err != nil {
		return Person{}, fmt.Errorf("%w: it %w", ErrName, err)
	}
	return c.change(id, func(p *Person) error {
		p.Name = c.free(name, id)
		return nil
	})
}

// Remove keeps a person out, with all that belongs to them, until Readmit.
func (c *Class) Remove(id string) (Person, error) {
	return c.change(id, func(p *Person) error {
		p.Removed = true
		return nil
	})
}

// Readmit lets a person in again who was removed. The error is ErrFull when the seat
// was given away.
func (c *Class) Readmit(id string) (Person, error) {
	return c.change(id, func(p *Person) error {
		if p.Removed && c.seated()+len(c.coming) >= c.settings.Seats {
			return ErrFull
		}
		p.Removed = false
		return nil
	})
}

// change changes a person; how is called with mu held.
func (c *Class) change(id string, how func(*Person) error) (Person, error) {
	c.write.Lock()
	defer c.write.Unlock()
	p, err := c.changed(id, how)
	if err != nil {
		return p, err
	}
	err = c.db.Update(func(tx *bolt.Tx) error { return put(c.bucket(tx).Bucket(peopleBucket), []byte(id), p) })
	c.mu.Lock()
	delete(c.coming, folded(p.Name))
	if err == nil {
		c.persons[id] = p
	}
	c.mu.Unlock()
	if err != nil {
		return p, fmt.Errorf("workshop: %w", err)
	}
	c.people.Bump()
	c.Tell(id)
	return p, nil
}

// changed is the person as it will be; its name is nobody else's from now on.
func (c *Class) changed(id string, how func(*Person) error) (Person, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.persons[id]
	if !ok {
		return p, ErrNoPerson
	}
	err := how(&p)
	if err == nil {
		c.coming[folded(p.Name)] = true
	}
	return p, err
}

// Forget deletes a person and all that belongs to them. Their recordings are the
// runner's.
func (c *Class) Forget(id string) error {
	c.write.Lock()
	defer c.write.Unlock()
	err := c.db.Update(func(tx *bolt.Tx) error { return c.forget(c.bucket(tx), id) })
	if err != nil {
		return fmt.Errorf("workshop: %w", err)
	}
	c.mu.Lock()
	delete(c.persons, id)
	for hash, t := range c.tokens {
		if t.ID == id {
			delete(c.tokens, hash)
		}
	}
	delete(c.resumes, c.resume[id])
	delete(c.resume, id)
	c.mu.Unlock()
	c.people.Bump()
	c.lead.gone(id)
	return nil
}

// forget deletes what the store has of a person; the store's word counts.
func (c *Class) forget(b *bolt.Bucket, id string) error {
	if b.Bucket(peopleBucket).Get([]byte(id)) == nil {
		return ErrNoPerson
	}
	c.mu.RLock()
	resume := c.resume[id]
	c.mu.RUnlock()
	var hashes [][]byte
	tokens := b.Bucket(tokensBucket)
	err := tokens.ForEach(func(hash, v []byte) error {
		var t tokenOf
		err := json.Unmarshal(v, &t)
		if t.ID == id {
			hashes = append(hashes, hash)
		}
		return err
	})
	for _, hash := range hashes {
		err = errors.Join(err, tokens.Delete(hash))
	}
	return errors.Join(err, b.Bucket(peopleBucket).Delete([]byte(id)), b.Bucket(resumesBucket).Delete(resume[:]), b.Bucket(ownBucket).DeleteBucket([]byte(id)))
}
