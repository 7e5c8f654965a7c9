package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/labs/telemetry"
)

// Watched is what a reader of a run saw of it.
type Watched struct {
	Last    uint64          // the last sequence number
	Missing uint64          // numbers that never came
	Phase   telemetry.Phase // the last
	T       float64         // seconds since the run began, of the last event
	Ended   bool
}

// Watch follows a run from behind w.Last on, until its end or an error: each batch of
// events is counted in w, and then told. It returns nil when the run has ended.
func (b *Browser) Watch(ctx context.Context, run string, w *Watched, told func([]telemetry.Event)) error {
	conn, err := b.Socket(ctx, fmt.Sprintf("/api/runs/%s/events?after=%d", run, w.Last))
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	for {
		_, text, err := conn.ReadMessage()
		switch {
		case websocket.IsCloseError(err, websocket.CloseNormalClosure):
			return nil
		case err != nil:
			return err
		}
		var events []telemetry.Event
		if err := json.Unmarshal(text, &events); err != nil {
			return err
		}
		for _, e := range events {
			w.take(e)
		}
		if told != nil {
			told(events)
		}
	}
}

func (w *Watched) take(e telemetry.Event) {
	if e.Seq > w.Last+1 {
		w.Missing += e.Seq - w.Last - 1
	}
	w.Last, w.T = e.Seq, e.T
	if e.State != nil {
		w.Phase = e.State.Phase
	}
	if e.End != nil {
		w.Phase, w.Ended = e.End.Phase, true
	}
}

// press presses Run and watches the run to its end. Every third time something was
// turned before, and at times a hand goes up meanwhile.
func (l *learner) press(ctx context.Context, s Step, x Experiment) {
	order := map[string]any{"lesson": s.Lesson, "experiment": x.ID}
	if x.Other[0] != "" && chance(1./3) {
		order["settings"] = map[string]string{x.Other[0]: x.Other[1]}
	}
	var run struct{ ID string }
	err := l.Call(ctx, http.MethodPost, "/api/runs", order, &run)
	if refused, ok := errors.AsType[*Refused](err); ok && refused.Code == "one-at-a-time" && refused.Run != "" {
		run.ID, err = refused.Run, nil // the instructor has started one for them
	}
	if refused, ok := errors.AsType[*Refused](err); ok && refused.Code == "cap" { // of this workshop: then it is run as it is
		delete(order, "settings")
		err = l.Call(ctx, http.MethodPost, "/api/runs", order, &run)
	}
	if err != nil {
		l.failed(ctx, "POST /api/runs", err)
		return
	}
	l.tally.add(func(t *Tally) { t.Runs++ })
	l.bench(run.ID)
	l.follow(ctx, s, run.ID)
}

// bench says which run is on the page's bench.
func (l *learner) bench(run string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at.Run = run
}

// follow watches a run to its end, also over a restart of the site. It is left to end
// alone when the learner sleeps.
func (l *learner) follow(ctx context.Context, s Step, run string) {
	var w Watched
	raises := chance(0.15)
	watch := func([]telemetry.Event) {
		if raises && w.Phase == telemetry.Running {
			raises = false
			l.raise(ctx, s, run, w.T)
		}
	}
	for tries := 0; tries < 20 && ctx.Err() == nil; tries++ {
		err := l.Watch(ctx, run, &w, watch)
		if err == nil {
			l.tally.add(func(t *Tally) {
				t.Ended[w.Phase]++
				t.Missing += w.Missing
			})
			return
		}
		if refused, ok := errors.AsType[*Refused](err); ok {
			l.failed(ctx, "watch "+run, refused)
			return
		}
		l.pause(ctx, 500*time.Millisecond, 2*time.Second)
	}
}

// raise raises a hand about what the run shows.
func (l *learner) raise(ctx context.Context, s Step, run string, t float64) {
	all := asks[l.link.Lang]
	body := map[string]any{"text": all[rand.IntN(len(all))], "lesson": s.Lesson, "run": run, "t": t}
	if l.does(ctx, http.MethodPut, "/api/class/hand", body) == nil {
		l.tally.add(func(t *Tally) { t.Hands++ })
	}
}
