package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"socketlabs/labs/telemetry"
	"socketlabs/site/rehearse"
)

// watchOne has as many pages as there are people watch one run from its beginning.
func (c *bigClass) watchOne() {
	host := c.people[0]
	var run struct{ ID string }
	if err := host.Call(c.t.Context(), "POST", "/api/runs", map[string]any{"lesson": "blocking", "experiment": "dribble"}, &run); err != nil {
		c.t.Fatal(err)
	}
	var mu sync.Mutex // guards what follows
	var late, behind []time.Duration
	first := map[uint64]time.Time{}
	var last uint64
	c.all(c.people, func(*classmate) error {
		var w rehearse.Watched
		var began time.Time
		err := host.Watch(c.t.Context(), run.ID, &w, func(events []telemetry.Event) {
			now := time.Now()
			mu.Lock()
			defer mu.Unlock()
			for _, e := range events {
				switch {
				case e.Run != nil:
					began = e.Run.Began
				case e.Kind == telemetry.KindSample && e.From == telemetry.FromKernel:
					if _, ok := first[e.Seq]; !ok {
						first[e.Seq] = now
					}
					late = append(late, now.Sub(began.Add(time.Duration(e.T*float64(time.Second)))))
					behind = append(behind, now.Sub(first[e.Seq]))
				}
			}
		})
		mu.Lock()
		defer mu.Unlock()
		last = max(last, w.Last)
		switch {
		case err != nil:
			return err
		case w.Missing != 0 || !w.Ended || w.Phase != telemetry.Finished:
			return fmt.Errorf("%d of %d events are missing; it ended %v as %s", w.Missing, w.Last, w.Ended, w.Phase)
		}
		return nil
	})
	soonest := percentile(late, 0) // T counts from a tick of the grid: what came soonest came at once, about
	c.t.Logf("watch: %d pages saw all %d events of one run, %d kernel samples in all; later after their ticks than the soonest: p50 %v, p99 %v, latest %v; after the first page that got it: p99 %v",
		len(c.people), last, len(late), percentile(late, .5)-soonest, percentile(late, .99)-soonest, percentile(late, 1)-soonest, percentile(behind, .99))
	if len(late) < classSize*30 {
		c.t.Errorf("%d samples only", len(late))
	}
}

// percentile is that of durations, 0 without any.
func percentile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	d = slices.Sorted(slices.Values(d))
	return round(d[min(len(d)-1, int(q*float64(len(d))))])
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
