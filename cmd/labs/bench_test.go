package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"socketlabs/labs/telemetry"
)

// BenchmarkClickToFirstSample is the time from the click on Run to the first
// samples of the lab, of the kernel and of answered load in the browser's
// WebSocket, with the lab already built.
func BenchmarkClickToFirstSample(b *testing.B) {
	s := serve(b, b.TempDir(), nil)
	defer s.kill()
	warm := s.start("blocking", "threads", nil)
	until(b, 2*time.Minute, "the lab is built and running", func() bool { return s.summary(warm).Phase == telemetry.Running })
	end := func(id string) {
		s.api("POST", "/api/runs/"+id+"/stop", nil, nil)
		until(b, 10*time.Second, "the run has stopped", func() bool { return s.summary(id).Phase.Over() })
	}
	end(warm)
	var took []time.Duration
	for b.Loop() {
		from := time.Now()
		id := s.start("blocking", "threads", nil)
		firstSamples(b, s, id)
		took = append(took, time.Since(from))
		b.StopTimer()
		end(id)
		b.StartTimer()
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2].Seconds()*1000, "ms-median")
	b.ReportMetric(took[len(took)-1].Seconds()*1000, "ms-worst")
}

// firstSamples follows a run until every source has spoken and a request was answered.
func firstSamples(b *testing.B, s *server, id string) {
	header := http.Header{"Authorization": {"Bearer " + s.link.Query().Get("token")}, "Origin": {"http://" + s.link.Host}}
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+s.link.Host+"/api/runs/"+id+"/events?after=0", header)
	if err != nil {
		b.Fatal(err)
	}
	defer ws.Close()
	missing := map[string]bool{telemetry.FromLab: true, telemetry.FromKernel: true, telemetry.FromLoad: true}
	for len(missing) > 0 {
		var events []telemetry.Event
		_, text, err := ws.ReadMessage()
		if err == nil {
			err = json.Unmarshal(text, &events)
		}
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range events {
			if e.Kind == telemetry.KindSample && (e.From != telemetry.FromLoad || e.Values["load.requests"] > 0) {
				delete(missing, e.From)
			}
		}
	}
}
