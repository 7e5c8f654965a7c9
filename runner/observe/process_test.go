//go:build linux

package observe

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary be the processes that the tests observe.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "act" {
		act(os.Args[2], os.Args[3:])
	}
	os.Exit(m.Run())
}

// act plays a role until the parent closes its end of stdin.
func act(role string, args []string) {
	n := 0
	if len(args) > 0 {
		n, _ = strconv.Atoi(args[0])
	}
	switch role {
	case "busy":
		go func() {
			for spins := 0; ; spins++ {
				if spins < 0 {
					return
				}
			}
		}()
	case "threads":
		for range n {
			go func() {
				runtime.LockOSThread()
				unix.Pause()
			}()
		}
	case "calls":
		null, _ := unix.Open("/dev/null", unix.O_RDWR, 0)
		for range n {
			unix.Write(null, []byte("x"))
		}
		zero, _ := unix.Open("/dev/zero", unix.O_RDWR, 0)
		for range 2 * n {
			unix.Read(zero, make([]byte, 1))
		}
	case "files":
		for range n {
			unix.Open("/dev/null", unix.O_RDONLY, 0)
		}
	case "memory":
		unix.Mmap(-1, 0, max(n, 1), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_POPULATE)
	case "sleeps":
		for range n {
			ts := unix.Timespec{Nsec: 1000}
			unix.Nanosleep(&ts, nil)
		}
	}
	fmt.Println("ready")
	io.Copy(io.Discard, bufio.NewReader(os.Stdin))
	os.Exit(0)
}

func processOf(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p, err := NewProcess(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func sampleOf(t testing.TB, p *Process) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	if !p.Sample(values) {
		t.Fatal("the process is gone")
	}
	return values
}

// A busy process gets CPU time, and the clock of the process agrees with wait4.
func TestCPU(t *testing.T) {
	cmd := child(t, "busy")
	p := processOf(t, cmd)
	first := sampleOf(t, p)
	last := first
	for end := time.Now().Add(20 * time.Second); last["kernel.cpu"] < first["kernel.cpu"]+0.3 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
		now := sampleOf(t, p)
		for _, name := range []string{"kernel.cpu", "kernel.cpu_user", "kernel.cpu_system"} {
			if now[name] < last[name] {
				t.Fatalf("%s went from %v back to %v", name, last[name], now[name])
			}
		}
		if sum := now["kernel.cpu_user"] + now["kernel.cpu_system"]; abs(sum-now["kernel.cpu"]) > 1e-9 {
			t.Fatalf("the parts are %v, the whole is %v", sum, now["kernel.cpu"])
		}
		last = now
	}
	if got := last["kernel.cpu_user"] - first["kernel.cpu_user"]; got < 0.15 {
		t.Errorf("%v s of user time of 0.3 s in an empty loop", got)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if waited := (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(); waited < last["kernel.cpu"]-0.02 {
		t.Errorf("wait4 says %v s, it was %v s before", waited, last["kernel.cpu"])
	}
}

func abs(x float64) float64 { return max(x, -x) }

func TestThreadsAndSwitches(t *testing.T) {
	for _, n := range []int{3, 250} { // below and above perSample
		p := processOf(t, child(t, "threads", strconv.Itoa(n)))
		var v map[string]float64
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			v = sampleOf(t, p)
			if v["kernel.threads"] >= float64(n) && v["kernel.switches_voluntary"] >= float64(n) && len(p.switches.tids) == int(v["kernel.threads"]) {
				break // each thread went to sleep once, and none began between the count and the list
			}
			if time.Now().After(end) {
				t.Fatalf("%d threads sleep: %v", n, v)
			}
		}
		if v["kernel.switches"] != v["kernel.switches_voluntary"]+v["kernel.switches_involuntary"] {
			t.Errorf("switches: %v", v)
		}
		if len(p.switches.seen) > int(v["kernel.threads"]) {
			t.Errorf("%d threads remembered of %v", len(p.switches.seen), v["kernel.threads"])
		}
	}
}

func TestEverySleepIsASwitch(t *testing.T) {
	idle, sleepy := processOf(t, child(t, "sleeps", "0")), processOf(t, child(t, "sleeps", "500"))
	a, b := sampleOf(t, idle), sampleOf(t, sleepy)
	if got := b["kernel.switches_voluntary"] - a["kernel.switches_voluntary"]; got < 400 {
		t.Errorf("500 sleeps were %v voluntary switches", got)
	}
}

// A thread that has ended stays counted.
func TestSwitchesOfEndedThreads(t *testing.T) {
	s := newSwitches("/proc/self/task")
	defer s.close()
	tid, end, ended := make(chan int), make(chan bool), make(chan bool)
	var work func()
	work = func() {
		runtime.LockOSThread()              // and ends with the goroutine
		if unix.Gettid() == unix.Getpid() { // but the main thread: Go never ends it
			go work()
			<-end
			return
		}
		for range 100 {
			ts := unix.Timespec{Nsec: 1000}
			unix.Nanosleep(&ts, nil)
		}
		tid <- unix.Gettid()
		<-end
		close(ended)
	}
	go work()
	id := <-tid
	buf := make([]byte, 8<<10)
	s.list()
	if !s.ask(id, buf) || s.sum.voluntary < 80 {
		t.Fatalf("100 sleeps: %+v", s.sum)
	}
	before := s.sum
	close(end)
	<-ended
	for end := time.Now().Add(10 * time.Second); s.ask(id, buf); {
		if time.Now().After(end) {
			t.Fatal("the thread does not end")
		}
	}
	s.list()
	if _, known := s.seen[id]; known || s.sum.voluntary < before.voluntary {
		t.Errorf("known: %v, %+v before, %+v now", known, before, s.sum)
	}
}

// The same process with and without something differs by just that.
func TestCounts(t *testing.T) {
	for _, c := range []struct {
		role      string
		n         int
		metric    string
		low, high float64
		why       string
	}{
		{"calls", 1000, "kernel.writes", 1000, 1010, "write(2) is counted one by one"},
		{"calls", 1000, "kernel.reads", 2000, 2010, "and so is read(2)"},
		{"files", 50, "kernel.fds", 50, 50, "descriptors are counted one by one"},
		{"memory", 64 << 20, "kernel.rss", 60 << 20, 120 << 20, "pages that were touched"},
	} {
		with := sampleOf(t, processOf(t, child(t, c.role, strconv.Itoa(c.n))))
		without := sampleOf(t, processOf(t, child(t, c.role, "0")))
		if got := with[c.metric] - without[c.metric]; got < c.low || got > c.high {
			t.Errorf("%s of %s %d: %v more than without, want %v to %v: %s", c.metric, c.role, c.n, got, c.low, c.high, c.why)
		}
	}
}

func TestDescriptorsAreThoseInTheFolder(t *testing.T) {
	cmd := child(t, "files", "20")
	names, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if got := sampleOf(t, processOf(t, cmd))["kernel.fds"]; got != float64(len(names)) {
		t.Errorf("%v descriptors, %d in the folder", got, len(names))
	}
}

func TestAVanishedProcess(t *testing.T) {
	cmd := child(t, "threads", "1")
	p := processOf(t, cmd)
	sampleOf(t, p)
	cmd.Process.Kill()
	for end := time.Now().Add(10 * time.Second); p.Sample(map[string]float64{}); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a killed process that nobody waited for is still sampled")
		}
	}
	cmd.Wait()
	if p.Sample(map[string]float64{}) {
		t.Error("it came back")
	}
	if _, err := NewProcess(cmd.Process.Pid); err == nil {
		t.Error("a process that is gone can be observed")
	}
}

