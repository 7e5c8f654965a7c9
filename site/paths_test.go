package site

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
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
	t.Parallel()
	root := moduleCopy(t)
	forgetPaths(t, filepath.Join(root, "content", "blocking", "author", "one-silent.jsonl.gz"))
	s := serveAt(t, root)
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

// forgetPaths takes from a recording what the runner of then did not write.
func forgetPaths(t *testing.T, file string) {
	t.Helper()
	packed, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	for line := range bytes.Lines(all) {
		if !bytes.Contains(line, []byte(`"kind":"path"`)) {
			w.Write(line)
		}
	}
	if err := errors.Join(w.Close(), os.WriteFile(file, out.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
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
