package workshop

import (
	"maps"
	"regexp"
	"time"
)

// Place is where a page is, as it says itself.
type Place struct {
	Lesson  string `json:"lesson"`
	Section string `json:"section"`
	Run     string `json:"run"` // on its bench
	// Experiment is the experiment or the comparison on its bench.
	Experiment string `json:"experiment,omitempty"`
}

// Presence is where a person was seen last. It is in memory only: whoever is there
// says so again after a restart.
type Presence struct {
	Place
	Pages int       `json:"pages"` // that are open; 0: the person was here
	Seen  time.Time `json:"seen"`
}

var placeName = regexp.MustCompile(`^[A-Za-z0-9._-]{0,80}$`)

// valid says whether a place can be one: what a page says is looked at first.
func (p Place) valid() bool {
	return placeName.MatchString(p.Lesson) && placeName.MatchString(p.Run) && placeName.MatchString(p.Experiment) && len(p.Section) <= 200
}

// Arrive notes that a page of a person is open, until left is called.
func (c *Class) Arrive(person string) (at func(Place), left func()) {
	c.seen(person, func(p *Presence) { p.Pages++ })
	at = func(to Place) {
		if to.valid() {
			c.seen(person, func(p *Presence) { p.Place = to })
		}
	}
	return at, func() { c.seen(person, func(p *Presence) { p.Pages-- }) }
}

// seen changes what is known of a person, of whom there is one.
func (c *Class) seen(person string, change func(*Presence)) {
	c.lead.mu.Lock()
	if _, there := c.Person(person); !there {
		c.lead.mu.Unlock()
		return
	}
	p := c.lead.present[person]
	was := p
	change(&p)
	p.Pages, p.Seen = max(0, p.Pages), time.Now()
	c.lead.present[person] = p
	c.lead.mu.Unlock()
	if (was.Pages > 0) != (p.Pages > 0) {
		c.lead.desk.Bump()
	}
}

// Presence returns where everybody was seen last who was seen since the start, by id.
func (c *Class) Presence() map[string]Presence {
	c.lead.mu.RLock()
	defer c.lead.mu.RUnlock()
	return maps.Clone(c.lead.present)
}
