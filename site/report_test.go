package site

import (
	archive "archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/site/workshop"
)

// ranBy writes a learner's run of epoll/pieces: what was predicted, what it came to, and
// whether its check held.
func (c *classroom) ranBy(id, by string, began time.Time, given, measured string, held bool) {
	c.t.Helper()
	run := telemetry.Run{ID: id, Schema: 1, Experiment: "epoll/pieces", Began: began, By: by,
		Lab: "epoll", Code: "0", Question: telemetry.Question{Seconds: 2}, Asked: labs.Spec{Name: "epoll/pieces", Lab: "epoll"}, Host: telemetry.Host{Name: "test"}}
	end := finished("green", map[string]bool{c.pieces(): held})
	end.Guesses = []telemetry.Guess{{ID: "answered", Kind: "choice", Given: given, Answer: measured, Right: given == measured}}
	if err := os.MkdirAll(filepath.Join(c.data, "runs"), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.data, "runs", id+".jsonl"), lines(c.t, run, nil, end), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// pieces is a check of epoll/pieces.
func (c *classroom) pieces() string {
	x, err := c.shelf.edition().book.Find("epoll/pieces")
	if err != nil || len(x.Checks) == 0 {
		c.t.Fatalf("epoll/pieces has no checks: %v", err)
	}
	return x.Checks[0].ID
}

// taughtClass is a class of two: Ada, with a name that a spreadsheet would compute, has voted,
// asked and run twice; 하늘 has run once.
func taughtClass(t *testing.T) (c *classroom, ada, sky pupil) {
	t.Helper()
	c = serveClass(t)
	ada, sky = c.joins(`=HYPERLINK("http://x","Ada")`), c.joins("하늘, 바다")
	c.does(nil, 201, "POST", "/api/class/votes", `{"question":"`+chosen+`"}`)
	c.does(&ada, 204, "PUT", "/api/class/votes/1/answer", `{"given":"stuck"}`)
	c.does(nil, 200, "POST", "/api/class/votes/1/close", "")
	c.does(&ada, 200, "PUT", "/api/class/hand", `{"text":"왜 멈춥니까?","lesson":"epoll"}`)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c.ranBy(runID(1), ada.Person.ID, at, "stuck", "all", false)
	c.ranBy(runID(2), ada.Person.ID, at.Add(time.Minute), "stuck", "all", true)
	c.ranBy(runID(3), sky.Person.ID, at.Add(2*time.Minute), "all", "all", true)
	c.ranBy(runID(4), "", at.Add(3*time.Minute), "some", "all", false) // the instructor's is none of the class
	for _, who := range []*pupil{&ada, &sky} {                         // as an open page does
		if resp, _ := c.do(request{path: "/api/progress", header: who.cookie}); resp.StatusCode != http.StatusOK {
			t.Fatal(resp.Status)
		}
	}
	return c, ada, sky
}

func (c *classroom) text(path string) string {
	c.t.Helper()
	resp, body := c.do(request{path: path, bearer: testToken})
	if resp.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %s\n%s", path, resp.Status, body)
	}
	return body
}

