package main

import (
	"context"
	"sync"
	"time"

	"socketlabs/labs/telemetry"
	"socketlabs/site/rehearse"
)

// moving is how often each of a class goes on to another section: 40 of 200 a second.
const moving = 5 * time.Second

// quietTime is how long the class is looked at while nothing is measured.
const quietTime = 15 * time.Second

// pages are everybody's, as the wall's own test moves them.
func (c *bigClass) pages() *crowd {
	all := &crowd{s: c.server, moved: map[string]time.Time{}}
	for _, p := range c.people {
		all.pages = append(all.pages, p.conn)
	}
	return all
}

// during has the people from that one on move, one after the other, while something
// goes on, and returns the site's CPU time meanwhile as a share of one core.
func (c *bigClass) during(all *crowd, from int, what func()) float64 {
	ctx, stop := context.WithCancel(c.t.Context())
	var movers sync.WaitGroup
	movers.Go(func() {
		step := time.NewTicker(moving / time.Duration(len(all.pages)-from))
		defer step.Stop()
		for i := from; ctx.Err() == nil; i++ {
			<-step.C
			if i == len(all.pages) {
				i = from
			}
			all.move(i)
		}
	})
	cpu, began := cpuOf(c.t, c.cmd.Process.Pid), time.Now()
	what()
	used := (cpuOf(c.t, c.cmd.Process.Pid) - cpu) / time.Since(began).Seconds()
	stop()
	movers.Wait()
	return used
}

// walled is the class at rest, without a wall and with one.
func (c *bigClass) walled() {
	rest := func() { time.Sleep(quietTime) }
	alone := c.during(c.pages(), 0, rest)
	all := c.pages()
	wall := all.wall(c.t)
	with := c.during(all, 0, rest)
	c.t.Logf("wall: %d people, each moving every %v: the site takes %.1f %% of one core without a wall and %.1f %% with one", len(all.pages), moving, alone*100, with*100)
	c.wallFigures("wall", all, wall)
}

// wallFigures are how late moves were on a wall, all of which it has to be told.
func (c *bigClass) wallFigures(what string, all *crowd, wall *theWall) {
	until(c.t, 10*time.Second, "every move is told", func() bool { return wall.missing(all) == 0 })
	wall.close()
	late := wall.delays()
	c.t.Logf("%s: %d moves shown after p50 %v, p99 %v, latest %v; %d messages, %d KiB", what, len(late), percentile(late, .5), percentile(late, .99), percentile(late, 1), wall.messages, wall.bytes>>10)
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
func (c *bigClass) pressAll() []*pressed {
	presses := make([]*pressed, classRuns)
	var took time.Duration
	all := c.pages()
	wall := all.wall(c.t)
	used := c.during(all, classRuns, func() {
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
	c.t.Logf("run: %d press Run in the same second: told how it stands after p50 %v, latest %v; all finished after %v; the site takes %.1f %% of one core meanwhile, with the wall",
		classRuns, percentile(heard, .5), percentile(heard, 1), took.Round(time.Second), used*100)
	c.wallFigures("wall, while they are measured", all, wall)
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
