//go:build linux

package load

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs"
)

// TestStall freezes an echo server for a second under an open load. Requests are
// due all the time, so those of the stall wait for whatever of it is left: the
// response times of a run of T seconds lie evenly between nothing and the stall's
// length D, and its 99th percentile is D minus a hundredth of T. It must be found
// within 1 %. There are three attempts, and those in which the generator itself
// was late are void.
func TestStall(t *testing.T) {
	const seconds, rate = 3, 3000
	best := math.Inf(1)
	for range 3 {
		length, o := stalled(t, seconds, open(64, 64, rate, 1))
		want := length.Seconds() - seconds/100.0
		got := o.last.Hists["load"].Quantile(.99)
		if late := o.last.Hists["load.late"].Quantile(.99); late > 2e-3 {
			t.Logf("void: the generator was %.1f ms late", late*1e3)
			continue
		}
		t.Logf("a stall of %.1f ms: p99 %.1f ms, want %.1f; service p99 %.2f ms", length.Seconds()*1e3, got*1e3, want*1e3, o.last.Hists["load.service"].Quantile(.99)*1e3)
		if best = min(best, math.Abs(got/want-1)); best <= 0.01 {
			return
		}
	}
	if math.IsInf(best, 1) {
		t.Skip("the machine was busy all the time")
	}
	t.Errorf("p99 is off by %.1f %%", best*100)
}

// stalled loads a server that is frozen for a second, and says for how long it was.
func stalled(t *testing.T, seconds float64, load map[string]any) (time.Duration, outcome) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "LOAD_TEST_ECHO=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, NewPlan(labs.Spec{Load: load, Seconds: seconds}, strings.TrimSpace(addr), soon()))
	time.Sleep(time.Second)
	begin := time.Now()
	cmd.Process.Signal(unix.SIGSTOP)
	time.Sleep(time.Second)
	cmd.Process.Signal(unix.SIGCONT)
	length := time.Since(begin)
	o := p.wait(t)
	if o.err != nil {
		t.Fatal(o.err)
	}
	o.want(t, "errors", 0, 0)
	return length, o
}

// echoServer is an echo server as a process.
func echoServer() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		go io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c})
	}
}
