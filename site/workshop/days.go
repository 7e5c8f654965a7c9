package workshop

import (
	"errors"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Expire deletes the classes of a store that nobody has open whose days are over, and
// returns who is still in one: recordings of others are nobody's.
func Expire(path string) (people map[string]bool, err error) {
	db, err := open(path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	people = map[string]bool{}
	err = db.Update(func(tx *bolt.Tx) error {
		if err := expire(tx, ""); err != nil {
			return err
		}
		all := tx.Bucket(classesBucket)
		return all.ForEachBucket(func(class []byte) error {
			return all.Bucket(class).Bucket(peopleBucket).ForEach(func(id, _ []byte) error {
				people[string(id)] = true
				return nil
			})
		})
	})
	return people, err
}

// expire deletes all classes whose days are over but one.
func expire(tx *bolt.Tx, but string) error {
	all, err := tx.CreateBucketIfNotExists(classesBucket)
	if err != nil {
		return err
	}
	var over [][]byte
	err = all.ForEachBucket(func(id []byte) error {
		m, err := readMeta(all.Bucket(id))
		if err == nil && string(id) != but && time.Now().After(m.Until) {
			over = append(over, id)
		}
		return err
	})
	for _, id := range over {
		err = errors.Join(err, all.DeleteBucket(id))
	}
	return err
}

// Expire deletes classes whose days are over. When those of the open one are, its
// people are forgotten, and it goes on without them.
func (c *Class) Expire() error {
	now := time.Now()
	c.write.Lock()
	err := c.db.Update(func(tx *bolt.Tx) error { return expire(tx, c.meta.ID) })
	c.write.Unlock()
	c.mu.RLock()
	over := now.After(c.meta.Until)
	c.mu.RUnlock()
	if err != nil || !over {
		return err
	}
	for _, p := range c.People() {
		if err := c.Forget(p.ID); err != nil {
			return err
		}
	}
	if err := c.clearShared(); err != nil {
		return err
	}
	return c.setMeta(func(m *meta) { m.Began, m.Until = now, c.settings.until(now) })
}
