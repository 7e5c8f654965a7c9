package workshop

import (
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Door is how people get in, and how long what they do is kept.
type Door struct {
	Name   string
	Code   string // to be typed: 7Q4-KDM
	Link   string // what the link holds in its place: the code and a key
	Closed bool
	Seats  int
	Taken  int
	Until  time.Time // when everything is deleted, unless somebody joins meanwhile
}

// Door returns how it stands.
func (c *Class) Door() Door {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return Door{Name: c.meta.Name, Code: grouped(c.meta.Code, 3), Link: grouped(c.meta.Code, 3) + "-" + c.meta.Key,
		Closed: c.meta.Closed, Seats: c.settings.Seats, Taken: c.seated(), Until: c.meta.Until}
}

// CloseDoor lets nobody else in. Who has joined stays, and can come back.
func (c *Class) CloseDoor() error { return c.setMeta(func(m *meta) { m.Closed = true }) }

// OpenDoor lets people in again.
func (c *Class) OpenDoor() error { return c.setMeta(func(m *meta) { m.Closed = false }) }

// NewCode makes another code and link: those that went around open nothing any more.
func (c *Class) NewCode() error {
	return c.setMeta(func(m *meta) { m.Code, m.Key = newCode(codeLength), newCode(keyLength) })
}

// extend keeps the class for its days from now on: written once a day.
func (c *Class) extend(now time.Time) error {
	until := c.settings.until(now)
	c.mu.RLock()
	soon := until.Sub(c.meta.Until) < 24*time.Hour
	c.mu.RUnlock()
	if soon {
		return nil
	}
	return c.setMeta(func(m *meta) { m.Until = until })
}

func (c *Class) setMeta(change func(*meta)) error {
	c.write.Lock()
	defer c.write.Unlock()
	c.mu.RLock()
	m := c.meta
	c.mu.RUnlock()
	change(&m)
	if err := c.db.Update(func(tx *bolt.Tx) error { return put(c.bucket(tx), metaKey, m) }); err != nil {
		return fmt.Errorf("workshop: %w", err)
	}
	c.mu.Lock()
	c.meta = m
	c.mu.Unlock()
	c.people.Bump()
	return nil
}
