package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// TestLongKillLeavesNothing kills the site with SIGKILL in the middle of a run
// under 1,000 connections, again and again, as root and as nobody: a second
// later no process, no namespace and no socket of it is left, and the recording
// opens.
func TestLongKillLeavesNothing(t *testing.T) {
	rounds := 2
	if os.Getenv("LABS_LONG") != "" {
		rounds = 20
	}
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, "bin"), 0o755); err != nil { // its own: nobody gets it too
		t.Fatal(err)
	}
	users := []*syscall.Credential{nil}
	if os.Getuid() == 0 {
		users = append(users, &syscall.Credential{Uid: 65534, Gid: 65534})
	}
	for _, user := range users {
		name := "this user"
		if user != nil {
			name = "nobody"
			give(t, data, user)
		}
		t.Run(name, func(t *testing.T) {
			var slowest time.Duration
			for range rounds {
				slowest = max(slowest, killRound(t, data, user))
			}
			t.Logf("%d rounds; everything gone within %v", rounds, slowest.Round(time.Millisecond))
		})
	}
}

// give makes the data folder another user's, with the labs that are built in it.
func give(t *testing.T, data string, user *syscall.Credential) {
	t.Helper()
	err := filepath.Walk(data, func(path string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(user.Uid), int(user.Gid))
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := data; dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o005 != 0o005 {
			os.Chmod(dir, 0o755)
		}
	}
}

// killRound runs, kills, and returns how long it took until nothing was left.
func killRound(t *testing.T, data string, user *syscall.Credential) time.Duration {
	s := serve(t, data, user)
	id := s.start("epoll", "thousand-epoll", nil)
	file := filepath.Join(data, "runs", id+".jsonl")
	var port string
	until(t, 60*time.Second, "1,000 connections are being served", func() bool {
		if sum := s.summary(id); sum.Phase.Over() {
			t.Fatalf("the run ended: %s %+v\n%s", sum.Phase, sum.Reason, s.stderr)
		}
		port = labPort(file)
		return port != "" && sockets(port)["01"] >= 1000
	})
	waits := []string{s.start("epoll", "fits", nil), s.start("epoll", "fits", nil)}
	tree := descendants(s.cmd.Process.Pid)
	if len(tree) < 3 {
		t.Fatalf("the site has %d descendants: shim, lab and load expected", len(tree))
	}
	s.kill()
	killed := time.Now()
	var left map[string]int
	gone := func() bool {
		left = sockets(port)
		return alive(tree) == 0 && left["0A"]+left["01"]+left["08"] == 0
	}
	for time.Since(killed) < time.Second && !gone() {
		time.Sleep(5 * time.Millisecond)
	}
	if !gone() {
		t.Fatalf("after %v: %d of %d processes, sockets by state %v", time.Since(killed), alive(tree), len(tree), left)
	}
	took := time.Since(killed)

	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if events, err := runner.ReadRecording(f); err != nil || len(events) == 0 || events[0].Kind != telemetry.KindRun {
		t.Fatalf("the recording does not open: %d events, %v", len(events), err)
	}
	interrupted(t, data, append(waits, id))
	return took
}

// interrupted checks that runs of a site that was killed say so, those that waited
// too, and that they hold up nobody.
func interrupted(t *testing.T, data string, ids []string) {
	t.Helper()
	r, err := runner.Open(runner.Config{Root: filepath.Join("..", ".."), Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(t.Context())
	for _, id := range ids {
		if sum, err := r.Summary(id); err != nil || sum.Phase != telemetry.Interrupted || sum.Reason == nil || sum.Reason.Code != "site-restarted" {
			t.Errorf("%s of a site that was killed: %s %+v, %v", id, sum.Phase, sum.Reason, err)
		}
	}
	if line := r.Queue(); len(line) != 0 {
		t.Errorf("tickets were left behind: %+v", line)
	}
}

// labPort reads the lab's port from a recording that is being written.
func labPort(file string) string {
	text, _ := os.ReadFile(file)
	_, rest, ok := strings.Cut(string(text), `"addr":"127.0.0.1:`)
	if !ok {
		return ""
	}
	port, _, _ := strings.Cut(rest, `"`)
	return port
}

// sockets counts the sockets of /proc/net/tcp with that port at either end, by
// state: 01 established, 08 close-wait, 0A listening.
func sockets(port string) map[string]int {
	n, _ := strconv.Atoi(port)
	hex := fmt.Sprintf(":%04X", n)
	text, _ := os.ReadFile("/proc/net/tcp")
	count := map[string]int{}
	for _, line := range strings.Split(string(text), "\n") {
		f := strings.Fields(line)
		if len(f) > 3 && (strings.HasSuffix(f[1], hex) || strings.HasSuffix(f[2], hex)) {
			count[f[3]]++
		}
	}
	return count
}

// process is one process, told apart from a later one of the same number.
type process struct{ pid, started string }

// descendants lists the processes below pid.
func descendants(pid int) []process {
	parents := map[string][]process{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		if p, parent, ok := stat(file); ok {
			parents[parent] = append(parents[parent], p)
		}
	}
	var tree []process
	for queue := []string{strconv.Itoa(pid)}; len(queue) > 0; queue = queue[1:] {
		for _, p := range parents[queue[0]] {
			tree = append(tree, p)
			queue = append(queue, p.pid)
		}
	}
	return tree
}

// stat reads a process's parent and start time (proc(5), /proc/pid/stat).
func stat(file string) (p process, parent string, ok bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return p, "", false
	}
	at := strings.LastIndexByte(string(text), ')')
	f := strings.Fields(string(text[at+1:]))
	if at < 0 || len(f) < 20 || f[0] == "Z" { // dead, and its parent has not asked yet
		return p, "", false
	}
	return process{filepath.Base(filepath.Dir(file)), f[19]}, f[1], true
}

// alive counts which of them there still are.
func alive(tree []process) int {
	n := 0
	for _, p := range tree {
		if now, _, ok := stat(filepath.Join("/proc", p.pid, "stat")); ok && now == p {
			n++
		}
	}
	return n
}
