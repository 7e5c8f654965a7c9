package site

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/template/parse"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
)

// someLessons are looked at in the short tests, all with the long ones.
const someLessons = 6

// lessons returns the lessons of the book as they are served.
func (s *served) lessons() []*content.Lesson {
	s.t.Helper()
	var all []*content.Lesson
	for _, p := range s.shelf.edition().book.Parts {
		all = append(all, p.Lessons...)
	}
	if len(all) == 0 {
		s.t.Fatalf("no lesson can be shown: %v", s.shelf.edition().problems)
	}
	if os.Getenv("LABS_LONG") == "" {
		return all[:min(len(all), someLessons)]
	}
	return all
}

// html returns a page.
func (s *served) html(path string) string {
	s.t.Helper()
	resp, body := s.do(request{path: path, cookie: testToken})
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		s.t.Fatalf("GET %s: %s\n%s", path, resp.Status, body)
	}
	return body
}

func TestALessonIsCompleteWithoutScripts(t *testing.T) {
	everyPage(t)
	t.Parallel()
	s := serve(t)
	for _, l := range s.lessons() {
		for _, lang := range languages {
			body := s.html("/" + lang + "/" + l.ID)
			want := []string{`<html lang="` + lang + `"`, l.Title.Ko, l.Title.En, `id="page-data"`}
			for _, section := range l.Sections {
				want = append(want, string(section.Title.Ko), string(section.Title.En))
				for _, b := range section.Body {
					if b.Source != nil {
						want = append(want, b.Source.Func.Name, fmt.Sprintf(`data-n="%d"`, b.Source.Func.Line))
					}
				}
			}
			for _, x := range l.Experiments {
				want = append(want, template.HTMLEscapeString(x.Title.Ko), template.HTMLEscapeString(x.Title.En), "labs run "+x.Spec.Name)
			}
			for _, part := range want {
				if !strings.Contains(body, part) {
					t.Errorf("/%s/%s lacks %q", lang, l.ID, part)
				}
			}
			if strings.Contains(body, `"></data>`) && empty.MatchString(body) {
				t.Errorf("/%s/%s: a placeholder is empty", lang, l.ID)
			}
		}
	}
}

// inline is what the Content-Security-Policy would refuse.
var inline = regexp.MustCompile(`(?i)<style|<script>|<script [^>]*>[^<{]*\w|\son[a-z]+=|\sstyle=|javascript:`)

func TestPagesKeepTheirPolicyAndTheirLinks(t *testing.T) {
	everyPage(t)
	t.Parallel()
	s := serve(t)
	paths := []string{"/ko/", "/en/", "/ko/search?q=epoll", "/en/search?q=<script>", "/ko/labs", "/en/labs", "/ko/runs", "/en/runs", "/ko/microscope", "/en/microscope", "/ko/capacity", "/en/capacity", "/ko/errors-map", "/en/checklist", "/ko/harden", "/en/harden?port=40000&backlog=60000", "/ko/harden?port=x"}
	for _, l := range s.lessons() {
		paths = append(paths, "/ko/"+l.ID)
	}
	link := regexp.MustCompile(`(?:href|src|action)="(/[^"]*)"`)
	seen := map[string]bool{}
	for _, path := range paths {
		body := s.html(path)
		page := regexp.MustCompile(`(?s)<script type="application/json".*?</script>`).ReplaceAllString(body, "")
		if bad := inline.FindString(page); bad != "" {
			t.Errorf("%s has %q inside", path, bad)
		}
		for _, m := range link.FindAllStringSubmatch(body, -1) {
			target := strings.ReplaceAll(m[1], "&amp;", "&")
			target, _, _ = strings.Cut(target, "#")
			if seen[target] {
				continue
			}
			seen[target] = true
			if lesson, ok := strings.CutPrefix(target, "/en/"); ok && os.Getenv("LABS_LONG") == "" { // the same page as in Korean
				if _, _, _, err := s.shelf.edition().find(lesson); err == nil {
					continue
				}
			}
			if resp, _ := s.do(request{path: target, cookie: testToken}); resp.StatusCode != http.StatusOK {
				t.Errorf("%s links to %s: %s", path, target, resp.Status)
			}
		}
	}
}

