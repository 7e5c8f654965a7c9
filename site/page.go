package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"runtime"
	"slices"
	"strings"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/site/workshop"
)

// page is what a template shows.
type page struct {
	Lang, Theme, Version string
	Linux                bool
	Path                 string // the address without its language, for the switch: "epoll", "search?q=…"
	Book                 *content.Book
	Lesson, Prev, Next   *content.Lesson
	Experiments          map[string]*experiment // of the lesson, by id
	BreakIt              *breakView             // of the lesson, or nil
	Exercise             *exerciseState         // of the lesson, or nil
	Progress             Progress
	Problems             []content.Problem
	Data                 template.JS // pageData, safe inside a script element
	Labs                 []labView
	Runs                 []runView
	Of                   string    // whose they are, when they are one learner's only
	Replay               *replayed // nil: the page is no replay of one run
	Sweeps               []sweepGroup
	NoUring              string // why the ladder has no io_uring
	Tree                 *treePage
	ErrorMap             []Errno
	Checklist            *checklistPage
	Harden               *hardenPage
	Query                string
	Hits                 []content.Hit
	Status               *status
	Error                *pageError
	Mystery              *mysteryView
	Terms                []termView // of the glossary, or those that the lesson marks
	Glossary             bool       // the page is the glossary
	Resume               resume     // on the first page
	Learner              learnedAll // on the first page
	edition              *edition
	of                   []any                   // what it is made of beside its edition and face; nil: it is made anew each time
	Role                 pageRole                // of whoever reads it
	Nameless             bool                    // an instructor's: it names nobody
	Watch                *workshop.Person        // whom the page watches
	Class                *classPage              // of the instructor's page
	Join                 *joinView               // of the page where people join
	Me                   *meView                 // of a learner's own page
	Notes                *notesView              // the instructor's, of a lesson
	Plan                 *planView               // of a workshop
	Report               *reportPage             // of the class; nil: there is none
	Exported             bool                    // the page is a file of an exported book
	Printing             bool                    // for paper: nothing can be pressed
	Printed              map[string]*printed     // by experiment, for paper
	Compared             map[string]*comparedRun // by comparison, for paper
	Chapters             []chapter               // of the whole book
}

// Sheets are the style sheets of a page beside app.css, which every page has: named are
// those of its template, and a workshop's come with every page in one.
func (p *page) Sheets(named string) []string {
	names := strings.Fields(named)
	if p.Role.Workshop && !slices.Contains(names, "workshop") {
		names = append(names, "workshop")
	}
	return sheetFiles(names...)
}

func sheetFiles(names ...string) []string {
	var files []string
	for _, name := range names {
		if name == "bench" {
			files = append(files, "vendor/uPlot.min.css")
		}
		files = append(files, name+".css")
	}
	return files
}

// pageRole is what a page looks like for whom: the zero value is the owner without a
// workshop.
type pageRole struct {
	Workshop bool // there is one
	Learner  bool
	Stranger bool
}

// Instructor says whether a workshop's instructor reads the page.
func (r pageRole) Instructor() bool { return r.Workshop && !r.Learner && !r.Stranger }

// pageError is what an error page says.
type pageError struct {
	Status int
	Code   string
	Text   content.Text
	Link   string // how the link looks that lets a stranger in; empty for others
}

// page starts a page in the address's language.
func (s *Site) page(r *http.Request, e *edition) *page {
	p := &page{
		Lang: language(r), Version: s.cfg.Version, Linux: runtime.GOOS == "linux",
		Book: e.book, Progress: s.visitor(r).progress.snapshot(), Problems: e.problems, edition: e,
		Role: pageRole{s.cfg.Class != nil, s.visitor(r).learns(), false},
	}
	if s.cfg.exported {
		p.Exported, p.Linux = true, false
	}
	p.Nameless = p.Role.Instructor() && nameless(r)
	if c, err := r.Cookie("theme"); err == nil && (c.Value == "light" || c.Value == "dark") {
		p.Theme = c.Value
	}
	if path := r.URL.RequestURI(); r.Method == http.MethodGet && len(path) > len("/ko/") && path[:4] == "/"+p.Lang+"/" {
		p.Path = path[4:]
	}
	return p
}

// show renders a page whole before its first byte is sent.
func (s *Site) show(w http.ResponseWriter, r *http.Request, status int, name string, p *page, data *pageData) error {
	t, err := s.dressed(name, p, data)
	if err != nil {
		return err
	}
	return s.whole(w, r, status, t, p)
}

// whole renders a page and sends it.
func (s *Site) whole(w http.ResponseWriter, r *http.Request, status int, t *template.Template, p *page) error {
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return err
	}
	body := b.Bytes()
	if acceptsGzip(r) {
		body = zipFast(body)
	}
	s.keep(r, p, body)
	sendPage(w, r, status, p.Lang, body)
	return nil
}

// stream renders a page into out. What was sent before an error cannot be called back:
// such an error is errCut, and whoever reads is cut off.
func (s *Site) stream(out *stream, r *http.Request, name string, p *page, data *pageData) error {
	t, err := s.dressed(name, p, data)
	if err != nil {
		return err
	}
	if err = t.Execute(out, p); err == nil {
		err = out.close()
	}
	switch {
	case err == nil:
		s.keep(r, p, out.sent.Bytes())
	case out.sent.Len() > 0:
		return fmt.Errorf("%w: %w", errCut, err)
	}
	return err
}

