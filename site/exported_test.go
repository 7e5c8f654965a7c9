package site

import (
	"bytes"
	"errors"
	"html"
	"log/slog"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// exportTo exports the book into a folder and returns its files by slashed name.
func exportTo(t *testing.T, dir string) map[string]string {
	t.Helper()
	root := root(t)
	names, err := ExportBook(t.Context(), Config{Root: root, Version: "test", Log: slog.New(slog.NewTextHandler(t.Output(), nil)), edition: readBefore(root)}, dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}

var (
	linked  = regexp.MustCompile(`\b(?:href|src|action)=\\?"([^"\\]*)`)
	anchors = regexp.MustCompile(`\bid="([^"]*)"`)
	scripts = regexp.MustCompile(`<script[^>]*>`)
)

// TestLongExportedBook holds the files to what a file host and a disk need: every
// link resolves to a file and a place in it, nothing is absolute, both languages
// have the same pages, and the same lessons give the same bytes.
func TestLongExportedBook(t *testing.T) {
	long(t)
	s := serve(t) // whose edition the export shares
	dir := filepath.Join(t.TempDir(), "the book")
	files := exportTo(t, dir)
	ids := map[string][]string{}
	for name, text := range files {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		for _, m := range anchors.FindAllStringSubmatch(text, -1) {
			if slices.Contains(ids[name], m[1]) {
				t.Errorf("%s has two #%s", name, m[1])
			}
			ids[name] = append(ids[name], html.UnescapeString(m[1]))
		}
	}
	temp, absolute := os.TempDir(), root(t)
	for name, text := range files {
		if strings.HasSuffix(name, ".html") || strings.HasPrefix(name, "data/") {
			for _, bad := range []string{absolute, temp + "/", `"token":`, "token=", "Set-Cookie"} {
				if strings.Contains(text, bad) {
					t.Errorf("%s holds %q", name, bad)
				}
			}
		}
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		for _, m := range linked.FindAllStringSubmatch(text, -1) {
			u, err := url.Parse(html.UnescapeString(m[1]))
			switch {
			case err != nil || strings.HasPrefix(m[1], "/"):
				t.Errorf("%s: link %q (%v)", name, m[1], err)
			case u.Scheme != "":
			default:
				to := name
				if u.Path != "" {
					to = path.Join(path.Dir(name), u.Path)
				}
				if _, ok := files[to]; !ok {
					t.Errorf("%s: link %q: there is no %s", name, m[1], to)
				} else if u.Fragment != "" && !slices.Contains(ids[to], u.Fragment) {
					t.Errorf("%s: link %q: %s has no #%s", name, m[1], to, u.Fragment)
				}
			}
		}
		if !strings.Contains(text, `http-equiv="Content-Security-Policy"`) {
			t.Errorf("%s has no policy", name)
		}
		for _, tag := range scripts.FindAllString(text, -1) {
			if !strings.Contains(tag, " src=") && !strings.Contains(tag, `type="application/json"`) {
				t.Errorf("%s: %s is inline", name, tag)
			}
		}
		if other, ok := strings.CutPrefix(name, "ko/"); ok && files["en/"+other] == "" {
			t.Errorf("there is no English %s", other)
		}
	}
	for _, l := range s.lessons() {
		for _, lang := range languages {
			if !strings.Contains(files[lang+"/"+l.ID+".html"], `<html lang="`+lang+`"`) {
				t.Errorf("%s has no page in %s", l.ID, lang)
			}
		}
		for _, x := range l.Experiments {
			data := files["data/experiments/"+x.Spec.Name+"/author/series-last.js"]
			if x.Author != nil && !strings.HasPrefix(data, `document.currentScript.answer = {"seq":`) {
				t.Errorf("the author's recording of %s is not there: %.60q", x.Spec.Name, data)
			}
		}
	}
	again := exportTo(t, dir) // in its place
	for name, text := range again {
		if files[name] != text {
			t.Errorf("%s is not the same the second time", name)
		}
	}
	if len(again) != len(files) {
		t.Errorf("%d files, then %d", len(files), len(again))
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ".labs-export-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestAnExportReplacesOnlyItsOwn keeps what others have put into a folder.
func TestAnExportReplacesOnlyItsOwn(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ExportBook(t.Context(), Config{Root: root(t)}, dir); !errors.Is(err, ErrNotABook) {
		t.Errorf("into a folder with a file of mine: %v", err)
	}
	if text, err := os.ReadFile(mine); string(text) != "mine" {
		t.Errorf("my file: %q, %v", text, err)
	}
	if _, err := ExportBook(t.Context(), Config{Root: root(t)}, mine); err == nil {
		t.Error("a file was taken for a folder")
	}
	if err := os.WriteFile(filepath.Join(dir, bookMark), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"index.html": []byte("new"), "a/b.html": []byte("newer")}
	if err := errors.Join(mayReplace(dir), replaceFolder(dir, files)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(mine); err == nil {
		t.Error("an earlier export was not replaced whole")
	}
	text, err := os.ReadFile(filepath.Join(dir, "a", "b.html"))
	if err != nil || !bytes.Equal(text, files["a/b.html"]) {
		t.Errorf("%q, %v", text, err)
	}
}

// TestTheWholeBookIsOnOnePage looks at the page that is made for paper.
func TestTheWholeBookIsOnOnePage(t *testing.T) {
	t.Parallel()
	s := serve(t)
	body := s.html("/en/book")
	seen := map[string]bool{}
	for _, m := range anchors.FindAllStringSubmatch(body, -1) {
		if seen[m[1]] {
			t.Errorf("two elements are #%s", m[1])
		}
		seen[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(body, -1) {
		if !seen[html.UnescapeString(m[1])] {
			t.Errorf("a link leads to #%s, which is not there", m[1])
		}
	}
	at := 0
	for _, l := range s.lessons() {
		next := strings.Index(body, `id="`+l.ID+`."`)
		if next <= at {
			t.Errorf("%s stands at %d, after %d", l.ID, next, at)
		}
		at = next
	}
	if n := strings.Count(body, `class="printed-chart"`); n < 10 {
		t.Errorf("%d charts", n)
	}
	if strings.Contains(body, "<details>") {
		t.Error("something is folded away")
	}
}
