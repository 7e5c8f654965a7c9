package site

import (
	"encoding/json"
	"slices"
	"testing"

	"socketlabs/labs/telemetry"
)

// pathsOf returns the path events of a series.
func pathsOf(t *testing.T, s series) (out []telemetry.Event) {
	t.Helper()
	for _, raw := range s.Events {
		var e telemetry.Event
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		if e.Kind == telemetry.KindPath {
			out = append(out, e)
		}
	}
	return out
}

// Recordings that were made before the queues were judged show them all the same.
func TestSeriesOfTheAuthorHasThePath(t *testing.T) {
	s := serve(t)
	var got series
	s.get("/api/experiments/blocking/one-silent/author/series", &got)
	all := pathsOf(t, got)
	if len(all) != 4 || all[0].Seq != got.Seq {
		t.Fatalf("%d paths in 4 seconds, with seq %d of %d", len(all), all[0].Seq, got.Seq)
	}
	if v := all[1].Path.Verdict; v.Stage != "accept" || v.Cause != "not-accepting" {
		t.Errorf("after two seconds: %+v", v)
	}
	if !slices.IsSortedFunc(all, func(a, b telemetry.Event) int { return int(a.T - b.T) }) {
		t.Error("they are not in order")
	}
}

// What was recorded counts, and nothing is added.
func TestSeriesHasThePathThatWasRecorded(t *testing.T) {
	s := serve(t)
	said := &telemetry.Path{Verdict: telemetry.Bottleneck{Stage: "out", Queue: "out"}}
	record(t, s.data, runID(1), "a/x", []telemetry.Event{
		{T: 0, Kind: telemetry.KindBlock, Begin: &telemetry.Block{Seconds: 2}},
		sample(telemetry.FromKernel, 0.1, map[string]float64{"kernel.recvq": 7}),
		{T: 1, Kind: telemetry.KindPath, From: telemetry.FromJudge, Path: said},
		sample(telemetry.FromKernel, 1.9, map[string]float64{"kernel.recvq": 7}),
	}, finished("green", nil))
	var got series
	s.get("/api/runs/"+runID(1)+"/series", &got)
	if all := pathsOf(t, got); len(all) != 1 || all[0].Path.Verdict.Stage != "out" {
		t.Errorf("%+v", all)
	}
}
