package runner

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// write makes a small recording and returns its id and text.
func write(t *testing.T, a *archive, ended bool) (id string, text []byte) {
	t.Helper()
	id = newID(time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC))
	spec := labs.Spec{Name: "epoll/drained", Knobs: map[string]any{"buf": 512.0}}
	j, err := begin(a, id, telemetry.Event{Kind: telemetry.KindRun, Run: &telemetry.Run{ID: id, Experiment: spec.Name, Code: "c0de", Asked: spec}})
	if err != nil {
		t.Fatal(err)
	}
	err = j.write(
		telemetry.Event{T: 0.1, Kind: telemetry.KindSample, Values: map[string]float64{"lab.reads": 1}},
		telemetry.Event{T: 0.15, Kind: telemetry.KindLog, Text: "한 줄"},
	)
	if err != nil {
		t.Fatal(err)
	}
	if ended {
		err = j.end(telemetry.Event{T: 0.2, Kind: telemetry.KindEnd, End: &telemetry.End{Phase: telemetry.Finished, Trust: "green"}})
	} else {
		err = j.rec.close() // what a kill does: the lock goes, no end comes
	}
	if err != nil {
		t.Fatal(err)
	}
	path, _ := a.find(id)
	text, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return id, text
}

func open(t *testing.T) *archive {
	t.Helper()
	a, err := openArchive(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestRecordingIsTheStream(t *testing.T) {
	a := open(t)
	id, text := write(t, a, true)
	rd, err := a.follow(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	events, _ := readAll(t, rd, 0)
	read, err := ReadRecording(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	one, _ := json.Marshal(events)
	two, _ := json.Marshal(read)
	if len(events) != 4 || !bytes.Equal(one, two) {
		t.Errorf("followed %s\nread %s", one, two)
	}
	if rd, err = a.follow(id, 3); err != nil {
		t.Fatal(err)
	}
	if rest, _ := readAll(t, rd, 3); len(rest) != 1 || rest[0].End == nil {
		t.Errorf("after 3: %+v", rest)
	}
}

func TestReadRecordingPacked(t *testing.T) {
	_, text := write(t, open(t), true)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(text)
	z.Close()
	events, err := ReadRecording(&packed)
	if err != nil || len(events) != 4 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestReadRecordingNamesTheLine(t *testing.T) {
	_, err := ReadRecording(strings.NewReader("{\"seq\":1}\nnonsense\n{\"seq\":2}\n"))
	if err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v", err)
	}
}

// A recording cut at any byte opens, reads and gets exactly one end.
func TestRecordingCutAnywhere(t *testing.T) {
	a := open(t)
	id, text := write(t, a, true)
	path, _ := a.find(id)
	starts := 0
	for n := range len(text) {
		if err := os.WriteFile(path, text[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		whole, err := ReadRecording(bytes.NewReader(text[:n]))
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		s, err := a.summary(id)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if s.Phase != telemetry.Interrupted || s.Reason == nil || s.Reason.Code != "site-restarted" {
			t.Fatalf("cut at %d: summary %+v", n, s)
		}
		if bytes.Count(text[:n], []byte{'\n'}) > 0 && s.Experiment == "epoll/drained" {
			starts++
		}
		rd, err := a.follow(id, 0)
		if err != nil {
			t.Fatal(err)
		}
		events, _ := readAll(t, rd, 0)
		if last := events[len(events)-1]; last.End == nil || len(events) != bytes.Count(text[:n], []byte{'\n'})+1 {
			t.Fatalf("cut at %d: %d events, %d were whole, last %+v", n, len(events), len(whole), last)
		}
	}
	if starts == 0 {
		t.Error("no cut recording told its experiment")
	}
}

func TestLeftoverIsInterrupted(t *testing.T) {
	a := open(t)
	id, _ := write(t, a, false)
	if s, err := a.summary(id); err != nil || s.Phase != telemetry.Interrupted {
		t.Fatalf("summary %+v, %v", s, err)
	}
	path, _ := a.find(id)
	text, _ := os.ReadFile(path)
	if again, _ := openArchive(a.dir); again != nil {
		again.summary(id)
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(now, text) {
		t.Error("a second reader changed the recording")
	}
}

// What another process writes can be followed, and is no leftover.
func TestFollowForeignRun(t *testing.T) {
	a := open(t)
	other, err := openArchive(a.dir)
	if err != nil {
		t.Fatal(err)
	}
	id := newID(time.Now())
	j, err := begin(other, id, telemetry.Event{Kind: telemetry.KindRun, Run: &telemetry.Run{ID: id}})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := a.summary(id); err != nil || s.Phase != telemetry.Running {
		t.Fatalf("summary %+v, %v", s, err)
	}
	if err := a.remove(id); !errors.Is(err, ErrRunning) {
		t.Errorf("remove: %v", err)
	}
	rd, err := a.follow(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := rd.Next(t.Context()); err != nil || b.To != 1 {
		t.Fatalf("first batch %+v, %v", b, err)
	}
	var end sync.WaitGroup
	end.Go(func() {
		j.end(telemetry.Event{Kind: telemetry.KindEnd, End: &telemetry.End{Phase: telemetry.Finished}})
	})
	if b, err := rd.Next(t.Context()); err != nil || b.To != 2 {
		t.Fatalf("second batch %+v, %v", b, err)
	}
	if _, err := rd.Next(t.Context()); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
	end.Wait() // the lock goes last
	if s, err := a.summary(id); err != nil || s.Phase != telemetry.Finished {
		t.Errorf("summary %+v, %v", s, err)
	}
	if err := a.remove(id); err != nil {
		t.Errorf("remove: %v", err)
	}
	if _, err := a.summary(id); !errors.Is(err, ErrNoRun) {
		t.Errorf("summary of what was removed: %v", err)
	}
}

func TestIDIsNeverAPath(t *testing.T) {
	a := open(t)
	id, _ := write(t, a, true)
	os.Symlink("/etc/passwd", filepath.Join(a.dir, "20260102T150405Z-00000000.jsonl"))
	for _, bad := range []string{"", ".", "../x", id + "/", id + ".jsonl", id + "\n", strings.ToUpper(id), "20260102T150405Z-00000000", "20260102T150405Z-ffffffff"} {
		if _, err := a.find(bad); !errors.Is(err, ErrNoRun) {
			t.Errorf("find(%q): %v", bad, err)
		}
		if _, err := a.follow(bad, 0); !errors.Is(err, ErrNoRun) {
			t.Errorf("follow(%q): %v", bad, err)
		}
		if err := a.remove(bad); !errors.Is(err, ErrNoRun) {
			t.Errorf("remove(%q): %v", bad, err)
		}
	}
	if ids, err := a.list(); err != nil || len(ids) != 1 {
		t.Errorf("list %v, %v", ids, err)
	}
}

func FuzzReadRecording(f *testing.F) {
	f.Add([]byte("{\"seq\":1,\"t\":0,\"kind\":\"run\"}\n{\"seq\":2,\"t\":0.1,\"kind\":\"end\"}\n"))
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Add([]byte("\n\n{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		events, err := ReadRecording(bytes.NewReader(text))
		if err == nil && len(events) > bytes.Count(text, []byte{'\n'})+1 && text[0] != 0x1f {
			t.Errorf("%d events in %d bytes", len(events), len(text))
		}
	})
}
