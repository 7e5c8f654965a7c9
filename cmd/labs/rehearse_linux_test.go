package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// rehearsal is a running `labs rehearse`.
type rehearsal struct {
	cmd *exec.Cmd
	out bytes.Buffer // to be read once it has ended
}

func (s *server) rehearse(link string, flags ...string) *rehearsal {
	s.t.Helper()
	r := &rehearsal{cmd: exec.Command(bin, append([]string{"rehearse", "--root", "../..", link}, flags...)...)}
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.out
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if r.cmd.ProcessState == nil {
			r.cmd.Process.Kill()
			r.cmd.Wait()
		}
	})
	return r
}

// simulated are the names of the class, and how many recordings there are.
func (s *server) simulated(data string) (names []string, runs int) {
	s.t.Helper()
	var now deskNow
	conn := s.socket("/api/class/events")
	defer conn.Close()
	if err := conn.ReadJSON(&now); err != nil {
		s.t.Fatal(err)
	}
	for _, p := range now.People {
		names = append(names, p.Name)
	}
	files, _ := filepath.Glob(filepath.Join(data, "runs", "*.jsonl"))
	return names, len(files)
}

// TestLongARehearsalLeavesNobodyBehind fills a class, calls it to an experiment that it
// runs for real, and interrupts it; and kills another one, whose people the instructor
// deletes at once.
func TestLongARehearsalLeavesNobodyBehind(t *testing.T) {
	onlyLong(t)
	data := t.TempDir()
	s := serve(t, data, nil, "--workshop", "Sockets", "--seats", "4")
	l := s.joinLink()
	link := l.Site + "/en/join#" + l.Code + "-" + l.Key
	r := s.rehearse(link, "--learners", "3", "--minutes", "3", "--lesson", "principles")
	s.api("PUT", "/api/class/here", map[string]string{"lesson": "epoll", "experiment": "fits"}, nil)
	until(t, 2*time.Minute, "all are in, and one has started a run", func() bool {
		names, runs := s.simulated(data)
		return len(names) == 3 && runs > 0
	})
	if names, _ := s.simulated(data); !regexp.MustCompile(`^(Simulated \d{3},?){3}$`).MatchString(strings.Join(names, ",")) {
		t.Errorf("their names: %q", names)
	}
	r.cmd.Process.Signal(os.Interrupt)
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("interrupted: %v\n%s", err, &r.out)
	}
	if !strings.Contains(r.out.String(), "over   3 in, ") || strings.Contains(r.out.String(), "failed") {
		t.Errorf("it says\n%s", &r.out)
	}
	until(t, time.Minute, "they and their recordings are gone", func() bool {
		names, runs := s.simulated(data)
		return len(names) == 0 && runs == 0
	})

	r = s.rehearse(link, "--learners", "2")
	until(t, time.Minute, "they are in", func() bool { names, _ := s.simulated(data); return len(names) == 2 })
	r.cmd.Process.Kill()
	r.cmd.Wait()
	s.api("POST", "/en/workshop/rehearsal", nil, nil)
	if names, _ := s.simulated(data); len(names) != 0 {
		t.Errorf("the instructor has deleted all of them: %q are left", names)
	}
}

func TestARehearsalGoesNowhereElse(t *testing.T) {
	for _, tt := range []struct{ args, says string }{
		{"http://192.0.2.7:7022/ko/join#7Q4-KDM-AAAA", "192.0.2.7"},
		{"http://labs.example/ko/join#7Q4-KDM-AAAA", "labs.example"},
		{"http://127.0.0.1.labs.example/ko/join#7Q4-KDM-AAAA", "labs.example"},
		{"http://127.0.0.1:1@192.0.2.7/ko/join#7Q4-KDM-AAAA", "no link"},
		{"file:///ko/join#7Q4-KDM-AAAA", "no link"},
		{"http://127.0.0.1:1/ko/join", "#CODE"},
		{"http://127.0.0.1:1/ko/join#7Q4-KDM --learners 201", "1 to 200"},
		{"http://127.0.0.1:1/ko/join#7Q4-KDM --minutes 121", "0.1 to 120"},
		{"http://127.0.0.1:1/ko/join#7Q4-KDM --minutes NaN", "0.1 to 120"},
		{"http://127.0.0.1:1/ko/join#7Q4-KDM --lesson none", "labs list"},
		{"http://127.0.0.1:1/ko/join#7Q4-KDM", "connection refused"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"rehearse", "--root", "../.."}, strings.Fields(tt.args)...), &stdout, &stderr)
		if code != statusError || !strings.Contains(stderr.String(), tt.says) {
			t.Errorf("%s: status %d, %s", tt.args, code, stderr.String())
		}
	}
}
