// Package workshop keeps one class: who is in it, by which codes people get in,
// and what belongs to each of them. Nothing in it speaks HTTP or starts a run.
//
// A class lives in one bbolt file. What a method has acknowledged is on disk; what
// is a secret is there as its SHA-256 only.
package workshop

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// File is the store's name in the data folder.
const File = "workshop.db"

// Settings of a class. The zero value of a field means its default.
type Settings struct {
	Name  string // of the workshop; the same name goes on with the same class
	Seats int    // people at once: 60
	Keep  int    // days that all of it is kept after somebody joined last: 14
	Caps  Caps   // of what learners may ask for
}

// Bounds of Settings.
const (
	MaxSeats = 1000
	MaxKeep  = 365
)

// checked returns the settings with their defaults.
func (s Settings) checked() (Settings, error) {
	s.Seats, s.Keep, s.Caps = cmp.Or(s.Seats, 60), cmp.Or(s.Keep, 14), s.Caps.filled()
	var err error
	switch {
	case s.Seats < 1 || s.Seats > MaxSeats:
		err = fmt.Errorf("workshop: %d seats: there are 1 to %d", s.Seats, MaxSeats)
	case s.Keep < 1 || s.Keep > MaxKeep:
		err = fmt.Errorf("workshop: kept for %d days: it is 1 to %d", s.Keep, MaxKeep)
	default:
		if s.Name, err = checkName(s.Name, 80); err != nil {
			err = fmt.Errorf("workshop: the workshop's name %w", err)
		}
	}
	return s, err
}

// Class is one workshop. Its methods may be called at once.
type Class struct {
	settings Settings
	db       *bolt.DB
	people   Feed
	lead     lead

	guesses guesses
	write   sync.Mutex // held over a change of few, so that memory and disk agree

	mu      sync.RWMutex // guards what follows
	meta    meta
	persons map[string]Person
	coming  map[string]bool    // names of those who are being written, as compared
	tokens  map[secret]tokenOf //
	resumes map[secret]string  // ids
	resume  map[string]secret  // the one of each id
}

// meta is a class in the store.
type meta struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Code   string    `json:"code"` // what opens the door: told to whoever is to join
	Key    string    `json:"key"`  // of the link
	Began  time.Time `json:"began"`
	Until  time.Time `json:"until"`
	Closed bool      `json:"closed,omitempty"` // the door
}

// tokenOf is whom a token lets in, and since when.
type tokenOf struct {
	ID    string    `json:"id"`
	Since time.Time `json:"since"`
}

// The store: classes/ID holds meta and these buckets.
var (
	classesBucket = []byte("classes")
	metaKey       = []byte("meta")
	peopleBucket  = []byte("people")  // Person by id
	tokensBucket  = []byte("tokens")  // tokenOf by hash
	resumesBucket = []byte("resumes") // id by hash
	ownBucket     = []byte("own")     // a bucket for each person, by id
	sharedBucket  = []byte("shared")  // of the class
)

// Open opens the store and goes on with the class of that name, or begins one.
// Classes whose days are over are deleted. Only one process can have the store.
func Open(path string, s Settings) (*Class, error) {
	s, err := s.checked()
	if err != nil {
		return nil, err
	}
	db, err := open(path)
	if err != nil {
		return nil, err
	}
	c := &Class{settings: s, db: db, persons: map[string]Person{}, coming: map[string]bool{},
		tokens: map[secret]tokenOf{}, resumes: map[secret]string{}, resume: map[string]secret{}}
	c.guesses, c.lead = guesses{known: map[string]bucket{}}, newLead()
	if err := db.Update(c.load); err != nil {
		db.Close()
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return c, nil
}

func open(path string) (*bolt.DB, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("another site has the workshops of %s open: end it, or name another folder with --data", filepath.Dir(path))
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return db, nil
}

func readMeta(b *bolt.Bucket) (m meta, err error) {
	err = json.Unmarshal(b.Get(metaKey), &m)
	return m, err
}

// load finds the class or makes it, and reads it.
func (c *Class) load(tx *bolt.Tx) error {
	if err := expire(tx, ""); err != nil {
		return err
	}
	all := tx.Bucket(classesBucket)
	err := all.ForEachBucket(func(id []byte) error {
		m, err := readMeta(all.Bucket(id))
		if err == nil && strings.EqualFold(m.Name, c.settings.Name) {
			c.meta = m
		}
		return err
	})
	if err != nil {
		return err
	}
	if c.meta.ID == "" {
		c.meta = meta{ID: rand.Text(), Code: newCode(codeLength), Key: newCode(keyLength), Began: time.Now()}
	}
	c.meta.Name, c.meta.Until = c.settings.Name, c.settings.until(time.Now())
	b, err := all.CreateBucketIfNotExists([]byte(c.meta.ID))
	if err != nil {
		return err
	}
	for _, name := range [][]byte{peopleBucket, tokensBucket, resumesBucket, ownBucket, sharedBucket} {
		if _, err := b.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return errors.Join(put(b, metaKey, c.meta), c.read(b), c.readLead(b))
}

// read takes the class's people into memory.
func (c *Class) read(b *bolt.Bucket) error {
	return errors.Join(
		b.Bucket(peopleBucket).ForEach(func(id, v []byte) error {
			var p Person
			err := json.Unmarshal(v, &p)
			c.persons[string(id)] = p
			return err
		}),
		b.Bucket(tokensBucket).ForEach(func(hash, v []byte) error {
			var t tokenOf
			err := json.Unmarshal(v, &t)
			c.tokens[secret(hash)] = t
			return err
		}),
		b.Bucket(resumesBucket).ForEach(func(hash, id []byte) error {
			c.resumes[secret(hash)], c.resume[string(id)] = string(id), secret(hash)
			return nil
		}))
}

// until is when a class that somebody joined then is deleted.
func (s Settings) until(now time.Time) time.Time { return now.AddDate(0, 0, s.Keep) }

// Close closes the store.
func (c *Class) Close() error { return c.db.Close() }

// Settings returns them as they are in force.
func (c *Class) Settings() Settings { return c.settings }

// bucket is the class's own in the store.
func (c *Class) bucket(tx *bolt.Tx) *bolt.Bucket {
	return tx.Bucket(classesBucket).Bucket([]byte(c.meta.ID))
}

func put(b *bolt.Bucket, key []byte, v any) error {
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.Put(key, value)
}
