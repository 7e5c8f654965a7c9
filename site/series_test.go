package site

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"socketlabs/labs/telemetry"
)

func sample(from string, t float64, values map[string]float64) telemetry.Event {
	return telemetry.Event{T: t, Kind: telemetry.KindSample, From: from, Values: values}
}

// column reads a series' column with NaN for null.
func column(s series, name string) []float64 {
	var out []float64
	for _, v := range s.Values[name] {
		if v == nil {
			out = append(out, math.NaN())
			continue
		}
		out = append(out, *v)
	}
	return out
}

func TestSeriesAreColumns(t *testing.T) {
	s := serve(t)
	fig := func(t, v float64) telemetry.Event {
		return telemetry.Event{T: t, Kind: telemetry.KindFigures, Values: map[string]float64{"a": v}}
	}
	record(t, s.data, runID(1), "a/x", []telemetry.Event{
		sample(telemetry.FromLab, 0.1, map[string]float64{"lab.reads": 1}),
		sample(telemetry.FromKernel, 0.1, map[string]float64{"kernel.fds": 7}),
		fig(0.1, 1),
		sample(telemetry.FromLab, 0.2, map[string]float64{"lab.reads": 2}),
		sample(telemetry.FromLab, 0.30000000000000004, map[string]float64{"lab.reads": 3}),
		sample(telemetry.FromKernel, 0.3, map[string]float64{"kernel.fds": 8}),
		{T: 0.3, Kind: telemetry.KindLog, Text: "line"},
		fig(0.3, 2),
		sample(telemetry.FromJudge, 0.2, map[string]float64{"load.p50": 9}), // late
		sample(telemetry.FromLab, 0.15000000001, map[string]float64{"lab.late": 1}),
	}, finished("green", nil))
	var got series
	s.get("/api/runs/"+runID(1)+"/series", &got)
	nan := math.NaN()
	for name, want := range map[string][]float64{
		"lab.reads": {1, 2, 3}, "kernel.fds": {7, nan, 8}, "load.p50": {nan, 9, nan},
	} {
		if c := column(got, name); fmt.Sprint(c) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, c, want)
		}
	}
	if !slices.Equal(got.T, []float64{0.1, 0.2, 0.3}) || got.Seq != 12 {
		t.Errorf("t %v, seq %d", got.T, got.Seq)
	}
	var kinds []telemetry.Kind
	var figures []float64
	for _, raw := range got.Events {
		var e telemetry.Event
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, e.Kind)
		if e.Kind == telemetry.KindFigures {
			figures = append(figures, e.Values["a"])
		}
	}
	if fmt.Sprint(kinds) != "[run figures log figures end]" || fmt.Sprint(figures) != "[1 2]" { // the page goes back to each
		t.Errorf("%v, figures %v", kinds, figures)
	}
}

// Sockets of every second are kept, so that the page can go back; only the latest
// are kept whole.
func TestSeriesKeepSocketsOfEverySecond(t *testing.T) {
	asked := telemetry.Event{Kind: telemetry.KindSockets}
	for i := range 70 {
		asked.Sockets = append(asked.Sockets, telemetry.Socket{Peer: fmt.Sprint(i), State: "ESTAB", RecvQ: int64(i)})
	}
	asked.Sockets = append(asked.Sockets, telemetry.Socket{Peer: "*", State: "LISTEN"})
	raw, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	m := newSeriesMaker(allBlocks)
	m.add(asked, raw)
	m.add(asked, raw)
	var earlier, latest struct {
		Sockets []telemetry.Socket
		More    int
	}
	got := m.done().Events
	if json.Unmarshal(got[0], &earlier) != nil || json.Unmarshal(got[1], &latest) != nil {
		t.Fatalf("%s", got)
	}
	if len(earlier.Sockets) != socketRows || earlier.More != 21 || earlier.Sockets[0].State != "LISTEN" || earlier.Sockets[1].RecvQ != 69 {
		t.Errorf("earlier: %d and %d more, first %+v", len(earlier.Sockets), earlier.More, earlier.Sockets[:2])
	}
	if len(latest.Sockets) != 71 || latest.More != 0 {
		t.Errorf("the latest: %d and %d more", len(latest.Sockets), latest.More)
	}
}

func TestSeriesAreSmall(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var h telemetry.Histogram
	events := []telemetry.Event{{Kind: telemetry.KindBlock, Begin: &telemetry.Block{Seconds: 60}}}
	for tick := 1; tick <= 600; tick++ {
		for us := range 200 {
			h.Observe(time.Duration(50+us*us) * time.Microsecond)
		}
		values := map[string]float64{}
		for i := range 40 {
			values[fmt.Sprintf("kernel.m%d", i)] = float64(tick * i)
		}
		e := sample(telemetry.FromLoad, float64(tick)/10, values)
		e.Hists = map[string]telemetry.Histogram{"load": h.Clone()}
		events = append(events, e)
	}
	record(t, s.data, runID(1), "a/x", events, finished("green", nil))
	resp, body := s.do(request{path: "/api/runs/" + runID(1) + "/series", bearer: testToken, header: http.Header{"Accept-Encoding": {"gzip"}}})
	if resp.Header.Get("Content-Encoding") != "gzip" || len(body) > 100<<10 {
		t.Errorf("%s, %d bytes", resp.Header.Get("Content-Encoding"), len(body))
	}
	var got series
	s.get("/api/runs/"+runID(1)+"/series", &got)
	if len(got.Heat) != 60 || len(got.T) != 600 {
		t.Errorf("%d columns of heat, %d rows", len(got.Heat), len(got.T))
	}
	for _, c := range got.Heat {
		n := 0.0
		for _, b := range c.Buckets {
			n += b[2]
		}
		if n != 2000 {
			t.Errorf("second %v holds %v of 2000", c.T, n)
		}
	}
}

