package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"socketlabs/runner"
)

// bin is the command under test, built once; built is the folder of the labs'
// binaries, which the sites of all tests share.
var bin, built string

func TestMain(m *testing.M) {
	runner.Child()
	dir, err := os.MkdirTemp("", "labs-test-")
	if err != nil {
		panic(err)
	}
	os.Chmod(dir, 0o755) // an unprivileged user runs it too
	bin, built = filepath.Join(dir, "labs"), filepath.Join(dir, "bin")
	if err := os.Mkdir(built, 0o755); err != nil {
		panic(err)
	}
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	closeBrowser()
	os.RemoveAll(dir)
	os.Exit(code)
}

// server is a running `labs serve`.
type server struct {
	t      testing.TB
	cmd    *exec.Cmd
	link   *url.URL
	stderr *bytes.Buffer
}

// serve starts the site on the data folder and waits for its link. The last of
// two flags counts.
func serve(t testing.TB, data string, cred *syscall.Credential, flags ...string) *server {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, stderr: &bytes.Buffer{}}
	s.cmd = exec.Command(bin, append([]string{"serve", "--addr", "127.0.0.1:0", "--data", data, "--root", root}, flags...)...)
	s.cmd.Stderr = s.stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Pdeathsig: syscall.SIGKILL}
	if cred == nil {
		os.Symlink(built, filepath.Join(data, "bin")) // it may be there already
	} else {
		s.cmd.Env = append(os.Environ(), "HOME="+data, "GOCACHE="+filepath.Join(data, "go-cache"))
		s.cmd.Dir = data
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.cmd.Wait()
		t.Fatalf("no link: %v\n%s", err, s.stderr)
	}
	go io.Copy(io.Discard, out)
	s.link, err = url.Parse(strings.TrimSpace(line[strings.Index(line, "http"):]))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// kill is kill -9.
func (s *server) kill() {
	if s.cmd.ProcessState == nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	}
}

// api sends a request and decodes the JSON answer into out, when there is one.
func (s *server) api(method, path string, in, out any) {
	s.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequest(method, "http://"+s.link.Host+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.link.Query().Get("token"))
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", method, path, err, s.stderr)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if res.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s: %s", method, path, res.Status, text)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			s.t.Fatalf("%s %s: %v: %s", method, path, err, text)
		}
	}
}

// start starts a run and returns its id.
func (s *server) start(lesson, experiment string, settings map[string]string) string {
	s.t.Helper()
	var run struct{ ID string }
	s.api("POST", "/api/runs", map[string]any{"lesson": lesson, "experiment": experiment, "settings": settings}, &run)
	return run.ID
}

// summary returns what is known of a run.
func (s *server) summary(id string) runner.Summary {
	s.t.Helper()
	var sum runner.Summary
	s.api("GET", "/api/runs/"+id, nil, &sum)
	return sum
}

// until asks every 20 ms until the answer is yes.
func until(t testing.TB, limit time.Duration, what string, yes func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !yes(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}
