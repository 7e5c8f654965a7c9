package site

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// aRun writes a recording that could have been made here, and returns its lines.
func (s *served) aRun(id, experiment string, checks map[string]bool) []byte {
	s.t.Helper()
	sample := func(t, v float64) telemetry.Event {
		return telemetry.Event{T: t, Kind: telemetry.KindSample, From: telemetry.FromLab, Values: map[string]float64{"lab.reads": v}}
	}
	run := telemetry.Run{ID: id, Schema: 1, Experiment: experiment, Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Lab: "epoll", Code: "0",
		Asked: labs.Spec{Name: experiment, Lab: "epoll", Seconds: 2, Knobs: map[string]any{"buf": 512.0}, Load: map[string]any{}}, Host: telemetry.Host{Name: "<i>host</i>"},
		Question: telemetry.Question{Seconds: 2, Watch: []string{"lab.reads"}, Charts: []telemetry.Chart{{Group: "calls", Metrics: []string{"lab.reads"}}}, Metrics: []telemetry.Metric{{Name: "lab.reads", Kind: telemetry.KindCounter}},
			Checks: []telemetry.Formula{{ID: "flows", Expr: "lab.reads > 0"}}}}
	return lines(s.t, run, []telemetry.Event{
		{T: 0.2, Kind: telemetry.KindBlock, Begin: &telemetry.Block{Label: "x", Start: 0.2, Seconds: 2}},
		sample(0.2, 0), sample(0.3, 3), sample(0.4, 1.0/3),
		{T: 0.45, Kind: telemetry.KindLog, From: "lab", Text: "</script><script>alert(1)</script>"},
	}, finished("green", checks))
}

// send uploads a file as our own page does.
func (s *served) send(file []byte) (int, string) {
	s.t.Helper()
	resp, body := s.do(request{method: "POST", path: "/api/recordings", body: string(file), origin: s.url, cookie: testToken, header: http.Header{"Content-Type": {"application/octet-stream"}}})
	return resp.StatusCode, body
}

func TestNamesAndNotes(t *testing.T) {
	s := serve(t)
	id := runID(1)
	record(t, s.data, id, "a/x", nil, finished("green", nil))
	run := "/api/runs/" + id
	for _, tt := range []struct {
		method, path, body string
		status             int
		code, why          string
	}{
		{"PUT", run + "/name", `{"name":"<b>mine</b>"}`, 204, "", "a name"},
		{"PUT", run + "/name", `{"name":"` + strings.Repeat("x", 81) + `"}`, 400, "bad-note", "too long"},
		{"PUT", run + "/name", `{"name":"x","path":"y"}`, 400, "bad-request", "a member that we do not know"},
		{"PUT", "/api/runs/" + runID(9) + "/name", `{"name":"x"}`, 404, "no-run", "no such run"},
		{"POST", run + "/notes", `{"t":1.5,"text":"grows"}`, 201, "", "a note"},
		{"POST", run + "/notes", `{"t":1.5}`, 400, "bad-note", "no text"},
		{"POST", run + "/notes", `{"t":1e9,"text":"x"}`, 400, "bad-note", "after the end of time"},
		{"POST", run + "/notes", `{"t":1,"to":0.5,"text":"x"}`, 400, "bad-note", "backwards"},
		{"PUT", run + "/notes/1", `{"t":1,"to":2,"chart":"calls","text":"=1+1"}`, 204, "", "changed"},
		{"PUT", run + "/notes/7", `{"t":1,"text":"x"}`, 404, "no-note", "no such note"},
		{"PUT", run + "/notes/x", `{"t":1,"text":"x"}`, 404, "not-found", "no number"},
		{"DELETE", run + "/notes/7", "", 404, "no-note", "no such note"},
	} {
		status, body := s.command(tt.method, tt.path, tt.body)
		if status != tt.status || tt.code != "" && refused(t, body).Error.Code != tt.code {
			t.Errorf("%s: %d %s", tt.why, status, body)
		}
	}
	var got telemetry.Notes
	s.get(run+"/notes", &got)
	if want := (telemetry.Note{ID: 1, T: 1, To: 2, Chart: "calls", Text: "=1+1"}); got.Name != "<b>mine</b>" || len(got.Notes) != 1 || got.Notes[0] != want {
		t.Errorf("%+v", got)
	}
	if page := s.html("/en/runs"); !strings.Contains(page, "&lt;b&gt;mine&lt;/b&gt;") || strings.Contains(page, "<b>mine") {
		t.Error("the list does not show the name as a text")
	}
	if status, _ := s.command("DELETE", run+"/notes/1", ""); status != 204 {
		t.Errorf("delete: %d", status)
	}
}

