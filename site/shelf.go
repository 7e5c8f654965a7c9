package site

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/runner"
)

// recheck is how long an edition is taken for current without looking.
const recheck = time.Second

// shelf holds the newest edition of the book.
type shelf struct {
	root   string
	runner *runner.Runner
	log    *slog.Logger
	others func() []content.Page // what else a search finds; or nil

	mu      sync.Mutex // guards what follows
	checked time.Time
	stamp   uint64
	newest  *edition
}

// edition is the book and the labs as the files stood at one moment. It never
// changes; what its authors' recordings answer is remembered with it.
type edition struct {
	book     *content.Book
	labs     *labs.Catalog
	problems []content.Problem
	index    map[string]*content.Index // by language
	imprints map[string]imprint        // of the lessons' files, from before they were read
	authors  answers
}

func newShelf(root string, r *runner.Runner, log *slog.Logger) *shelf {
	return &shelf{root: root, runner: r, log: log}
}

// put takes an edition that is the newest.
func (s *shelf) put(e *edition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stamp, s.newest = s.stampNow(), e
}

func (s *shelf) stampNow() uint64 {
	return stamp(filepath.Join(s.root, "content"), filepath.Join(s.root, "labs"))
}

// edition returns the newest edition: files that changed are read again, looked
// at once a second at most.
func (s *shelf) edition() *edition {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.newest != nil && time.Since(s.checked) < recheck {
		return s.newest
	}
	s.checked = time.Now()
	if stamp := s.stampNow(); s.newest == nil || stamp != s.stamp {
		s.stamp, s.newest = stamp, s.read()
	}
	return s.newest
}

// read loads everything anew. Problems are part of the edition.
func (s *shelf) read() *edition {
	e := &edition{index: map[string]*content.Index{}, imprints: s.imprints()}
	catalog, err := s.runner.Catalog()
	if err != nil {
		e.problems = append(e.problems, content.Problem{File: "labs", Text: err.Error()})
	}
	switch {
	case err != nil && s.newest != nil: // one lab in the middle of an edit takes no lesson away
		catalog = s.newest.labs
	case err != nil:
		catalog = &labs.Catalog{Root: s.root}
	}
	e.labs = catalog
	book, problems := content.Load(filepath.Join(s.root, "content"), catalog)
	if book == nil {
		book = &content.Book{}
	}
	e.book, e.problems = book, append(e.problems, problems...)
	var others []content.Page
	if s.others != nil {
		others = s.others()
	}
	for _, lang := range languages {
		e.index[lang] = content.NewIndex(book, lang, others...)
	}
	for _, p := range e.problems {
		s.log.Warn("content", "at", fmt.Sprintf("%s:%d", p.File, p.Line), "problem", p.Text)
	}
	return e
}

// about returns the problems of one lesson: they are why it is not in the book.
func (e *edition) about(lesson string) []content.Problem {
	var list []content.Problem
	for _, p := range e.problems {
		if strings.HasPrefix(p.File, "content/"+lesson+"/") {
			list = append(list, p)
		}
	}
	return list
}

// find returns a lesson, or an error that says why it cannot be shown.
func (e *edition) find(lesson string) (l, prev, next *content.Lesson, err error) {
	l, prev, next = e.book.Lesson(lesson)
	switch {
	case l != nil:
		return l, prev, next, nil
	case len(e.about(lesson)) > 0:
		return nil, nil, nil, fmt.Errorf("%s: %w", lesson, errLesson)
	}
	return nil, nil, nil, errNotFound
}

// stamp sums up names, sizes and times of all files under the folders.
func stamp(dirs ...string) uint64 {
	h := fnv.New64a()
	for _, dir := range dirs {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil
			}
			if info, err := d.Info(); err == nil {
				fmt.Fprintln(h, path, info.Size(), info.ModTime().UnixNano())
			}
			return nil
		})
	}
	return h.Sum64()
}
