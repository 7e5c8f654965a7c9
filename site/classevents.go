package site

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/site/workshop"
)

// classState is what an open page is told of the workshop, each time it has changed.
type classState struct {
	Version uint64          `json:"version"`
	Class   json.RawMessage `json:"class"` // commonState
	// Of the instructor's page.
	Closed bool              `json:"closed,omitempty"`
	Seats  int               `json:"seats,omitempty"`
	Taken  int               `json:"taken,omitempty"`
	People []workshop.Person `json:"people,omitempty"`
	Desk   *deskState        `json:"desk,omitempty"`
	// Of a learner's page.
	Name string    `json:"name,omitempty"`
	Gone bool      `json:"gone,omitempty"` // removed or deleted: the next request says which
	You  *ownState `json:"you,omitempty"`
}

// commonState is what everybody may know.
type commonState struct {
	Here  *placed           `json:"here,omitempty"`
	Gates map[string]string `json:"gates,omitempty"`
	Hints map[string]int    `json:"hints,omitempty"`
	Note  *workshop.Note    `json:"note,omitempty"` // the newest
	Vote  *voteView         `json:"vote,omitempty"` // the newest
}

// ownState is what is a learner's alone.
type ownState struct {
	Follow bool            `json:"follow"`
	Ballot workshop.Ballot `json:"ballot"` // to the newest vote
	Hand   *workshop.Hand  `json:"hand,omitempty"`
	Called *calledRun      `json:"called,omitempty"` // that the instructor has started
	// Watched says that the instructor looks at the learner's run now.
	Watched  bool      `json:"watched,omitempty"`
	Proposal *proposal `json:"proposal,omitempty"` // that waits for an answer
}

// deskState is what only the instructor sees.
type deskState struct {
	Present   int             `json:"present"` // people with a page open
	Following int             `json:"following"`
	Answered  [2]int          `json:"answered"` // in each of the newest vote's two
	Notes     []workshop.Note `json:"notes"`
	Hands     []handView      `json:"hands"`
}

// handView is a raised hand with a name.
type handView struct {
	workshop.Hand
	Name   string `json:"name"`
	Number int    `json:"number"` // of them while names are hidden
}

// classEvents tells an open page of the workshop's state: at once, and each time it has
// changed. A slow page skips to the newest. Of the page it hears where it is. It ends
// with 1012 when the site does.
func (s *Site) classEvents(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	return s.speak(w, r, &s.counts.attending, maxWatchers, func(conn *websocket.Conn) {
		v, heard := s.visitor(r), (func([]byte))(nil)
		if v.learns() {
			at, left := s.cfg.Class.Arrive(v.by())
			defer left()
			heard = s.whereabouts(v, at)
		}
		newWatcher(s, conn, heard).attend(v)
	})
}

// whereabouts notes where a page says that it is. A run has to be the learner's own.
func (s *Site) whereabouts(v visitor, at func(workshop.Place)) func([]byte) {
	known := ""
	return func(said []byte) {
		var p workshop.Place
		if json.Unmarshal(said, &p) != nil {
			return
		}
		if p.Run != known && p.Run != "" && s.theirs(v, p.Run) != nil {
			p.Run = ""
		}
		known = p.Run
		at(p)
	}
}

// commonCache encodes what everybody may know once for all pages.
type commonCache struct {
	mu      sync.Mutex // guards what follows
	version uint64
	edition *edition
	text    json.RawMessage
}

// commonNow is what everybody may know, at least as new as that version.
func (s *Site) commonNow(version uint64) (json.RawMessage, error) {
	e := s.shelf.edition()
	c := &s.common
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.text != nil && c.version >= version && c.edition == e {
		return c.text, nil
	}
	l := s.cfg.Class.Lead()
	now := commonState{Here: s.placed(e), Gates: l.Gates, Hints: l.Hints, Vote: s.newestVote(e)}
	if notes := s.cfg.Class.Notes(); len(notes) > 0 {
		now.Note = &notes[len(notes)-1]
	}
	text, err := json.Marshal(now)
	if err != nil {
		return nil, err
	}
	c.version, c.edition, c.text = version, e, text
	return text, nil
}

// classNow is the state as a visitor may see it.
func (s *Site) classNow(v visitor, version uint64) (classState, error) {
	class := s.cfg.Class
	common, err := s.commonNow(version)
	if v.learns() {
		p, ok := class.Person(v.person.ID)
		return classState{Class: common, Name: p.Name, Gone: !ok || p.Removed, You: s.ownNow(p.ID)}, err
	}
	d := class.Door()
	return classState{Class: common, Closed: d.Closed, Seats: d.Seats, Taken: d.Taken, People: class.People(), Desk: s.deskNow()}, err
}

func (s *Site) ownNow(id string) *ownState {
	class := s.cfg.Class
	own := &ownState{Follow: class.Follows(id), Called: s.called.of(id), Watched: s.watched.is(id), Proposal: s.proposals.of(id)}
	own.Ballot = class.Ballot(class.NewestVote(), id)
	if h, ok := class.Hand(id); ok && h.State != workshop.Lowered {
		own.Hand = &h
	}
	return own
}

func (s *Site) deskNow() *deskState {
	class := s.cfg.Class
	d := &deskState{Notes: list(class.Notes()), Hands: []handView{}}
	d.Notes = d.Notes[max(0, len(d.Notes)-20):]
	for id, p := range class.Presence() {
		if p.Pages > 0 {
			d.Present++
			if class.Follows(id) {
				d.Following++
			}
		}
	}
	numbers := s.numbers()
	for _, h := range class.Hands() {
		p, _ := class.Person(h.Person)
		d.Hands = append(d.Hands, handView{h, p.Name, numbers[h.Person]})
	}
	d.Answered = class.Answered(class.NewestVote())
	return d
}

// attend tells of the workshop until the page or the site ends, or the learner is gone.
func (c *watcher) attend(v visitor) {
	defer func() { <-c.gone }()
	defer c.conn.Close()
	defer c.cancel()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	class, told := c.s.cfg.Class, ""
	for {
		common, led := class.WatchLead()
		version, changed := class.WatchOwn(v.by())
		var people <-chan struct{}
		if !v.learns() {
			var more uint64
			version, changed = class.WatchDesk()
			more, people = class.Watch()
			version += more
		}
		now, err := c.s.classNow(v, common)
		var text []byte
		if err == nil {
			text, err = json.Marshal(now)
		}
		if err == nil && string(text) != told {
			told = string(text)
			now.Version = common + version
			err = c.say(now)
		}
		if err != nil {
			return
		}
		if now.Gone {
			c.bye(websocket.CloseNormalClosure, "not in the workshop any more")
			return
		}
		select {
		case <-led:
		case <-changed:
		case <-people:
		case <-ping.C:
			if c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writePatience)) != nil {
				return
			}
		case <-c.ctx.Done():
			if c.s.ending.Err() != nil {
				c.bye(websocket.CloseServiceRestart, "the site is restarting")
			}
			return
		}
	}
}

// say sends a value as a text frame.
func (c *watcher) say(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.conn.SetWriteDeadline(time.Now().Add(writePatience))
	return c.conn.WriteMessage(websocket.TextMessage, text)
}
