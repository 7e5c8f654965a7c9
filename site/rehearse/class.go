package rehearse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"socketlabs/labs/telemetry"
)

// Bounds of a rehearsal.
const (
	MaxLearners = 200
	MaxTime     = 2 * time.Hour

	leaving = 4                // at once, when it is over
	toLeave = 60 * time.Second // all together
)

// Class is a rehearsal.
type Class struct {
	Link     Link
	Learners int // 1 to MaxLearners
	Time     time.Duration
	Steps    []Step // what they go through, again from the start when it is over
}

// Tally counts what a class has done so far.
type Tally struct {
	mu sync.Mutex // guards what follows

	In        int // who has joined
	Out       int // who was not let in
	Runs      int
	Ended     map[telemetry.Phase]int // of those that were watched to their end
	Missing   uint64                  // events that never came
	Guesses   int
	Votes     int
	Hands     int
	Slept     int
	Lost      int // connections to the class that broke
	Refused   int // commands that had to wait for the class or for another run
	Wrong     int // requests that failed in another way
	LastWrong string
	Slowest   time.Duration // answer
	Behind    int           // who could not delete their data at the end
}

func (t *Tally) add(what func(*Tally)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	what(t)
}

func (t *Tally) took(d time.Duration) {
	t.add(func(t *Tally) { t.Slowest = max(t.Slowest, d) })
}

// Over is how many runs were watched to their end.
func (t *Tally) over() (n int) {
	for _, of := range t.Ended {
		n += of
	}
	return n
}

// String says it in a line.
func (t *Tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := fmt.Sprintf("%d in, %d runs (%d over, %d finished), %d predictions, %d votes, %d hands, %d slept, slowest answer %v",
		t.In, t.Runs, t.over(), t.Ended[telemetry.Finished], t.Guesses, t.Votes, t.Hands, t.Slept, t.Slowest.Round(time.Millisecond))
	for _, n := range []struct {
		n    int
		what string
	}{{t.Out, "not let in"}, {int(t.Missing), "events missing"}, {t.Lost, "connections lost"}, {t.Refused, "told to wait"}} {
		if n.n > 0 {
			s += fmt.Sprintf(", %d %s", n.n, n.what)
		}
	}
	if t.Wrong > 0 {
		s += fmt.Sprintf(", %d failed (last: %s)", t.Wrong, t.LastWrong)
	}
	return s
}

// Play fills the class until its time is over or ctx is done, and then has everybody
// delete their data: also then nobody stays behind. t may be read meanwhile. The error
// says why nobody got in, or that somebody could not leave.
func (c Class) Play(ctx context.Context, t *Tally) error {
	if c.Learners < 1 || c.Learners > MaxLearners || c.Time <= 0 || c.Time > MaxTime || len(c.Steps) == 0 {
		return fmt.Errorf("rehearse: %d learners for %v: there are 1 to %d, for up to %v", c.Learners, c.Time, MaxLearners, MaxTime)
	}
	t.add(func(t *Tally) { t.Ended = map[telemetry.Phase]int{} })
	ctx, cancel := context.WithTimeout(ctx, c.Time)
	defer cancel()
	leave, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	context.AfterFunc(ctx, func() { time.AfterFunc(toLeave, stop) })
	first := c.learner(1, t)
	if err := first.join(leave); err != nil { // not in the middle of it: who is in has to be known
		return refusedAtDoor(err)
	}
	exit := make(chan struct{}, leaving)
	var people sync.WaitGroup
	people.Go(func() { c.attends(ctx, leave, first, exit) })
	for i := 2; i <= c.Learners; i++ {
		l := c.learner(i, t)
		people.Go(func() {
			if !l.pause(ctx, 0, min(20*time.Second, c.Time/4)) {
				return
			}
			if err := l.join(leave); err != nil {
				return
			}
			c.attends(ctx, leave, l, exit)
		})
	}
	people.Wait()
	if t.Behind > 0 {
		return fmt.Errorf("%d simulated learners could not leave the class: the instructor's page deletes them all at once", t.Behind)
	}
	return nil
}

// learner makes the simulated person of that number.
func (c Class) learner(n int, t *Tally) *learner {
	name := fmt.Sprintf("모의 학습자 %03d", n)
	if c.Link.Lang == "en" {
		name = fmt.Sprintf("Simulated %03d", n)
	}
	return &learner{Browser: NewBrowser(c.Link.Site, t.took), link: c.Link, name: name, steps: c.Steps, tally: t, quit: func() {}, told: make(chan classNow, 1)}
}

// attends is one person's class, from the door to the end.
func (c Class) attends(ctx, leave context.Context, l *learner, exit chan struct{}) {
	defer l.Close()
	life, quit := context.WithCancel(ctx)
	defer quit()
	l.quit, l.over = quit, life.Done()
	l.live(life)
	var err error
	select {
	case exit <- struct{}{}:
		err = l.leaves(leave)
		<-exit
	case <-leave.Done():
		err = leave.Err()
	}
	if err != nil {
		l.tally.add(func(t *Tally) { t.Behind++; t.LastWrong = fmt.Sprintf("%s: %v", l.name, err) })
	}
}

// join comes in as anybody does.
func (l *learner) join(ctx context.Context) error {
	_, _, err := l.Open(ctx, "/"+l.link.Lang+"/join")
	if err == nil {
		err = l.Join(ctx, l.link, l.name)
	}
	if err != nil {
		l.tally.add(func(t *Tally) { t.Out++; t.LastWrong = fmt.Sprintf("%s: %v", l.name, err) })
		return err
	}
	l.tally.add(func(t *Tally) { t.In++ })
	_, _, err = l.Open(ctx, "/"+l.link.Lang+"/")
	l.failed(ctx, "GET /", err)
	return nil
}

// leaves deletes the learner's data, also when the site restarts just now.
func (l *learner) leaves(ctx context.Context) (err error) {
	for range 5 {
		if err = l.Leave(ctx, l.link); err == nil {
			return nil
		}
		if !l.pause(ctx, time.Second, 3*time.Second) {
			break
		}
	}
	return err
}

// refusedAtDoor says what to do when nobody is let in.
func refusedAtDoor(err error) error {
	refused, ok := errors.AsType[*Refused](err)
	switch {
	case !ok:
		return fmt.Errorf("join: %w", err)
	case refused.Status == http.StatusForbidden:
		return errors.New("join: the door is closed, or the code was changed: the instructor's page has the link")
	case refused.Status == http.StatusConflict:
		return errors.New("join: all seats are taken: start the workshop with more --seats")
	case refused.Status == http.StatusNotFound:
		return errors.New("join: no workshop is served there: start one with labs serve --workshop")
	}
	return fmt.Errorf("join: %w", err)
}