func TestThePageDataIsTheAPIs(t *testing.T) {
	t.Parallel()
	s := serve(t)
	island := regexp.MustCompile(`(?s)<script type="application/json" id="page-data">(.*?)</script>`)
	for _, l := range s.lessons() {
		m := island.FindStringSubmatch(s.html("/ko/" + l.ID))
		if m == nil {
			t.Fatalf("%s has no page data", l.ID)
		}
		var inPage, fromAPI pageData
		if err := json.Unmarshal([]byte(m[1]), &inPage); err != nil {
			t.Fatal(err)
		}
		s.get("/api/lessons/"+l.ID, &fromAPI)
		a, _ := json.Marshal(inPage)
		b, _ := json.Marshal(fromAPI)
		if string(a) != string(b) {
			t.Errorf("%s: the page and the API say different things", l.ID)
		}
		if len(inPage.Experiments) != len(l.Experiments) || inPage.Text == nil || len(inPage.Words.Units) == 0 {
			t.Errorf("%s: %d experiments of %d", l.ID, len(inPage.Experiments), len(l.Experiments))
		}
		for _, x := range inPage.Experiments {
			for _, c := range x.Charts {
				for _, name := range c.Metrics {
					if _, ok := inPage.Metrics[name]; !ok {
						t.Errorf("%s: chart %s shows %s, which has no description", x.Name, c.Group, name)
					}
				}
			}
			for _, k := range append(x.Knobs, x.Load...) {
				if k.Value == nil || k.Label.Ko == "" {
					t.Errorf("%s: setting %s: %+v", x.Name, k.Name, k)
				}
			}
		}
	}
}

func TestEveryTextOfTheTemplatesExists(t *testing.T) {
	f, err := readFace(embedded)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, tmpl := range f.pages.Templates() {
		if tmpl.Tree == nil {
			continue
		}
		walk(tmpl.Tree.Root, func(name string, args []parse.Node) {
			at := map[string]int{"text": 1, "textIn": 2, "asset": 1}[name]
			if at == 0 || len(args) <= at {
				return
			}
			key, ok := args[at].(*parse.StringNode)
			if !ok {
				return
			}
			found++
			if name == "asset" {
				if _, err := f.asset(key.Text); err != nil && key.Text != bookScript { // that one is made with the book
					t.Errorf("%s: %v", tmpl.Name(), err)
				}
			} else if _, err := f.said(key.Text, nil); err != nil {
				t.Errorf("%s: %v", tmpl.Name(), err)
			}
		})
	}
	if found == 0 {
		t.Error("the templates use no texts: this test sees nothing")
	}
}

// walk calls f for every command under a node that calls a function.
func walk(n parse.Node, f func(name string, args []parse.Node)) {
	switch n := n.(type) {
	case *parse.ListNode:
		for i := 0; n != nil && i < len(n.Nodes); i++ {
			walk(n.Nodes[i], f)
		}
	case *parse.ActionNode:
		walk(n.Pipe, f)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			walk(n.Pipe, f)
		}
	case *parse.IfNode:
		walkBranch(&n.BranchNode, f)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, f)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, f)
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			walk(c, f)
		}
	case *parse.CommandNode:
		if id, ok := n.Args[0].(*parse.IdentifierNode); ok {
			f(id.Ident, n.Args)
		}
		for _, a := range n.Args {
			walk(a, f)
		}
	}
}

func walkBranch(b *parse.BranchNode, f func(string, []parse.Node)) {
	walk(b.Pipe, f)
	walk(b.List, f)
	if b.ElseList != nil {
		walk(b.ElseList, f)
	}
}

func TestEveryFaultHasWords(t *testing.T) {
	f, err := readFace(embedded)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	for _, fault := range append([]fault{told(fs.ErrInvalid), told(&http.MaxBytesError{})}, faults...) {
		if _, ok := f.texts["api."+fault.code]; !ok && fault.code != "broken" {
			t.Errorf("text.yaml has no api.%s", fault.code)
		}
		if text := fault.text(f); text.Ko == "" || text.En == "" || strings.Contains(text.En, "{") {
			t.Errorf("%s is told as %+v", fault.code, text)
		}
		if codes[fault.code] {
			t.Errorf("%s stands for two errors", fault.code)
		}
		codes[fault.code] = true
	}
}

func TestErrorPages(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, tt := range []struct {
		q      request
		status int
		has    string
		why    string
	}{
		{request{path: "/ko/", header: http.Header{}}, 401, "labs serve", "a stranger learns how to get in"},
		{request{path: "/ko/blocking?token=wrong", header: http.Header{}}, 401, "Socket Labs: " + s.url + "/?token=…", "and what the link looks like"},
		{request{path: "/ko/blocking?token=wrong", header: http.Header{}}, 401, `href="?"`, "and asks again without the wrong token"},
		{request{path: "/en/no-such-lesson", cookie: testToken}, 404, `<html lang="en"`, "in the language of the address"},
		{request{path: "/nowhere", cookie: testToken}, 404, `<html lang="ko"`, "outside of both languages"},
		{request{path: "/en/runs/" + runID(9), cookie: testToken}, 404, "There is no such run", "a run that was deleted"},
		{request{path: "/en/", host: "evil.example"}, 421, "wrong-host", "before any page"},
	} {
		resp, body := s.do(tt.q)
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.has) {
			t.Errorf("%s: %s\n%s", tt.why, resp.Status, body)
		}
	}
	_, body := s.do(request{path: "/ko/"})
	for _, l := range s.lessons() {
		if strings.Contains(body, l.Title.Ko) {
			t.Errorf("a stranger sees the title of %s", l.ID)
		}
	}
}

