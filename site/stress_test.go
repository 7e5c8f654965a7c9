package site

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/labs/telemetry"
)

// long skips a test that takes long, except where that is asked for.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("LABS_LONG") == "" {
		t.Skip("LABS_LONG=1 runs it")
	}
}

func TestWatchersOfALiveRun(t *testing.T)     { watchers(t, 20) }
func TestLongWatchersOfALiveRun(t *testing.T) { long(t); watchers(t, 1000) }

// watchers has n readers follow one run: everybody sees its end and every event
// that is not a sample, and they share their frames.
func watchers(t *testing.T, n int) {
	s := serve(t)
	id := s.begin(s.shortest(anything), "")
	var wg sync.WaitGroup
	seen := make([]map[uint64]bool, n)
	faults := make([]error, n)
	for i := range n {
		wg.Go(func() { seen[i], faults[i] = follow(s.url, id) })
	}
	wg.Wait()
	if err := errors.Join(faults...); err != nil {
		t.Fatal(err)
	}
	whole, _ := s.watch(id, 0)
	for i := range n {
		for _, e := range whole {
			spare := e.Kind == telemetry.KindSample || e.Kind == telemetry.KindFigures || e.Kind == telemetry.KindSockets
			if !spare && !seen[i][e.Seq] {
				t.Fatalf("reader %d missed %s %d", i, e.Kind, e.Seq)
			}
		}
	}
	sent, made := s.counts.frames.Load(), s.frames.made.Load()
	if n >= 100 && made*4 > sent {
		t.Errorf("%d frames were made for %d that were sent", made, sent)
	}
	t.Logf("%d events; %d frames sent, %d made", len(whole), sent, made)
}

// follow reads a run to its end and returns the seqs, which must ascend.
func follow(url, id string) (map[uint64]bool, error) {
	conn, err := dialAt(url, id, 0)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	seen, last := map[uint64]bool{}, uint64(0)
	for {
		events, err := next(conn)
		if closed(err) == websocket.CloseNormalClosure {
			return seen, nil
		}
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if e.Seq <= last {
				return nil, fmt.Errorf("event %d after %d", e.Seq, last)
			}
			last = e.Seq
			seen[e.Seq] = true
		}
	}
}

// TestLongReconnects cuts a reader of a live run a hundred times.
func TestLongReconnects(t *testing.T) {
	long(t)
	s := serve(t)
	id := s.begin(s.shortest(anything), "")
	var at uint64
	cuts, done := 0, false
	for !done {
		conn, err := s.dial(id, at)
		if err != nil {
			t.Fatal(err)
		}
		events, err := next(conn)
		if err != nil {
			done = closed(err) == websocket.CloseNormalClosure
		} else if at, err = dense(at, events[:rand.N(len(events)+1)]); err != nil {
			t.Fatal(err)
		}
		conn.NetConn().Close()
		cuts++
	}
	whole, _ := s.watch(id, 0)
	if cuts < 20 || at != uint64(len(whole)) {
		t.Errorf("%d cuts, at %d of %d", cuts, at, len(whole))
	}
	t.Logf("%d cuts, %d events", cuts, at)
}

// TestLongReadersThatNeverRead has many readers that take nothing: they cost
// little, delay nobody, and are cut off.
func TestLongReadersThatNeverRead(t *testing.T) {
	long(t)
	s := serve(t)
	last := s.long(runID(1), 60000)
	const n = 40
	before := heapInUse()
	for range n {
		c := s.mute(runID(1))
		defer c.Close()
	}
	for deadline := time.Now().Add(20 * time.Second); s.counts.watchers.Load() < n && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	// Who waited for them would get nothing before the last of them is cut off. A part
	// is enough: all of it may take longer than their time.
	conn, err := s.dial(runID(1), 0)
	if err != nil {
		t.Fatal(err)
	}
	for got := 0; got < 2000; {
		events, err := next(conn)
		if err != nil {
			t.Fatalf("after %d events: %v", got, err)
		}
		got += len(events)
	}
	if s.counts.cut.Load() == n {
		t.Error("it waited for the others: all were cut off meanwhile")
	}
	conn.Close()
	if each := (heapInUse() - before) / n; each > 1<<20 {
		t.Errorf("a reader that never reads costs %d KiB", each>>10)
	} else {
		t.Logf("%d KiB each", each>>10)
	}
	events, code := s.watch(runID(1), 0)
	if _, err := dense(0, events); err != nil || uint64(len(events)) != last || code != websocket.CloseNormalClosure {
		t.Errorf("the reader that reads: %v, %d of %d, closed with %d", err, len(events), last, code)
	}
	for deadline := time.Now().Add(6 * writePatience); s.counts.cut.Load() < n && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
	if cut := s.counts.cut.Load(); cut != n {
		t.Errorf("%d of %d were cut off", cut, n)
	}
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// mute opens an event stream and never reads from it.
func (s *served) mute(id string) net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.host)
	if err != nil {
		s.t.Fatal(err)
	}
	c.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprintf(c, "GET /api/runs/%s/events HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nAuthorization: Bearer %s\r\n"+
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		id, s.host, s.url, testToken)
	return c
}

