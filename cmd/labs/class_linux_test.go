package main

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/site/rehearse"
)

// Sizes of the class that proves what one machine carries.
const (
	classSize = 200
	classRuns = 40 // people who press Run in the same second
)

// TestClass is the proof of a class, on this machine, in about two minutes: people
// join at once, watch one run, press Run in the same second, and are seen on the wall;
// the site is killed in the middle, and everybody goes on. It prints figures, and
// fails when something is lost or untrue: how fast it was is for its reader to judge.
// Clients and site share the machine.
func TestClass(t *testing.T) {
	if os.Getenv("LABS_CLASS") == "" {
		t.Skip("LABS_CLASS=1 has 200 people in a class on this machine, in about two minutes")
	}
	data := t.TempDir()
	c := newBigClass(t, data)
	c.warm()
	c.join()
	c.attend()
	c.watchOne()
	c.walled()
	runs := c.pressAll()
	t.Logf("memory: the site has had %s at most (VmHWM)", procStatus(c.cmd.Process.Pid, "VmHWM"))
	c.killAndGoOn(data, runs)
}

// bigClass is a served workshop with its people.
type bigClass struct {
	*server
	t      *testing.T
	link   rehearse.Link
	people []*classmate
}

// classmate is one of them: a browser, and its page's connection to the class.
type classmate struct {
	*rehearse.Browser
	n    int
	name string
	conn *websocket.Conn
}

var shownLink = regexp.MustCompile(`<pre tabindex="0">(http[^<]+)</pre>`)

// sameClass are the flags of the class, also after a restart.
func sameClass() []string {
	return []string{"--workshop", "Sockets", "--seats", fmt.Sprint(classSize + 8)}
}

func newBigClass(t *testing.T, data string) *bigClass {
	c := &bigClass{server: serve(t, data, nil, sameClass()...), t: t}
	c.link = c.joinLink()
	return c
}

// joinLink is the link that the instructor's page shows.
func (s *server) joinLink() rehearse.Link {
	s.t.Helper()
	lead := rehearse.NewBrowser("http://"+s.link.Host, nil)
	defer lead.Close()
	if _, _, err := lead.Open(s.t.Context(), s.link.RequestURI()); err != nil {
		s.t.Fatal(err)
	}
	page, _, err := lead.Open(s.t.Context(), "/ko/workshop")
	if err != nil {
		s.t.Fatal(err)
	}
	m := shownLink.FindStringSubmatch(page)
	if m == nil {
		s.t.Fatal("the instructor's page shows no link")
	}
	l, err := rehearse.ParseLink(html.UnescapeString(m[1]))
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

// warm builds the lab, so that nobody waits for that.
func (c *bigClass) warm() {
	id := c.start("epoll", "pieces", nil)
	until(c.t, 2*time.Minute, "the lab is built", func() bool { return c.summary(id).Phase.Over() })
}

// all has everybody do something at once, and waits for them.
func (c *bigClass) all(people []*classmate, do func(*classmate) error) {
	c.t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, len(people))
	for i, p := range people {
		wg.Go(func() { errs[i] = do(p) })
	}
	wg.Wait()
	failed := 0
	for i, err := range errs {
		if err == nil {
			continue
		}
		if failed++; failed <= 5 {
			c.t.Errorf("%s: %v", people[i].name, err)
		}
	}
	if failed > 0 {
		c.t.Fatalf("%d of %d people failed", failed, len(people))
	}
}

// join has everybody come in at once as browsers do: the page where people join with
// what it names, the form, and the first page with its style and scripts.
func (c *bigClass) join() {
	var mu sync.Mutex // guards pages and forms
	var pages, forms []time.Duration
	for n := range classSize {
		c.people = append(c.people, &classmate{Browser: rehearse.NewBrowser(c.link.Site, nil), n: n, name: fmt.Sprintf("학습자 %03d", n)})
	}
	began := time.Now()
	c.all(c.people, func(p *classmate) error {
		_, page, err := p.Open(c.t.Context(), "/ko/join")
		if err != nil {
			return err
		}
		asked := time.Now()
		if err := p.Join(c.t.Context(), c.link, p.name); err != nil {
			return err
		}
		form := time.Since(asked)
		_, _, err = p.Open(c.t.Context(), "/ko/")
		mu.Lock()
		defer mu.Unlock()
		pages, forms = append(pages, page), append(forms, form)
		return err
	})
	c.t.Logf("join: %d people in after %v, first page loaded; join page p99 %v, form p99 %v", len(pages), round(time.Since(began)), percentile(pages, .99), percentile(forms, .99))
	if n := len(c.desk().People); n != classSize {
		c.t.Errorf("%d people are in, of %d who joined", n, classSize)
	}
}

// deskNow is what the instructor's page is told first, and a learner's.
type deskNow struct {
	People []struct{ ID, Name string }
	Desk   struct {
		Present int
		Notes   []struct{ Text string }
		Hands   []struct{ Text string }
	}
	Name string
	You  struct {
		Ballot   struct{ First any }
		Proposal *struct{ ID string }
	}
}

func (c *bigClass) desk() (now deskNow) {
	c.t.Helper()
	conn := c.socket("/api/class/events")
	defer conn.Close()
	if err := conn.ReadJSON(&now); err != nil {
		c.t.Fatal(err)
	}
	return now
}

// socket opens a WebSocket of the instructor's.
func (s *server) socket(path string) *websocket.Conn {
	s.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+s.link.Host+path, s.lead())
	if err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// attend opens everybody's connection to the class, and keeps reading it.
func (c *bigClass) attend() {
	began := time.Now()
	c.all(c.people, func(p *classmate) (err error) {
		if p.conn, err = p.Socket(c.t.Context(), "/api/class/events"); err != nil {
			return err
		}
		var now deskNow
		if err := p.conn.ReadJSON(&now); err != nil || now.Name != p.name {
			return fmt.Errorf("it is told to be %q: %w", now.Name, err)
		}
		go func(conn *websocket.Conn) { // until the connection ends
			for {
				if _, _, err := conn.NextReader(); err != nil {
					return
				}
			}
		}(p.conn)
		return nil
	})
	c.t.Cleanup(func() {
		for _, p := range c.people {
			p.conn.Close()
			p.Close()
		}
	})
	c.t.Logf("attend: %d pages are told of the class after %v", len(c.people), round(time.Since(began)))
}

// procStatus reads a line of /proc/PID/status.
func procStatus(pid int, name string) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "?"
}

// asJSON is for messages of tests.
func asJSON(v any) string { text, _ := json.Marshal(v); return string(text) }