func TestALessonWithProblemsSaysWhere(t *testing.T) {
	t.Parallel()
	root := moduleCopy(t)
	s := serveAt(t, root)
	good := s.lessons()[0].ID
	s.html("/en/" + good)
	path := filepath.Join(root, "content", good, "lesson.yaml")
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(source, "\nnonsense: true\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	s.stale()
	resp, body := s.do(request{path: "/en/" + good, cookie: testToken})
	if resp.StatusCode != http.StatusInternalServerError || !strings.Contains(body, "content/"+good+"/lesson.yaml:") {
		t.Errorf("%s\n%s", resp.Status, body)
	}
}

func TestARunsLinkLeadsToItsLesson(t *testing.T) {
	s := serve(t)
	x := s.lessons()[0].Experiments[0]
	record(t, s.data, runID(1), x.Spec.Name, nil, finished("green", nil))
	resp, _ := s.do(request{path: "/en/runs/" + runID(1), cookie: testToken})
	lesson, _, _ := strings.Cut(x.Spec.Name, "/")
	if got, want := resp.Header.Get("Location"), "/en/"+lesson+"?run="+runID(1)+"#"+x.ID; resp.StatusCode != 303 || got != want {
		t.Errorf("%s to %q, want %q", resp.Status, got, want)
	}
}

func TestHeadlessRunsCountToo(t *testing.T) {
	s := serve(t)
	x := s.lessons()[0].Experiments[0]
	key := x.Spec.Name + "/" + x.Checks[0].ID
	record(t, s.data, runID(1), x.Spec.Name, nil, finished("void", map[string]bool{x.Checks[0].ID: true}))
	var p Progress
	if s.get("/api/progress", &p); p.Checks[key] {
		t.Error("a void run proves nothing")
	}
	record(t, s.data, runID(2), x.Spec.Name, nil, finished("green", map[string]bool{x.Checks[0].ID: true}))
	if s.get("/api/progress", &p); !p.Checks[key] {
		t.Errorf("%+v", p)
	}
	if status, body := s.command("DELETE", "/api/runs/"+runID(2), ""); status != http.StatusNoContent {
		t.Fatalf("%d\n%s", status, body)
	}
	if s.get("/api/progress", &p); !p.Checks[key] {
		t.Error("deleting a recording takes back what it has shown")
	}
}

func TestFillEscapes(t *testing.T) {
	text := template.HTML(`<p>a <data class="measured" data-n="0"></data> b <data class="measured" data-n="1"></data><data class="measured" data-n="7"></data></p>`)
	got := fill(text, []value{{Text: `<b>"x"`, Author: true}, {Text: "–", Why: `no "load"`}})
	want := `<p>a <data class="measured is-author" data-n="0">&lt;b&gt;&#34;x&#34;</data> b <data class="measured is-missing" data-n="1" title="no &#34;load&#34;">–</data><data class="measured" data-n="7"></data></p>`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFillingCopies(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, l := range s.lessons() {
		before, _ := json.Marshal(l)
		values := make([]value, len(l.Shown))
		for i := range values {
			values[i].Text = "FILLED"
		}
		after, _ := json.Marshal(filled(l, values))
		again, _ := json.Marshal(l)
		if string(before) != string(again) {
			t.Errorf("%s: filling changes the book", l.ID)
		}
		if len(l.Shown) > 0 && !strings.Contains(string(after), "FILLED") || empty.Match(after) {
			t.Errorf("%s: a placeholder was missed", l.ID)
		}
	}
}

func TestShownValuesComeFromTheLatestRunWorthQuoting(t *testing.T) {
	s := serve(t)
	var l *content.Lesson
	var at int
	for _, each := range s.lessons() {
		for i, p := range each.Shown {
			if !p.Author && l == nil {
				l, at = each, i
			}
		}
	}
	if l == nil {
		t.Skip("no lesson shows a value of the reader's")
	}
	name := l.ID + "/" + l.Shown[at].Experiment
	var got struct{ Shown []value }
	s.get("/api/lessons/"+l.ID+"/shown", &got)
	if len(got.Shown) != len(l.Shown) {
		t.Fatalf("%d values of %d", len(got.Shown), len(l.Shown))
	}
	if v := got.Shown[at]; v.Text == "" || v.Text == "–" && v.Why == "" {
		t.Errorf("before any run: %+v", v)
	}
	record(t, s.data, runID(1), name, nil, telemetry.End{Phase: telemetry.Finished, Trust: "void"})
	s.get("/api/lessons/"+l.ID+"/shown", &got)
	before := got.Shown[at]
	record(t, s.data, runID(2), name, nil, telemetry.End{Phase: telemetry.Finished, Trust: "green"})
	s.get("/api/lessons/"+l.ID+"/shown", &got)
	if after := got.Shown[at]; after == before || after.Author || after.Why == "" {
		t.Errorf("a void run %+v, then a green one without samples %+v", before, after)
	}
}

// ran is the recording of an experiment in which that many requests were done.
func (s *served) ran(x *content.Experiment, id string, requests float64) (telemetry.Run, []telemetry.Event) {
	lab, _ := s.shelf.edition().labs.Lab(x.Spec.Lab)
	run := telemetry.Run{ID: id, Schema: 1, Experiment: x.Spec.Name, Lab: lab.Name, Question: x.Spec.Question(lab), Asked: x.Spec}
	events := []telemetry.Event{{Kind: telemetry.KindBlock, Begin: &telemetry.Block{Warmup: x.Spec.Warmup, Seconds: x.Spec.Seconds}}}
	ticks := int((x.Spec.Warmup + x.Spec.Seconds) * 10)
	begin := int(x.Spec.Warmup * 10)
	for i := range ticks + 1 {
		done := requests * float64(max(i-begin, 0)) / float64(ticks-begin)
		events = append(events, sample(telemetry.FromLoad, float64(i)/10, map[string]float64{"load.requests": done}))
	}
	return run, events
}

func TestWhoAnswersAPlaceholder(t *testing.T) {
	s := serve(t)
	e := s.shelf.edition()
	l := *s.lessons()[0]
	x := *l.Experiments[0]
	x.Author = nil
	l.Experiments = []*content.Experiment{&x}
	ask := func(author bool, expr string) content.Placeholder {
		return content.Placeholder{Author: author, Experiment: x.ID, Expr: expr}
	}
	l.Shown = []content.Placeholder{ask(false, "load.requests"), ask(true, "load.requests"), ask(false, "seconds"), ask(true, "seconds"), ask(false, "no.such")}
	seconds := content.Placeholder{Expr: "seconds"}.Text(x.Spec.Seconds)
	check := func(why string, want ...string) {
		t.Helper()
		for i, v := range s.shown.of(e, &l, s.listed(visitor{role: owns, progress: s.progress})) {
			got := v.Text
			if v.Author {
				got += " author"
			}
			if got != want[i] || (v.Text == "–") != (v.Why != "") {
				t.Errorf("%s: %s of the author %v: %+v, want %s", why, l.Shown[i].Expr, l.Shown[i].Author, v, want[i])
			}
		}
	}
	check("nobody ran it: only what it asks for is known", "–", "–", seconds, "–", "–")

	run, events := s.ran(&x, runID(1), 4100)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(lines(t, run, events, finished("green", nil)))
	w.Close()
	x.Author = z.Bytes()
	check("the author ran it", "4,100 author", "4,100 author", seconds+" author", seconds+" author", "– author")

	run, events = s.ran(&x, runID(2), 4200)
	if err := os.WriteFile(filepath.Join(s.data, "runs", runID(2)+".jsonl"), lines(t, run, events, finished("amber", nil)), 0o644); err != nil {
		t.Fatal(err)
	}
	check("the reader ran it too", "4,200", "4,100 author", seconds, seconds+" author", "–")
	if status, body := s.command("DELETE", "/api/runs/"+runID(2), ""); status != http.StatusNoContent {
		t.Fatalf("%d\n%s", status, body)
	}
	check("and deleted the run", "4,100 author", "4,100 author", seconds+" author", seconds+" author", "– author")
}

// TestNoPageHidesALesson: a page beside the lessons would answer in the place of
// a lesson of its name.
func TestNoPageHidesALesson(t *testing.T) {
	s := serve(t)
	for _, rt := range routes() {
		name, isPage := strings.CutPrefix(rt.pattern, "GET /{lang}/")
		if l, _, _ := s.shelf.edition().book.Lesson(name); isPage && l != nil {
			t.Errorf("%s hides the lesson %s", rt.pattern, name)
		}
	}
}
