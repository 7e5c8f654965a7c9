package runner

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/trace"
)

// look carries a trace to its end.
func look(t *testing.T, r *Runner, o TraceOrder) Trace {
	t.Helper()
	tr, err := r.Trace(o)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-tr.Done():
	case <-time.After(90 * time.Second):
		t.Fatal("the trace does not end")
	}
	return tr.View()
}

func finished(t *testing.T, n Trace) Trace {
	t.Helper()
	if n.Reason != nil && n.Reason.Code == "trace-refused" {
		t.Skipf("this system does not permit it: %s", n.Reason.Line)
	}
	if n.Phase != telemetry.Finished || len(n.Conns) == 0 {
		t.Fatalf("%s %+v, %d events, log %q", n.Phase, n.Reason, len(n.Events), n.Log)
	}
	if n.Cost.Times() < 2 {
		t.Errorf("a call that stops twice costs %.1f times as much: %+v", n.Cost.Times(), n.Cost)
	}
	return n
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := labs.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func ofReads(drain bool) map[string]any { return map[string]any{"buf": 512.0, "drain": drain} }

// A burst of 2000 bytes on reads of 512: what happens before the second message
// at 0.7 s is the stall.
func TestTraceShowsTheStallAndItsLine(t *testing.T) {
	r := start(t, root(t), Limits{})
	stuck := finished(t, look(t, r, TraceOrder{Lab: "epollet", Knobs: ofReads(false)}))
	c := stuck.Conns[0]
	if c.Got >= 2100 || c.Again != 0 || c.Left() == 0 || len(c.Stalls) == 0 || c.Stalls[0].Bytes != 1488 || c.Stalls[0].Held {
		t.Errorf("512 of 2000 bytes are read, and 1488 wait while it sleeps: %+v", c)
	}
	if len(stuck.Steps) != len(stuck.Schedule.Steps) || stuck.Steps[0] != 0 {
		t.Errorf("steps %v of %+v", stuck.Steps, stuck.Schedule.Steps)
	}
	// A call of the lab's code knows its line, through what the compiler inlined.
	i := slices.IndexFunc(stuck.Events, func(e trace.Event) bool { return e.Call == "read" && e.Result == 512 })
	if i < 0 || len(stuck.Events[i].Stack) == 0 || stuck.Events[i].Stack[0].File != "labs/epollet/main.go" {
		t.Fatalf("the read has no line: %+v", stuck.Events[max(i, 0)])
	}
	f := stuck.Events[i].Stack[0]
	text, err := os.ReadFile(filepath.Join(root(t), f.File))
	if line := strings.Split(string(text), "\n")[f.Line-1]; err != nil || !strings.Contains(line, "unix.Read(") || f.Func != "main.drain" {
		t.Errorf("%+v is %q", f, line)
	}
	if stuck.NoPacket == "" && !slices.ContainsFunc(stuck.Packets, func(p trace.Packet) bool { return p.From == trace.Client && p.Len == 2000 }) {
		t.Errorf("the packet of 2000 bytes is missing: %+v", stuck.Packets)
	}
}

// The other two under the same schedule: the difference is the whole lesson.
func TestLongTraceTellsLevelAndEdgeApart(t *testing.T) {
	if os.Getenv("LABS_LONG") == "" {
		t.Skip("LABS_LONG=1 runs it")
	}
	r := start(t, root(t), Limits{})
	level := finished(t, look(t, r, TraceOrder{Lab: "epoll", Knobs: ofReads(false)}))
	edge := finished(t, look(t, r, TraceOrder{Lab: "epollet", Knobs: ofReads(true)}))
	if c := level.Conns[0]; c.Got != 2100 || c.Again != 0 || c.Wakeups < 5 || len(c.Stalls) > 0 {
		t.Errorf("level: one read a wakeup, and as many wakeups as it takes: %+v", c)
	}
	if c := edge.Conns[0]; c.Got != 2100 || c.Again < 2 || c.Wakeups > 4 || len(c.Stalls) > 0 {
		t.Errorf("edge: it reads until EAGAIN, and is woken once for each message: %+v", c)
	}
	// Who does not read makes writes come up short, and end in EAGAIN.
	full := finished(t, look(t, r, TraceOrder{Lab: "epoll", Schedule: "unread"}))
	short, again := 0, 0
	for _, e := range full.Events {
		if e.Who != trace.Server || e.Call != "write" || e.FD == nil || *e.FD < 3 {
			continue
		}
		if e.Errno == "EAGAIN" {
			again++
		} else if e.Asked != nil && e.Result < *e.Asked {
			short++
		}
	}
	if c := full.Conns[0]; short+again == 0 || c.Got != 200_000 || len(c.Stalls) == 0 || !c.Stalls[0].Held {
		t.Errorf("unread: %d short writes and %d EAGAIN, %d bytes came back, %+v", short, again, c.Got, c.Stalls)
	}
}

// echo is a server in C that knows nothing of us but its address.
const echo = `
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void) {
	struct sockaddr_in a = {.sin_family = AF_INET};
	char buf[700], *colon = strchr(getenv("LABS_ADDR"), ':');
	a.sin_port = htons(atoi(colon + 1));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int l = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(l, (void *)&a, sizeof a) || listen(l, 5)) return 1;
	fork(); /* two processes accept, and both must be gone at the end */
	for (;;) {
		int n, c = accept(l, NULL, NULL);
		while ((n = read(c, buf, sizeof buf)) > 0) write(c, buf, n);
		close(c);
	}
}`

func TestLongTraceOfAProgramThatIsNotOurs(t *testing.T) {
	if os.Getenv("LABS_LONG") == "" {
		t.Skip("LABS_LONG=1 runs it")
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no compiler for C")
	}
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/echo.c", []byte(echo), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-w", "-o", dir+"/echo", dir+"/echo.c").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r := start(t, root(t), Limits{})
	began := time.Now()
	n := finished(t, look(t, r, TraceOrder{Command: []string{dir + "/echo"}}))
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v: a child of the server was waited for", took)
	}
	var calls []string
	for _, l := range n.Lanes {
		if l.Who == trace.Server && l.Shown() {
			for _, e := range l.Events {
				calls = append(calls, l.Kind+" "+n.Events[e].Call)
			}
		}
	}
	for _, want := range []string{"listener bind", "listener listen", "listener accept", "connection read", "connection write", "connection close"} {
		if !slices.Contains(calls, want) {
			t.Errorf("no %s among %v", want, calls)
		}
	}
	if c := n.Conns[0]; c.Got != 2100 || c.Read != 2100 { // it does not ask for the client's address, so that its ends are joined by order
		t.Errorf("%+v", c)
	}
}

