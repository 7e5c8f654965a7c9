package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// copyOf copies what a lab is built from into a folder of its own, where a
// learner's edit disturbs nobody.
func copyOf(t *testing.T) string {
	t.Helper()
	from, to := filepath.Join("..", ".."), t.TempDir()
	for _, dir := range []string{"labs", "content"} {
		if err := os.CopyFS(filepath.Join(to, dir), os.DirFS(filepath.Join(from, dir))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// publish makes a run the author's recording: its code becomes the workbook's.
func publish(t *testing.T, data, run, root, experiment string) {
	t.Helper()
	recording, err := os.Open(filepath.Join(data, "runs", run+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer recording.Close()
	lesson, id, _ := strings.Cut(experiment, "/")
	dir := filepath.Join(root, "content", lesson, "author")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, id+".jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	_, err = io.Copy(z, recording)
	for _, failed := range []error{err, z.Close(), f.Close()} {
		if failed != nil {
			t.Fatal(failed)
		}
	}
}

// shownRun is the id of the run on the bench.
func (p *tab) shownRun() string {
	p.t.Helper()
	id := eval[string](p, `document.querySelector("#ui-recording").getAttribute("href")?.split("/")[3] ?? ""`)
	if id == "" {
		p.t.Fatal("no run is on the bench")
	}
	return id
}

// The core loop of the workbook: edit the server, run it, see what moves.
func TestLongPageSaysThatTheCodeWasEdited(t *testing.T) {
	onlyLong(t)
	data, root := t.TempDir(), copyOf(t)
	s := serve(t, data, nil, "--root", root)
	p := open(t, s)
	p.enter()
	p.lesson("/en/epoll#with-silent")
	p.unlock()
	p.run()
	publish(t, data, p.shownRun(), root, "epoll/with-silent")
	file := filepath.Join(root, "labs", "epoll", "main.go")
	pristine, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	edited := `document.querySelector("#ui-edited").checkVisibility()`

	p.run()
	if eval[bool](p, edited) {
		t.Error("the workbook's own code is called edited")
	}
	write(string(pristine) + "\nfunc mine() int { return 1 }\n")
	p.run()
	if !eval[bool](p, edited) {
		t.Error("the page does not say that the code differs from the workbook's")
	}
	p.until(patience, "it says that the run beneath has other code, with the lines", `document.querySelector("#ui-beneath:not([hidden]) .diff code[data-op='+']")?.textContent && [...document.querySelectorAll("#ui-beneath .diff code")].some((c) => c.dataset.op === "+" && c.textContent.includes("func mine()"))`)
	p.shoot("edited-light-en-1440")

	write(string(pristine) + "\nfunc {\n")
	line := strings.Count(string(pristine), "\n") + 2
	p.click("#ui-go")
	p.until(aRun, "the build fails", `document.querySelector("#ui-lamp").dataset.state === "failed"`)
	if note, want := p.text("#ui-note"), fmt.Sprintf("labs/epoll/main.go:%d:", line); !strings.Contains(note, want) || strings.Contains(note, root) {
		t.Errorf("the note of a build error has no %s, or a path of this machine:\n%s", want, note)
	}
	p.shoot("builderror-light-en-1440")

	write(string(pristine))
	p.run()
	if eval[bool](p, edited) {
		t.Error("the restored code is called edited")
	}
	p.judged(map[string]string{"flows": "pass", "nobody-queued": "pass"})
}
