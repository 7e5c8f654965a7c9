package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"socketlabs/labs/telemetry"
)

// acknowledged is what the site has said that it has.
type acknowledged struct {
	mu      sync.Mutex // guards what follows
	votes   map[int]string
	guesses map[int]float64
	hands   int
	notes   int            // to everybody
	asked   map[int]string // proposals that wait for an answer, by person
	agreed  int            // the person who has agreed to theirs
	going   []string       // runs that had not ended
}

// killAndGoOn kills the site with SIGKILL in the middle of the class, while people vote
// and runs are measured, and starts it again: nobody signs in again, and all that was
// acknowledged is there.
func (c *bigClass) killAndGoOn(data string, runs []*pressed) {
	a := &acknowledged{votes: map[int]string{}, guesses: map[int]float64{}, asked: map[int]string{}}
	c.all(c.people[:classRuns], func(p *classmate) error { // each writes a note on their own run
		return p.Call(c.t.Context(), "POST", "/api/runs/"+runs[p.n].id+"/notes", map[string]any{"t": 0.5, "text": fmt.Sprintf("노트 %d", p.n)}, nil)
	})
	for i := range 3 {
		c.api("POST", "/api/class/notes", map[string]string{"text": fmt.Sprintf("모두에게 %d", i)}, nil)
		a.notes++
	}
	for _, p := range c.people[:5] {
		if err := p.Call(c.t.Context(), "PUT", "/api/class/hand", map[string]any{"text": "왜 멈췄나요?", "lesson": "epoll", "run": runs[p.n].id, "t": 1}, nil); err != nil {
			c.t.Fatal(err)
		}
		a.hands++
	}
	for _, p := range c.people[50:56] {
		var run struct{ ID string }
		if err := p.Call(c.t.Context(), "POST", "/api/runs", map[string]any{"lesson": "epoll", "experiment": "thousand-epoll"}, &run); err != nil {
			c.t.Fatal(err)
		}
		a.going = append(a.going, run.ID)
	}
	until(c.t, time.Minute, "one of the runs is measured", func() bool { return c.summary(a.going[0]).Phase == telemetry.Running })
	c.propose(a)
	tree := descendants(c.cmd.Process.Pid)
	if len(tree) < 3 {
		c.t.Fatalf("the site has %d descendants: shim, lab and load expected", len(tree))
	}
	c.api("POST", "/api/class/votes", map[string]string{"question": "epoll/pieces/answered"}, nil)
	killed, gone := c.killWhileTheyVote(a, tree)

	c.server = serve(c.t, data, nil, append(sameClass(), "--addr", c.link.Site[len("http://"):])...)
	up := time.Since(killed)
	for _, p := range c.people {
		p.conn.Close()
		p.Close()
	}
	c.all(c.people, func(p *classmate) error { return c.stillIn(p, a) })
	back := time.Since(killed)
	c.kept(a, runs)
	c.answered(a)
	r, err := c.press(c.people[0], false)
	if err != nil || r.saw.Phase != telemetry.Finished {
		c.t.Errorf("after the restart somebody presses Run: %+v, %v", r, err)
	}
	if len(a.votes) == classSize || len(a.guesses) == 0 {
		c.t.Errorf("%d votes and %d predictions were acknowledged: it was not killed in the middle", len(a.votes), len(a.guesses))
	}
	c.t.Logf("kill -9: %d votes, %d predictions, %d hands, %d notes to all, %d notes on runs and %d recordings acknowledged, all there; %d runs interrupted; %d processes gone after %v; the site is up after %v, all %d people are told of the class by their old cookies after %v",
		len(a.votes), len(a.guesses), a.hands, a.notes, len(runs), len(runs), len(a.going), len(tree), round(gone), round(up), len(c.people), round(back))
}

// propose proposes a setting to some, and one of them agrees.
func (c *bigClass) propose(a *acknowledged) {
	at := map[string]string{}
	for _, p := range c.desk().People {
		at[p.Name] = p.ID
	}
	for _, p := range c.people[10:13] {
		var said struct{ ID string }
		c.api("POST", "/api/wall/proposals", map[string]string{"person": at[p.name], "lesson": "epoll", "experiment": "fits", "setting": "knob.buf", "value": "512"}, &said)
		a.asked[p.n] = said.ID
	}
	p := c.people[13]
	var said struct{ ID string }
	c.api("POST", "/api/wall/proposals", map[string]string{"person": at[p.name], "lesson": "epoll", "experiment": "fits", "setting": "knob.buf", "value": "512"}, &said)
	if err := p.Call(c.t.Context(), "PUT", "/api/class/proposal", map[string]any{"id": said.ID, "agree": true}, nil); err != nil {
		c.t.Fatal(err)
	}
	a.agreed = p.n
}

