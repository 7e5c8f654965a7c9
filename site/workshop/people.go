package workshop

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
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

// maxTokens is how many devices one person is signed in on; the oldest is signed out.
const maxTokens = 8

// Person is somebody in the class.
type Person struct {
	ID      string    `json:"id"` // random; recordings name it as who asked
	Name    string    `json:"name"`
	Joined  time.Time `json:"joined"`
	Removed bool      `json:"removed,omitempty"` // by the instructor: kept, and not let in
}

// Welcome is what a person gets once, and nobody can be told again.
type Welcome struct {
	Person Person
	Token  string // for the cookie
	Resume string // to come back from another device: 7Q4K-DM2R-P8TZ; empty: as before
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

// Join takes somebody in, by the code of the class or that of its link. The name is
// made unique. Errors: ErrDoor, *TooMany, ErrCode, ErrName, ErrFull.
func (c *Class) Join(from netip.Addr, code, name string) (Welcome, error) {
	now := time.Now()
	if err := c.opens(from, code, now); err != nil {
		return Welcome{}, err
	}
	name, err := checkName(name, maxName)
	if err != nil {
		return Welcome{}, fmt.Errorf("%w: it %w", ErrName, err)
	}
	p, err := c.reserve(name, now)
	if err != nil {
		return Welcome{}, err
	}
	w := Welcome{Person: p, Token: rand.Text(), Resume: newCode(resumeLength)}
	token, resume := secretOf(w.Token), secretOf(w.Resume)
	w.Resume = grouped(w.Resume, 4)
	err = c.db.Batch(func(tx *bolt.Tx) error {
		b := c.bucket(tx)
		_, err := b.Bucket(ownBucket).CreateBucketIfNotExists([]byte(p.ID))
		return errors.Join(err, put(b.Bucket(peopleBucket), []byte(p.ID), p),
			put(b.Bucket(tokensBucket), token[:], tokenOf{p.ID, now}), b.Bucket(resumesBucket).Put(resume[:], []byte(p.ID)))
	})
	c.mu.Lock()
	delete(c.coming, folded(p.Name))
	if err == nil {
		c.persons[p.ID], c.tokens[token] = p, tokenOf{p.ID, now}
		c.resumes[resume], c.resume[p.ID] = p.ID, resume
	}
	c.mu.Unlock()
	if err != nil {
		return Welcome{}, fmt.Errorf("workshop: join: %w", err)
	}
	c.people.Bump()
	return w, c.extend(now)
}

// opens says whether a code opens the door.
func (c *Class) opens(from netip.Addr, code string, now time.Time) error {
	c.mu.RLock()
	m := c.meta
	c.mu.RUnlock()
	if m.Closed {
		return ErrDoor
	}
	given := []byte(typed(code))
	if subtle.ConstantTimeCompare(given, []byte(m.Code+m.Key)) == 1 { // nobody guesses it
		return nil
	}
	if wait := c.guesses.wait(from, now); wait > 0 {
		return &TooMany{wait}
	}
	if subtle.ConstantTimeCompare(given, []byte(m.Code)) == 1 {
		return nil
	}
	c.guesses.wrong(from, now)
	return ErrCode
}

// reserve finds a seat and a name.
func (c *Class) reserve(name string, now time.Time) (Person, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seated()+len(c.coming) >= c.settings.Seats {
		return Person{}, ErrFull
	}
	p := Person{ID: rand.Text(), Name: c.free(name, ""), Joined: now}
	c.coming[folded(p.Name)] = true
	return p, nil
}

// seated counts who has a seat. It is called with mu held.
func (c *Class) seated() (n int) {
	for _, p := range c.persons {
		if !p.Removed {
			n++
		}
	}
	return n
}

// Resume lets somebody in who comes back, from whichever device: they get another
// token, and the code stays. Right codes always get in. Errors: ErrCode, *TooMany,
// ErrRemoved.
func (c *Class) Resume(from netip.Addr, code string) (Welcome, error) {
	now := time.Now()
	c.mu.RLock()
	id, ok := c.resumes[secretOf(typed(code))]
	p := c.persons[id]
	old := c.oldest(id)
	c.mu.RUnlock()
	switch {
	case !ok:
		if wait := c.guesses.wait(from, now); wait > 0 {
			return Welcome{}, &TooMany{wait}
		}
		c.guesses.wrong(from, now)
		return Welcome{}, ErrCode
	case p.Removed:
		return Welcome{}, ErrRemoved
	}
	w := Welcome{Person: p, Token: rand.Text()}
	token := secretOf(w.Token)
	err := c.db.Batch(func(tx *bolt.Tx) error {
		b := c.bucket(tx)
		if b.Bucket(peopleBucket).Get([]byte(id)) == nil { // forgotten meanwhile
			return ErrCode
		}
		for _, t := range old {
			if err := b.Bucket(tokensBucket).Delete(t[:]); err != nil {
				return err
			}
		}
		return put(b.Bucket(tokensBucket), token[:], tokenOf{id, now})
	})
	if err != nil {
		return Welcome{}, fmt.Errorf("workshop: resume: %w", err)
	}
	c.mu.Lock()
	for _, t := range old {
		delete(c.tokens, t)
	}
	c.tokens[token] = tokenOf{id, now}
	c.mu.Unlock()
	return w, c.extend(now)
}

// oldest are the tokens of a person that have to go before another one comes. It is
// called with mu held.
func (c *Class) oldest(id string) []secret {
	var all []secret
	for hash, t := range c.tokens {
		if t.ID == id {
			all = append(all, hash)
		}
	}
	slices.SortFunc(all, func(a, b secret) int { return c.tokens[a].Since.Compare(c.tokens[b].Since) })
	return all[:max(0, len(all)-(maxTokens-1))]
}

// Renew gives a person another resume code; the one before lets nobody in any more.
func (c *Class) Renew(id string) (string, error) {
	code := newCode(resumeLength)
	fresh := secretOf(code)
	c.write.Lock()
	defer c.write.Unlock()
	c.mu.RLock()
	old, ok := c.resume[id]
	c.mu.RUnlock()
	if !ok {
		return "", ErrNoPerson
	}
	err := c.db.Update(func(tx *bolt.Tx) error {
		b := c.bucket(tx).Bucket(resumesBucket)
		return errors.Join(b.Delete(old[:]), b.Put(fresh[:], []byte(id)))
	})
	if err != nil {
		return "", fmt.Errorf("workshop: %w", err)
	}
	c.mu.Lock()
	delete(c.resumes, old)
	c.resumes[fresh], c.resume[id] = id, fresh
	c.mu.Unlock()
	return grouped(code, 4), nil
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