func TestTheReport(t *testing.T) {
	c, ada, _ := taughtClass(t)
	q := c.shelf.edition().question(chosen)
	for _, lang := range languages {
		body := c.text("/" + lang + "/workshop/report")
		for _, want := range []string{"Sockets", "하늘, 바다", "HYPERLINK", "왜 멈춥니까?", q.Ask.Ko, q.Ask.En, "2 / 2", "report.csv?of=runs&amp;lang=" + lang} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the report has no %q", lang, want)
			}
		}
	}
	r := c.report(c.shelf.edition(), "en", false)
	if len(r.People) != 2 || r.Runs != 3 || r.People[0].Runs != 2 || r.People[0].Wrong != 1 || r.People[1].Right != 1 || r.People[0].Raised != 1 || r.People[0].Held != 1 {
		t.Errorf("people %+v", r.People)
	}
	if len(r.Lessons) != 1 || len(r.Lessons[0].Spread) != 1 {
		t.Fatalf("spreads %+v", r.Lessons)
	}
	bars := map[string]bar{}
	for _, b := range r.Lessons[0].Spread[0].Bars {
		bars[b.Text.En] = b
	}
	if stuck, all := bars[q.said("stuck", nil).En], bars[q.said("all", nil).En]; stuck.Given != 1 || stuck.First != 1 || stuck.Measured != 0 || all.Measured != 2 {
		t.Errorf("bars %+v", bars)
	}
	if len(r.Wrong) != 1 || r.Wrong[0].Given != q.said("stuck", nil) || r.Wrong[0].N != 1 {
		t.Errorf("wrong %+v", r.Wrong)
	}
	if len(r.Hardest) != 1 || r.Hardest[0].Most != 2 || r.Hardest[0].Tries != 1.5 {
		t.Errorf("hardest %+v", r.Hardest)
	}
	if ask := c.inWords(c.shelf.edition(), "start/first/count").Ask.En; !strings.ContainsAny(ask, "0123456789") {
		t.Errorf("what the lesson measured is not filled in: %s", ask)
	}
	hidden := c.text("/en/workshop/report?names=hidden")
	for _, secret := range []string{"HYPERLINK", "하늘", ada.Person.ID} {
		if strings.Contains(hidden, secret) {
			t.Errorf("with hidden names, the report has %q", secret)
		}
	}
	if !strings.Contains(hidden, "seat 2") {
		t.Error("nobody stands in the report without names")
	}
}

// The file is whole by itself: no address of it leads anywhere.
func TestTheReportAsOneFile(t *testing.T) {
	c, _, _ := taughtClass(t)
	body := html.UnescapeString(c.text("/api/class/report.html?lang=ko"))
	if found := regexp.MustCompile(`(?:href|src|action)="[^#"]|url\(["']?https?:|@import|<script`).FindString(body); found != "" {
		t.Errorf("the file refers to %s", found)
	}
	for _, want := range []string{`<html lang="ko">`, "default-src 'none'", "하늘, 바다"} {
		if !strings.Contains(body, want) {
			t.Errorf("the file has no %q", want)
		}
	}
}

func TestTheTables(t *testing.T) {
	c, _, _ := taughtClass(t)
	for of, row := range map[string][]string{
		"people":      {`'=HYPERLINK("http://x","Ada")`},
		"runs":        {"하늘, 바다"},
		"predictions": {"하늘, 바다"},
	} {
		body := c.text("/api/class/report.csv?lang=ko&of=" + of)
		table, ok := strings.CutPrefix(body, bom)
		if !ok || !strings.Contains(table, "\r\n") {
			t.Errorf("%s: a spreadsheet does not know that it is UTF-8: %.20q", of, body)
		}
		rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", of, err)
		}
		if rows[0][0] != "이름" || !slices.ContainsFunc(rows, func(r []string) bool { return r[0] == row[0] }) {
			t.Errorf("%s: %q", of, rows)
		}
		for _, r := range rows {
			for _, cell := range r {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("%s: a spreadsheet computes %q", of, cell)
				}
			}
		}
	}
	if resp, _ := c.do(request{path: "/api/class/report.csv?of=all", bearer: testToken}); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a table that is none: %s", resp.Status)
	}
}

func TestCellsOfATable(t *testing.T) {
	var b bytes.Buffer
	err := writeTable(&b, [][]any{{"=1+1", "+1", "-1", "@a", "\tx", "\rx", `"quoted", twice`, "두\n줄", -1.5, 3, true, false, nil, []any{1.0, 2.0}}})
	if err != nil {
		t.Fatal(err)
	}
	want := bom + "'=1+1,'+1,'-1,'@a,'\tx,\"'x\",\"\"\"quoted\"\", twice\",\"두\r\n줄\",-1.5,3,1,0,,\"[1,2]\"\r\n"
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
}