// Somebody else's run is shown and counts for nothing.
func TestAnImportedRunIsNotTheReaders(t *testing.T) {
	s := serve(t)
	x := s.shortest(anything)
	check := x.Checks[0].ID
	status, body := s.send(s.aRun(runID(1), x.Spec.Name, map[string]bool{check: true}))
	if status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	var list struct {
		Runs []struct {
			ID       string
			Imported *telemetry.Origin
		}
	}
	s.get("/api/runs", &list)
	if len(list.Runs) != 1 || list.Runs[0].Imported == nil || list.Runs[0].Imported.Host != "<i>host</i>" {
		t.Fatalf("%+v", list)
	}
	var done Progress
	s.get("/api/progress", &done)
	if len(done.Checks) != 0 {
		t.Errorf("it counts: %v", done.Checks)
	}
	lesson, _, _ := strings.Cut(x.Spec.Name, "/")
	var data pageData
	s.get("/api/lessons/"+lesson, &data)
	for _, e := range data.Experiments {
		if e.Latest != nil {
			t.Errorf("%s: it is the reader's latest", e.Name)
		}
	}
	if resp, _ := s.do(request{path: "/en/runs/" + runID(1), cookie: testToken}); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("its address: %s", resp.Status)
	}
}

func TestImportIsRefusedInWords(t *testing.T) {
	s := serve(t)
	for _, file := range []string{"", "hello\n", string(s.aRun("../../x", "a/x", nil)), string(s.aRun(runID(1), "a/x", nil)[:900])} {
		status, body := s.send([]byte(file))
		if c := refused(t, body); status != 400 || c.Error.Code != "bad-recording" || !strings.Contains(c.Error.Text.Ko, "기록") || strings.Contains(c.Error.Text.En, "runner:") {
			t.Errorf("%.20q: %d %+v", file, status, c.Error)
		}
	}
	if resp, _ := s.do(request{method: "POST", path: "/api/recordings", body: "x", origin: "http://evil.example", cookie: testToken}); resp.StatusCode != 403 {
		t.Errorf("another site's page: %s", resp.Status)
	}
	large := bytes.Repeat([]byte{'x'}, maxBody+1)
	if status, body := s.send(large); status != 400 { // it was read and looked at
		t.Errorf("larger than a command: %d %s", status, body)
	}
}

// A run whose lesson is not here has a page of its own, in which its texts are texts.
func TestReplayPageOfARunWithoutLesson(t *testing.T) {
	s := serve(t)
	if status, body := s.send(s.aRun(runID(1), "elsewhere/x", map[string]bool{"flows": true})); status != http.StatusCreated {
		t.Fatal(body)
	}
	page := s.html("/ko/runs/" + runID(1))
	for _, want := range []string{"elsewhere/x", "&lt;i&gt;host&lt;/i&gt;", `data-check="flows"`, `id="ui-timeline"`, `"run":"` + runID(1) + `"`} {
		if !strings.Contains(page, want) {
			t.Errorf("it lacks %s", want)
		}
	}
	if strings.Contains(page, `id="ui-go"`) || strings.Contains(page, "<i>host") {
		t.Error("it can be run, or its host is HTML")
	}
}

func (s *served) export(id, as string) (*http.Response, []byte) {
	s.t.Helper()
	resp, body := s.do(request{path: "/api/runs/" + id + "/export/" + as, bearer: testToken})
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s %s", as, resp.Status, body)
	}
	return resp, []byte(body)
}

// The table comes back as the series, and no cell of it is a formula.
func TestCSVRoundTrip(t *testing.T) {
	s := serve(t)
	id := runID(1)
	s.send(s.aRun(id, "elsewhere/x", nil))
	for _, note := range []string{`{"t":0.1,"text":"=HYPERLINK(\"http://x\"), a \"quoted\" one"}`, `{"t":50,"text":"late"}`} {
		if status, body := s.command("POST", "/api/runs/"+id+"/notes", note); status != 201 {
			t.Fatal(body)
		}
	}
	resp, body := s.export(id, "csv")
	if got := resp.Header.Get("Content-Disposition"); got != `attachment; filename="elsewhere-x-`+id+`.csv"` {
		t.Error(got)
	}
	if bytes.Count(body, []byte("\r\n")) != 4 || bytes.Count(body, []byte("\n")) != 4 {
		t.Errorf("lines do not end as RFC 4180 says: %q", body)
	}
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"t", "lab.reads", "note"}, {"0", "0", ""}, {"0.1", "3", `'=HYPERLINK("http://x"), a "quoted" one`}, {"0.2", "0.3333333333333333", "late"},
	}
	if fmt.Sprint(rows) != fmt.Sprint(want) {
		t.Errorf("%q\nwant %q", rows, want)
	}
}