// dressed gives a page what its scripts read, and finds its template.
func (s *Site) dressed(name string, p *page, data *pageData) (*template.Template, error) {
	face := s.faces.current()
	t, err := face.page(name)
	if err != nil {
		return nil, err
	}
	data.Lang, data.Version, data.Linux, data.Text = p.Lang, p.Version, p.Linux, face.spoken(name, p.Role.Workshop)
	data.Words, data.Workshop = labels(p.Book.Words), p.Role.Workshop && !p.Role.Stranger
	data.Learner = p.Role.Learner
	if p.Role.Learner && data.Exercise != nil {
		data.Exercise.File = "" // nobody writes one
	}
	if p.Exported {
		data.Root, data.Offline, data.Exercise, p.Status = bookRoot, true, nil, nil
	}
	encoded, err := json.Marshal(data) // with <, > and & escaped
	if err != nil {
		return nil, err
	}
	p.Data = template.JS(encoded)
	return t, nil
}

// keep keeps a page that says what it is made of, for the next who asks.
func (s *Site) keep(r *http.Request, p *page, body []byte) {
	if p.of != nil {
		s.shelved.put(s.keyOf(r, p), p.of, body)
	}
}

// sendPage sends a page, compressed for those who take that.
func sendPage(w http.ResponseWriter, r *http.Request, status int, lang string, body []byte) {
	pageHeader(w, r, lang)
	w.WriteHeader(status)
	w.Write(body)
}

// pageHeader is what a page's answer carries.
func pageHeader(w http.ResponseWriter, r *http.Request, lang string) {
	remember(w, r, lang)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Encoding")
	if acceptsGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
	}
}

// errorPage says what is wrong and where to go from here.
func (s *Site) errorPage(w http.ResponseWriter, r *http.Request, f fault) {
	e := &edition{book: &content.Book{}}
	v := s.visitor(r)
	if v.role >= learns { // strangers are told nothing
		e = s.shelf.edition()
	}
	if f.status == http.StatusUnauthorized && r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		// A link in another site's page led here, so the browser kept its strict
		// cookie back. The same address asked for by this page brings it along.
		w.Header().Set("Refresh", "0")
	}
	p := s.page(r, e)
	p.Role.Stranger = v.role < learns
	p.Error = &pageError{Status: f.status, Code: f.code, Text: f.text(s.faces.current())}
	if f.status == http.StatusUnauthorized {
		p.Error.Link = s.scheme() + "://" + r.Host + "/?token=…"
	}
	data := &pageData{}
	if lesson := r.PathValue("lesson"); lesson != "" {
		p.Problems = e.about(lesson)
		if !v.learns() {
			data.Live = e.follows(lesson)
		}
	}
	if err := s.show(w, r, f.status, "error", p, data); err != nil {
		s.log.Error("site: error page", "error", err)
		http.Error(w, p.Error.Text.En+"\n"+p.Error.Text.Ko, f.status)
	}
}

// front leads to the language that the browser wants.
func (s *Site) front(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/"+preferred(r)+"/", http.StatusSeeOther)
	return nil
}

// home shows the contents.
func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	v := s.visitor(r)
	runs := s.listed(v) // those that were made headless count too
	p := s.page(r, e)
	now := s.statusNow(v, runs)
	p.Status = &now
	p.Resume, p.Learner = resumeOf(e.book, p.Progress), learnerOf(e.book, runs, p.Progress)
	if s.again(w, r, p, runs, now, p.Progress, p.Resume, p.Learner) {
		return nil
	}
	return s.show(w, r, http.StatusOK, "home", p, &pageData{})
}

// lesson shows a lesson in both languages.
func (s *Site) lesson(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	l, prev, next, err := e.find(r.PathValue("lesson"))
	if err != nil {
		return err
	}
	if !s.cfg.exported {
		defer s.prebuild(e, l) // it takes a core
	}
	runs := s.listed(s.visitor(r))
	p := s.page(r, e)
	p.Prev, p.Next = prev, next
	values := s.shown.of(e, l, runs)
	p.Terms = termViews(e, l.Terms)
	p.BreakIt = s.breakOf(e, l, runs, p.Progress)
	if l.Exercise != nil {
		st, err := s.stateOf(s.visitor(r), e, l.Exercise)
		if err != nil {
			return err
		}
		p.Exercise = &st
	}
	if s.again(w, r, p, runs, values, p.BreakIt, p.Exercise, p.Progress) {
		return nil
	}
	p.Lesson = filled(l, values)
	data, experiments := s.lessonView(e, p.Lesson, runs, p.Progress)
	s.boundedFor(s.visitor(r), data)
	p.Experiments = experiments
	data.Live = s.followed(s.visitor(r), e, l.ID)
	return s.show(w, r, http.StatusOK, "lesson", p, data)
}

// searchPage shows what was found, without a script.
func (s *Site) searchPage(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	p := s.page(r, e)
	p.Query = r.URL.Query().Get("q")
	if p.Query == "" {
		if s.again(w, r, p, p.Progress) {
			return nil
		}
	}
	p.Hits = e.search(p.Lang, p.Query)
	return s.show(w, r, http.StatusOK, "search", p, &pageData{})
}

// runPage leads to the lesson of a run, with the run on the bench; a run of a
// lesson that is not here has a page of its own.
func (s *Site) runPage(w http.ResponseWriter, r *http.Request) error {
	run, err := s.cfg.Runner.Summary(r.PathValue("id"))
	if err != nil {
		return err
	}
	e := s.shelf.edition()
	x, err := e.book.Find(run.Experiment)
	if run.Kind == labs.Sweep && (err != nil || !ofExperiment(run, x.Spec)) {
		http.Redirect(w, r, capacityAddress(language(r), run), http.StatusSeeOther)
		return nil
	}
	if _, err := e.asker(run.Experiment); err != nil && !strings.HasPrefix(run.Experiment, labs.MysteryPrefix) {
		return s.replayPage(w, r, e, run)
	}
	http.Redirect(w, r, benchAddress(language(r), run), http.StatusSeeOther)
	return nil
}