func TestHeat(t *testing.T) {
	var m heat
	var h telemetry.Histogram
	m.begin(telemetry.Event{T: 2, Begin: &telemetry.Block{Start: 2.5}})
	observe := func(at float64, d time.Duration, n int) {
		h.ObserveN(d, uint64(n))
		m.add(at, h.Clone())
	}
	observe(2.6, 20*time.Microsecond, 1)
	observe(3.5, 2*time.Millisecond, 3) // ends the first second
	observe(3.6, 2*time.Millisecond, 2) // the second one
	observe(5.5, time.Microsecond, 1)   // after a second without samples
	observe(5.6, 250*time.Second, 4)    // not whole
	h = telemetry.Histogram{}
	m.begin(telemetry.Event{T: 10, Block: 1, Begin: &telemetry.Block{Start: 10}})
	observe(10.5, time.Second, 1)
	want := []heatColumn{
		{2.5, [][3]float64{{heatEdge(1), heatEdge(2), 1}, {heatEdge(9), heatEdge(10), 3}}},
		{3.5, [][3]float64{{heatEdge(0), heatEdge(1), 1}, {heatEdge(9), heatEdge(10), 2}}},
		{5.5, [][3]float64{{heatEdge(27), heatEdge(28), 4}}},
		{10, [][3]float64{{heatEdge(20), heatEdge(21), 1}}},
	}
	if got := m.end(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if low, high := heatEdge(0), heatEdge(heatRows); math.Abs(low-1e-5) > 1e-9 || math.Abs(high-100) > 1e-6 {
		t.Errorf("rows from %g to %g", low, high)
	}
}

func TestTheAuthorsSeries(t *testing.T) {
	s := serve(t)
	x := s.lessons()[0].Experiments[0]
	path := "/api/experiments/" + x.Spec.Name + "/author/series"
	defer func(of []byte) { x.Author = of }(x.Author) // the other tests' too
	x.Author = nil
	if resp, _ := s.do(request{path: path, bearer: testToken}); resp.StatusCode != http.StatusNotFound {
		t.Errorf("without a recording: %s", resp.Status)
	}
	run, events := s.ran(x, runID(1), 100)
	x.Author = zip(lines(t, run, events, finished("green", nil)))
	var got series
	s.get(path, &got)
	c := column(got, "load.requests")
	if len(c) != len(got.T) || len(c) < 10 || c[len(c)-1] != 100 || len(got.Events)-len(pathsOf(t, got)) != 3 {
		t.Errorf("%v, %d events", c, len(got.Events))
	}
}

// TestSeriesOfABlock: a block's columns hold nothing of another's, and the run's
// own events come with each.
func TestSeriesOfABlock(t *testing.T) {
	s := serve(t)
	of := func(block int, e telemetry.Event) telemetry.Event { e.Block = block; return e }
	begin := func(block int, at float64) telemetry.Event {
		return of(block, telemetry.Event{T: at, Kind: telemetry.KindBlock, Begin: &telemetry.Block{Start: at, Seconds: 1}})
	}
	record(t, s.data, runID(2), "a/x", []telemetry.Event{
		begin(0, 0.1), sample(telemetry.FromLab, 0.2, map[string]float64{"lab.reads": 1}),
		{T: 0.2, Kind: telemetry.KindLog, Text: "of the first"},
		{T: 0.3, Kind: telemetry.KindBlockEnd, BlockEnd: &telemetry.BlockEnd{Label: "x", Trust: "green"}},
		begin(1, 1.1), of(1, sample(telemetry.FromLab, 1.2, map[string]float64{"lab.reads": 5})),
	}, finished("green", nil))
	for block, want := range map[string]string{"0": "[1]", "1": "[5]"} {
		var got series
		s.get("/api/runs/"+runID(2)+"/series?block="+block, &got)
		kinds := ""
		for _, raw := range got.Events {
			var e telemetry.Event
			if err := json.Unmarshal(raw, &e); err != nil {
				t.Fatal(err)
			}
			kinds += string(e.Kind) + " "
		}
		wantKinds := map[string]string{"0": "run block log block-end block end path ", "1": "run block block-end block end "}[block]
		if c := fmt.Sprint(column(got, "lab.reads")); c != want || kinds != wantKinds || got.Seq != 8 {
			t.Errorf("block %s: %s, events %s, seq %d", block, c, kinds, got.Seq)
		}
	}
	if resp, _ := s.do(request{path: "/api/runs/" + runID(2) + "/series?block=-1", bearer: testToken}); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("block -1: %s", resp.Status)
	}
}