// sites are two that share a listener, as at a restart that hands it over.
type sites struct {
	old, new *Site
	oldLn    net.Listener
	newLn    net.Listener
	url      string
}

func handOverSites(t *testing.T) sites {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	second, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	return sites{newSite(t, root(t), t.TempDir()), newSite(t, root(t), t.TempDir()), ln, second, "http://" + ln.Addr().String()}
}

func TestShutdownFailsNoRequest(t *testing.T)     { shutdown(t, 6, 10) }
func TestLongShutdownFailsNoRequest(t *testing.T) { long(t); shutdown(t, 60, 100) }

// shutdown ends a site under keep-alive clients and readers, while the next one
// answers on the same listener.
func shutdown(t *testing.T, clients, readers int) {
	ss := handOverSites(t)
	s := &served{Site: ss.old, t: t, url: ss.url, data: ss.old.cfg.Data}
	defer s.unended(runID(1))()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- ss.old.Serve(ctx, ss.oldLn) }()

	codes := make(chan int, readers)
	for range readers {
		conn, err := dialAt(ss.url, runID(1), 0)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() {
			var err error
			for err == nil {
				_, err = next(conn)
			}
			codes <- closed(err)
		}()
	}
	lesson := s.lessons()[0].ID
	var wg sync.WaitGroup
	var asked atomic.Int64
	done := make(chan struct{})
	failures := make(chan error, clients)
	for range clients {
		wg.Go(func() {
			if err := keepAsking(ss.url, lesson, &asked, done); err != nil {
				failures <- err
			}
		})
	}
	next, endNext := context.WithCancel(context.Background())
	defer endNext()
	nextEnded := make(chan error, 1)
	time.Sleep(300 * time.Millisecond)
	go func() { nextEnded <- ss.new.Serve(next, ss.newLn) }()
	before := asked.Load()
	stop()
	began := time.Now()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %v to end", took)
	}
	time.Sleep(300 * time.Millisecond)
	close(done)
	wg.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	for range readers {
		if code := <-codes; code != websocket.CloseServiceRestart {
			t.Errorf("a reader's stream closed with %d", code)
		}
	}
	if asked.Load() == before {
		t.Error("nobody asked anything while it ended")
	}
	t.Logf("%d requests, %d of them before", asked.Load(), before)
	endNext()
	if err := <-nextEnded; err != nil {
		t.Error(err)
	}
}

// keepAsking sends requests over one kept connection, commands that no client
// repeats by itself among them, until done. Any failure is one too many.
func keepAsking(url, lesson string, asked *atomic.Int64, done <-chan struct{}) error {
	transport := &http.Transport{MaxConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	for i := 0; ; i++ {
		select {
		case <-done:
			return nil
		case <-time.After(time.Duration(rand.N(int64(20 * time.Millisecond)))):
		}
		method, path, body, want := "PUT", "/api/progress/place", `{"lesson":"`+lesson+`","section":""}`, http.StatusNoContent
		if i%2 == 0 {
			method, path, body, want = "GET", "/api/progress", "", http.StatusOK
		}
		r, err := http.NewRequest(method, url+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+testToken)
		resp, err := client.Do(r)
		if err != nil {
			return fmt.Errorf("request %d: %w", i, err)
		}
		_, err = io.Copy(io.Discard, bufio.NewReader(resp.Body))
		resp.Body.Close()
		if err != nil || resp.StatusCode != want {
			return fmt.Errorf("request %d: %s, %w", i, resp.Status, err)
		}
		asked.Add(1)
	}
}
