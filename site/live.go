package site

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/content"
)

const (
	// lookEvery is how often the files of an open lesson are looked at: some
	// forty calls of lstat(2), 0.2 ms a second.
	lookEvery = 250 * time.Millisecond
	// maxOpen bounds how many pages wait for changes; the others are read anew by
	// their readers.
	maxOpen = 32
)

// imprint tells one state of a lesson's files from another. shape is that of all
// files but texts and drawings: while it stays, only words have changed.
type imprint struct{ all, shape string }

// livePage is what a page needs to follow its lesson's files.
type livePage struct {
	Lesson string `json:"lesson"`
	Stamp  string `json:"stamp"`
	Shape  string `json:"shape"`
}

// change is what a page is told when its lesson's files have changed.
type change struct {
	livePage
	Broken   bool     `json:"broken"` // the lesson cannot be shown
	Problems []string `json:"problems"`
}

// imprint looks at the files of a lesson, and at those that all lessons share.
func (s *shelf) imprint(lesson string) imprint {
	all, shape := fnv.New64a(), fnv.New64a()
	dir := filepath.Join(s.root, "content")
	note := func(name string) {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			return
		}
		line := fmt.Sprintln(name, info.Size(), info.ModTime().UnixNano())
		all.Write([]byte(line))
		if ending := path.Ext(name); ending != ".md" && ending != ".svg" {
			shape.Write([]byte(line))
		}
	}
	fs.WalkDir(os.DirFS(dir), lesson, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			note(name)
		}
		return nil
	})
	for _, name := range []string{"toc.txt", "words.yaml", "glossary.yaml"} {
		note(name)
	}
	return imprint{fmt.Sprintf("%x", all.Sum64()), fmt.Sprintf("%x", shape.Sum64())}
}

// imprints are those of every folder of the content.
func (s *shelf) imprints() map[string]imprint {
	list := map[string]imprint{}
	entries, _ := os.ReadDir(filepath.Join(s.root, "content"))
	for _, e := range entries {
		if e.IsDir() {
			list[e.Name()] = s.imprint(e.Name())
		}
	}
	return list
}

// fresh is the edition of the files as they are now, not of a second ago.
func (s *shelf) fresh() *edition {
	s.mu.Lock()
	s.checked = time.Time{}
	s.mu.Unlock()
	return s.edition()
}

// live is what a lesson's page has of its files.
func (e *edition) live(lesson string) *livePage {
	i, ok := e.imprints[lesson]
	if !ok {
		return nil
	}
	return &livePage{lesson, i.all, i.shape}
}

// change says how a lesson stands.
func (e *edition) change(lesson string) change {
	c := change{Broken: len(e.about(lesson)) > 0, Problems: []string{}}
	if l := e.live(lesson); l != nil {
		c.livePage = *l
	}
	for _, p := range append(e.about(lesson), e.shared()...) {
		c.Problems = append(c.Problems, p.String())
	}
	return c
}

// shared are the problems of the files that all lessons share.
func (e *edition) shared() []content.Problem {
	var list []content.Problem
	for _, p := range e.problems {
		if path.Dir(p.File) == "content" {
			list = append(list, p)
		}
	}
	return list
}

// changes tells an open page when its lesson's files have changed since the state
// that it shows: a change for each state, as a text frame. It ends with 1012 when
// the site does.
func (s *Site) changes(w http.ResponseWriter, r *http.Request) error {
	lesson := r.PathValue("lesson")
	if _, ok := s.shelf.edition().imprints[lesson]; !ok {
		return errNotFound
	}
	return s.speak(w, r, &s.counts.following, maxOpen, func(conn *websocket.Conn) {
		newWatcher(s, conn, nil).followFiles(lesson, r.URL.Query().Get("after"))
	})
}

// followFiles tells of every state of the files but told, once nothing has been
// written for the time between two looks.
func (c *watcher) followFiles(lesson, told string) {
	defer func() { <-c.gone }()
	defer c.conn.Close()
	defer c.cancel()
	look, ping := time.NewTicker(lookEvery), time.NewTicker(pingEvery)
	defer look.Stop()
	defer ping.Stop()
	last := ""
	for {
		var err error
		select {
		case <-c.ctx.Done():
			if c.s.ending.Err() != nil {
				c.bye(websocket.CloseServiceRestart, "the site is restarting")
			}
			return
		case <-ping.C:
			err = c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writePatience))
		case <-look.C:
			now := c.s.shelf.imprint(lesson).all
			if now == last && now != told {
				told = now
				err = c.say(c.s.shelf.fresh().change(lesson))
			}
			last = now
		}
		if err != nil {
			return
		}
	}
}

// follows says where the page of a lesson that cannot be shown waits for it.
func (e *edition) follows(lesson string) *livePage {
	if strings.ContainsAny(lesson, `/\`) || len(e.about(lesson)) == 0 {
		return nil
	}
	return e.live(lesson)
}
