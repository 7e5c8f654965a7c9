//go:build linux

package shim

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// act is what the test binary does as a child.
func act(role string, args []string) {
	switch role {
	case "clean":
		actClean()
	case "hostile":
		actHostile(2)
	case "hostile1":
		actHostile(1)
	case "hostile0":
		actHostile(0)
	case "parent":
		actParent(args[0], args[1])
	case "listen":
		actListen()
	case "refused":
		actRefused(args[0], args[1])
	}
}

// actClean says what it was born with.
func actClean() {
	fmt.Print("fds")
	for fd := range 1024 { // what Go itself has opened is close-on-exec
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			fmt.Print(" ", fd)
		}
	}
	fmt.Println()
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "NoNewPrivs") {
			fmt.Print(line)
		}
	}
	ignored := 0
	for _, sig := range []syscall.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGQUIT} {
		if signal.Ignored(sig) {
			ignored++
		}
	}
	fmt.Println("ignored", ignored)
	if unix.Getpgrp() == unix.Getpid() {
		fmt.Println("leads a group")
	}
	for _, kv := range os.Environ() {
		fmt.Println(kv)
	}
}

// actHostile gets away from its parent in every way that there is: twice into a
// new session through a process that ends, without a death signal, deaf to
// signals. Then it holds a listener and a connection and says where.
func actHostile(more int) {
	unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0)
	if more > 0 {
		cmd := exec.Command(self, "act", fmt.Sprintf("hostile%d", more-1))
		cmd.Stdout = os.Stdout
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			fmt.Println("failed", err)
		}
		return
	}
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGPIPE)
	actListen()
}

// actListen holds a listener and both ends of a connection to it.
func actListen() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println("failed", err)
		return
	}
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println("failed", err)
		return
	}
	a, err := l.Accept()
	fmt.Println(l.Addr(), err)
	time.Sleep(time.Minute) // longer than any test, but not for ever
	c.Close()
	a.Close()
}

// hostileAddr reads where a hostile child listens.
func hostileAddr(t *testing.T, stdout io.Reader) string {
	t.Helper()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	addr, ok := strings.CutSuffix(line, " <nil>\n")
	if err != nil || !ok {
		t.Fatalf("the hostile child: %q %v", line, err)
	}
	return addr
}

// actParent opens a shim with a hostile and an honest child and waits to be killed.
func actParent(way, run string) {
	flags := uintptr(0)
	if way == Namespaces {
		flags = isolations(false)[0]
	}
	s, err := open(Options{RunID: run}, flags)
	if err != nil {
		fmt.Println("failed", err)
		return
	}
	for _, role := range []string{"hostile", "listen"} {
		p, err := s.Start(acting(role))
		if err != nil {
			fmt.Println("failed", err)
			return
		}
		line, _ := bufio.NewReader(p.Stdout).ReadString('\n')
		fmt.Print(line)
	}
	time.Sleep(time.Minute)
}

// actRefused opens a shim where no more namespaces may be made, says how it is
// held and what became of a child.
func actRefused(net, run string) {
	for _, kind := range []string{"user", "pid", "net"} {
		if err := os.WriteFile("/proc/sys/user/max_"+kind+"_namespaces", []byte("0"), 0); err != nil {
			fmt.Println("failed", err)
			return
		}
	}
	s, err := Open(Options{RunID: run, Net: net})
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	fmt.Printf("%s: %s\n", s.Isolation(), s.Why())
	if p, err := s.Start(sh("exit 5")); err == nil {
		fmt.Println(p.Wait())
	}
	fmt.Println("closed", s.Close())
}

// A kernel that gives no namespaces: here a user namespace that may have none in
// it, namespaces(7).
func TestRefusedNamespaces(t *testing.T) {
	for _, c := range []struct {
		net  string
		want []string
		why  string
	}{
		{"host", []string{Subreaper + ": ", "user.max_user_namespaces", "exit status 5", "closed <nil>"}, "runs go on, and the page can say why"},
		{"own", []string{"refused: ", "user.max_user_namespaces"}, "without a namespace there is no network of its own"},
	} {
		cmd := exec.Command(self, "act", "refused", c.net, tagOf(t))
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWUSER, Pdeathsig: unix.SIGKILL,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
		}
		out, err := cmd.CombinedOutput()
		for _, want := range c.want {
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("net %s: %v, no %q in %q: %s", c.net, err, want, out, c.why)
			}
		}
		gone(t, tagOf(t), time.Second)
	}
}

// TestParentKilled kills a parent with SIGKILL: no process and no socket may be
// left a second later.
func TestParentKilled(t *testing.T) {
	rounds := 10 // for each way and each user
	if testing.Short() {
		rounds = 3
	}
	eachWay(t, func(t *testing.T, way string) {
		for round := range rounds {
			killParent(t, way, fmt.Sprintf("%s-%d", tagOf(t), round))
		}
	})
}

func killParent(t *testing.T, way, run string) {
	t.Helper()
	cmd := exec.Command(self, "act", "parent", way, run)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	var addrs []string
	for range 2 {
		addrs = append(addrs, hostileAddr(t, r))
	}
	if n := len(tagged(run)); n < 3 {
		t.Errorf("%d processes before the kill, want the shim and two that listen", n)
	}
	cmd.Process.Kill()
	cmd.Wait()
	gone(t, run, time.Second)
	for _, addr := range addrs {
		closed(t, addr, time.Second)
	}
}

// closed fails the test unless every socket on that port is closed within that
// time: a process lets its files go a little after it has lost its environment.
func closed(t *testing.T, addr string, within time.Duration) {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(time.Millisecond) {
		states := open4(t, addr)
		if len(states) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Errorf("sockets on %s: states %v", addr, states)
			return
		}
	}
}

// open4 returns the states of the sockets on a port of 127.0.0.1 that a process
// holds: those with an inode in /proc/net/tcp.
func open4(t *testing.T, addr string) []string {
	t.Helper()
	_, port, _ := net.SplitHostPort(addr)
	var n int
	fmt.Sscan(port, &n)
	data, err := os.ReadFile("/proc/self/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) > 9 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", n)) && f[9] != "0" {
			states = append(states, f[3])
		}
	}
	return states
}
