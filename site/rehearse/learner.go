package rehearse

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// learner is one simulated person.
type learner struct {
	*Browser
	link  Link
	name  string
	steps []Step
	tally *Tally
	quit  context.CancelFunc // ends all that the learner does
	over  <-chan struct{}    // closed by it
	told  chan classNow      // the newest that the class said
	voted string             // the vote that was answered last, and its round

	mu   sync.Mutex // guards what follows
	at   place
	here struct{ Lesson, Section, Experiment, Since string } // where the class was called to last
}

// live joins, reads and runs until ctx is done, and sleeps now and then: then the page
// is closed, as that of a laptop is. The error is why the learner did not get in.
func (l *learner) live(ctx context.Context) {
	step, came := 0, ""
	for ctx.Err() == nil {
		awake, lid := context.WithTimeout(ctx, between(time.Minute, 4*time.Minute))
		var page sync.WaitGroup
		page.Go(func() { l.attend(awake) })
		page.Go(func() { l.answerClass(awake) })
		for awake.Err() == nil {
			if to, since := l.called(came); to >= 0 {
				step, came = to, since
			}
			l.read(awake, l.steps[step%len(l.steps)])
			step++
		}
		lid()
		page.Wait()
		if ctx.Err() == nil {
			l.tally.add(func(t *Tally) { t.Slept++ })
			l.pause(ctx, 10*time.Second, 40*time.Second)
		}
	}
}

// called is the step to which the class was called since a learner came there last;
// -1: to none.
func (l *learner) called(came string) (step int, since string) {
	l.mu.Lock()
	here := l.here
	l.mu.Unlock()
	if here.Since == came {
		return -1, came
	}
	step = -1
	for i, s := range l.steps {
		if s.Lesson != here.Lesson {
			continue
		}
		if step < 0 || s.Section == here.Section {
			step = i
		}
		for _, x := range s.Experiments {
			if x.ID == here.Experiment && here.Experiment != "" {
				return i, here.Since
			}
		}
	}
	return step, here.Since
}

// read goes through one section: opens the page if it is another lesson's, reads, and
// does what is to be done.
func (l *learner) read(ctx context.Context, s Step) {
	l.mu.Lock()
	fresh := l.at.Lesson != s.Lesson
	l.at = place{Lesson: s.Lesson, Section: s.Section}
	l.mu.Unlock()
	if fresh {
		_, _, err := l.Open(ctx, "/"+l.link.Lang+"/"+s.Lesson)
		l.failed(ctx, "GET /"+s.Lesson, err)
	}
	l.does(ctx, http.MethodPut, "/api/progress/place", map[string]string{"lesson": s.Lesson, "section": s.Section})
	if !l.pause(ctx, 4*time.Second, 20*time.Second) {
		return
	}
	for _, x := range s.Experiments {
		l.predict(ctx, s, x)
		if !l.pause(ctx, 2*time.Second, 8*time.Second) {
			return
		}
		l.press(ctx, s, x)
		if !l.pause(ctx, 3*time.Second, 10*time.Second) {
			return
		}
	}
}

// predict answers what the experiment asks.
func (l *learner) predict(ctx context.Context, s Step, x Experiment) {
	for _, q := range x.Questions {
		if !l.pause(ctx, 2*time.Second, 8*time.Second) {
			return
		}
		body := map[string]any{"skipped": true}
		if given, ok := q.guess(); ok && chance(0.9) {
			body = map[string]any{"given": given}
		}
		if l.does(ctx, http.MethodPut, "/api/progress/guesses/"+s.Lesson+"/"+x.ID+"/"+q.ID, body) == nil {
			l.tally.add(func(t *Tally) { t.Guesses++ })
		}
	}
}

// does sends a command, and counts what goes wrong with it.
func (l *learner) does(ctx context.Context, method, path string, in any) error {
	err := l.Call(ctx, method, path, in, nil)
	l.failed(ctx, method+" "+path, err)
	return err
}

// failed counts an error. One that says that it is somebody else's turn is none.
func (l *learner) failed(ctx context.Context, what string, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	if isGone(err) {
		l.quit()
		return
	}
	if refused, ok := errors.AsType[*Refused](err); ok && refused.Status == http.StatusConflict {
		l.tally.add(func(t *Tally) { t.Refused++ })
		return
	}
	l.tally.add(func(t *Tally) { t.Wrong++; t.LastWrong = fmt.Sprintf("%s: %s: %v", l.name, what, err) })
}

// isGone says whether an error means that the learner is not in the class any more.
func isGone(err error) bool {
	refused, ok := errors.AsType[*Refused](err)
	return ok && (refused.Status == http.StatusUnauthorized || refused.Code == "removed")
}

func (l *learner) gone() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}

// pause waits for between low and high. It is false when ctx was done first.
func (l *learner) pause(ctx context.Context, low, high time.Duration) bool {
	t := time.NewTimer(between(low, high))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func between(low, high time.Duration) time.Duration { return low + rand.N(high-low) }

// chance is true so often of one.
func chance(p float64) bool { return rand.Float64() < p }
