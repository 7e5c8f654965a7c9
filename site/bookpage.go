package site

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// bookPage shows all lessons in order, for paper: with the recordings that their
// experiments were last measured in, and nothing to press. It is three megabytes, made
// of all recordings, so it is sent while it is made.
func (s *Site) bookPage(w http.ResponseWriter, r *http.Request) error {
	e, v := s.shelf.edition(), s.visitor(r)
	runs := s.listed(v)
	p := s.page(r, e)
	if s.again(w, r, p, runs, p.Progress, s.held(v)) {
		return nil
	}
	t, err := s.faces.current().page("chapter")
	if err != nil {
		return err
	}
	of := *p // as it is before it is sent
	return s.sendBook(w, r, p, func(l *content.Lesson) (template.HTML, error) {
		return s.chapter(t, &of, v, e, l, runs)
	})
}

// sendBook sends the book while render makes its chapters.
func (s *Site) sendBook(w http.ResponseWriter, r *http.Request, p *page, render func(*content.Lesson) (template.HTML, error)) error {
	ctx, cancel := context.WithCancel(r.Context())
	var making sync.WaitGroup
	defer making.Wait()
	defer cancel()
	out := newStream(w, r, p.Lang)
	p.Chapters = chapters(ctx, &making, out, p.Book, render)
	return s.stream(out, r, "book", p, &pageData{})
}

// chapter is a lesson of the book that may still be in the making.
type chapter struct {
	out  *stream
	made chan madeChapter // gets one, if the page is not given up before
	ctx  context.Context  // of the page
}

type madeChapter struct {
	text template.HTML
	err  error
}

// Text waits for the chapter; meanwhile all that stands before it can be read.
func (c chapter) Text() (template.HTML, error) {
	if err := c.out.flush(); err != nil {
		return "", err
	}
	select {
	case m := <-c.made:
		return m.text, m.err
	case <-c.ctx.Done():
		return "", c.ctx.Err()
	}
}

// chapters has all lessons made in their order, as many at a time as there are cores,
// until ctx ends; making waits for those that are being made then.
func chapters(ctx context.Context, making *sync.WaitGroup, out *stream, book *content.Book, render func(*content.Lesson) (template.HTML, error)) []chapter {
	var lessons []*content.Lesson
	var all []chapter
	for _, part := range book.Parts {
		for _, l := range part.Lessons {
			lessons = append(lessons, l)
			all = append(all, chapter{out, make(chan madeChapter, 1), ctx})
		}
	}
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		making.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(lessons)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				text, err := render(lessons[i])
				all[i].made <- madeChapter{text, err}
			}
		})
	}
	return all
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
	lab, _ := e.labs.Lab(c.A.Spec.Lab)
	units := judge.NewUnits(c.A.Spec.Question(lab), c.A.Spec.Units(lab))
	for _, x := range events {
		if x.End == nil || x.End.Comparison == nil {
			continue
		}
		v := &comparedRun{}
		for _, d := range x.End.Comparison.Metrics {
			unit := units.Of(d.Expr)
			row := comparedRow{Label: word(e.book.Words.Metrics, d.Expr), Expr: d.Expr, A: quantity(d.A, unit), B: quantity(d.B, unit), Ratio: optional(d.Ratio), Verdict: d.Verdict, Why: d.Why}
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

// What is a landmark in a lesson is one of many of that name in the book.
var labelled = regexp.MustCompile(`<section( [^>]*aria-labelledby)`)

// within makes the names of a lesson unique in the book: "drain" of epoll becomes
// "epoll.drain". Links to lessons lead to their chapters.
func within(book *content.Book, lesson, text string) string {
	text = strings.ReplaceAll(text, "url(#", "url(#"+lesson+".")
	text = labelled.ReplaceAllString(strings.ReplaceAll(text, `role="region"`, `role="group"`), `<section role="group"$1`)
	text = strings.ReplaceAll(text, "<details", "<details open") // paper is not opened
	var b strings.Builder
	b.Grow(len(text) + len(text)/16)
	for {
		before, rest, ok := strings.Cut(text, `="`)
		value, after, whole := strings.Cut(rest, `"`)
		if !ok || !whole {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(before)
		b.WriteString(`="`)
		b.WriteString(renamed(book, lesson, before[strings.LastIndexAny(before, " \n")+1:], value))
		b.WriteByte('"')
		text = after
	}
}

// renamed is the value of an attribute in the book.
func renamed(book *content.Book, lesson, attribute, value string) string {
	switch attribute {
	case "id", "for", "aria-labelledby", "aria-describedby", "aria-controls":
		names := strings.Fields(value)
		for i, n := range names {
			names[i] = lesson + "." + n
		}
		if len(names) == 0 { // the lesson itself
			return lesson + "."
		}
		return strings.Join(names, " ")
	case "href":
		to, part, _ := strings.Cut(value, "#")
		if to == "" {
			if strings.HasPrefix(part, "i-") { // the page's icons
				return value
			}
			return "#" + lesson + "." + part
		}
		for _, lang := range languages {
			to = strings.TrimPrefix(to, "/"+lang+"/")
		}
		if l, _, _ := book.Lesson(to); l != nil {
			return "#" + to + "." + part
		}
	}
	return value
}
