package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"socketlabs/labs/telemetry"
)

// feed appends one frame of a sample of about size bytes and a log line.
func feed(s *stream, seq uint64, size int) uint64 {
	f := newFrame(seq+1, []telemetry.Event{
		{T: float64(seq), Kind: telemetry.KindSample, From: telemetry.FromLab, Text: strings.Repeat("x", size), Values: map[string]float64{"lab.n": float64(seq)}},
		{T: float64(seq), Kind: telemetry.KindLog, From: telemetry.FromLab, Text: fmt.Sprint("line ", seq)},
	})
	s.append(f, false)
	return f.to
}

func finish(s *stream, seq uint64) uint64 {
	f := newFrame(seq+1, []telemetry.Event{{Kind: telemetry.KindEnd, End: &telemetry.End{Phase: telemetry.Finished}}})
	s.append(f, true)
	return f.to
}

// readAll follows to the end and checks that batches join without a gap.
func readAll(t *testing.T, rd *Reader, after uint64) (events []telemetry.Event, skipped int) {
	t.Helper()
	for {
		b, err := rd.Next(t.Context())
		if err == io.EOF {
			return events, skipped
		}
		if err != nil {
			t.Fatal(err)
		}
		var list []telemetry.Event
		if err := json.Unmarshal(b.JSON, &list); err != nil {
			t.Fatalf("batch %d to %d: %v", b.From, b.To, err)
		}
		if b.From != after+1 || len(list)+b.Skipped != int(b.To-b.From)+1 {
			t.Fatalf("batch %d to %d after %d has %d events and skipped %d", b.From, b.To, after, len(list), b.Skipped)
		}
		after = b.To
		events, skipped = append(events, list...), skipped+b.Skipped
	}
}

func TestStreamLateReaderMissesNothing(t *testing.T) {
	s := newStream()
	seq := uint64(0)
	for range 100 {
		seq = feed(s, seq, 10<<10) // 1 MB in all: more than a slow reader would get
	}
	seq = finish(s, seq)
	for _, after := range []uint64{0, 1, 2, 77, seq - 1, seq, seq + 5} {
		events, skipped := readAll(t, s.follow(after), after)
		want := 0
		if after < seq {
			want = int(seq - after)
		}
		if len(events) != want || skipped != 0 {
			t.Errorf("after %d: %d events, %d skipped, want %d and 0", after, len(events), skipped, want)
		}
		for i, e := range events {
			if e.Seq != after+uint64(i)+1 {
				t.Fatalf("after %d: event %d has seq %d", after, i, e.Seq)
			}
		}
	}
}

func TestStreamSlowReaderSkipsSamplesOnly(t *testing.T) {
	tests := []struct {
		name   string
		frames int
		size   int
		pause  time.Duration // before the reader comes back
		skips  bool
	}{
		{"keeps up", 5, 100, 0, false},
		{"too many bytes behind", 60, 10 << 10, 0, true},
		{"too long behind", 5, 100, behindTime + time.Second, true},
		{"a little behind in both", 20, 10 << 10, behindTime / 2, false},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			s := newStream()
			seq := feed(s, 0, 100)
			rd := s.follow(0)
			for range tt.frames {
				seq = feed(s, seq, tt.size)
			}
			time.Sleep(tt.pause)
			finish(s, seq)
			events, skipped := readAll(t, rd, 0)
			if (skipped > 0) != tt.skips {
				t.Errorf("%s: skipped %d", tt.name, skipped)
			}
			logs := 0
			for _, e := range events {
				if e.Kind == telemetry.KindLog {
					logs++
				}
			}
			if logs != tt.frames+1 || events[len(events)-1].Kind != telemetry.KindEnd {
				t.Errorf("%s: %d of %d logs, last event %s", tt.name, logs, tt.frames+1, events[len(events)-1].Kind)
			}
			if events[0].Kind != telemetry.KindSample {
				t.Errorf("%s: what was there when the reader came was left out", tt.name)
			}
		})
	}
}

func TestStreamReadersShareBatches(t *testing.T) {
	s := newStream()
	seq := uint64(0)
	for range 10 {
		seq = feed(s, seq, 10)
	}
	a, b := s.follow(3), s.follow(3)
	for range 3 {
		x, err1 := a.Next(t.Context())
		y, err2 := b.Next(t.Context())
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if x.To != y.To || &x.JSON[0] != &y.JSON[0] {
			t.Errorf("batches to %d and %d are not the same one", x.To, y.To)
		}
		seq = feed(s, seq, 10)
	}
}

func TestStreamReaderWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStream()
		rd := s.follow(0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := rd.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("a stream without events: %v", err)
		}
		go func() {
			time.Sleep(time.Minute)
			seq := feed(s, 0, 1)
			time.Sleep(time.Second)
			finish(s, seq)
		}()
		if b, err := rd.Next(t.Context()); err != nil || b.From != 1 || b.To != 2 {
			t.Fatalf("first batch: %d to %d, %v", b.From, b.To, err)
		}
		if _, err := rd.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := rd.Next(t.Context()); err != io.EOF {
			t.Fatalf("after the end: %v", err)
		}
	})
}

// A thousand readers get the whole of a stream while it is written.
func TestStreamThousandReaders(t *testing.T) {
	s := newStream()
	const readers, frames = 1000, 50
	counts := make([]int, readers)
	var all sync.WaitGroup
	for i := range readers {
		rd := s.follow(0)
		all.Go(func() {
			for after := uint64(0); ; {
				b, err := rd.Next(context.Background())
				if err != nil || b.From != after+1 {
					return
				}
				after = b.To
				counts[i] += int(b.To-b.From) + 1
			}
		})
	}
	seq := uint64(0)
	for range frames {
		seq = feed(s, seq, 100)
	}
	seq = finish(s, seq)
	all.Wait()
	for i, n := range counts {
		if n != int(seq) {
			t.Fatalf("reader %d got %d of %d events", i, n, seq)
		}
	}
}

func TestFrameKeepsSequenceDense(t *testing.T) {
	inf := math.Inf(1)
	f := newFrame(7, []telemetry.Event{
		{Kind: telemetry.KindSample, Values: map[string]float64{"a": inf, "b": 1}},
		{Kind: telemetry.KindRun, Run: &telemetry.Run{Asked: func() {}}},
		{Kind: telemetry.KindEnd, End: &telemetry.End{Metrics: map[string]float64{"x": inf - inf}}},
	})
	events, err := ReadRecording(strings.NewReader(string(f.lines())))
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range events {
		if e.Seq != uint64(7+i) {
			t.Errorf("event %d has seq %d", i, e.Seq)
		}
	}
	if len(events) != 3 || len(events[0].Values) != 1 || events[1].Kind != telemetry.KindLog {
		t.Errorf("events: %+v", events)
	}
}
