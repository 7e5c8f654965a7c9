package runner

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// stranger is a server that knows nothing of labs but LABS_ADDR.
const stranger = `package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

func main() {
	fmt.Println("hello from", os.Args[1:])
	if len(os.Args) > 1 && os.Args[1] == "mute" {
		time.Sleep(time.Minute)
	}
	if len(os.Args) > 1 && os.Args[1] == "fail" {
		os.Exit(2)
	}
	ln, err := net.Listen("tcp", os.Getenv("LABS_ADDR"))
	if err != nil {
		panic(err)
	}
	fmt.Println("{\"t\":1,\"kind\":\"state\",\"state\":{\"phase\":\"running\",\"facts\":{\"addr\":\"127.0.0.1:1\"}}}")
	for {
		c, err := ln.Accept()
		if err != nil {
			panic(err)
		}
		go io.Copy(c, c)
	}
}
`

func buildStranger(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "server")
	if err := os.WriteFile(source, []byte(stranger), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// TestStranger: another server suffers the same load and the same faults.
func TestStranger(t *testing.T) {
	r := start(t, module(t), Limits{})
	server := buildStranger(t)
	for _, net := range []string{"host", "own"} {
		t.Run(net, func(t *testing.T) {
			spec := labs.Spec{
				Name: "epoll/stranger", Lab: "epoll", Net: net, Knobs: map[string]any{"buf": 512.0}, Load: light(3), Seconds: 1,
				Faults: []labs.Fault{{ID: "silent", Kind: "idle", At: 0.3, With: map[string]any{"connections": 2.0}}},
				Checks: []telemetry.Formula{
					{ID: "served", Expr: "load.requests > 0"},
					{ID: "clean", Expr: "load.errors == 0"},
					{ID: "all", Expr: "kernel.established.max == 5"},
					{ID: "unknown", Expr: "lab.reads > 0"},
				},
			}
			o := trusted(t, func() outcome {
				run, err := r.StartCommand(spec, []string{server, "a b", "c"})
				if err != nil {
					t.Fatal(err)
				}
				return watch(t, r, run)
			})
			if o.end.Phase != telemetry.Finished {
				t.Fatalf("ended %s: %+v\n%s", o.end.Phase, o.end.Reason, o.log())
			}
			if !strings.Contains(o.log(), "hello from [a b c]") {
				t.Errorf("its output is no log:\n%s", o.log())
			}
			for _, phase := range o.phases() {
				if phase == telemetry.Building {
					t.Error("something was built")
				}
			}
			sum, err := r.Summary(o.id)
			if err != nil || len(sum.Command) != 3 || sum.Command[0] != server {
				t.Errorf("the recording names the command %q, %v", sum.Command, err)
			}
			o.judged(t)
			if len(o.end.Checks) != 4 {
				t.Fatalf("checks: %+v", o.end.Checks)
			}
			for _, c := range o.end.Checks[:3] {
				if !c.Pass {
					t.Errorf("%s: %v %s", c.Expr, c.Value, c.Why)
				}
			}
			if c := o.end.Checks[3]; c.Pass || c.Value != nil || !strings.Contains(c.Why, "nobody sent lab.reads") {
				t.Errorf("what only the lab can tell: %+v", c)
			}
		})
	}
}

func TestStrangersThatFail(t *testing.T) {
	r := start(t, module(t), Limits{})
	server := buildStranger(t)
	for _, c := range []struct{ how, code, line string }{
		{"mute", "not-listening", "hello from [mute]"},
		{"fail", "lab-crashed", "exit status 2"},
	} {
		run, err := r.StartCommand(odd("echo"), []string{server, c.how})
		if err != nil {
			t.Fatal(err)
		}
		if o := watch(t, r, run); o.code() != c.code || !strings.Contains(o.end.Reason.Line, c.line) {
			t.Errorf("%s: ended %s: %+v", c.how, o.end.Phase, o.end.Reason)
		}
	}
	if _, err := r.StartCommand(odd("echo"), []string{"./no-such-server"}); err == nil || !strings.Contains(err.Error(), "./no-such-server") {
		t.Errorf("a program that there is not: %v", err)
	}
}
