package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	bolt "go.etcd.io/bbolt"

	"socketlabs/content"
	"socketlabs/runner"
	"socketlabs/site/workshop"
)

// called are the newest runs that the instructor has started for people, as the class's
// store has them: their pages put them on the bench, also after a restart.
type called struct {
	mu  sync.Mutex // guards run
	run map[string]calledRun
}

// calledRun is one of them.
type calledRun struct {
	Run        string       `json:"run"`
	Lesson     string       `json:"lesson"`
	Experiment string       `json:"experiment"`
	Title      content.Text `json:"title"`
}

var calledKey = []byte("called") // calledRun, of a person's own

// load takes what the store has into memory; a run whose recording is gone calls nobody.
func (c *called) load(class *workshop.Class, runs *runner.Runner) error {
	for _, person := range class.People() {
		var run calledRun
		err := class.ReadOwn(person.ID, func(own *bolt.Bucket) error {
			if text := own.Get(calledKey); text != nil {
				return json.Unmarshal(text, &run)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("site: runs started for people: %w", err)
		}
		if run.Run == "" {
			continue
		}
		if _, err := runs.Summary(run.Run); err == nil {
			c.put(person.ID, run)
		}
	}
	return nil
}

// keep writes what was started, of all people in one go, and then remembers it. Whoever
// has left meanwhile is left out.
func (c *called) keep(class *workshop.Class, all map[string]calledRun) error {
	var writing sync.WaitGroup
	wrong := make(chan error, len(all))
	for person, run := range all {
		writing.Go(func() {
			text, err := json.Marshal(run)
			if err == nil {
				err = class.Own(person, func(own *bolt.Bucket) error { return own.Put(calledKey, text) })
			}
			if err == nil {
				c.put(person, run)
			} else if !errors.Is(err, workshop.ErrNoPerson) {
				wrong <- err
			}
		})
	}
	writing.Wait()
	close(wrong)
	var err error
	for one := range wrong {
		err = errors.Join(err, one)
	}
	return err
}

func (c *called) put(person string, run calledRun) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run == nil {
		c.run = map[string]calledRun{}
	}
	c.run[person] = run
}

// of is the newest run that was started for a person; nil: none was.
func (c *called) of(person string) *calledRun {
	c.mu.Lock()
	defer c.mu.Unlock()
	if run, ok := c.run[person]; ok {
		return &run
	}
	return nil
}

// gone forgets a person whom the store has no more.
func (c *called) gone(person string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.run, person)
}