func TestParseStat(t *testing.T) {
	tail := " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 20 0 17 0 100 200 300 400\n"
	for _, c := range []struct{ line, why string }{
		{"7 (lab)" + tail, "as always"},
		{"7 (a) R (b)" + tail, "a name may hold what looks like its end"},
		{"7 (lab\n)" + tail, "or a line's end"},
	} {
		st, ok := parseStat([]byte(c.line))
		if want := (stat{'S', 11, 12, 17, 300}); !ok || st != want {
			t.Errorf("%q: %+v %v, want %+v: %s", c.line, st, ok, want, c.why)
		}
	}
	for _, line := range []string{"", "7 (lab", "7 (lab) S 1 2", "7 (lab) S 1 2 3 4 5 6 7 8 9 10 x 12 13 14 20 0 17 0 100 200 300"} {
		if st, ok := parseStat([]byte(line)); ok {
			t.Errorf("%q was taken as %+v", line, st)
		}
	}
}

func FuzzProc(f *testing.F) {
	for _, file := range []string{"stat", "io", "status", "net/netstat"} {
		data, _ := os.ReadFile("/proc/self/" + file)
		f.Add(data)
	}
	for _, file := range []string{"/proc/stat", "/proc/loadavg", "/proc/pressure/cpu", "/etc/os-release", "/proc/cpuinfo"} {
		data, _ := os.ReadFile(file)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		parseStat(data)
		parseSwitched(data)
		parseCPU(data)
		parsePressure(data)
		if v, ok := parseLoad(data); ok && !(v >= 0) {
			t.Errorf("a load of %v", v)
		}
		valueOf(data, "syscr:")
		columns(data, "TcpExt:", overflows, make([]uint64, 2), make([]bool, 2))
		cpuName(string(data))
		if strings.Contains(osName(string(data)), "\n") {
			t.Error("a name of two lines")
		}
	})
}
