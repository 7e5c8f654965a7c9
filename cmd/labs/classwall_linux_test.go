package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/labs/telemetry"
	"socketlabs/site/rehearse"
)

// moving is how often each of a class goes on to another section: 40 of 200 a second.
const moving = 5 * time.Second

// wallSeen is an open wall: when each move was made and when it was shown.
type wallSeen struct {
	conn *websocket.Conn

	mu     sync.Mutex // guards what follows
	moved  map[string]time.Time
	delays []time.Duration
	bytes  int
}

// openWall opens the wall and reads it until it is closed.
func (c *bigClass) openWall() *wallSeen {
	s := &wallSeen{conn: c.socket("/api/wall/events"), moved: map[string]time.Time{}}
	go func() {
		for {
			_, text, err := s.conn.ReadMessage()
			if err != nil {
				return
			}
			s.take(c, text)
		}
	}()
	return s
}

func (s *wallSeen) take(c *bigClass, text []byte) {
	var news struct {
		Seats []struct{ Name, Section string }
	}
	if err := json.Unmarshal(text, &news); err != nil {
		c.t.Errorf("the wall is told %.100s: %v", text, err)
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += len(text)
	for _, seat := range news.Seats {
		key := seat.Name + seat.Section
		if at, ok := s.moved[key]; ok {
			s.delays = append(s.delays, now.Sub(at))
			delete(s.moved, key)
		}
	}
}

// move has these people go on to another section, in turn, until ctx is done. seen
// may be nil.
func (c *bigClass) move(ctx context.Context, people []*classmate, seen *wallSeen) {
	step := time.NewTicker(moving / time.Duration(len(people)))
	defer step.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-step.C:
		}
		p, section := people[i%len(people)], "s"+strconv.Itoa(i)
		if seen != nil {
			seen.mu.Lock()
			seen.moved[p.name+section] = time.Now()
			seen.mu.Unlock()
		}
		if err := p.conn.WriteJSON(map[string]string{"lesson": "epoll", "section": section}); err != nil {
			c.t.Errorf("%s moves: %v", p.name, err)
			return
		}
	}
}

// during has people move while something goes on, and returns the site's CPU time
// meanwhile as a share of one core.
func (c *bigClass) during(people []*classmate, seen *wallSeen, what func()) float64 {
	ctx, stop := context.WithCancel(c.t.Context())
	var movers sync.WaitGroup
	movers.Go(func() { c.move(ctx, people, seen) })
	cpu, began := cpuOf(c.cmd.Process.Pid), time.Now()
	what()
	used := (cpuOf(c.cmd.Process.Pid) - cpu).Seconds() / time.Since(began).Seconds()
	stop()
	movers.Wait()
	return used
}

// cpuOf is the CPU time of a process so far (proc(5), /proc/pid/stat; USER_HZ is 100).
func cpuOf(pid int) time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	f := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

const quietTime = 15 * time.Second

// quiet is a class without a wall, to compare with.
func (c *bigClass) quiet() {
	used := c.during(c.people, nil, func() { time.Sleep(quietTime) })
	c.t.Logf("no wall: %d people, each moving every %v: the site takes %.1f %% of one core", len(c.people), moving, used*100)
}

// walled is the same with a wall.
func (c *bigClass) walled(seen *wallSeen) {
	used := c.during(c.people, seen, func() { time.Sleep(quietTime) })
	c.wallFigures(seen, "wall", used)
}

func (c *bigClass) wallFigures(seen *wallSeen, what string, used float64) {
	time.Sleep(2 * time.Second) // the last moves are shown
	seen.mu.Lock()
	defer seen.mu.Unlock()
	c.t.Logf("%s: %d moves shown, p50 %v, p99 %v, latest %v; %d KiB; the site takes %.1f %% of one core", what,
		len(seen.delays), at(seen.delays, .5), at(seen.delays, .99), at(seen.delays, 1), seen.bytes>>10, used*100)
	if len(seen.delays) == 0 || len(seen.moved) > 0 {
		c.t.Errorf("%d moves were shown, and never %d", len(seen.delays), len(seen.moved))
	}
	seen.moved, seen.delays, seen.bytes = map[string]time.Time{}, nil, 0
}

// pressed is a run as the one saw it who pressed Run.
type pressed struct {
	id    string
	by    *classmate
	heard time.Duration // until it was told how it stands
	saw   rehearse.Watched
}

// pressAll has people press Run in the same second, every third with the lesson's own
// settings, while the others go on reading and the wall is open: each is told how it
// stands, and all are measured in turn.
func (c *bigClass) pressAll(seen *wallSeen) []*pressed {
	presses := make([]*pressed, classRuns)
	var took time.Duration
	used := c.during(c.people[classRuns:], seen, func() {
		began := time.Now()
		c.all(c.people[:classRuns], func(p *classmate) (err error) {
			time.Sleep(time.Duration(p.n) * time.Second / classRuns)
			presses[p.n], err = c.press(p, p.n%3 > 0)
			return err
		})
		took = time.Since(began)
	})
	var heard []time.Duration
	for _, p := range presses {
		heard = append(heard, p.heard)
		if sum := c.summary(p.id); p.saw.Phase != telemetry.Finished || sum.Phase != telemetry.Finished || p.saw.Missing > 0 || !p.saw.Ended {
			c.t.Errorf("%s: saw %s, %d events missing; it is %s %s", p.by.name, p.saw.Phase, p.saw.Missing, sum.Phase, asJSON(sum.Reason))
		}
	}
	c.t.Logf("run: %d press Run in the same second: told how it stands after p50 %v, latest %v; all finished after %v", classRuns, at(heard, .5), at(heard, 1), took.Round(time.Second))
	c.wallFigures(seen, "wall, while they are measured", used)
	return presses
}

// press starts a run and watches it to its end.
func (c *bigClass) press(p *classmate, shared bool) (*pressed, error) {
	order := map[string]any{"lesson": "epoll", "experiment": "pieces"}
	if shared {
		order["settings"] = map[string]string{"load.size": "128"}
	}
	var run struct{ ID string }
	began := time.Now()
	if err := p.Call(c.t.Context(), "POST", "/api/runs", order, &run); err != nil {
		return nil, err
	}
	r := &pressed{id: run.ID, by: p}
	err := p.Watch(c.t.Context(), run.ID, &r.saw, func(events []telemetry.Event) {
		for _, e := range events {
			if e.State != nil && r.heard == 0 && (e.State.Reason != nil || e.State.Phase != telemetry.Queued) {
				r.heard = time.Since(began)
			}
		}
	})
	return r, err
}