// answered checks that proposals still wait, that the pages of all who came back count,
// and that an answer is taken.
func (c *bigClass) answered(a *acknowledged) {
	if n := c.desk().Desk.Present; n != classSize {
		c.t.Errorf("%d of %d people who are back are present", n, classSize)
	}
	for n, id := range a.asked {
		if err := c.people[n].Call(c.t.Context(), "PUT", "/api/class/proposal", map[string]any{"id": id, "agree": n%2 == 0}, nil); err != nil {
			c.t.Errorf("%s answers the proposal of before: %v", c.people[n].name, err)
		}
	}
	wall := c.socket("/api/wall/events")
	defer wall.Close()
	var first struct {
		Seats []struct{ Name, Proposal string }
	}
	if err := wall.ReadJSON(&first); err != nil {
		c.t.Fatal(err)
	}
	states := map[string]string{}
	for _, s := range first.Seats {
		states[s.Name] = s.Proposal
	}
	for n := range a.asked {
		if want := map[bool]string{true: "agreed", false: "declined"}[n%2 == 0]; states[c.people[n].name] != want {
			c.t.Errorf("the wall says that %s has %q, and not %s", c.people[n].name, states[c.people[n].name], want)
		}
	}
	if got := states[c.people[a.agreed].name]; got != "agreed" {
		c.t.Errorf("who had agreed before the restart has %q on the wall", got)
	}
}

// killWhileTheyVote has everybody vote and predict within two seconds, and kills the
// site when half of the votes are in. What was answered with an error may be there or
// not. It returns when that was, and how long the site's processes were there after it.
func (c *bigClass) killWhileTheyVote(a *acknowledged, tree []process) (killed time.Time, gone time.Duration) {
	var in atomic.Int64
	half := make(chan struct{})
	var people sync.WaitGroup
	for _, p := range c.people {
		people.Go(func() {
			time.Sleep(time.Duration(p.n) * 2 * time.Second / classSize)
			vote, guess := []string{"all", "stuck"}[p.n%2], float64(p.n)
			if p.Call(c.t.Context(), "PUT", "/api/class/votes/1/answer", map[string]string{"given": vote}, nil) != nil {
				return
			}
			a.mu.Lock()
			a.votes[p.n] = vote
			a.mu.Unlock()
			if in.Add(1) == classSize/2 {
				close(half)
			}
			if p.Call(c.t.Context(), "PUT", "/api/progress/guesses/epoll/fits-drained/reads", map[string]float64{"given": guess}, nil) == nil {
				a.mu.Lock()
				a.guesses[p.n] = guess
				a.mu.Unlock()
			}
		})
	}
	select {
	case <-half:
	case <-time.After(time.Minute):
		c.t.Errorf("%d votes were acknowledged", in.Load())
	}
	killed = time.Now()
	c.kill()
	until(c.t, 10*time.Second, "no process is left", func() bool { return alive(tree) == 0 })
	gone = time.Since(killed)
	people.Wait()
	return killed, gone
}

// stillIn checks that a person is in by the cookie of before, with all that was
// acknowledged to them.
func (c *bigClass) stillIn(p *classmate, a *acknowledged) (err error) {
	if p.conn, err = p.Socket(c.t.Context(), "/api/class/events"); err != nil {
		return err
	}
	var now deskNow
	if err := p.conn.ReadJSON(&now); err != nil || now.Name != p.name {
		return fmt.Errorf("it is %q now: %w", now.Name, err)
	}
	if want, ok := a.votes[p.n]; ok && now.You.Ballot.First != want {
		return fmt.Errorf("the vote is %v, and %q was acknowledged", now.You.Ballot.First, want)
	}
	var asked string
	if now.You.Proposal != nil {
		asked = now.You.Proposal.ID
	}
	if asked != a.asked[p.n] {
		return fmt.Errorf("the proposal that waits is %q, and it was %q", asked, a.asked[p.n])
	}
	var done struct {
		Guesses map[string]struct{ Given any }
	}
	if err := p.Call(c.t.Context(), "GET", "/api/progress", nil, &done); err != nil {
		return err
	}
	if want, ok := a.guesses[p.n]; ok && done.Guesses["epoll/fits-drained/reads"].Given != want {
		return fmt.Errorf("the prediction is %v, and %v was acknowledged", done.Guesses["epoll/fits-drained/reads"].Given, want)
	}
	return nil
}

// kept checks what the instructor sees, and the recordings.
func (c *bigClass) kept(a *acknowledged, runs []*pressed) {
	now := c.desk()
	if len(now.People) != classSize || len(now.Desk.Notes) != a.notes || len(now.Desk.Hands) != a.hands {
		c.t.Errorf("%d people, %d notes, %d hands; there were %d, %d, %d", len(now.People), len(now.Desk.Notes), len(now.Desk.Hands), classSize, a.notes, a.hands)
	}
	for _, r := range runs {
		if sum := c.summary(r.id); sum.Phase != telemetry.Finished || sum.Notes != 1 {
			c.t.Errorf("%s of %s: %s, %d notes", r.id, r.by.name, sum.Phase, sum.Notes)
		}
		if err := r.by.Call(c.t.Context(), "GET", "/api/runs/"+r.id, nil, nil); err != nil {
			c.t.Errorf("%s asks for their own run: %v", r.by.name, err)
		}
	}
	for _, id := range a.going {
		if sum := c.summary(id); sum.Phase != telemetry.Interrupted || sum.Reason == nil || sum.Reason.Code != "site-restarted" {
			c.t.Errorf("%s of a site that was killed: %s %s", id, sum.Phase, asJSON(sum.Reason))
		}
	}
}
