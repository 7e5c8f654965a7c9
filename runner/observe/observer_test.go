//go:build linux

package observe

import (
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

func observerOf(t testing.TB, pid int, addr netip.AddrPort) *Observer {
	t.Helper()
	o, err := New(pid, diagSocket(t), addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

// What is said is in the catalogue, and what is in the catalogue is said.
func TestSamplesHaveTheCataloguesNames(t *testing.T) {
	s := listenOn(t, "127.0.0.1", 5)
	s.pair()
	o := observerOf(t, os.Getpid(), s.addr)
	first := o.Sample(1.1)
	time.Sleep(50 * time.Millisecond) // host.busy is of the time between two samples
	got := map[string]bool{}
	for i, e := range append(o.Sample(1.2), first...) { // not everything is told at every tick
		if e.Kind != telemetry.KindSample || i < 2 && e.T != 1.2 {
			t.Errorf("%+v", e)
		}
		for name := range e.Values {
			got[name] = true
			if !strings.HasPrefix(name, e.From+".") {
				t.Errorf("%s from %s", name, e.From)
			}
		}
	}
	_, err := os.Stat("/proc/pressure/cpu")
	for _, m := range telemetry.Catalogue() {
		if !strings.HasPrefix(m.Name, "kernel.") && !strings.HasPrefix(m.Name, "host.") || m.Name == "host.beside" { // only the runner knows that
			continue
		}
		if !got[m.Name] && !(err != nil && strings.Contains(m.Name, "psi")) {
			t.Errorf("no %s", m.Name)
		}
		delete(got, m.Name)
	}
	for name := range got {
		t.Errorf("%s is not in the catalogue", name)
	}
}

func TestTableEvent(t *testing.T) {
	s := listenOn(t, "127.0.0.1", 5)
	s.pair()
	o := observerOf(t, os.Getpid(), s.addr)
	o.Sample(1)
	e := o.Table(1)
	if e.Kind != telemetry.KindSockets || e.From != telemetry.FromKernel || e.T != 1 || len(e.Sockets) != 2 {
		t.Errorf("%+v", e)
	}
}

// The end of the process is no error: its samples end, the host's go on.
func TestObserverOfAVanishedProcess(t *testing.T) {
	cmd := child(t, "threads", "1")
	o := observerOf(t, cmd.Process.Pid, netip.MustParseAddrPort("127.0.0.1:1"))
	if len(o.Sample(1)) != 2 || o.Gone() {
		t.Error("a living process has no samples")
	}
	cmd.Process.Kill()
	cmd.Wait()
	e := o.Sample(2)
	if len(e) != 2 || e[1].From != telemetry.FromHost || !o.Gone() {
		t.Fatalf("%+v", e)
	}
	if _, ok := e[0].Values["kernel.threads"]; ok || e[0].Values["kernel.established"] != 0 {
		t.Errorf("what is told of a process that has ended: %v", e[0].Values)
	}
	before, _ := os.ReadDir("/proc/self/fd")
	if _, err := New(cmd.Process.Pid, diagSocket(t), netip.MustParseAddrPort("127.0.0.1:1")); err == nil {
		t.Error("a process that is gone can be observed")
	}
	if after, _ := os.ReadDir("/proc/self/fd"); len(after) > len(before) {
		t.Errorf("%d descriptors, then %d", len(before), len(after))
	}
}

// With very many sockets they are read less often, and the page is told.
func TestManySocketsAreReadLessOften(t *testing.T) {
	s := listenOn(t, "127.0.0.1", 5)
	o := observerOf(t, os.Getpid(), s.addr)
	o.every, o.wait = 4, 0 // as after 30 000 sockets
	said, read := 0, 0
	for i := range 5 {
		for _, e := range o.Sample(float64(i)) {
			if e.Kind == telemetry.KindLog && strings.Contains(e.Text, "every 100 ms") {
				said++
			}
			if _, ok := e.Values["kernel.recvq"]; ok {
				read++
			}
		}
	}
	if said != 1 || read != 5 || o.every != 1 {
		t.Errorf("said %d times, read %d times of 5, every %d", said, read, o.every)
	}
	o.every, o.wait = 3, 3
	o.Sample(6)
	if o.wait != 2 {
		t.Errorf("the sockets were read too early")
	}
}

// Observing leaves nothing open.
func TestCloseLeavesNoDescriptor(t *testing.T) {
	count := func() int { e, _ := os.ReadDir("/proc/self/fd"); return len(e) }
	before := count()
	for range 5 {
		o, err := New(os.Getpid(), diagSocket(t), netip.MustParseAddrPort("127.0.0.1:1"))
		if err != nil {
			t.Fatal(err)
		}
		o.Sample(1)
		o.Close()
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// Overflows are counted: more connects than the accept queue has room for.
func TestListenOverflows(t *testing.T) {
	s := listenOn(t, "127.0.0.1", 1)
	h := NewHost(os.Getpid())
	defer h.Close()
	sample := func() float64 {
		v := map[string]float64{}
		h.Sample(v)
		return v["host.listen_overflows"]
	}
	before := sample()
	for range 10 {
		fd := sure(t)(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0))
		defer unix.Close(fd)
		if err := unix.Connect(fd, s.sa); err != nil && err != unix.EINPROGRESS {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(10 * time.Second); sample() < before+5; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%v overflows more after 10 connects to a backlog of 1", sample()-before)
		}
	}
}

func TestHostParsers(t *testing.T) {
	a, ok := parseCPU([]byte("cpu  100 10 50 1000 20 5 5 7 3 0\ncpu0 1 2 3\n"))
	if want := (cpuTimes{busy: 170, idle: 1020, steal: 7}); !ok || a != want {
		t.Errorf("%+v %v, want %+v", a, ok, want)
	}
	busy, ok := cpuTimes{busy: 220, idle: 1067, steal: 10}.since(a)
	if want := 0.5 * float64(runtime.NumCPU()); !ok || busy != want {
		t.Errorf("%v cores, want %v: half of all jiffies", busy, want)
	}
	if _, ok := a.since(a); ok {
		t.Error("no time has passed, and cores were busy")
	}
	if us, ok := parsePressure([]byte("some avg10=0.00 avg60=0.00 avg300=0.00 total=1234567\nfull avg10=0.00 total=9\n")); !ok || us != 1234567 {
		t.Errorf("pressure %d %v", us, ok)
	}
	n, found := make([]uint64, 2), make([]bool, 2)
	columns([]byte("TcpExt: A ListenOverflows B\nTcpExt: 1 22 3\nIpExt: ListenDrops\nIpExt: 4\n"), "TcpExt:", overflows, n, found)
	if n[0] != 22 || !slices.Equal(found, []bool{true, false}) {
		t.Errorf("%v %v, want 22 and nothing: another table has the other name", n, found)
	}
}

func TestFingerprint(t *testing.T) {
	h := Fingerprint()
	if h.Name == "" || h.Kernel == "" || h.CPU == "" || h.Congestion == "" || h.Memory < 1<<20 || h.Cores != runtime.NumCPU() || h.Go != runtime.Version() || h.Isolation != "" {
		t.Errorf("%+v", h)
	}
	for _, c := range []struct{ text, want string }{
		{"ID=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n", "Debian GNU/Linux 12 (bookworm)"},
		{"PRETTY_NAME=Plain\n", "Plain"},
		{"PRETTY_NAME='Single quoted'", "Single quoted"},
		{"", ""},
	} {
		if got := osName(c.text); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func BenchmarkSockets1000(b *testing.B) {
	s := connected(b, 1000)
	r := readerOf(b, s)
	for b.Loop() {
		if _, err := r.Read(); err != nil || r.Len() != 1001 {
			b.Fatal(r.Len(), err)
		}
	}
}

// BenchmarkObserver1000 is what one tick of the site costs beside a lab with
// 1000 connections, the table left out (once a second).
func BenchmarkObserver1000(b *testing.B) {
	s := connected(b, 1000)
	o := observerOf(b, os.Getpid(), s.addr)
	for b.Loop() {
		if len(o.Sample(1)) != 2 {
			b.Fatal("no samples")
		}
	}
}

func BenchmarkThreads1000(b *testing.B) {
	p := processOf(b, child(b, "threads", "1000"))
	for b.Loop() {
		sampleOf(b, p)
	}
}

func connected(b *testing.B, n int) *server {
	s := listenOn(b, "127.0.0.1", 64)
	for range n {
		s.pair()
	}
	return s
}
