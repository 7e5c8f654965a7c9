package site

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/site/workshop"
)

// attends opens the class's stream as a page of that person; nil: the instructor's.
func (c *classroom) attends(who *pupil) *websocket.Conn {
	c.t.Helper()
	h := http.Header{"Authorization": {"Bearer " + testToken}}
	if who != nil {
		h = who.cookie.Clone()
	}
	h.Set("Origin", c.url)
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(c.url, "http")+"/api/class/events", h)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { conn.Close() })
	return conn
}

// told reads states until one is as wanted, and returns all that was sent until then.
func (c *classroom) told(conn *websocket.Conn, what string, wanted func(classState, commonState) bool) (all string) {
	c.t.Helper()
	for {
		conn.SetReadDeadline(time.Now().Add(60 * time.Second))
		_, text, err := conn.ReadMessage()
		if err != nil {
			c.t.Fatalf("%s: %v, after %s", what, err, all)
		}
		all += string(text)
		var now classState
		var common commonState
		if err := json.Unmarshal(text, &now); err != nil {
			c.t.Fatal(err)
		}
		if err := json.Unmarshal(now.Class, &common); err != nil {
			c.t.Fatal(err)
		}
		if wanted(now, common) {
			return all
		}
	}
}

// does sends a command; who is nil for the instructor. It has to be answered so.
func (c *classroom) does(who *pupil, status int, method, path, body string) string {
	c.t.Helper()
	q := request{method: method, path: path, body: body, bearer: testToken}
	if who != nil {
		q = request{method: method, path: path, body: body, header: who.cookie.Clone(), origin: c.url}
	}
	resp, text := c.do(q)
	if resp.StatusCode != status {
		c.t.Fatalf("%s %s %s: %s, and %d was expected\n%s", method, path, body, resp.Status, status, text)
	}
	return text
}

const (
	chosen   = "epoll/pieces/answered"
	numbered = "epoll/pieces/waits"
)

func TestNothingOfAVoteLeaksToALearner(t *testing.T) {
	c := serveClass(t)
	ada, bob := c.joins("Ada"), c.joins("Bob")
	leads, looks := c.attends(nil), c.attends(&bob)
	c.does(nil, 201, "POST", "/api/class/votes", `{"question":"`+numbered+`"}`)
	const secret = 41.973
	c.does(&ada, 204, "PUT", "/api/class/votes/1/answer", fmt.Sprintf(`{"given":%v}`, secret))
	seen := c.told(looks, "the open vote", func(_ classState, all commonState) bool {
		return all.Vote != nil && all.Vote.State == workshop.Open1
	})
	led := c.told(leads, "the count", func(now classState, _ commonState) bool { return now.Desk.Answered == [2]int{1, 0} })
	for _, step := range []struct {
		step string
		to   workshop.VoteState
	}{{"close", workshop.Closed1}, {"next", workshop.Open2}, {"close", workshop.Closed2}} {
		c.does(nil, 200, "POST", "/api/class/votes/1/"+step.step, "")
		seen += c.told(looks, step.step, func(_ classState, all commonState) bool { return all.Vote.State == step.to })
		led += c.told(leads, step.step, func(_ classState, all commonState) bool { return all.Vote.State == step.to })
	}
	for who, text := range map[string]string{"a learner": seen, "the instructor": led} {
		for _, part := range []string{"41.97", "spread"} {
			if strings.Contains(text, part) {
				t.Errorf("%s was told %s before it was shown: %s", who, part, text)
			}
		}
	}
	for _, part := range []string{"desk", "answered\":[", "people", ada.Person.ID, "Ada"} {
		if strings.Contains(seen, part) {
			t.Errorf("a learner was told %s: %s", part, seen)
		}
	}
	c.does(nil, 200, "POST", "/api/class/votes/1/show", "")
	shown := c.told(looks, "shown", func(_ classState, all commonState) bool { return all.Vote.State == workshop.Shown })
	if !strings.Contains(shown, `"numbers":[41.973]`) || strings.Contains(shown, ada.Person.ID) {
		t.Errorf("shown: %s", shown)
	}
}

