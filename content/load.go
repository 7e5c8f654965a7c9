package content

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// loader is what the reading of every lesson shares.
type loader struct {
	fsys     fs.FS
	prefix   string // of the files' names in problems: content
	catalog  *labs.Catalog
	words    *wordbook
	glossary *glossary
	problems *problems
}

// Load reads every lesson under dir (content/), against the labs that there are.
// A lesson with problems is left out of the book; the problems say why, sorted
// by file and line.
func Load(dir string, labs *labs.Catalog) (*Book, []Problem) {
	prefix, err := filepath.Rel(labs.Root, dir)
	if err != nil || !filepath.IsLocal(prefix) {
		prefix = filepath.Base(dir)
	}
	return load(os.DirFS(dir), filepath.ToSlash(prefix), labs)
}

func load(fsys fs.FS, prefix string, catalog *labs.Catalog) (*Book, []Problem) {
	p := &problems{}
	l := &loader{fsys, prefix, catalog, readWords(fsys, prefix, p), readGlossary(fsys, prefix, p), p}
	book := &Book{Title: Text{Ko: "소켓 실험실", En: "Socket Labs"}, Words: l.words.Words, Glossary: l.glossary.terms}
	parts := l.toc()
	var drafts []*draft
	for _, part := range parts {
		for _, id := range part.lessons {
			drafts = append(drafts, l.readLesson(id))
		}
	}
	checkLinks(drafts)
	l.glossary.checkLinks(drafts)
	for _, part := range parts {
		out := Part{Title: part.title}
		for _, id := range part.lessons {
			i := slices.IndexFunc(drafts, func(d *draft) bool { return d.ID == id })
			if p.in(path.Join(prefix, id)) == 0 {
				out.Lessons = append(out.Lessons, drafts[i].Lesson)
			}
		}
		book.Parts = append(book.Parts, out)
	}
	book.Plans = l.plans(drafts)
	return book, p.sorted()
}

// tocPart is a part of toc.txt.
type tocPart struct {
	title   Text
	lessons []string
}

// toc reads toc.txt: "# ko title | en title" opens a part, every other line is
// a lesson's folder; blank lines and // comments are skipped.
func (l *loader) toc() []tocPart {
	f := &file{path.Join(l.prefix, "toc.txt"), 0, l.problems, 0}
	text, err := fs.ReadFile(l.fsys, "toc.txt")
	if err != nil {
		f.fail(1, "there is no such file: it gives the order of the lessons, a folder a line")
		return nil
	}
	parts := []tocPart{{}}
	seen := map[string]bool{}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		last := &parts[len(parts)-1]
		switch heading, isTitle := strings.CutPrefix(line, "#"); {
		case line == "" || strings.HasPrefix(line, "//"):
		case isTitle:
			t, ok := title(heading)
			if !ok {
				f.fail(i+1, "a part's title is in both languages: # 제목 | title")
			}
			parts = append(parts, tocPart{title: t})
		case !idPattern.MatchString(line):
			f.fail(i+1, "%q is no folder's name: lower-case letters, digits and - only", line)
		case seen[line]:
			f.fail(i+1, "lesson %q stands here twice", line)
		default:
			seen[line] = true
			last.lessons = append(last.lessons, line)
		}
	}
	l.forgotten(f, seen)
	return slices.DeleteFunc(parts, func(p tocPart) bool { return p.title == Text{} && p.lessons == nil })
}

// forgotten reports the lessons that toc.txt does not name.
func (l *loader) forgotten(f *file, seen map[string]bool) {
	entries, _ := fs.ReadDir(l.fsys, ".")
	for _, e := range entries {
		if _, err := fs.Stat(l.fsys, path.Join(e.Name(), "lesson.yaml")); err == nil && !seen[e.Name()] {
			f.fail(1, "lesson %q is not listed: add the line %s", e.Name(), e.Name())
		}
	}
}

// checkLinks checks the links between lessons, now that all are read.
func checkLinks(drafts []*draft) {
	for _, d := range drafts {
		checkTargets(d.links, drafts)
	}
}

// checkTargets checks that each link leads to a lesson, and to a section of it.
func checkTargets(links []link, drafts []*draft) {
	var have []string
	for _, d := range drafts {
		have = append(have, d.ID)
	}
	for _, l := range links {
		i := slices.Index(have, l.lesson)
		switch {
		case i < 0:
			l.file.fail(l.line, "%s", unknown("link", l.lesson, "the lessons are", have))
		case l.id != "" && !slices.Contains(drafts[i].sections, l.id):
			l.file.fail(l.line, "%s", unknown("link", l.lesson+"#"+l.id, "the sections of "+l.lesson+" are", drafts[i].sections))
		}
	}
}

// maxRecording is how many bytes an author's recording may have unpacked.
const maxRecording = 64 << 20

// recordings reads the author's recordings of the lesson's experiments.
func (d *draft) recordings() {
	entries, _ := fs.ReadDir(d.fsys, path.Join(d.ID, "author"))
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".jsonl.gz")
		f := &file{path.Join(d.prefix, d.ID, "author", e.Name()), 0, d.problems, 0}
		plan := d.plan(id)
		versus := d.comparisonOf(id)
		if !ok || plan == nil && versus == nil {
			f.fail(1, "%s", unknown("recording", e.Name(), "it is named EXPERIMENT.jsonl.gz, and the experiments are", d.experimentIDs()))
			continue
		}
		if versus != nil {
			d.recorded(versus, f, e.Name())
			continue
		}
		data, err := fs.ReadFile(d.fsys, path.Join(d.ID, "author", e.Name()))
		if err == nil {
			plan.Spec.Workbook, err = codeOf(data)
		}
		if err != nil {
			f.fail(1, "%v: record it again with labs check --record %s", err, d.ID)
			continue
		}
		plan.Author = data
	}
}

// recorded reads the author's recording of a comparison.
func (d *draft) recorded(c *Comparison, f *file, name string) {
	data, err := fs.ReadFile(d.fsys, path.Join(d.ID, "author", name))
	if err == nil {
		_, err = codeOf(data)
	}
	if err != nil {
		f.fail(1, "%v: record it again with labs check --record %s", err, d.ID)
		return
	}
	c.Author = data
}

// codeOf reads a recording to its end and returns the hash of the code that it
// ran, which stands in its first event.
func codeOf(data []byte) (string, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("the recording cannot be unpacked: %w", err)
	}
	r := bufio.NewReader(io.LimitReader(z, maxRecording+1))
	first, err := r.ReadBytes('\n')
	if err != nil {
		return "", fmt.Errorf("the recording has no first event: %w", err)
	}
	var e telemetry.Event
	if err := json.Unmarshal(first, &e); err != nil || e.Kind != telemetry.KindRun || e.Run == nil {
		return "", fmt.Errorf("the recording does not begin with the event of its run")
	}
	rest, err := io.Copy(io.Discard, r)
	switch {
	case err != nil:
		return "", fmt.Errorf("the recording is cut off: %w", err)
	case int64(len(first))+rest > maxRecording:
		return "", fmt.Errorf("the recording is larger than %d MiB", maxRecording>>20)
	}
	return e.Run.Code, nil
}

// Changed returns a stamp of the folder's names, sizes and times: another stamp
// means that Load would read something else. It opens no file.
func Changed(dir string) string {
	h := fnv.New128a()
	filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			fmt.Fprintln(h, name, err)
			return nil
		}
		if info, err := e.Info(); err == nil && !e.IsDir() {
			fmt.Fprintln(h, name, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return hex.EncodeToString(h.Sum(nil))
}
