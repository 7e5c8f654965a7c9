package site

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/runner"
	"socketlabs/site/workshop"
)

const (
	// wallEvery is how often an open wall is told what has changed.
	wallEvery = 400 * time.Millisecond
	// wallFresh is how long a look at the class is new enough for other walls.
	wallFresh = 200 * time.Millisecond
	// wallBeat is how long a wall is told nothing at most: it can tell then that the
	// connection stands.
	wallBeat = 2 * time.Second
	// begunAbout is by how much the time at which a run begins has to move until it
	// is told again.
	begunAbout = 3000 // ms
)

// wall is the class as all open walls are told it. Whoever asks first looks at the
// class, and the others get the same; while nobody asks, nobody looks.
type wall struct {
	runs   newestRuns
	traces traces

	mu      sync.Mutex // guards what follows
	looked  time.Time
	version uint64
	seats   map[string]part // by person
	order   part            // their ids, in the order of joining
	machine part
	drawn   map[string]*runTrace
	begins  map[string]int64
	made    wallFrame // the last
}

// part is a part of what a wall is told, and since when it has been so.
type part struct {
	since uint64
	text  json.RawMessage
}

// set puts what the part is now.
func (v part) set(now uint64, value any) (part, error) {
	text, err := json.Marshal(value)
	if err == nil && !bytes.Equal(text, v.text) {
		v = part{now, text}
	}
	return v, err
}

// wallFrame is what a wall is told that knows version from.
type wallFrame struct {
	from, to uint64
	frame    *websocket.PreparedMessage // nil: nothing has changed
}

// wallNews is a message to a wall: what has changed since the one before. In the first,
// all is new.
type wallNews struct {
	Version uint64            `json:"v"`
	Now     int64             `json:"now"` // ms since 1970
	Order   json.RawMessage   `json:"order,omitempty"`
	Seats   []json.RawMessage `json:"seats,omitempty"`
	Traces  []*traceNews      `json:"traces,omitempty"`
	Machine json.RawMessage   `json:"machine,omitempty"`
}

// wallSince is what a wall has to be told that knows a version; 0: nothing yet.
func (s *Site) wallSince(after uint64) (wallFrame, error) {
	w := &s.wall
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); now.Sub(w.looked) >= wallFresh || after == 0 {
		if err := s.look(w); err != nil {
			return wallFrame{}, err
		}
		w.looked = now
	}
	if w.made.from == after && w.made.to == w.version && after != 0 {
		return w.made, nil
	}
	f := wallFrame{from: after, to: w.version}
	if after < w.version {
		text, err := json.Marshal(w.since(after))
		if err == nil {
			f.frame, err = websocket.NewPreparedMessage(websocket.TextMessage, text)
		}
		if err != nil {
			return wallFrame{}, err
		}
	}
	w.made = f
	return f, nil
}

// since collects what is newer than a version. It is called with mu held.
func (w *wall) since(after uint64) wallNews {
	n := wallNews{Version: w.version, Now: time.Now().UnixMilli()}
	if w.order.since > after {
		n.Order = w.order.text
	}
	for _, id := range slices.Sorted(maps.Keys(w.seats)) {
		if v := w.seats[id]; v.since > after {
			n.Seats = append(n.Seats, v.text)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.drawn)) {
		if d := w.drawn[id].since(after); d != nil {
			n.Traces = append(n.Traces, d)
		}
	}
	if w.machine.since > after {
		n.Machine = w.machine.text
	}
	return n
}

// look finds out how the class stands, and makes a version of what has changed. It is
// called with mu held.
func (s *Site) look(w *wall) error {
	queue := s.cfg.Runner.Queue()
	g := &glance{edition: s.shelf.edition(), present: s.cfg.Class.Presence(), queue: map[string]runner.Waiting{}, last: w.runs.newest(s)}
	for _, q := range queue {
		g.queue[q.Run] = q
	}
	numbers := s.numbers()
	people := slices.DeleteFunc(s.cfg.Class.People(), func(p workshop.Person) bool { return p.Removed || numbers[p.ID] == 0 })
	var runs []string
	for _, p := range people {
		if r, ok := g.last[p.ID]; ok {
			runs = append(runs, r.ID)
		}
	}
	g.traces, g.begins = w.traces.need(s, runs), w.begin(queue)
	next := w.version + 1
	seats, ids := make(map[string]part, len(people)), make([]string, 0, len(people))
	changed := false
	for _, p := range people {
		v, err := w.seats[p.ID].set(next, s.seatOf(g, numbers[p.ID], p))
		if err != nil {
			return err
		}
		seats[p.ID], ids = v, append(ids, p.ID)
		changed = changed || v.since == next
	}
	order, err := w.order.set(next, ids)
	if err != nil {
		return err
	}
	machine, err := w.machine.set(next, s.machineNow(queue, w.begins))
	if err != nil {
		return err
	}
	for _, t := range g.traces {
		if t.look(next) {
			changed = true
		}
	}
	w.seats, w.order, w.machine, w.drawn = seats, order, machine, g.traces
	if changed || order.since == next || machine.since == next {
		w.version = next
	}
	return nil
}

// begin is when each run that waits begins to be measured, about: told again once it
// has moved far enough.
func (w *wall) begin(queue []runner.Waiting) map[string]int64 {
	now, begins := time.Now(), map[string]int64{}
	for _, q := range queue {
		if !q.Began.IsZero() {
			continue
		}
		at := now.Add(time.Duration(q.Wait * float64(time.Second))).UnixMilli()
		if old, ok := w.begins[q.Run]; ok && max(at-old, old-at) < begunAbout {
			at = old
		}
		begins[q.Run] = at
	}
	w.begins = begins
	return begins
}

// newestRuns knows everybody's newest run. Recordings are listed again only when a run
// has begun or ended, or was deleted, through this site.
type newestRuns struct {
	at uint64 // how many runs had begun, ended and gone then
	by map[string]runner.Summary
}

func (n *newestRuns) newest(s *Site) map[string]runner.Summary {
	if at := s.counts.moved.Load() + 1; at != n.at {
		n.at, n.by = at, map[string]runner.Summary{}
		for _, sum := range s.everybodys() { // the newest first
			if _, ok := n.by[asker(sum)]; !ok && asker(sum) != "" {
				n.by[asker(sum)] = sum
			}
		}
	}
	return n.by
}