func TestVotesByTheirAddress(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	c.does(nil, 404, "POST", "/api/class/votes", `{"question":"epoll/pieces/none"}`)
	c.does(nil, 404, "POST", "/api/class/votes", `{"question":"epoll"}`)
	c.does(&ada, 403, "POST", "/api/class/votes", `{"question":"`+chosen+`"}`)
	c.does(&ada, 404, "PUT", "/api/class/votes/1/answer", `{"given":"all"}`)
	c.does(nil, 201, "POST", "/api/class/votes", `{"question":"`+chosen+`"}`)
	c.does(nil, 409, "POST", "/api/class/votes", `{"question":"`+numbered+`"}`)
	c.does(&ada, 400, "PUT", "/api/class/votes/1/answer", `{"given":"none of them"}`)
	c.does(&ada, 400, "PUT", "/api/class/votes/1/answer", `{"given":7}`)
	c.does(nil, 404, "PUT", "/api/class/votes/1/answer", `{"given":"all"}`) // the instructor has no vote
	c.does(&ada, 204, "PUT", "/api/class/votes/1/answer", `{"given":"stuck"}`)
	c.does(&ada, 204, "PUT", "/api/class/votes/1/answer", `{"given":"all"}`)
	if g := c.progressOf(ada.Person.ID).snapshot().Guesses[chosen]; g.Given != "all" || g.Run != "" {
		t.Errorf("it is the answer to the lesson's prediction too: %+v", g)
	}
	start := `{"lesson":"epoll","experiment":"pieces"}`
	if text := c.does(nil, 409, "POST", "/api/class/start", start); !strings.Contains(text, "A vote on this experiment") {
		t.Errorf("a run would tell the answer: %s", text)
	}
	c.does(&ada, 403, "POST", "/api/class/votes/1/close", "")
	c.does(nil, 404, "POST", "/api/class/votes/1/open", "")
	c.does(nil, 409, "POST", "/api/class/votes/1/show", "")
	c.does(nil, 200, "POST", "/api/class/votes/1/close", "")
	c.does(&ada, 409, "PUT", "/api/class/votes/1/answer", `{"given":"stuck"}`)
	c.does(nil, 409, "POST", "/api/class/votes/1/close", "")
	c.does(nil, 200, "POST", "/api/class/votes/1/show", "")
	c.does(nil, 200, "POST", "/api/class/start", start) // for nobody: no page is open
	c.does(nil, 409, "POST", "/api/class/votes/1/next", "")
}

