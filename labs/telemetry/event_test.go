package telemetry

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestName(t *testing.T) {
	for _, tt := range []struct{ field, want, why string }{
		{"Open", "open", "one word"},
		{"ShortWrites", "short_writes", "two"},
		{"Emfile", "emfile", "an errno written as a word"},
		{"RTT", "rtt", "an initialism is one word"},
		{"RTTMax", "rtt_max", "and ends where the next word begins"},
		{"LastRTT", "last_rtt", "or begins where the last ended"},
		{"A", "a", ""},
		{"", "", ""},
		{"Http2Frames", "http2_frames", "digits belong to the word before"},
	} {
		if got := Name(tt.field); got != tt.want {
			t.Errorf("Name(%q) = %q, want %q (%s)", tt.field, got, tt.want, tt.why)
		}
	}
}

func TestCountersFromManyThreads(t *testing.T) {
	var c Counter
	var g Gauge
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				c.Inc()
				c.Add(2)
				g.Inc()
				g.Add(3)
				g.Dec()
			}
		})
	}
	all.Wait()
	if c.Value() != 24000 || g.Value() != 24000 {
		t.Errorf("counter %d, gauge %d; want 24000 of each", c.Value(), g.Value())
	}
	if g.Set(-5); g.Value() != -5 {
		t.Errorf("a gauge set to -5 is %d", g.Value())
	}
}

func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Catalogue() {
		space, _, _ := strings.Cut(m.Name, ".")
		if space != FromLoad && space != FromKernel && space != FromHost {
			t.Errorf("%s: no source speaks of it", m.Name)
		}
		if seen[m.Name] {
			t.Errorf("%s is there twice", m.Name)
		}
		if m.Kind != KindCounter && m.Kind != KindGauge && m.Kind != KindHistogram {
			t.Errorf("%s: kind %q", m.Name, m.Kind)
		}
		if m.Unit != "" && m.Unit != "seconds" && m.Unit != "bytes" {
			t.Errorf("%s: unit %q", m.Name, m.Unit)
		}
		seen[m.Name] = true
	}
	for _, e := range Errnos {
		if !seen["load.errno."+e] {
			t.Errorf("load.errno.%s is missing", e)
		}
	}
}

func TestPhaseOver(t *testing.T) {
	for p, over := range map[Phase]bool{
		Queued: false, Building: false, Starting: false, Running: false, Draining: false,
		Finished: true, Failed: true, Stopped: true, Interrupted: true,
	} {
		if p.Over() != over {
			t.Errorf("%s over: %v", p, p.Over())
		}
	}
}

// An event that says little is short, and one that says everything comes back.
func TestEventJSON(t *testing.T) {
	little, err := json.Marshal(Event{T: 1.5, Kind: KindSample, From: FromLab, Values: map[string]float64{"lab.open": 0}})
	if want := `{"t":1.5,"kind":"sample","from":"lab","values":{"lab.open":0}}`; err != nil || string(little) != want {
		t.Errorf("%s, %v; want %s", little, err, want)
	}
	value, bound := 1.0, 2.0
	var h Histogram
	h.Observe(time.Millisecond)
	whole := Event{
		Seq: 7, T: 0.3, Kind: KindEnd, From: FromRunner, Block: 2,
		Values: map[string]float64{"a": 1}, Hists: map[string]Histogram{"load": h}, Level: "info", Text: "x",
		Run: &Run{ID: "id", Schema: 1, Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Question: Question{
			Seconds: 3, Windows: []Window{{"quiet", 1, 3}}, Derive: []Formula{{"d", "1"}},
			Ask: map[string]any{"model": "open", "rate": 100.0}, Knob: map[string]any{"drain": true},
			Predictions: []Prediction{{ID: "p", Kind: "number", Given: 3.0}}, Metrics: []Metric{{"lab.reads", KindCounter, ""}},
		}, Host: Host{Cores: 2}},
		State:   &State{Phase: Failed, Reason: &Reason{Code: "port", At: 3, Args: map[string]string{"port": "80"}}},
		Begin:   &Block{Label: "x", Arm: 1, Slot: 2, Start: 1, Warmup: 2, Seconds: 3},
		Notes:   &Notes{Name: "n", Notes: []Note{{ID: 1, T: 1, To: 2, Chart: "calls", Text: "x"}}, Imported: &Origin{ID: "i", Host: "h"}},
		Sockets: []Socket{{Peer: "*", State: "LISTEN"}}, Fault: &Fault{"f", "idle", true},
		Check: &Check{ID: "c", Value: &value, Op: "<", Bound: &bound, Pass: true},
		End: &End{Phase: Finished, Trust: "amber", Doubts: []Doubt{{"gaps", 1, 0, false}},
			Guesses: []Guess{{ID: "p", Given: 3.0, Answer: "x"}}, Metrics: map[string]float64{"load.p50": 0.1}},
	}
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	var back Event
	if err := json.Unmarshal(text, &back); err != nil || !same(back, whole) {
		t.Errorf("%v\n%+v\nwant %+v", err, back, whole)
	}
	none, _ := json.Marshal(Check{ID: "c"})
	if !strings.Contains(string(none), `"value":null`) {
		t.Errorf("a check without a value says %s, not null", none)
	}
}
