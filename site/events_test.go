package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/labs/telemetry"
)

// dial opens an event stream as our own page does.
func (s *served) dial(id string, after uint64) (*websocket.Conn, error) {
	return dialAt(s.url, id, after)
}

func dialAt(url, id string, after uint64) (*websocket.Conn, error) {
	h := http.Header{"Origin": {url}, "Authorization": {"Bearer " + testToken}}
	d := websocket.Dialer{HandshakeTimeout: time.Minute}
	ws := fmt.Sprintf("ws%s/api/runs/%s/events?after=%d", strings.TrimPrefix(url, "http"), id, after)
	conn, resp, err := d.Dial(ws, h)
	if err != nil && resp != nil {
		body, _ := io.ReadAll(resp.Body)
		err = fmt.Errorf("%w: %s\n%s", err, resp.Status, body)
	}
	return conn, err
}

// mark is what these tests look at in an event.
type mark struct {
	Seq   uint64
	Kind  telemetry.Kind
	State *telemetry.State
}

// next reads one frame's events.
func next(conn *websocket.Conn) ([]mark, error) {
	conn.SetReadDeadline(time.Now().Add(60 * time.Second))
	kind, data, err := conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	var events []mark
	if err := json.Unmarshal(data, &events); kind != websocket.TextMessage || err != nil {
		return nil, fmt.Errorf("frame of kind %d: %w: %.200s", kind, err, data)
	}
	return events, nil
}

// closed returns the code that the stream closed with.
func closed(err error) int {
	if e, ok := errors.AsType[*websocket.CloseError](err); ok {
		return e.Code
	}
	return 0
}

// dense says what is wrong when seqs do not follow after one by one.
func dense(after uint64, events []mark) (last uint64, err error) {
	for _, e := range events {
		if e.Seq != after+1 {
			return after, fmt.Errorf("event %d follows %d", e.Seq, after)
		}
		after = e.Seq
	}
	return after, nil
}

// long makes a recording of n samples and returns its last seq.
func (s *served) long(id string, n int) uint64 {
	var events []telemetry.Event
	for i := range n {
		events = append(events, sample(telemetry.FromLab, float64(i)/10, map[string]float64{"lab.reads": float64(i)}))
	}
	record(s.t, s.data, id, "a/x", events, finished("green", nil))
	return uint64(n) + 2
}

func TestEventsFollowARunToItsEnd(t *testing.T) {
	s := serve(t)
	last := s.long(runID(1), 3000)
	for _, after := range []uint64{0, 1, last - 1, last, last + 7} {
		conn, err := s.dial(runID(1), after)
		if err != nil {
			t.Fatal(err)
		}
		at := after
		for {
			events, err := next(conn)
			if err != nil {
				if closed(err) != websocket.CloseNormalClosure {
					t.Errorf("after %d: %v", after, err)
				}
				break
			}
			if at, err = dense(at, events); err != nil {
				t.Fatalf("after %d: %v", after, err)
			}
		}
		if at != max(last, after) {
			t.Errorf("after %d: ended at %d of %d", after, at, last)
		}
		conn.Close()
	}
}

func TestAStreamThatCanNotBe(t *testing.T) {
	s := serve(t)
	s.long(runID(1), 1)
	for path, status := range map[string]int{
		"/api/runs/" + runID(9) + "/events":          404,
		"/api/runs/..%2fsite/events":                 404,
		"/api/runs/" + runID(1) + "/events?after=-1": 400,
		"/api/runs/" + runID(1) + "/events?after=x":  400,
	} {
		q := request{path: path, origin: s.url, cookie: testToken, header: handshake(nil)}
		if resp, body := s.do(q); resp.StatusCode != status {
			t.Errorf("%s: %s\n%s", path, resp.Status, body)
		}
	}
	q := request{path: "/api/runs/" + runID(1) + "/events", origin: s.url, cookie: testToken}
	if resp, _ := s.do(q); resp.StatusCode != 400 {
		t.Errorf("no handshake: %s", resp.Status)
	}
}

func TestReadersMayNotTalk(t *testing.T) {
	s := serve(t)
	s.long(runID(1), 1)
	live := s.unended(runID(2))
	defer live()
	conn, err := s.dial(runID(2), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.WriteMessage(websocket.TextMessage, make([]byte, maxMessage+1)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := next(conn); err != nil {
			if closed(err) != websocket.CloseMessageTooBig {
				t.Errorf("%v", err)
			}
			return
		}
	}
}

func TestReconnectingAtRandomCutsMissesNothing(t *testing.T) { reconnects(t, 25) }
func TestLongReconnectingAtRandomCuts(t *testing.T)          { long(t); reconnects(t, 120) }

// reconnects reads a run with about that many cuts.
func reconnects(t *testing.T, about int) {
	s := serve(t)
	last := s.long(runID(1), 50*about)
	var at uint64
	cuts := 0
	for at < last {
		conn, err := s.dial(runID(1), at)
		if err != nil {
			t.Fatal(err)
		}
		// A cut falls anywhere: what was not read whole counts as not read.
		if events, err := next(conn); err == nil {
			if at, err = dense(at, events[:rand.N(min(len(events), 100)+1)]); err != nil {
				t.Fatal(err)
			}
		}
		conn.NetConn().Close()
		cuts++
	}
	if cuts < about/2 || at != last {
		t.Errorf("%d cuts, at %d of %d", cuts, at, last)
	}
	t.Logf("%d cuts", cuts)
}

func TestTheEndOfTheSiteIs1012(t *testing.T) {
	s := serve(t)
	live := s.unended(runID(1))
	defer live()
	conn, err := s.dial(runID(1), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := next(conn); err != nil {
		t.Fatal(err)
	}
	s.end()
	if _, err := next(conn); closed(err) != websocket.CloseServiceRestart {
		t.Errorf("%v", err)
	}
	s.tasks.Wait()
	if n := s.counts.watchers.Load(); n != 0 {
		t.Errorf("%d watchers are left", n)
	}
}

func TestAReaderThatLeavesIsForgotten(t *testing.T) {
	s := serve(t)
	live := s.unended(runID(1))
	defer live()
	conn, err := s.dial(runID(1), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := next(conn); err != nil {
		t.Fatal(err)
	}
	conn.NetConn().Close()
	s.tasks.Wait()
	if n := s.counts.watchers.Load(); n != 0 {
		t.Errorf("%d watchers are left", n)
	}
	if s.frames.recent[0].frame != nil {
		t.Error("its frames are kept")
	}
}
