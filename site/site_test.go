package site

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// editions is what the sites of all tests have read first, by the module's
// folder: reading takes seconds under the race detector.
var editions struct {
	mu   sync.Mutex // guards read
	read map[string]*edition
}

// readBefore is what the first site on root has read; nil for the first.
func readBefore(root string) *edition {
	editions.mu.Lock()
	defer editions.mu.Unlock()
	return editions.read[root]
}

// built is the folder of the labs' binaries, which the sites of all tests share.
var built string

func TestMain(m *testing.M) {
	runner.Child()
	var err error
	if built, err = os.MkdirTemp("", "site-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(built)
	os.Exit(code)
}

// everyPage marks a test that takes long because it asks for every page, one by one: the
// race detector makes it five times as long, and other tests show it more.
func everyPage(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: asks for every page")
	}
}

// served is a site on the real labs and lessons and a data folder of its own.
type served struct {
	*Site
	t    *testing.T
	url  string
	host string
	data string
}

const testToken = "test-token"

func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// moduleCopy copies what labs and lessons are made of, to be edited.
func moduleCopy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"labs", "content"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("..", name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// stale has the next request look at the files again, as if a second had passed.
func (s *Site) stale() {
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	s.shelf.checked = time.Time{}
}

// newSite opens a runner and a site on data; both end with the test.
func newSite(t testing.TB, root, data string) *Site {
	t.Helper()
	return newSiteOf(t, root, data, runner.Limits{Waiting: 1})
}

func newSiteOf(t testing.TB, root, data string, limits runner.Limits) *Site {
	t.Helper()
	os.Symlink(built, filepath.Join(data, "bin")) // it may be there already
	r, err := runner.Open(runner.Config{Root: root, Data: data, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := r.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	config := Config{Root: root, Data: data, Runner: r, Token: testToken, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	config.edition = readBefore(root)
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	editions.mu.Lock()
	if editions.read == nil {
		editions.read = map[string]*edition{}
	}
	editions.read[root] = s.shelf.edition()
	editions.mu.Unlock()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func serve(t *testing.T) *served {
	t.Helper()
	return serveAt(t, root(t))
}

func serveAt(t *testing.T, root string) *served {
	t.Helper()
	return serveOf(t, root, runner.Limits{Waiting: 1})
}

func serveOf(t *testing.T, root string, limits runner.Limits) *served {
	t.Helper()
	data := t.TempDir()
	s := newSiteOf(t, root, data, limits)
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		s.end() // WebSockets are not the server's any more
		srv.Close()
	})
	return &served{Site: s, t: t, url: srv.URL, host: strings.TrimPrefix(srv.URL, "http://"), data: data}
}

// request is what a test asks; the zero value of a field is left out.
type request struct {
	method, path, body string
	host, origin       string
	cookie, bearer     string
	header             http.Header
}

// do sends a request and returns the answer with its body, redirects not followed.
func (s *served) do(q request) (*http.Response, string) {
	s.t.Helper()
	if q.method == "" {
		q.method = http.MethodGet
	}
	r, err := http.NewRequest(q.method, s.url+q.path, strings.NewReader(q.body))
	if err != nil {
		s.t.Fatal(err)
	}
	for k, v := range q.header {
		r.Header[k] = v
	}
	if q.host != "" {
		r.Host = q.host
	}
	if q.origin != "" {
		r.Header.Set("Origin", q.origin)
	}
	if q.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+q.bearer)
	}
	if q.cookie != "" {
		_, port := splitHost(s.host)
		r.AddCookie(&http.Cookie{Name: "labs-" + port, Value: q.cookie})
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, string(body)
}

// get asks as a program with the token does, and decodes the answer.
func (s *served) get(path string, into any) {
	s.t.Helper()
	resp, body := s.do(request{path: path, bearer: testToken})
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %s\n%s", path, resp.Status, body)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		s.t.Fatalf("GET %s: %v\n%s", path, err, body)
	}
}

// command sends a command as our own page does, and returns status and body.
func (s *served) command(method, path, body string) (int, string) {
	s.t.Helper()
	resp, got := s.do(request{method: method, path: path, body: body, origin: s.url, cookie: testToken})
	return resp.StatusCode, got
}

// refused reads an error of /api.
func refused(t *testing.T, body string) (c complaint) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return c
}

// record writes the recording of a run that has ended, made of whole events.
func record(t *testing.T, data, id, experiment string, events []telemetry.Event, end telemetry.End) {
	t.Helper()
	run := telemetry.Run{ID: id, Schema: 1, Experiment: experiment, Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Lab: "epoll", Code: "0", Asked: labs.Spec{Name: experiment, Lab: "epoll"}, Host: telemetry.Host{Name: "test"}}
	dir := filepath.Join(data, "runs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, id+".jsonl"), lines(t, run, events, end), 0o644); err != nil {
		t.Fatal(err)
	}
}

// lines is a recording.
func lines(t *testing.T, run telemetry.Run, events []telemetry.Event, end telemetry.End) []byte {
	t.Helper()
	all := []telemetry.Event{{Kind: telemetry.KindRun, From: telemetry.FromRunner, Run: &run}}
	all = append(all, events...)
	all = append(all, telemetry.Event{T: 9, Kind: telemetry.KindEnd, From: telemetry.FromRunner, End: &end})
	var b bytes.Buffer
	for i, e := range all {
		e.Seq = uint64(i + 1)
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n", line)
	}
	return b.Bytes()
}

// runID names the nth recording of a test.
func runID(n int) string { return fmt.Sprintf("20260102T030405Z-%08x", n) }

// finished is the end of a run in which these checks passed or not.
func finished(trust string, checks map[string]bool) telemetry.End {
	end := telemetry.End{Phase: telemetry.Finished, Trust: trust}
	for id, pass := range checks {
		end.Checks = append(end.Checks, telemetry.Check{ID: id, Pass: pass, Op: ">"})
	}
	return end
}

// unended writes the beginning of a recording and holds it as a process does
// that still writes it, until the returned function is called.
func (s *served) unended(id string) (release func()) {
	s.t.Helper()
	record(s.t, s.data, id, "a/x", nil, telemetry.End{})
	path := filepath.Join(s.data, "runs", id+".jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	first, _, _ := bytes.Cut(whole, []byte("\n"))
	if err := os.WriteFile(path, append(first, '\n'), 0o644); err != nil {
		s.t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		s.t.Fatal(err)
	}
	return func() { f.Close() }
}
