package site

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slowest is how many pages the benchmark names.
const slowest = 10

// BenchmarkPage is how long the handler takes for each page of the workbook, in both
// languages: of a server that has just started and has shown nothing, and of one that
// has shown the page before. Figures are milliseconds: of the slowest page, and of the
// page in the middle; the slowest pages are named, with the CPU time of the process,
// which a busy machine does not change. A page that is sent while it is made is named
// with when its first part was sent too, and ms-first is of the page whose first part
// was the latest. -benchtime 5x takes each page's median of five.
func BenchmarkPage(b *testing.B) {
	b.Run("cold", func(b *testing.B) {
		t := newTimes(b)
		for b.Loop() {
			for _, at := range t.pages {
				s := t.open()
				t.ask(s, at)
				s.Close()
			}
		}
		t.report()
	})
	b.Run("cached", func(b *testing.B) {
		t := newTimes(b)
		s := t.open()
		defer s.Close()
		for b.Loop() {
			for _, at := range t.pages {
				t.answer(s, at)
				t.ask(s, at)
			}
		}
		t.report()
	})
}

// times is how long pages took.
type times struct {
	b     *testing.B
	first *Site // has the runner and the edition that all share
	pages []string
	took  map[string][]time.Duration
	parts map[string][]time.Duration // until the first part was sent
	cpu   map[string][]time.Duration
}

func newTimes(b *testing.B) *times {
	t := &times{b: b, first: newSite(b, root(b), b.TempDir()), took: map[string][]time.Duration{}, parts: map[string][]time.Duration{}, cpu: map[string][]time.Duration{}}
	for _, lang := range languages {
		for _, rt := range routes() {
			page, ok := strings.CutPrefix(rt.pattern, "GET /{lang}/")
			if ok && !strings.Contains(page, "{") || page == "{$}" {
				t.pages = append(t.pages, "/"+lang+"/"+strings.TrimSuffix(page, "{$}"))
			}
		}
		for _, part := range t.first.shelf.edition().book.Parts {
			for _, l := range part.Lessons {
				t.pages = append(t.pages, "/"+lang+"/"+l.ID)
			}
		}
	}
	t.pages = slices.DeleteFunc(t.pages, func(at string) bool { // of a workshop
		return slices.Contains([]string{"join", "me", "wall", "workshop/report"}, at[len("/ko/"):])
	})
	b.ResetTimer()
	return t
}

// open is a server that has read the book and shown nothing.
func (t *times) open() *Site {
	t.b.Helper()
	cfg := t.first.cfg
	cfg.Data, cfg.AllowHosts = t.b.TempDir(), []string{"bench"}
	e := t.first.shelf.edition()
	cfg.edition = &edition{book: e.book, labs: e.labs, problems: e.problems, index: e.index, imprints: e.imprints}
	s, err := New(cfg)
	if err != nil {
		t.b.Fatal(filepath.Base(cfg.Data), err)
	}
	runtime.GC() // what reading the templates left is not the page's
	return s
}

func (t *times) ask(s *Site, at string) {
	t.b.Helper()
	before := cpu(t.b)
	first, all := t.answer(s, at)
	t.took[at], t.parts[at] = append(t.took[at], all), append(t.parts[at], first)
	t.cpu[at] = append(t.cpu[at], cpu(t.b)-before)
}

// cpu is what the process has used.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// partly is an answer in memory that knows when its first part was sent.
type partly struct {
	*httptest.ResponseRecorder
	began time.Time
	first time.Duration
}

func (p *partly) Flush() {
	if p.first == 0 {
		p.first = time.Since(p.began)
	}
}

// answer is how long the handler takes for the first part and for all.
func (t *times) answer(s *Site, at string) (first, all time.Duration) {
	t.b.Helper()
	r := httptest.NewRequest(http.MethodGet, at, nil)
	r.Host = "bench"
	r.Header.Set("Authorization", "Bearer "+testToken)
	r.Header.Set("Accept-Encoding", "gzip")
	h := s.Handler()
	w := &partly{httptest.NewRecorder(), time.Now(), 0}
	h.ServeHTTP(w, r)
	all = time.Since(w.began)
	if w.Code != http.StatusOK {
		t.b.Fatalf("%s: %d: %s", at, w.Code, bytes.TrimSpace(w.Body.Bytes()))
	}
	if first = w.first; first == 0 {
		first = all
	}
	return first, all
}

// report says the medians.
func (t *times) report() {
	median, first, used := medians(t.took), medians(t.parts), medians(t.cpu)
	slices.SortFunc(t.pages, func(x, y string) int { return cmp.Compare(median[y], median[x]) })
	var text strings.Builder
	for i, at := range t.pages[:slowest] {
		if i%2 == 0 { // the testing package prints few lines
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "%8.2f ms (%.1f CPU) %-15s", median[at], used[at], at)
	}
	latest := 0.0
	for _, at := range t.pages {
		latest = max(latest, first[at])
		if first[at] < median[at] {
			fmt.Fprintf(&text, "\n%s: its first part after %.2f ms, the whole after %.2f ms", at, first[at], median[at])
		}
	}
	t.b.Logf("%d pages, the slowest:%s", len(t.pages), text.String())
	t.b.ReportMetric(latest, "ms-first")
	t.b.ReportMetric(median[t.pages[0]], "ms-slowest")
	t.b.ReportMetric(median[t.pages[len(t.pages)/2]], "ms-middle")
	t.b.ReportMetric(0, "ns/op")
}

// medians are in milliseconds.
func medians(of map[string][]time.Duration) map[string]float64 {
	out := map[string]float64{}
	for at, all := range of {
		slices.Sort(all)
		out[at] = all[len(all)/2].Seconds() * 1000
	}
	return out
}
