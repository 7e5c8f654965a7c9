package rehearse

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gorilla/websocket"
)

// classNow is what an open page is told of the class, as far as a learner heeds it.
type classNow struct {
	Gone  bool
	Class struct {
		Here *struct{ Lesson, Section, Experiment, Since string }
		Vote *struct {
			ID, State string
			Asked     struct {
				Kind    string
				Choices []struct{ ID string }
			}
		}
	}
	You *struct {
		Follow   bool
		Ballot   struct{ First, Second any }
		Hand     *struct{ State string }
		Proposal *struct{ ID string }
	}
}

// place is where a page says that it is.
type place struct {
	Lesson  string `json:"lesson"`
	Section string `json:"section"`
	Run     string `json:"run"`
}

// attend keeps the page's connection to the class, as long as the page is open: it
// comes back when the site restarts or the network was away. When the learner was
// removed, it ends everything of theirs.
func (l *learner) attend(ctx context.Context) {
	for ctx.Err() == nil && !l.gone() {
		conn, err := l.Socket(ctx, "/api/class/events")
		if err == nil {
			err = l.hear(ctx, conn)
		}
		if websocket.IsCloseError(err, websocket.CloseNormalClosure) || isGone(err) {
			l.quit()
			return
		}
		if err != nil && ctx.Err() == nil {
			l.tally.add(func(t *Tally) { t.Lost++ })
		}
		l.pause(ctx, 500*time.Millisecond, 2*time.Second)
	}
}

// hear reads what the class says until the connection ends, and says where the page is.
func (l *learner) hear(ctx context.Context, conn *websocket.Conn) error {
	done := make(chan struct{})
	speaking := make(chan struct{})
	go func() {
		defer close(speaking)
		defer conn.Close()
		l.speak(ctx, conn, done)
	}()
	defer func() { <-speaking }()
	defer close(done)
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		var now classNow
		if err := json.Unmarshal(text, &now); err != nil {
			return err
		}
		select { // the newest counts
		case <-l.told:
		default:
		}
		l.told <- now
	}
}

// speak says where the page is, each time that it has moved.
func (l *learner) speak(ctx context.Context, conn *websocket.Conn, done <-chan struct{}) {
	said := place{Lesson: "-"}
	every := time.NewTicker(200 * time.Millisecond)
	defer every.Stop()
	for {
		l.mu.Lock()
		at := l.at
		l.mu.Unlock()
		if at != said {
			conn.SetWriteDeadline(time.Now().Add(patience))
			if conn.WriteJSON(at) != nil {
				return
			}
			said = at
		}
		select {
		case <-every.C:
		case <-done:
			return
		case <-ctx.Done():
			return
		}
	}
}

// answerClass does what the class asks of a learner: follows, votes, answers a proposal,
// thanks for an answer. It runs beside what the learner does otherwise.
func (l *learner) answerClass(ctx context.Context) {
	for {
		var now classNow
		select {
		case now = <-l.told:
		case <-ctx.Done():
			return
		}
		if now.You == nil {
			continue
		}
		if here := now.Class.Here; here != nil && now.You.Follow {
			l.mu.Lock()
			l.here = *here
			l.mu.Unlock()
		}
		l.vote(ctx, now)
		if p := now.You.Proposal; p != nil {
			l.pause(ctx, 2*time.Second, 8*time.Second)
			l.does(ctx, "PUT", "/api/class/proposal", map[string]any{"id": p.ID, "agree": chance(0.7)})
		}
		if h := now.You.Hand; h != nil && h.State == "answered" {
			l.pause(ctx, 3*time.Second, 10*time.Second)
			l.does(ctx, "DELETE", "/api/class/hand", nil)
		}
	}
}

// vote answers the vote that is open, once: nine in ten people do.
func (l *learner) vote(ctx context.Context, now classNow) {
	v := now.Class.Vote
	if v == nil {
		return
	}
	open := v.State == "open1" && now.You.Ballot.First == nil || v.State == "open2" && now.You.Ballot.Second == nil
	key := v.ID + v.State
	if !open || l.voted == key {
		return
	}
	l.voted = key
	q := Question{Kind: v.Asked.Kind}
	for _, c := range v.Asked.Choices {
		q.Choices = append(q.Choices, c.ID)
	}
	given, ok := q.guess()
	if !ok || !chance(0.9) || !l.pause(ctx, 2*time.Second, 15*time.Second) {
		return
	}
	if l.does(ctx, "PUT", "/api/class/votes/"+v.ID+"/answer", map[string]any{"given": given}) == nil {
		l.tally.add(func(t *Tally) { t.Votes++ })
	}
}
