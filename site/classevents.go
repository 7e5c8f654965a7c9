package site

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/site/workshop"
)

// classState is what an open page is told of the workshop, each time it has changed.
type classState struct {
	Version uint64 `json:"version"`
	// Of the instructor's page.
	Closed bool              `json:"closed,omitempty"`
	Seats  int               `json:"seats,omitempty"`
	Taken  int               `json:"taken,omitempty"`
	People []workshop.Person `json:"people,omitempty"`
	// Of a learner's page.
	Name string `json:"name,omitempty"`
	Gone bool   `json:"gone,omitempty"` // removed or deleted: the next request says which
}

// classEvents tells an open page of the workshop's state: at once, and each time it has
// changed. A slow page skips to the newest. It ends with 1012 when the site does.
func (s *Site) classEvents(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	if !websocket.IsWebSocketUpgrade(r) {
		return &refusal{err: errRequest, field: "upgrade"}
	}
	defer s.counts.attending.Add(-1)
	if s.counts.attending.Add(1) > maxWatchers {
		return errCrowded
	}
	s.tasks.Add(1)
	defer s.tasks.Done()
	up := websocket.Upgrader{CheckOrigin: s.sameOrigin, HandshakeTimeout: writePatience}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil { // it has been answered
		s.log.Debug("site: upgrade", "error", err)
		return nil
	}
	newWatcher(s, conn).attend(s.visitor(r))
	return nil
}

// classNow is the state as a visitor may see it.
func (s *Site) classNow(v visitor) classState {
	if v.learns() {
		p, ok := s.cfg.Class.Person(v.person.ID)
		return classState{Name: p.Name, Gone: !ok || p.Removed}
	}
	d := s.cfg.Class.Door()
	return classState{Closed: d.Closed, Seats: d.Seats, Taken: d.Taken, People: s.cfg.Class.People()}
}

// attend tells of the workshop until the page or the site ends, or the learner is gone.
func (c *watcher) attend(v visitor) {
	defer func() { <-c.gone }()
	defer c.conn.Close()
	defer c.cancel()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	told := ""
	for {
		version, changed := c.s.cfg.Class.Watch()
		now := c.s.classNow(v)
		text, err := json.Marshal(now)
		if err == nil && string(text) != told {
			told = string(text)
			now.Version = version
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
		case <-changed:
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
