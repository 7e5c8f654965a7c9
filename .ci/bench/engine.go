package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// engine is a server to be measured.
type engine struct {
	name string
	kind kind
	lab  string // the lab's folder, when it is not the name
	args []string
	most int // connections that it can serve; 0: all
	path string
}

type kind int

const (
	lab kind = iota
	peer
	floor // the C server
)

// engines in the order of the table. A lab whose folder does not exist is left out.
func engines() []engine {
	return []engine{
		{name: "blocking", kind: lab, args: []string{"-model=threads"}, most: 1000},
		{name: "epoll", kind: lab},
		{name: "epoll-once", kind: lab, lab: "epoll", args: []string{"-drain=false"}},
		{name: "epollet", kind: lab},
		{name: "reuseport", kind: lab, args: []string{"-listeners=1"}},
		{name: "uring", kind: lab},
		{name: "gnet", kind: peer},
		{name: "evio", kind: peer},
		{name: "netpoll", kind: peer},
		{name: "nbio", kind: peer},
		{name: "net", kind: peer},
		{name: "C", kind: floor},
	}
}

// build compiles what is to be measured, as its makers would.
func build(root, dir string, list []engine) ([]engine, error) {
	var built []engine
	for _, e := range list {
		if e.path != "" {
			built = append(built, e)
			continue
		}
		e.path = filepath.Join(dir, e.name)
		var cmd *exec.Cmd
		switch e.kind {
		case lab:
			folder := e.name
			if e.lab != "" {
				folder = e.lab
			}
			if _, err := os.Stat(filepath.Join(root, "labs", folder)); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			cmd = exec.Command("go", "build", "-C", root, "-o", e.path, "./labs/"+folder)
		case peer:
			cmd = exec.Command("go", "build", "-tags", "poll_opt,gc_opt", "-o", e.path, "./peer/"+e.name)
		case floor:
			cmd = exec.Command("gcc", "-O2", "-o", e.path, "c/server.c")
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", e.name, err, out)
		}
		built = append(built, e)
	}
	return built, nil
}

// pinned starts a command that may use one CPU only, and so may all it starts.
func pinned(cmd *exec.Cmd, cpu int) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		var set unix.CPUSet
		set.Set(cpu)
		err := unix.SchedSetaffinity(0, &set)
		if err == nil {
			err = cmd.Start()
		}
		started <- err
	}()
	return <-started
}

// server is a running engine.
type server struct {
	cmd  *exec.Cmd
	addr string
	out  bytes.Buffer // of a lab: its telemetry
}

func (e engine) start(cpu int) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.Command(e.path, e.args...), addr: l.Addr().String()}
	l.Close() // the port is free for the server
	s.cmd.Env = append(os.Environ(), "LABS_ADDR="+s.addr)
	if e.kind == lab {
		s.cmd.Stdout = &s.out
	}
	if err := pinned(s.cmd, cpu); err != nil {
		return nil, fmt.Errorf("start %s: %w", e.name, err)
	}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", s.addr); err == nil {
			c.Close()
			return s, nil
		}
	}
	s.stop()
	return nil, fmt.Errorf("%s does not listen on %s", e.name, s.addr)
}

// stop ends the server and returns how many system calls a request has cost it,
// if it is a lab and says so.
func (s *server) stop() (calls float64) {
	s.cmd.Process.Signal(unix.SIGTERM)
	timer := time.AfterFunc(time.Second, func() { s.cmd.Process.Kill() })
	s.cmd.Wait()
	timer.Stop()
	lines := bytes.Split(bytes.TrimSpace(s.out.Bytes()), []byte{'\n'})
	var e telemetry.Event
	if json.Unmarshal(lines[len(lines)-1], &e) != nil || e.Values["lab.bytes"] == 0 {
		return 0
	}
	for _, name := range []string{"wakeups", "reads", "writes", "enters"} {
		calls += e.Values["lab."+name]
	}
	return calls / (e.Values["lab.bytes"] / requestSize)
}

// requestSize is the load generator's default.
const requestSize = 64

// buildClients compiles the clients that ours is compared with.
func buildClients(inC, goroutines string) error {
	for _, cmd := range []*exec.Cmd{
		exec.Command("gcc", "-O2", "-o", inC, "c/client.c"),
		exec.Command("go", "build", "-o", goroutines, "./client"),
	} {
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", cmd, err, out)
		}
	}
	return nil
}
