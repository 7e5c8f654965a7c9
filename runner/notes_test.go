package runner

import (
	"bytes"
	"errors"
	"math"
	"os"
	"strings"
	"sync"
	"testing"

	"socketlabs/labs/telemetry"
)

// keeper is a runner that only keeps recordings.
func keeper(t *testing.T) *Runner {
	t.Helper()
	return &Runner{archive: open(t), live: map[string]*Run{}}
}

func TestNotesStandBesideTheRecording(t *testing.T) {
	r := keeper(t)
	id, text := write(t, r.archive, true)
	if err := r.Name(id, "  buf 512, 세 번째 "); err != nil {
		t.Fatal(err)
	}
	later, err := r.AddNote(id, telemetry.Note{T: 2, Text: "the queue grows"})
	if err != nil || later.ID != 1 {
		t.Fatalf("%+v, %v", later, err)
	}
	first, err := r.AddNote(id, telemetry.Note{T: 0.5, To: 1, Chart: "queues", Text: "<script>alert(1)</script>"})
	if err != nil || first.ID != 2 {
		t.Fatalf("%+v, %v", first, err)
	}
	other, err := r.AddNote(id, telemetry.Note{T: 0.1, Block: 2, Text: "of a later block"})
	if err != nil || other.Block != 2 {
		t.Fatalf("%+v, %v", other, err)
	}
	if n, err := r.Notes(id); err != nil || len(n.Notes) != 3 || n.Notes[2] != other {
		t.Fatalf("blocks stand in their order: %+v, %v", n, err)
	}
	if _, err := r.AddNote(id, telemetry.Note{T: 1, Block: -1, Text: "x"}); !errors.Is(err, telemetry.ErrNote) {
		t.Errorf("a block before the first: %v", err)
	}
	if err := r.RemoveNote(id, other.ID); err != nil {
		t.Fatal(err)
	}
	n, err := r.Notes(id)
	if err != nil || n.Name != "buf 512, 세 번째" || len(n.Notes) != 2 || n.Notes[0] != first || n.Notes[1] != later {
		t.Fatalf("%+v, %v", n, err)
	}
	if s, _ := r.Summary(id); s.Name != n.Name || s.Notes != 2 || s.Imported != nil {
		t.Errorf("%+v", s)
	}
	later.Text = "the queue is full"
	if err := r.SetNote(id, later); err != nil {
		t.Fatal(err)
	}
	if err := r.RemoveNote(id, first.ID); err != nil {
		t.Fatal(err)
	}
	if n, _ = r.Notes(id); len(n.Notes) != 1 || n.Notes[0] != later {
		t.Errorf("%+v", n)
	}
	path, _ := r.archive.find(id)
	if now, _ := os.ReadFile(path); !bytes.Equal(now, text) {
		t.Error("the recording was written to")
	}
	if err := r.Remove(id); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(r.archive.dir); len(left) != 1 || left[0].Name() != ".notes.lock" {
		t.Errorf("left: %v", left)
	}
}

func TestNotesAreBounded(t *testing.T) {
	r := keeper(t)
	id, _ := write(t, r.archive, true)
	for _, tt := range []struct {
		note telemetry.Note
		why  string
	}{
		{telemetry.Note{T: 1, Text: " "}, "nothing"},
		{telemetry.Note{T: -1, Text: "x"}, "before the beginning"},
		{telemetry.Note{T: math.NaN(), Text: "x"}, "no time"},
		{telemetry.Note{T: math.Inf(1), Text: "x"}, "no time"},
		{telemetry.Note{T: 3, To: 2, Text: "x"}, "ends before it begins"},
		{telemetry.Note{T: 1, Chart: "../x", Text: "x"}, "no group"},
		{telemetry.Note{T: 1, Text: strings.Repeat("x", telemetry.MaxNoteText+1)}, "too long"},
		{telemetry.Note{T: 1, Text: "a\x1b[31mb"}, "a terminal would obey it"},
		{telemetry.Note{T: 1, Text: "a\nb"}, "two lines"},
		{telemetry.Note{T: 1, Text: "a\u202eb"}, "turns the text around"},
		{telemetry.Note{T: 1, Text: "a\xffb"}, "no UTF-8"},
	} {
		if _, err := r.AddNote(id, tt.note); !errors.Is(err, telemetry.ErrNote) {
			t.Errorf("%s: %v", tt.why, err)
		}
	}
	if err := r.Name(id, strings.Repeat("가", telemetry.MaxName+1)); !errors.Is(err, telemetry.ErrNote) {
		t.Errorf("a long name: %v", err)
	}
	for range telemetry.MaxNotes {
		if _, err := r.AddNote(id, telemetry.Note{T: 1, Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.AddNote(id, telemetry.Note{T: 1, Text: "x"}); !errors.Is(err, telemetry.ErrNote) {
		t.Errorf("one too many: %v", err)
	}
	for _, err := range []error{r.SetNote(id, telemetry.Note{ID: 999, Text: "x"}), r.RemoveNote(id, 999)} {
		if !errors.Is(err, ErrNoNote) {
			t.Errorf("a note that there is not: %v", err)
		}
	}
	for _, bad := range []string{"20260102T030405Z-00000000", "../site", ""} {
		if err := r.Name(bad, "x"); !errors.Is(err, ErrNoRun) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Two processes have the folder open, as the site and the command line do.
func TestNotesOfTwoWriters(t *testing.T) {
	r := keeper(t)
	id, _ := write(t, r.archive, true)
	other := &archive{dir: r.archive.dir, known: map[string]known{}, owed: map[string][]byte{}}
	second := &Runner{archive: other, live: map[string]*Run{}}
	var both sync.WaitGroup
	for _, w := range []*Runner{r, second} {
		both.Go(func() {
			for range 20 {
				if _, err := w.AddNote(id, telemetry.Note{T: 1, Text: "x"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
	if s, err := r.Summary(id); err != nil || s.Notes != 40 {
		t.Errorf("%d notes, %v", s.Notes, err)
	}
}
