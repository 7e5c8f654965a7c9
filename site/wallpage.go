package site

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// maxWalls bounds how many walls are open at once.
const maxWalls = 64

// wallPage shows the class. What it is begins with a WebSocket; without a workshop it
// leads to how one is started.
func (s *Site) wallPage(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return s.back(w, r, "workshop")
	}
	p := s.page(r, s.shelf.edition())
	p.Path = "wall"
	p.Class = &classPage{}
	if err := s.invitation(r, p.Lang, p.Class); err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "wall", p, &pageData{Lead: s.led()})
}

// wallEvents tells an open wall of the class: all of it at once, and then what has
// changed. The wall says whom it watches: {"watch": PERSON}. It ends with 1012 when the
// site does.
func (s *Site) wallEvents(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	return s.speak(w, r, &s.counts.walls, maxWalls, func(conn *websocket.Conn) {
		eye := &eye{s: s}
		defer eye.close()
		newWatcher(s, conn, eye.hear).showWall()
	})
}

// showWall tells what has changed until the wall or the site ends.
func (c *watcher) showWall() {
	defer func() { <-c.gone }()
	defer c.conn.Close()
	defer c.cancel()
	look, ping := time.NewTicker(wallEvery), time.NewTicker(pingEvery)
	defer look.Stop()
	defer ping.Stop()
	known, said := uint64(0), time.Time{}
	for {
		f, err := c.s.wallSince(known)
		switch {
		case err != nil:
			c.s.log.Error("site: wall", "error", err)
		case f.frame != nil:
			c.conn.SetWriteDeadline(time.Now().Add(writePatience))
			err = c.conn.WritePreparedMessage(f.frame)
			known, said = f.to, time.Now()
		case time.Since(said) >= wallBeat:
			err = c.say(wallNews{Version: known, Now: time.Now().UnixMilli()})
			said = time.Now()
		}
		if err != nil {
			return
		}
		select {
		case <-look.C:
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

// watched are the people whom an open wall watches. It is kept nowhere.
type watched struct {
	mu   sync.Mutex // guards eyes
	eyes map[string]int
}

func (w *watched) is(person string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.eyes[person] > 0
}

// add counts who watches a person.
func (w *watched) add(person string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.eyes == nil {
		w.eyes = map[string]int{}
	}
	if w.eyes[person] += n; w.eyes[person] <= 0 {
		delete(w.eyes, person)
	}
}

// eye is whom one open wall watches; the watched person's pages say so.
type eye struct {
	s *Site

	mu     sync.Mutex // guards on
	on     string
	closed bool
}

// hear takes what the wall says.
func (e *eye) hear(said []byte) {
	var m struct {
		Watch string `json:"watch"`
	}
	if json.Unmarshal(said, &m) != nil {
		return
	}
	if _, ok := e.s.cfg.Class.Person(m.Watch); !ok {
		m.Watch = ""
	}
	e.turn(strings.TrimSpace(m.Watch), false)
}

func (e *eye) close() { e.turn("", true) }

func (e *eye) turn(to string, closing bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.closed = closing
	from := e.on
	if e.on = to; from == to {
		return
	}
	for person, n := range map[string]int{from: -1, to: 1} {
		if person != "" {
			e.s.watched.add(person, n)
			e.s.cfg.Class.Tell(person)
		}
	}
}
