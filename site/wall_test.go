package site

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/site/workshop"
)

// openWall is a wall as its page keeps it.
type openWall struct {
	t       *testing.T
	conn    *websocket.Conn
	order   []string
	seats   map[string]seat
	traces  map[string]traceNews
	machine machineLine
	sent    int // seats that were told, in all
}

// wall opens the instructor's wall.
func (c *classroom) wall() *openWall {
	c.t.Helper()
	header := http.Header{"Authorization": {"Bearer " + testToken}, "Origin": {c.url}}
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(c.url, "http")+"/api/wall/events", header)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { conn.Close() })
	return &openWall{t: c.t, conn: conn, seats: map[string]seat{}, traces: map[string]traceNews{}}
}

// next takes one message.
func (w *openWall) next() {
	w.t.Helper()
	w.conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	_, text, err := w.conn.ReadMessage()
	if err != nil {
		w.t.Fatal(err)
	}
	var n struct {
		Order   []string
		Seats   []seat
		Traces  []traceNews
		Machine *machineLine
	}
	if err := json.Unmarshal(text, &n); err != nil {
		w.t.Fatal(err)
	}
	if n.Order != nil {
		w.order = n.Order
	}
	for _, s := range n.Seats {
		w.seats[s.Person] = s
		w.sent++
	}
	for _, t := range n.Traces {
		had := w.traces[t.Run]
		if had.Block != t.Block || t.From == 0 {
			had = traceNews{}
		}
		if t.From != len(had.Points) {
			w.t.Fatalf("points from %d, after %d", t.From, len(had.Points))
		}
		t.Points = append(had.Points, t.Points...)
		w.traces[t.Run] = t
	}
	if n.Machine != nil {
		w.machine = *n.Machine
	}
}

// until takes messages until what is wanted holds.
func (w *openWall) until(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !holds(); w.next() {
		if time.Now().After(end) {
			w.t.Fatalf("never: %s; seats %+v, machine %+v", what, w.seats, w.machine)
		}
	}
}

// The wall says of real runs what their recordings say.
func TestTheWallShowsRuns(t *testing.T) {
	c := serveClass(t)
	ada, bob := c.joins("Ada"), c.joins("Bob")
	x := c.shortest(anything)
	early := c.wall()
	early.until("two seats", func() bool { return len(early.order) == 2 && len(early.seats) == 2 })
	if got := []string{early.seats[ada.Person.ID].Name, early.seats[bob.Person.ID].Name}; !slices.Equal(got, []string{"Ada", "Bob"}) || early.order[0] != ada.Person.ID {
		t.Errorf("seats %v in the order %v", got, early.order)
	}
	if s := early.seats[bob.Person.ID]; s.State != "lost" || s.N != 2 || s.Seen != 0 {
		t.Errorf("who has opened no page: %+v", s)
	}

	lesson, id, _ := strings.Cut(x.Spec.Name, "/")
	if err := c.cfg.Runner.Pause(); err != nil {
		t.Fatal(err)
	}
	var runs []string
	for _, p := range []pupil{ada, bob} {
		run, err := c.startFor(p.Person, order{Lesson: lesson, Experiment: id, Skipped: skippedOf(x)})
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run.ID())
	}
	early.until("both wait, and the machine is held up", func() bool {
		return early.machine.Waiting == 2 && early.machine.Paused && early.seats[ada.Person.ID].State == "queued" && early.seats[bob.Person.ID].State == "queued"
	})
	if a, b := early.seats[ada.Person.ID], early.seats[bob.Person.ID]; !a.Paused || b.Place != a.Place+1 || b.Begins < a.Begins || a.Lesson != lesson || a.Step != id {
		t.Errorf("in the queue: %+v, %+v", a, b)
	}
	if err := c.cfg.Runner.Resume(); err != nil {
		t.Fatal(err)
	}
	over := func(id string) func() bool {
		return func() bool { return slices.Contains([]string{"finished", "void"}, early.seats[id].State) }
	}
	early.until("Ada is measured and Bob waits", func() bool {
		return early.seats[ada.Person.ID].State == "running" && early.seats[bob.Person.ID].State == "queued" && early.machine.Used == 1 && early.machine.Alone
	})
	for _, p := range []pupil{ada, bob} { // else they are offline, whatever the run came to
		_, left := c.class.Arrive(p.Person.ID)
		defer left()
	}
	early.until("Ada's is over", over(ada.Person.ID))
	early.until("Bob's is over", over(bob.Person.ID))

	late := c.wall()
	late.until("a wall that comes late has all", func() bool { return len(late.seats) == 2 && len(late.traces) == 2 })
	for _, run := range runs {
		for _, w := range []*openWall{early, late} {
			w.until("the last point", func() bool { return c.agrees(run, w.traces[run]) })
		}
	}
	if n := early.seats[ada.Person.ID]; n.Checks == 0 || n.Run != runs[0] {
		t.Errorf("Ada's seat: %+v", n)
	}
}

