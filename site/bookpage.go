package site

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"sync"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// bookPage shows all lessons in order, for paper: with the recordings that their
// experiments were last measured in, and nothing to press.
func (s *Site) bookPage(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	runs := s.listed(s.visitor(r))
	p := s.page(r, e)
	face := s.faces.current()
	t, err := face.page("chapter")
	if err != nil {
		return err
	}
	v := s.visitor(r)
	if s.again(w, r, p, runs, p.Progress, s.held(v)) {
		return nil
	}
	if p.Chapters, err = s.chapters(t, p, v, e, runs); err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "book", p, &pageData{})
}

// chapters renders all lessons as a visitor may read them, as many at a time as there are cores.
func (s *Site) chapters(t *template.Template, p *page, v visitor, e *edition, runs []runner.Summary) ([]template.HTML, error) {
	var lessons []*content.Lesson
	for _, part := range e.book.Parts {
		lessons = append(lessons, part.Lessons...)
	}
	texts, errs := make([]template.HTML, len(lessons)), make([]error, len(lessons))
	next := make(chan int)
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := range next {
				texts[i], errs[i] = s.chapter(t, p, v, e, lessons[i], runs)
			}
		})
	}
	for i := range lessons {
		next <- i
	}
	close(next)
	all.Wait()
	return texts, errors.Join(errs...)
}

// chapter renders a lesson as a part of the book, as a visitor may read it.
func (s *Site) chapter(t *template.Template, book *page, v visitor, e *edition, l *content.Lesson, runs []runner.Summary) (template.HTML, error) {
	p := *book
	p.Chapters, p.Printing = nil, true
	p.Lesson = filled(l, s.shown.of(e, l, runs))
	_, p.Experiments = s.lessonView(e, p.Lesson, runs, p.Progress)
	p.BreakIt = s.breakOf(e, l, runs, Progress{Guesses: allPredicted(l.BreakIt)})
	p.Printed, p.Compared = map[string]*printed{}, map[string]*comparedRun{}
	for _, x := range l.Experiments {
		p.Printed[x.ID] = s.printedOf(e, l, x, runs)
	}
	for _, c := range l.Comparisons {
		p.Compared[c.ID] = comparedOf(e, c)
	}
	if l.Exercise != nil {
		p.Exercise = &exerciseState{}
		p.Exercise.Hints, p.Exercise.Solved = s.released(v, l.Exercise)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, &p); err != nil {
		return "", err
	}
	return template.HTML(within(e.book, l.ID, b.String())), nil // of our own templates
}

// comparedRun is what the author's comparison came to.
type comparedRun struct {
	Rows []comparedRow
}

type comparedRow struct {
	Label                  content.Text
	Expr, A, B, Ratio      string
	Verdict, Interval, Why string
}

func comparedOf(e *edition, c *content.Comparison) *comparedRun {
	if c.Author == nil {
		return nil
	}
	events, err := runner.ReadKinds(bytes.NewReader(c.Author), telemetry.KindEnd)
	if err != nil {
		return nil
	}
	for _, x := range events {
		if x.End == nil || x.End.Comparison == nil {
			continue
		}
		v := &comparedRun{}
		for _, d := range x.End.Comparison.Metrics {
			row := comparedRow{Label: word(e.book.Words.Metrics, d.Expr), Expr: d.Expr, A: optional(d.A), B: optional(d.B), Ratio: optional(d.Ratio), Verdict: d.Verdict, Why: d.Why}
			if d.Low != nil && d.High != nil {
				row.Interval = optional(d.Low) + "–" + optional(d.High)
			}
			v.Rows = append(v.Rows, row)
		}
		return v
	}
	return nil
}

func optional(v *float64) string { return measured(v, "") }

// measured prints a value that may be missing.
func measured(v *float64, format string) string {
	if v == nil {
		return "–"
	}
	return content.Format(*v, format)
}

// What names an element, and what names one that stands elsewhere.
var (
	naming   = regexp.MustCompile(`\b(id|for|aria-labelledby|aria-describedby|aria-controls)="([^"]*)"`)
	inPage   = regexp.MustCompile(`\bhref="#([^"]*)"`)
	painted  = regexp.MustCompile(`url\(#([^)]*)\)`)
	labelled = regexp.MustCompile(`<section( [^>]*aria-labelledby)`)
	toLesson = regexp.MustCompile(`\bhref="(?:/(?:ko|en)/)?([a-z0-9-]+)(?:#([^"]*))?"`)
)

// within makes the names of a lesson unique in the book: "drain" of epoll becomes
// "epoll.drain". Links to lessons lead to their chapters.
func within(book *content.Book, lesson, text string) string {
	text = naming.ReplaceAllStringFunc(text, func(s string) string {
		m := naming.FindStringSubmatch(s)
		names := strings.Fields(m[2])
		for i, n := range names {
			names[i] = lesson + "." + n
		}
		if len(names) == 0 { // the lesson itself
			names = []string{lesson + "."}
		}
		return m[1] + `="` + strings.Join(names, " ") + `"`
	})
	text = toLesson.ReplaceAllStringFunc(text, func(s string) string {
		m := toLesson.FindStringSubmatch(s)
		if l, _, _ := book.Lesson(m[1]); l == nil {
			return s
		}
		return `href="#` + m[1] + `.` + m[2] + `"`
	})
	text = inPage.ReplaceAllStringFunc(text, func(s string) string {
		to := inPage.FindStringSubmatch(s)[1]
		if strings.HasPrefix(to, "i-") || strings.Contains(to, ".") { // the page's icons, another chapter
			return s
		}
		return `href="#` + lesson + `.` + to + `"`
	})
	text = painted.ReplaceAllString(text, "url(#"+lesson+".$1)")
	// What is a landmark in a lesson is one of many of that name here.
	text = labelled.ReplaceAllString(strings.ReplaceAll(text, `role="region"`, `role="group"`), `<section role="group"$1`)
	return strings.ReplaceAll(text, "<details", "<details open") // paper is not opened
}
