package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// invoke runs the command to its end.
func invoke(t *testing.T, data string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	cmd, out, diag := prepare(t, data, args...)
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), diag.String()
}

func prepare(t *testing.T, data string, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(bin, append(args, "--data", data, "--root", root)...)
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

// report is what --json prints.
type report struct {
	Run, Experiment, Result string
	Checks                  []struct {
		ID           string
		Pass         bool
		Value, Bound *float64
	}
	Metrics map[string]float64
}

func TestRunJudgesAndSaysSoInItsStatus(t *testing.T) {
	data := t.TempDir()
	tests := []struct {
		why    string
		args   []string
		status int
		result string
	}{
		{"what the lesson claims holds", []string{"run", "epoll/pieces", "--json"}, 0, "holds"},
		{"with the phenomenon switched off it does not", []string{"run", "epoll/pieces", "--json", "--set", "knob.drain=true"}, 1, "fails"},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			status, out, diag := invoke(t, data, test.args...)
			var r report
			if err := json.Unmarshal([]byte(out), &r); err != nil {
				t.Fatalf("%v\n%s\n%s", err, out, diag)
			}
			if r.Result == "void" {
				t.Skip("NOT TESTED: the machine was too busy, the run is void")
			}
			if status != test.status || r.Result != test.result || r.Run == "" || r.Experiment != "epoll/pieces" {
				t.Errorf("exit status %d: %+v\n%s", status, r, diag)
			}
			if len(r.Checks) != 2 || r.Checks[0].Value == nil || r.Checks[0].Bound == nil {
				t.Errorf("checks %+v", r.Checks)
			}
			for _, name := range []string{"load.requests", "load.p50", "lab.wakeups", "kernel.recvq.max", "waits_per_request"} {
				if _, ok := r.Metrics[name]; !ok {
					t.Errorf("no metric %s", name)
				}
			}
		})
	}
}

func TestRunIsVoidWhenItsLoadGeneratorStoodStill(t *testing.T) {
	cmd, out, diag := prepare(t, t.TempDir(), "run", "start/first", "--json")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var load process
	until(t, time.Minute, "the load generator runs", func() bool {
		for _, p := range descendants(cmd.Process.Pid) {
			if args := arguments(p); len(args) > 1 && args[1] == "load" {
				load = p
			}
		}
		return load.pid != "" || cmd.ProcessState != nil
	})
	time.Sleep(time.Second) // into the measured time
	pid, _ := strconv.Atoi(load.pid)
	unix.Kill(pid, unix.SIGSTOP)
	time.Sleep(700 * time.Millisecond)
	unix.Kill(pid, unix.SIGCONT)
	cmd.Wait()
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || cmd.ProcessState.ExitCode() != 3 || r.Result != "void" || len(r.Checks) != 0 {
		t.Errorf("exit status %d, %v: %s\n%s", cmd.ProcessState.ExitCode(), err, out, diag)
	}
}

// arguments is the command line of a process.
func arguments(p process) []string {
	text, _ := readFile("/proc/" + p.pid + "/cmdline")
	return strings.Split(text, "\x00")
}

func TestBadInputNamesTheValueAndTheWayOut(t *testing.T) {
	data := filepath.Join(t.TempDir(), "never-made")
	tests := []struct {
		args string
		says string
	}{
		{"run nosuch/x", `no lesson "nosuch": there are start,`},
		{"run epoll/nosuch", `no experiment "nosuch" in lesson "epoll": it has`},
		{"run epoll/fits --set buf=1", "knob.NAME or load.NAME"},
		{"run epoll/fits --set knob.buf", "NAME=VALUE"},
		{"run epoll/fits --set knob.buf=1", `"1" is not allowed: it takes a whole number from 64 to 1048576 bytes`},
		{"run epoll/fits --set knob.drain=maybe", `"maybe" is not allowed: it takes true or false`},
		{"run epoll/fits --fault flod", `"flod" is no kind of fault: there are idle, `},
		{"run epoll/fits --fault flood,connections=0", `flood: connections: "0" is not allowed: it takes a whole number from 1 to 10000`},
		{"run epoll/fits --fault freeze,at=100", `freeze: at: "100" is not allowed: it takes a number from 0 to `},
		{"run metrics/steady --guess total", "write it as ID=VALUE, or ID= to skip the question"},
		{"run metrics/steady --guess totl=1", "no such question: metrics/steady asks total"},
		{"run metrics/steady --guess total=many", "total takes a number"},
		{"run averages/two-clients --guess unsent=1,2", "takes 10 numbers from 0 to 3000, one for each 0.5 s"},
		{"run epoll/fits --exec ./no-such-server", "--exec ./no-such-server: there is no such program: name one of the PATH, or its path"},
		{"run epoll/fits --exec ./server --set knob.buf=64", "write its own arguments into the command"},
		{"run epoll/fits --set knob.bfu=64", "there are knob.drain, knob.drain-cap, knob.armed"},
		{"run epoll/fits --for 61s", "can be measured for 0.1 s to 60 s"},
		{"run epoll/fits --for banana", "--help"},
		{"serve --addr 0.0.0.0:0", "takes a loopback address"},
		{"serve --addr somewhere", "takes an address and a port"},
		{"serve --lang fr", "takes ko or en"},
		{"check nosuch", "labs list"},
		{"check --run 1000", "from 0 to 100"},
		{"check --run 1 --lanes 9", "from 1 to 4"},
		{"check --record --lanes 2", "measured alone"},
		{"nosuch", "unknown command"},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			status, out, diag := invoke(t, data, strings.Fields(test.args)...)
			if status != 2 || !strings.Contains(diag, test.says) || strings.Count(diag, "\n") != 1 || out != "" {
				t.Errorf("exit status %d\n%s%s", status, out, diag)
			}
		})
	}
	if _, err := readFile(data); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a refused command made the data folder: %v", err)
	}
}

func TestListNamesEverything(t *testing.T) {
	status, out, diag := invoke(t, t.TempDir(), "list", "--json")
	var all struct {
		Labs        []struct{ Name string }
		Experiments []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil || status != 0 || len(all.Labs) < 2 || len(all.Experiments) < 10 {
		t.Errorf("exit status %d, %v, %d labs, %d experiments\n%s", status, err, len(all.Labs), len(all.Experiments), diag)
	}
}

func readFile(name string) (string, error) {
	text, err := os.ReadFile(name)
	return string(text), err
}