// agrees says whether the points of a trace add up to what the recording says.
func (c *classroom) agrees(run string, trace traceNews) bool {
	c.t.Helper()
	rd, err := c.cfg.Runner.Follow(run, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	var begin telemetry.Block
	requests, last := 0.0, 0.0
	_, err = available(rd, func(batch []byte) error {
		return split(batch, func(e telemetry.Event, _ json.RawMessage) {
			switch {
			case e.Begin != nil:
				begin = *e.Begin
			case e.Values["load.requests"] > 0 && e.Kind == telemetry.KindSample:
				last = e.T - begin.Start
				requests = e.Values["load.requests"]
			}
		})
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(trace.Points) < 3 || last-*trace.Points[len(trace.Points)-1][0] > 2*pointEvery {
		return false
	}
	sum, before := 0.0, 0.0
	for _, p := range trace.Points {
		if *p[0] <= before {
			c.t.Fatalf("points out of order: %v after %v", *p[0], before)
		}
		sum, before = sum+*p[1]*(*p[0]-before), *p[0]
	}
	return math.Abs(sum-requests) < 0.15*requests+10
}

// What has not changed is not told again, and many walls cost one look.
func TestTheWallTellsChangesOnly(t *testing.T) {
	c := serveClass(t)
	var class []pupil
	for i := range 20 {
		class = append(class, c.joins(fmt.Sprintf("Learner %d", i)))
	}
	w := c.wall()
	w.until("everybody", func() bool { return len(w.seats) == 20 })
	w.sent = 0
	at, left := c.class.Arrive(class[7].Person.ID)
	defer left()
	id := class[7].Person.ID
	w.until("one has come", func() bool { return w.seats[id].State == "reading" })
	if w.sent != 1 {
		t.Errorf("%d seats were told for one that changed", w.sent)
	}
	l := c.lessons()[3]
	at(workshop.Place{Lesson: l.ID, Section: l.Sections[1].ID})
	w.until("and reads", func() bool { return w.seats[id].Lesson == l.ID && w.seats[id].At == l.Sections[1].ID })
	if _, err := c.class.Remove(class[0].Person.ID); err != nil {
		t.Fatal(err)
	}
	w.until("one seat less", func() bool { return len(w.order) == 19 && !slices.Contains(w.order, class[0].Person.ID) })
}

// A learner hears that they are watched, as long as they are.
func TestWhoIsWatchedIsTold(t *testing.T) {
	c := serveClass(t)
	ada, bob := c.joins("Ada"), c.joins("Bob")
	page, other := c.attends(&ada), c.attends(&bob)
	w := c.wall()
	say := func(person string) {
		t.Helper()
		if err := w.conn.WriteJSON(map[string]string{"watch": person}); err != nil {
			t.Fatal(err)
		}
	}
	say(ada.Person.ID)
	c.told(page, "watched", func(now classState, _ commonState) bool { return now.You.Watched })
	w.until("the wall says so", func() bool { return w.seats[ada.Person.ID].Watched })
	say(bob.Person.ID)
	c.told(page, "no longer", func(now classState, _ commonState) bool { return !now.You.Watched })
	c.told(other, "the other is", func(now classState, _ commonState) bool { return now.You.Watched })
	w.conn.Close()
	c.told(other, "the wall is closed", func(now classState, _ commonState) bool { return !now.You.Watched })
}

func TestProposals(t *testing.T) {
	c := serveClass(t)
	ada, bob := c.joins("Ada"), c.joins("Bob")
	page := c.attends(&ada)
	ask := func(who, setting, value string) string {
		return fmt.Sprintf(`{"person":%q,"lesson":"epoll","experiment":"fits","setting":%q,"value":%q}`, who, setting, value)
	}
	c.does(&bob, http.StatusForbidden, "POST", "/api/wall/proposals", ask(ada.Person.ID, "knob.buf", "512"))
	for _, bad := range []struct {
		why  string
		want int
		body string
	}{
		{"nobody", 404, ask("nobody", "knob.buf", "512")},
		{"no such setting", 400, ask(ada.Person.ID, "knob.none", "512")},
		{"beyond the range", 400, ask(ada.Person.ID, "knob.buf", "1")},
		{"beyond the workshop's caps", 400, ask(ada.Person.ID, "load.connections", "9999")},
		{"no such experiment", 404, strings.Replace(ask(ada.Person.ID, "knob.buf", "512"), "fits", "none", 1)},
	} {
		if got := c.does(nil, bad.want, "POST", "/api/wall/proposals", bad.body); t.Failed() {
			t.Errorf("%s: %s", bad.why, got)
		}
	}
	c.does(nil, http.StatusCreated, "POST", "/api/wall/proposals", ask(ada.Person.ID, "knob.buf", "512"))
	var p *proposal
	c.told(page, "the proposal", func(now classState, _ commonState) bool { p = now.You.Proposal; return p != nil })
	if p.Setting != "knob.buf" || fmt.Sprint(p.Value) != "512" || p.Shown != "512" || p.State != proposed || p.Label.Ko == "" {
		t.Errorf("%+v", p)
	}
	stored := func(who pupil) proposalState { // what a site that begins now finds
		t.Helper()
		var ps proposals
		if err := ps.load(c.class); err != nil {
			t.Fatal(err)
		}
		return ps.state(who.Person.ID)
	}
	if got := stored(ada); got != proposed {
		t.Errorf("after a restart it would be %q", got)
	}
	answer := func(yes bool) string { return fmt.Sprintf(`{"id":%q,"agree":%v}`, p.ID, yes) }
	c.does(&bob, http.StatusConflict, "PUT", "/api/class/proposal", answer(true))
	c.does(&ada, http.StatusNoContent, "PUT", "/api/class/proposal", answer(true))
	c.does(&ada, http.StatusConflict, "PUT", "/api/class/proposal", answer(false))
	if got := stored(ada); got != agreed {
		t.Errorf("after a restart it would be %q", got)
	}
	w := c.wall()
	w.until("it was agreed to", func() bool { return w.seats[ada.Person.ID].Proposal == agreed })
	if _, going := c.cfg.Runner.Of(ada.Person.ID); going {
		t.Error("agreeing has started a run")
	}
	c.does(nil, http.StatusCreated, "POST", "/api/wall/proposals", ask(ada.Person.ID, "knob.buf", "1024"))
	c.does(nil, http.StatusNoContent, "DELETE", "/api/wall/proposals/"+ada.Person.ID, "")
	w.until("it was taken back", func() bool { return w.seats[ada.Person.ID].Proposal == "" })
	if got := stored(ada); got != "" {
		t.Errorf("after a restart it would be %q", got)
	}
}

func TestPaceIsWhatTheLessonsTake(t *testing.T) {
	s := serve(t)
	p := s.Pace()
	if p.Cores < 1 || p.Seconds <= 0 || p.Alone < 10 || math.Abs(float64(p.Alone)*p.Seconds-3600) > 1800 || p.Slots != 1 || p.Shared != p.Alone || p.Learners < 2 || !strings.Contains(p.String(), fmt.Sprintf("about %d people", p.Learners)) {
		t.Errorf("%+v", p)
	}
}

// skippedOf are an experiment's predictions, to be skipped.
func skippedOf(x *content.Experiment) (ids []string) {
	for _, p := range x.Predictions {
		ids = append(ids, p.ID)
	}
	return ids
}