// What can go wrong is told, and leaves nothing behind: see start.
func TestLongTracesThatEndEarly(t *testing.T) {
	if os.Getenv("LABS_LONG") == "" {
		t.Skip("LABS_LONG=1 runs it")
	}
	r := start(t, root(t), Limits{})
	for _, c := range []struct {
		order TraceOrder
		code  string
		why   string
	}{
		{TraceOrder{Command: []string{"false"}}, "lab-crashed", "it ends at once"},
		{TraceOrder{Command: []string{"sh", "-c", "kill -9 $$"}}, "lab-crashed", "it is killed"},
	} {
		if n := look(t, r, c.order); n.Phase != telemetry.Failed || n.Reason == nil || n.Reason.Code != c.code {
			t.Errorf("%s: %s %+v", c.why, n.Phase, n.Reason)
		}
	}
	tr, err := r.Trace(TraceOrder{Command: []string{"sleep", "60"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Trace(TraceOrder{Command: []string{"true"}}); err != ErrBusy {
		t.Errorf("a second one at the same time: %v", err)
	}
	time.AfterFunc(300*time.Millisecond, tr.Stop)
	<-tr.Done()
	if n := tr.View(); n.Phase != telemetry.Stopped {
		t.Errorf("%s %+v, want that it was stopped", n.Phase, n.Reason)
	}
	for _, o := range []TraceOrder{{Lab: "no-such"}, {Lab: "epoll", Knobs: map[string]any{"buf": 1.0}}, {Lab: "epoll", Schedule: "no-such"}, {Lab: "epoll", Seconds: 1000}} {
		if _, err := r.Trace(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}