// A row of a run of several blocks says which it is of; the page replays the first.
func TestExportsOfSeveralBlocks(t *testing.T) {
	s := serve(t)
	begin := func(block int, t float64) telemetry.Event {
		return telemetry.Event{T: t, Kind: telemetry.KindBlock, Block: block, Begin: &telemetry.Block{Label: "x", Start: t, Seconds: 1}}
	}
	reads := func(block int, t, v float64) telemetry.Event {
		return telemetry.Event{T: t, Kind: telemetry.KindSample, Block: block, From: telemetry.FromLab, Values: map[string]float64{"lab.reads": v}}
	}
	record(t, s.data, runID(1), "a/x", []telemetry.Event{begin(0, 0.2), reads(0, 0.2, 5), begin(1, 3), reads(1, 3, 7), reads(1, 3.1, 8)}, finished("green", nil))
	_, body := s.export(runID(1), "csv")
	if want := "t,block,lab.reads,note\r\n0,0,5,\r\n2.8,1,7,\r\n2.9,1,8,\r\n"; string(body) != want {
		t.Errorf("%q, want %q", body, want)
	}
	if status, body := s.command("POST", "/api/runs/"+runID(1)+"/notes", `{"t":0.1,"block":1,"text":"of the second"}`); status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	_, body = s.export(runID(1), "csv")
	if want := "2.8,1,7,\r\n2.9,1,8,of the second\r\n"; !strings.HasSuffix(string(body), want) {
		t.Errorf("%q, want %q at its end", body, want)
	}
	_, body = s.export(runID(1), "html")
	_, island, _ := strings.Cut(string(body), `<script type="application/json" id="run-data">`)
	island, _, _ = strings.Cut(island, "</script>")
	var file struct{ Blocks []series }
	if err := json.Unmarshal([]byte(island), &file); err != nil || len(file.Blocks) != 2 || len(file.Blocks[0].T) != 1 || len(file.Blocks[1].T) != 2 {
		t.Errorf("the file's blocks: %+v, %v", file, err)
	}
	run, err := s.exporter().read(runID(1), 0)
	if err != nil || len(run.series.T) != 1 || len(run.starts) != 2 || len(run.series.Events) != 4 {
		t.Errorf("%+v, %v", run, err)
	}
}

func TestExports(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id := runID(1)
	s.send(s.aRun(id, "elsewhere/x", map[string]bool{"flows": true}))
	s.command("PUT", "/api/runs/"+id+"/name", `{"name":"</script><script>alert(2)</script>"}`)
	_, packed := s.export(id, "recording")
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(z); bytes.Count(text, []byte("\n")) != 8 || !bytes.Contains(text, []byte(`"kind":"notes"`)) {
		t.Errorf("%s", text)
	}
	var whole struct {
		Run    struct{ Name string }
		Series series
	}
	if _, body := s.export(id, "json"); json.Unmarshal(body, &whole) != nil || whole.Run.Name == "" || len(whole.Series.T) != 3 {
		t.Errorf("%+v", whole)
	}
	_, html := s.export(id, "html")
	if _, again := s.export(id, "html"); !bytes.Equal(html, again) {
		t.Error("the same run gives another file")
	}
	text := string(html)
	if strings.Contains(text, "alert(1)</script>") || strings.Contains(text, "alert(2)</script>") || strings.Contains(text, "<i>host") {
		t.Error("a text of the recording is a script")
	}
	if n := strings.Count(text, "<script"); n != 3 || strings.Contains(text, " src=") || strings.Contains(text, "<link") {
		t.Errorf("%d scripts, or something from elsewhere", n)
	}
	if len(html) > 1500<<10 {
		t.Errorf("it has %d KiB", len(html)>>10)
	}
	if resp, _ := s.do(request{path: "/api/runs/" + id + "/export/exe", bearer: testToken}); resp.StatusCode != 404 {
		t.Errorf("another format: %s", resp.Status)
	}
}

func TestBundle(t *testing.T) {
	files := map[string]*asset{}
	for name, body := range map[string]string{
		"js/a.js":     "import { b as c, B } from \"./b.js\";\nimport v from \"../vendor/v.js\";\n\nexport const a = c + v + new B().n;\n",
		"js/b.js":     "/* export const gone = 1;\n*/\nexport const b = 1;\nexport class B { n = b; }\nexport async function f() {}\nconst own = 2;\n",
		"vendor/v.js": "const v = 3;\nexport { v as default };\n",
		"js/loop.js":  "import { x } from \"./loop.js\";\n",
		"js/odd.js":   "export default 3;\n",
		"js/far.js":   "import { x } from \"https://example.com/x.js\";\n",
	} {
		files[name] = newAsset(name, []byte(body))
	}
	got, err := bundle(files, "js/a.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"const { b: c, B } = module1;", "const v = module2.default;", "return { default: v };", "return { b, B, f };"} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %s:\n%s", want, got)
		}
	}
	if strings.Contains(got, "import ") || strings.Contains(got, "export ") {
		t.Errorf("it is still made of modules:\n%s", got)
	}
	for _, bad := range []string{"js/loop.js", "js/odd.js", "js/far.js", "js/none.js"} {
		if _, err := bundle(files, bad); err == nil {
			t.Errorf("%s was bundled", bad)
		}
	}
}