func TestEverythingAsLines(t *testing.T) {
	c, ada, _ := taughtClass(t)
	kinds := map[string]int{}
	in := bufio.NewScanner(strings.NewReader(c.text("/api/class/report.jsonl")))
	for in.Scan() {
		var v struct {
			Kind, Person, First string
		}
		if err := json.Unmarshal(in.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", in.Text(), err)
		}
		kinds[v.Kind]++
		if v.Kind == "ballot" && (v.Person != ada.Person.ID || v.First != "stuck") {
			t.Errorf("ballot %s", in.Text())
		}
	}
	for kind, n := range map[string]int{"class": 1, "person": 2, "run": 3, "answer": 2, "vote": 1, "ballot": 1, "hand": 1} {
		if kinds[kind] != n {
			t.Errorf("%d lines of kind %s, want %d: %v", kinds[kind], kind, n, kinds)
		}
	}
	if hidden := c.text("/api/class/report.jsonl?names=hidden"); strings.Contains(hidden, ada.Person.ID) || strings.Contains(hidden, "HYPERLINK") {
		t.Error("with hidden names, the lines have them")
	}
}

// Another process on the same folder says the same.
func TestTheReportAfterARestart(t *testing.T) {
	c, _, _ := taughtClass(t)
	before := c.report(c.shelf.edition(), "en", false)
	if err := c.class.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Site.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := runner.Open(runner.Config{Root: c.cfg.Root, Data: c.data})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(t.Context()) })
	class, err := workshop.Open(filepath.Join(c.data, workshop.File), workshop.Settings{Name: "Sockets"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { class.Close() })
	again, err := New(Config{Root: c.cfg.Root, Data: c.data, Runner: r, Token: testToken, Class: class, edition: c.shelf.edition()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	after := again.report(again.shelf.edition(), "en", false)
	before.Made, after.Made = time.Time{}, time.Time{}
	a, _ := json.Marshal(before)
	b, _ := json.Marshal(after)
	if !bytes.Equal(a, b) {
		t.Errorf("before\n%s\nafter\n%s", a, b)
	}
}

func TestRecordingsAreTakenHome(t *testing.T) {
	c, ada, sky := taughtClass(t)
	resp, body := c.do(request{path: "/api/me/recordings", header: ada.cookie})
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/zip" {
		t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	z, err := archive.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
		if !strings.HasSuffix(f.Name, ".jsonl.gz") {
			continue
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		sum, err := c.cfg.Runner.Import(in) // anybody's Socket Labs takes it
		if err != nil || sum.Experiment != "epoll/pieces" {
			t.Errorf("%s: %+v, %v", f.Name, sum, err)
		}
		in.Close()
	}
	if len(names) != 3 || !strings.Contains(names[0], runID(2)) || !strings.Contains(names[1], runID(1)) || names[2] != "README.txt" {
		t.Errorf("Ada takes home %q", names)
	}
	if _, body := c.do(request{path: "/api/me/recordings", header: sky.cookie}); strings.Contains(body, runID(1)) || !strings.Contains(body, runID(3)) {
		t.Error("하늘 takes home what is not theirs")
	}
	c.does(&sky, 204, "DELETE", "/api/runs/"+runID(3), "")
	if resp, _ := c.do(request{path: "/api/me/recordings", header: sky.cookie}); resp.StatusCode != http.StatusNotFound {
		t.Errorf("nothing to take home: %s", resp.Status)
	}
}

// What was answered and never run by whoever answered is neither right nor wrong.
func TestAnswersWithoutARunAreNotJudged(t *testing.T) {
	c := serveClass(t)
	ada := c.joins("Ada")
	c.does(nil, 201, "POST", "/api/class/votes", `{"question":"`+chosen+`"}`)
	c.does(&ada, 204, "PUT", "/api/class/votes/1/answer", `{"given":"stuck"}`)
	if page := c.text("/en/workshop/report"); !strings.Contains(page, "right: 0 · wrong: 0 · skipped: 0") || !strings.Contains(page, "no run to judge by: 1") {
		t.Error("the report does not say that nothing has judged the answer")
	}
}
