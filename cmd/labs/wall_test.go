package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// crowd is a class of people with a page open each.
type crowd struct {
	s       *server
	cookies []http.Header
	pages   []*websocket.Conn

	mu    sync.Mutex           // guards moved
	moved map[string]time.Time // when each place was said, by section
}

// TestTheWallOfTwoHundred has 200 people move from place to place, some of whom run
// experiments, and measures what a wall costs the site and how late it is. Its figures
// are printed: they are this machine's. It fails when a move is not told at all.
func TestTheWallOfTwoHundred(t *testing.T) {
	if os.Getenv("LABS_LONG") == "" {
		t.Skip("it takes half a minute: LABS_LONG=1")
	}
	const people, during = 200, 12 * time.Second
	s := serve(t, t.TempDir(), nil, "--workshop", "Sockets", "--seats", "250")
	c := &crowd{s: s, moved: map[string]time.Time{}}
	c.join(t, people)
	alone := c.during(t, during, 4)
	wall := c.wall(t)
	defer wall.close()
	with := c.during(t, during, 4)
	until(t, 10*time.Second, "every move is told", func() bool { return wall.missing(c) == 0 })
	late := wall.delays()
	t.Logf("%d people, each moves every 5 s, 4 of them run experiments one after the other", people)
	t.Logf("the site's CPU: %.1f %% of one core without a wall, %.1f %% with one: the wall costs %.1f %%", alone*100, with*100, (with-alone)*100)
	t.Logf("a move is on the wall after p50 %v, p99 %v, at most %v (%d moves); %.0f messages of %.0f bytes on average", late[len(late)/2], late[len(late)*99/100], late[len(late)-1], len(late), float64(wall.messages), float64(wall.bytes)/float64(wall.messages))
	t.Logf("the site has %d MiB", residentMiB(t, s.cmd.Process.Pid))
}

// join takes so many people in, and opens a page of each.
func (c *crowd) join(t *testing.T, n int) {
	t.Helper()
	code := regexp.MustCompile(`workshop-code num">([0-9A-Z]{3}-[0-9A-Z]{3})<`).FindStringSubmatch(c.s.page(t, "/en/workshop", c.s.lead()))
	if code == nil {
		t.Fatal("the instructor's page has no code")
	}
	origin := "http://" + c.s.link.Host
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for i := range n {
		r, _ := http.NewRequest("POST", origin+"/en/join", strings.NewReader(url.Values{"code": {code[1]}, "name": {fmt.Sprintf("Learner %d", i)}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if len(resp.Cookies()) == 0 {
			t.Fatalf("join: %s", resp.Status)
		}
		k := resp.Cookies()[0]
		h := http.Header{"Cookie": {k.Name + "=" + k.Value}, "Origin": {origin}}
		page, _, err := websocket.DefaultDialer.Dial("ws://"+c.s.link.Host+"/api/class/events", h)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { page.Close() })
		go func() { // as a page reads
			for {
				if _, _, err := page.ReadMessage(); err != nil {
					return
				}
			}
		}()
		c.cookies, c.pages = append(c.cookies, h), append(c.pages, page)
	}
}

// during has the class at work, and returns the site's share of one core.
func (c *crowd) during(t *testing.T, long time.Duration, runners int) float64 {
	t.Helper()
	end := time.Now().Add(long)
	before := cpuOf(t, c.s.cmd.Process.Pid)
	began := time.Now()
	var work sync.WaitGroup
	for i := range c.pages {
		work.Go(func() {
			for wait := time.Duration(rand.IntN(5000)) * time.Millisecond; time.Now().Add(wait).Before(end); wait = 5 * time.Second {
				time.Sleep(wait)
				c.move(i)
			}
		})
	}
	for i := range runners {
		work.Go(func() {
			for time.Now().Before(end) {
				c.run(i)
				time.Sleep(500 * time.Millisecond)
			}
		})
	}
	work.Wait()
	return (cpuOf(t, c.s.cmd.Process.Pid) - before) / time.Since(began).Seconds()
}

// move says a place that nobody has said.
func (c *crowd) move(i int) {
	section := fmt.Sprintf("%d-%d", i, rand.Uint32())
	c.mu.Lock()
	c.moved[section] = time.Now()
	c.mu.Unlock()
	c.pages[i].WriteJSON(map[string]string{"lesson": "epoll", "section": section, "run": ""})
}

// run asks for a run; while one of theirs goes on, it is refused.
func (c *crowd) run(i int) {
	r, _ := http.NewRequest("POST", "http://"+c.s.link.Host+"/api/runs", strings.NewReader(`{"lesson":"epoll","experiment":"fits","settings":{"knob.buf":"512"}}`))
	r.Header = c.cookies[i].Clone()
	r.Header.Set("Content-Type", "application/json")
	if resp, err := http.DefaultClient.Do(r); err == nil {
		resp.Body.Close()
	}
}

// theWall is a wall that notes when each move was told.
type theWall struct {
	conn  *websocket.Conn
	ended chan struct{}

	mu              sync.Mutex // guards what follows
	told            map[string]time.Time
	crowd           *crowd
	opened          time.Time
	messages, bytes int
}

func (c *crowd) wall(t *testing.T) *theWall {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+c.s.link.Host+"/api/wall/events", c.s.lead())
	if err != nil {
		t.Fatal(err)
	}
	w := &theWall{conn: conn, ended: make(chan struct{}), told: map[string]time.Time{}, crowd: c, opened: time.Now()}
	go func() {
		defer close(w.ended)
		for {
			_, text, err := conn.ReadMessage()
			if err != nil {
				return
			}
			w.hear(text)
		}
	}()
	return w
}

func (w *theWall) hear(text []byte) {
	var n struct{ Seats []struct{ Section string } }
	if json.Unmarshal(text, &n) != nil {
		return
	}
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.messages, w.bytes = w.messages+1, w.bytes+len(text)
	for _, s := range n.Seats {
		if _, had := w.told[s.Section]; !had {
			w.told[s.Section] = now
		}
	}
}

func (w *theWall) close() {
	w.conn.Close()
	<-w.ended
}

// missing counts the moves since the wall was opened that it was not told.
func (w *theWall) missing(c *crowd) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for section, at := range c.moved {
		if _, ok := w.told[section]; !ok && at.After(w.opened) {
			n++
		}
	}
	return n
}

// delays are how late the moves were on the wall, ascending.
func (w *theWall) delays() (list []time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.crowd.mu.Lock()
	defer w.crowd.mu.Unlock()
	for section, at := range w.crowd.moved {
		if at.After(w.opened) {
			list = append(list, w.told[section].Sub(at).Round(time.Millisecond))
		}
	}
	slices.Sort(list)
	return list
}

// lead is how the instructor's programs ask.
func (s *server) lead() http.Header {
	return http.Header{"Authorization": {"Bearer " + s.link.Query().Get("token")}, "Origin": {"http://" + s.link.Host}}
}

// page is what a page says.
func (s *server) page(t testing.TB, path string, header http.Header) string {
	t.Helper()
	r, _ := http.NewRequest("GET", "http://"+s.link.Host+path, nil)
	r.Header = header
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// cpuOf is how many seconds of CPU a process has had (proc_pid_stat(5)), at 100 ticks
// a second.
func cpuOf(t testing.TB, pid int) float64 {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	sum := 0.0
	for _, i := range []int{11, 12} { // utime, stime
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += v / 100
	}
	return sum
}

// residentMiB is how much memory a process has.
func residentMiB(t testing.TB, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	kib := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	n, err := strconv.Atoi(string(kib[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n / 1024
}