func TestTheClassIsLed(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	looks := c.attends(&ada)
	for body, status := range map[string]int{`{"lesson":"none"}`: 404, `{"lesson":"epoll","section":"none"}`: 404, `{"lesson":"epoll","experiment":"../x"}`: 404, `{"lesson":"epoll","section":"drain"}`: 204} {
		c.does(nil, status, "PUT", "/api/class/here", body)
	}
	c.does(&ada, 403, "PUT", "/api/class/here", `{"lesson":"epoll"}`)
	c.told(looks, "called", func(now classState, all commonState) bool {
		return all.Here != nil && all.Here.Section == "drain" && all.Here.Title.Ko != "" && all.Here.Spot.En != "" && now.You.Follow
	})
	c.does(&ada, 204, "PUT", "/api/class/follow", `{"follow":false}`)
	c.told(looks, "left", func(now classState, _ commonState) bool { return !now.You.Follow })
	c.does(nil, 204, "DELETE", "/api/class/here", "")
	c.does(nil, 201, "POST", "/api/class/notes", `{"text":"10분 쉽니다 <b>"}`)
	c.does(nil, 400, "POST", "/api/class/notes", `{"text":"   "}`)
	c.told(looks, "the note", func(_ classState, all commonState) bool {
		return all.Here == nil && all.Note != nil && all.Note.Text == "10분 쉽니다 <b>"
	})

	// The page says where it is; a run of somebody else is not taken.
	c.recordBy(runID(1), "somebody else")
	for _, place := range []string{"no json", `{"lesson":"epoll","section":"idea","run":"` + runID(1) + `"}`} {
		if err := looks.WriteMessage(websocket.TextMessage, []byte(place)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "it is known where the page is", func() bool {
		return c.class.Presence()[ada.Person.ID].Place == workshop.Place{Lesson: "epoll", Section: "idea"}
	})
	looks.Close()
	until(t, "the page is gone", func() bool { return c.class.Presence()[ada.Person.ID].Pages == 0 })
}

// What was started for people is on their pages also after a restart; what is gone is
// not.
func TestWhatWasStartedForPeopleIsKept(t *testing.T) {
	c := serveClass(t)
	ada, bob := c.joins("Ada"), c.joins("Bob")
	c.recordBy(runID(1), ada.Person.ID)
	first := calledRun{runID(1), "epoll", "fits", content.Text{Ko: "가", En: "A"}}
	all := map[string]calledRun{ada.Person.ID: first, bob.Person.ID: {Run: runID(2), Lesson: "epoll", Experiment: "fits"}, "nobody": {Run: runID(3)}}
	if err := c.called.keep(c.class, all); err != nil {
		t.Fatal(err)
	}
	if c.called.of("nobody") != nil || c.called.of(bob.Person.ID) == nil {
		t.Error("it is remembered of whoever is there")
	}
	var next called // of a site that begins now
	if err := next.load(c.class, c.cfg.Runner); err != nil {
		t.Fatal(err)
	}
	if got := next.of(ada.Person.ID); got == nil || *got != first {
		t.Errorf("after a restart: %+v", got)
	}
	if got := next.of(bob.Person.ID); got != nil {
		t.Errorf("a run without a recording calls somebody: %+v", got)
	}
	if err := c.forget(ada.Person.ID); err != nil {
		t.Fatal(err)
	}
	if c.called.of(ada.Person.ID) != nil {
		t.Error("it outlives its person")
	}
}

// until waits for what another goroutine does.
func until(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !yes(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

func TestGates(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	l, _, _ := c.shelf.edition().book.Lesson("epoll")
	order := spots(l)
	at := func(id string) (i int) {
		for i = range order {
			if order[i] == id {
				return i
			}
		}
		t.Fatalf("%s is not in %v", id, order)
		return 0
	}
	if at("silent") >= at("with-silent") || at("with-silent") >= at("thousand") {
		t.Fatalf("the lesson's order is %v", order)
	}
	for _, x := range []struct {
		upto, id string
		beyond   bool
		why      string
	}{
		{"", "pieces", false, "there is no gate"},
		{"gone", "pieces", false, "a gate that the lesson has lost holds nobody up"},
		{"silent", "with-silent", false, "a section is open to its end"},
		{"silent", "thousand-epoll", true, "the next section is not"},
		{"thousand-epoll", "thousand-epoll", false, "the gate itself"},
		{"thousand-epoll", "thousand-threads", true, "the next experiment of the same section"},
		{"read-on", "pieces", false, "the last section"},
	} {
		if got := beyond(l, x.upto, x.id); got != x.beyond {
			t.Errorf("up to %q, %s is beyond: %v; %s", x.upto, x.id, got, x.why)
		}
	}
	c.does(nil, 404, "PUT", "/api/class/gate", `{"lesson":"epoll","upto":"none"}`)
	c.does(nil, 204, "PUT", "/api/class/gate", `{"lesson":"epoll","upto":"silent"}`)
	for _, path := range []string{"/api/runs", "/api/sweeps", "/api/comparisons"} {
		body := `{"lesson":"epoll","experiment":"pieces"`
		if path == "/api/comparisons" {
			body += `,"settings":{"knob.buf":"128"}`
		}
		if text := c.does(&ada, 409, "POST", path, body+"}"); !strings.Contains(text, `"gate"`) {
			t.Errorf("%s: %s", path, text)
		}
	}
	c.does(nil, 409, "POST", "/api/class/start", `{"lesson":"epoll","experiment":"pieces"}`)
}

// unhelped is a lesson that has no exercise.
func unhelped(c *classroom) string {
	for _, l := range c.lessons() {
		if l.Exercise == nil {
			return l.ID
		}
	}
	return "none"
}

func TestHintsAreReleased(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	help := func(status, hints int, solution bool) {
		t.Helper()
		c.does(&ada, status, "PUT", "/api/exercises/epoll-edge/help", fmt.Sprintf(`{"hints":%d,"solution":%v}`, hints, solution))
	}
	help(204, 1, false) // at one's own pace
	c.does(nil, 400, "PUT", "/api/class/hints/epoll-edge", `{"n":99}`)
	c.does(nil, 404, "PUT", "/api/class/hints/"+unhelped(c), `{"n":1}`)
	c.does(nil, 204, "PUT", "/api/class/hints/epoll-edge", `{"n":2}`)
	help(204, 2, false)
	help(409, 3, false)
	help(409, 2, true)
	c.does(nil, 204, "PUT", "/api/class/hints/epoll-edge", `{"n":3}`)
	help(204, 3, true)
	c.does(nil, 204, "PUT", "/api/class/hints/epoll-edge", `{"n":null}`)
}

// What the instructor holds back is nowhere in what a learner is sent.
func TestHeldBackHintsAreNotSent(t *testing.T) {
	everyPage(t)
	c := serveClass(t)
	ada := c.joins("Ada")
	_, x, err := c.exerciseIn("epoll-edge")
	if err != nil {
		t.Fatal(err)
	}
	marks := []string{` data-solution>`, "<code>" + template.HTMLEscapeString(added(x)) + "</code>"}
	for n := range x.Hints {
		marks = append(marks, fmt.Sprintf(` data-hint="%d">`, n+1))
	}
	for _, step := range []struct {
		body string
		n    int
	}{{"null", len(x.Hints)}, {"0", 0}, {"1", 1}, {fmt.Sprint(len(x.Hints)), len(x.Hints)}, {"2", 2}, {"null", len(x.Hints)}} {
		c.does(nil, 204, "PUT", "/api/class/hints/epoll-edge", `{"n":`+step.body+`}`)
		paths := []string{"/ko/epoll-edge", "/en/epoll-edge", "/api/lessons/epoll-edge"}
		if step.n < 2 {
			paths = append(paths, "/en/book")
		}
		for _, path := range paths {
			for who, pupil := range map[string]*pupil{"Ada": &ada, "the instructor": nil} {
				_, text, _ := strings.Cut(c.does(pupil, 200, "GET", path, ""), `data-exercise="epoll-edge"`)
				text, _, _ = strings.Cut(text, "</section>")
				for i, mark := range marks {
					want := !strings.Contains(path, "/api/") && (pupil == nil || i < 2 && step.n == len(x.Hints) || i >= 2 && i-2 < step.n)
					if strings.Contains(text, mark) != want {
						t.Errorf("hints %s, %s at %s: %s stands there: %v", step.body, who, path, mark, !want)
					}
				}
			}
		}
	}
}

// added is the longest line that the solution has and the function has not.
func added(x *content.Exercise) (line string) {
	for _, d := range labs.Diff(x.Original(), x.Answer()) {
		if d.Op == "+" && len(d.Text) > len(line) {
			line = d.Text
		}
	}
	return line
}

func TestAHandAndItsAnswer(t *testing.T) {
	c := serveClass(t)
	ada, bob := c.joins("Ada"), c.joins("Bob")
	c.recordBy(runID(1), ada.Person.ID)
	c.recordBy(runID(2), bob.Person.ID)
	looks, leads, other := c.attends(&ada), c.attends(nil), c.attends(&bob)
	c.does(&ada, 404, "PUT", "/api/class/hand", `{"text":"why?","run":"`+runID(2)+`","t":4}`)
	c.does(&ada, 400, "PUT", "/api/class/hand", `{"text":"","t":4}`)
	c.does(nil, 404, "POST", "/api/class/hands/"+ada.Person.ID+"/answer", `{"text":"so","t":2}`)
	c.does(&ada, 200, "PUT", "/api/class/hand", `{"text":"왜 멈췄나요?","lesson":"epoll","run":"`+runID(1)+`","t":41}`)
	c.told(leads, "the hand", func(now classState, _ commonState) bool {
		return len(now.Desk.Hands) == 1 && now.Desk.Hands[0].Name == "Ada" && now.Desk.Hands[0].From == 11 && now.Desk.Hands[0].To == 41
	})
	c.does(&bob, 403, "POST", "/api/class/hands/"+ada.Person.ID+"/answer", `{"text":"so","t":2}`)
	c.does(&bob, 403, "DELETE", "/api/class/hands/"+ada.Person.ID, "")
	c.does(nil, 400, "POST", "/api/class/hands/"+ada.Person.ID+"/answer", `{"text":"","t":2}`)
	c.does(nil, 200, "POST", "/api/class/hands/"+ada.Person.ID+"/answer", `{"text":"Recv-Q를 보십시오","t":2,"chart":"queues"}`)
	c.told(looks, "the answer", func(now classState, _ commonState) bool {
		return now.You.Hand != nil && now.You.Hand.Answer != nil && now.You.Hand.Answer.Note == 1
	})
	notes, err := c.cfg.Runner.Notes(runID(1))
	if err != nil || len(notes.Notes) != 1 || notes.Notes[0].By != telemetry.ByInstructor || notes.Notes[0].T != 2 {
		t.Fatalf("the note: %+v, %v", notes, err)
	}
	c.does(&ada, 403, "PUT", "/api/runs/"+runID(1)+"/notes/1", `{"text":"not what was said","t":2}`)
	c.does(&ada, 204, "DELETE", "/api/runs/"+runID(1)+"/notes/1", "")
	c.does(&ada, 204, "DELETE", "/api/class/hand", "")
	c.told(looks, "lowered", func(now classState, _ commonState) bool { return now.You.Hand == nil })
	c.does(nil, 201, "POST", "/api/class/notes", `{"text":"end"}`)
	seen := c.told(other, "the end", func(_ classState, all commonState) bool { return all.Note != nil })
	if strings.Contains(seen, "멈췄") || strings.Contains(seen, "Ada") || strings.Contains(seen, ada.Person.ID) {
		t.Errorf("Bob was told of Ada's hand: %s", seen)
	}
}

// measuredBy writes a learner's finished run of epoll/pieces with what the prediction
// came to.
func (c *classroom) measuredBy(id, by, trust string, waits float64) {
	c.t.Helper()
	run := telemetry.Run{ID: id, Schema: 1, Experiment: "epoll/pieces", Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), By: by,
		Lab: "epoll", Code: "0", Asked: labs.Spec{Name: "epoll/pieces", Lab: "epoll"}, Host: telemetry.Host{Name: "test"}}
	end := finished(trust, nil)
	end.Guesses = []telemetry.Guess{{ID: "waits", Kind: "number", Answer: waits}, {ID: "answered", Kind: "choice", Answer: "all"}}
	if err := os.MkdirAll(filepath.Join(c.data, "runs"), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.data, "runs", id+".jsonl"), lines(c.t, run, nil, end), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func TestMeasuredResultsBesideTheVotes(t *testing.T) {
	c := serveClass(t)
	var ids []string
	for i := range 5 {
		p := c.joins("x")
		ids = append(ids, p.Person.ID)
		if i == 0 {
			c.does(nil, 201, "POST", "/api/class/votes", `{"question":"`+numbered+`"}`)
		}
		c.does(&p, 204, "PUT", "/api/class/votes/1/answer", `{"given":3}`)
	}
	for i, waits := range []float64{9, 10, 11, 12} {
		c.measuredBy(runID(10+i), ids[i], "green", waits)
	}
	c.measuredBy(runID(20), ids[4], "void", 500)
	c.measuredBy(runID(21), ids[0], "amber", 13) // newer than the first one
	c.measuredBy(runID(22), "", "green", 600)    // the instructor's
	var got outcome
	read := func() {
		t.Helper()
		got = outcome{}
		if err := json.Unmarshal([]byte(c.does(nil, 200, "GET", "/api/class/results/"+numbered, "")), &got); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if got.Came.N != 4 || fmt.Sprint(got.Came.Numbers) != "[10 11 12 13]" || *got.Median != 11.5 || *got.Quarter != [2]float64{10.75, 12.25} || got.People != 5 || got.Void != 1 {
		t.Errorf("measured: %+v, median %v, quarters %v", got, *got.Median, *got.Quarter)
	}
	if got.Spread != nil {
		t.Error("the votes are told before they are shown")
	}
	c.does(nil, 200, "POST", "/api/class/votes/1/close", "")
	c.does(nil, 200, "POST", "/api/class/votes/1/show", "")
	read()
	if got.Spread == nil || got.Spread[0].N != 5 {
		t.Errorf("the votes beside it: %+v", got.Spread)
	}
}
