package workshop

import (
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// What is kept of each person and of the class. Changes that come at once are
// written together; each has returned when it is on disk. A change may be called
// more than once, and must do the same each time.

// Own changes what is kept of a person: it goes with the person. ErrNoPerson when
// they are gone.
func (c *Class) Own(id string, change func(*bolt.Bucket) error) error {
	return c.db.Batch(func(tx *bolt.Tx) error {
		b := c.own(tx, id)
		if b == nil {
			return ErrNoPerson
		}
		return change(b)
	})
}

// ReadOwn reads it. What the bucket gives is valid until read returns.
func (c *Class) ReadOwn(id string, read func(*bolt.Bucket) error) error {
	return c.db.View(func(tx *bolt.Tx) error {
		b := c.own(tx, id)
		if b == nil {
			return ErrNoPerson
		}
		return read(b)
	})
}

func (c *Class) own(tx *bolt.Tx, id string) *bolt.Bucket {
	if id == "" {
		return nil
	}
	return c.bucket(tx).Bucket(ownBucket).Bucket([]byte(id))
}

// Shared changes what is kept of the class as a whole.
func (c *Class) Shared(change func(*bolt.Bucket) error) error {
	return c.db.Batch(func(tx *bolt.Tx) error { return change(c.bucket(tx).Bucket(sharedBucket)) })
}

// ReadShared reads it. What the bucket gives is valid until read returns.
func (c *Class) ReadShared(read func(*bolt.Bucket) error) error {
	return c.db.View(func(tx *bolt.Tx) error { return read(c.bucket(tx).Bucket(sharedBucket)) })
}

func (c *Class) clearShared() error {
	err := c.db.Update(func(tx *bolt.Tx) error {
		b := c.bucket(tx)
		_, err := b.CreateBucketIfNotExists(sharedBucket)
		if err == nil {
			err = b.DeleteBucket(sharedBucket)
		}
		if err == nil {
			_, err = b.CreateBucket(sharedBucket)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("workshop: %w", err)
	}
	c.lead.cleared()
	return nil
}

// Knows says whether a person of that id is in any class of the store.
func (c *Class) Knows(id string) (known bool, err error) {
	err = c.db.View(func(tx *bolt.Tx) error {
		all := tx.Bucket(classesBucket)
		return all.ForEachBucket(func(class []byte) error {
			people := all.Bucket(class).Bucket(peopleBucket)
			if people == nil {
				return errors.New("workshop: a class without people")
			}
			known = known || people.Get([]byte(id)) != nil
			return nil
		})
	})
	return known, err
}
