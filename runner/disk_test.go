package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// small mounts a disk of 512 KiB at dir until the test ends.
func small(t *testing.T, dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: a full disk. It needs root, to mount a small one")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("NOT TESTED: a full disk. Mounting a small one: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// fill leaves no byte free, and returns what makes room again.
func fill(t *testing.T, dir string) (room func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	return func() { os.Remove(path) }
}

func TestDiskFull(t *testing.T) {
	data := t.TempDir()
	runs := filepath.Join(data, "runs")
	small(t, runs)
	r := startAt(t, module(t), data, Limits{})
	spec := odd("echo")
	spec.Seconds = 50
	run, err := r.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	rd, _ := r.Follow(run.ID(), 0)
	for {
		if b, err := rd.Next(t.Context()); err != nil || bytes.Contains(b.JSON, []byte(`"kind":"block"`)) {
			break
		}
	}
	room := fill(t, runs)
	o := watch(t, r, run)
	if o.end.Phase != telemetry.Failed || o.code() != "disk-full" {
		t.Fatalf("ended %s: %+v", o.end.Phase, o.end.Reason)
	}
	text, err := os.ReadFile(filepath.Join(runs, run.ID()+".jsonl"))
	if err != nil || len(text) == 0 || text[len(text)-1] != '\n' {
		t.Fatalf("the recording has %d bytes and a torn line, %v", len(text), err)
	}
	if len(r.Trouble()) != 1 {
		t.Errorf("trouble %q", r.Trouble())
	}
	if _, err := r.Start(odd("echo")); !errors.Is(err, ErrDiskFull) {
		t.Errorf("start on a full disk: %v", err)
	}
	if s, err := r.Summary(run.ID()); err != nil || s.Reason == nil || s.Reason.Code != "disk-full" {
		t.Errorf("summary %+v, %v", s, err)
	}
	room()
	if s, err := r.Summary(run.ID()); err != nil || s.Reason == nil || s.Reason.Code != "disk-full" {
		t.Errorf("summary %+v, %v", s, err)
	}
	text, _ = os.ReadFile(filepath.Join(runs, run.ID()+".jsonl"))
	events, err := ReadRecording(bytes.NewReader(text))
	one, _ := json.Marshal(events)
	two, _ := json.Marshal(o.events)
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("the recording was not completed: %d events of %d, %v", len(events), len(o.events), err)
	}
	if o := carry(t, r, odd("echo")); o.end.Phase != telemetry.Finished {
		t.Errorf("with room again: ended %s: %+v", o.end.Phase, o.end.Reason)
	}
	if len(r.Trouble()) != 0 {
		t.Errorf("with room again: trouble %q", r.Trouble())
	}
}
