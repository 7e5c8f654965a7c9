package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// TestFullDiskEndsTheRunAndNotTheSite fills the data folder's disk in the middle
// of a run: the run ends with its reason, the site goes on and says that it is
// degraded, and once there is room all is well again.
func TestFullDiskEndsTheRunAndNotTheSite(t *testing.T) {
	data := t.TempDir()
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: a full disk. It needs root, to mount a small one")
	}
	if err := unix.Mount("tmpfs", data, "tmpfs", 0, "size=48m"); err != nil {
		t.Skipf("NOT TESTED: a full disk. Mounting a small one: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(data, unix.MNT_DETACH) })
	s := serve(t, data, nil)
	t.Cleanup(s.kill) // before the unmount
	id := s.start("epoll", "with-silent", nil)
	until(t, time.Minute, "the run is measured", func() bool { return s.summary(id).Phase == telemetry.Running })

	filler := filepath.Join(data, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	until(t, 10*time.Second, "the run has ended", func() bool { return s.summary(id).Phase.Over() })
	if sum := s.summary(id); sum.Phase != telemetry.Failed || sum.Reason == nil || sum.Reason.Code != "disk-full" {
		t.Errorf("the run ended %s: %+v", sum.Phase, sum.Reason)
	}
	var health struct {
		Status  string
		Trouble []string
	}
	s.api("GET", "/healthz", nil, &health)
	if health.Status != "degraded" || len(health.Trouble) == 0 {
		t.Errorf("the site says %+v", health)
	}
	s.api("GET", "/en/epoll", nil, nil)

	os.Remove(filler)
	f.Close()
	id = s.start("epoll", "with-silent", nil)
	until(t, time.Minute, "a run ends well again", func() bool { return s.summary(id).Phase == telemetry.Finished })
	if s.api("GET", "/healthz", nil, &health); health.Status != "ok" {
		t.Errorf("with room again the site says %+v", health)
	}
}

// TestReadersThatNeverReadDelayNobody has readers that take nothing beside
// readers that do: how much later than the first of them each gets its frames.
func TestReadersThatNeverReadDelayNobody(t *testing.T) {
	s := serve(t, t.TempDir(), nil)
	id := s.start("blocking", "dribble", nil)
	for range 20 {
		defer s.mute(t, id).Close()
	}
	const readers = 50
	var mu sync.Mutex // guards arrived
	arrived := map[uint64][]time.Time{}
	var wg sync.WaitGroup
	for range readers {
		ws := s.watch(t, id)
		wg.Go(func() {
			defer ws.Close()
			for {
				_, text, err := ws.ReadMessage()
				now := time.Now()
				if err != nil {
					return
				}
				var events []telemetry.Event
				if json.Unmarshal(text, &events) != nil || len(events) == 0 {
					continue
				}
				mu.Lock()
				arrived[events[len(events)-1].Seq] = append(arrived[events[len(events)-1].Seq], now)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	var lags []time.Duration
	for _, times := range arrived {
		first := slices.MinFunc(times, time.Time.Compare)
		for _, at := range times {
			lags = append(lags, at.Sub(first))
		}
	}
	slices.Sort(lags)
	if len(lags) < readers*30 {
		t.Fatalf("%d frames arrived at %d readers", len(lags), readers)
	}
	p99 := lags[len(lags)*99/100]
	t.Logf("%d frames at %d readers beside 20 that never read: p50 %v, p99 %v after the first", len(lags), readers, lags[len(lags)/2], p99)
	if p99 > 100*time.Millisecond {
		t.Errorf("p99 of the lag is %v", p99)
	}
}

// watch opens an event stream.
func (s *server) watch(t *testing.T, id string) *websocket.Conn {
	t.Helper()
	header := http.Header{"Authorization": {"Bearer " + s.link.Query().Get("token")}, "Origin": {"http://" + s.link.Host}}
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+s.link.Host+"/api/runs/"+id+"/events?after=0", header)
	if err != nil {
		t.Fatal(err)
	}
	return ws
}

// mute opens an event stream and never reads from it.
func (s *server) mute(t *testing.T, id string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.link.Host)
	if err != nil {
		t.Fatal(err)
	}
	c.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprintf(c, "GET /api/runs/%s/events HTTP/1.1\r\nHost: %s\r\nOrigin: http://%[2]s\r\nAuthorization: Bearer %s\r\n"+
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		id, s.link.Host, s.link.Query().Get("token"))
	return c
}
