package workshop

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// maxTokens is how many devices one person is signed in on; the oldest is signed out.
const maxTokens = 8

// Welcome is what a person gets once, and nobody can be told again.
type Welcome struct {
	Person Person
	Token  string // for the cookie
	Resume string // to come back from another device: 7Q4K-DM2R-P8TZ; empty: as before
}

// Join takes somebody in, by the code of the class or that of its link. The name is
// made unique. Errors: ErrDoor, *TooMany, ErrCode, ErrName, ErrFull.
func (c *Class) Join(from netip.Addr, code, name string) (Welcome, error) {
	return c.join(from, code, name, false)
}

// JoinSimulated is Join for one whom a rehearsal plays.
func (c *Class) JoinSimulated(from netip.Addr, code, name string) (Welcome, error) {
	return c.join(from, code, name, true)
}

func (c *Class) join(from netip.Addr, code, name string, simulated bool) (Welcome, error) {
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
	p.Simulated = simulated
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
