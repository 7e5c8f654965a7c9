//go:build linux

package load

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// process is the load generator as the runner has it.
type process struct {
	*exec.Cmd
	stdin io.WriteCloser
	out   bytes.Buffer
	begin time.Time
}

func start(t testing.TB, plan any, env ...string) *process {
	t.Helper()
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command("/proc/self/exe"), begin: time.Now()}
	p.Env = append(append(os.Environ(), "LOAD_TEST_PROCESS=1"), env...)
	p.Stdout, p.Stderr = &p.out, os.Stderr
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if p.stdin, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() }) // no effect once it was waited for
	if _, err := p.stdin.Write(text); err != nil {
		t.Fatal(err)
	}
	return p
}

// wait returns what the process said.
func (p *process) wait(t testing.TB) outcome {
	t.Helper()
	timer := time.AfterFunc(20*time.Second, func() { p.Process.Kill() })
	defer timer.Stop()
	var o outcome
	o.err = p.Cmd.Wait()
	o.took = time.Since(p.begin)
	for d := json.NewDecoder(&p.out); d.More(); {
		var e telemetry.Event
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		o.events = append(o.events, e)
		if e.Kind == telemetry.KindSample {
			o.last = e
		}
	}
	return o
}

func TestEvents(t *testing.T) {
	addr, _ := serve(t, echo(same))
	plan := NewPlan(labs.Spec{
		Load: open(5, 64, 500, 1), Warmup: 0.2, Seconds: 0.8,
		Faults: []labs.Fault{{ID: "mute", Kind: "idle", At: 0.2, For: 0.3}, {ID: "still", Kind: "freeze"}},
	}, addr, soon())
	o := start(t, plan).wait(t)
	if o.err != nil {
		t.Fatal(o.err)
	}
	states := o.of(telemetry.KindState)
	if len(states) != 1 || states[0].State.Phase != telemetry.Running || states[0].State.Facts["open"] != "5" || states[0].T > plan.Start {
		t.Errorf("states: %+v", states)
	}
	faults := o.of(telemetry.KindFault)
	if len(faults) != 2 || *faults[0].Fault != (telemetry.Fault{ID: "mute", Kind: "idle", On: true}) || faults[1].Fault.On {
		t.Errorf("faults: %+v", faults)
	}
	samples := o.of(telemetry.KindSample)
	checkGrid(t, samples, plan)
	for _, e := range samples {
		checkNames(t, e)
	}
	if first := samples[0]; first.Values["load.requests"] > 5 || first.Values["load.open"] != 5 {
		t.Errorf("the first sample: %v", first.Values)
	}
	for i, e := range samples[1:] {
		if e.Values["load.cpu"] < samples[i].Values["load.cpu"] || e.Hists["load"].Count < samples[i].Hists["load"].Count {
			t.Errorf("sample %d goes back", i+1)
		}
	}
}

// checkGrid requires a sample at the plan's start, one at its end, and none
// that is not on a tick. A machine that is busy may lose some in between.
func checkGrid(t *testing.T, samples []telemetry.Event, plan Plan) {
	t.Helper()
	last := math.Inf(-1)
	for _, e := range samples {
		if tick := e.T * 10; e.T <= last || math.Abs(tick-math.Round(tick)) > 1e-6 {
			t.Errorf("sample at %v after %v", e.T, last)
		}
		last = e.T
	}
	end := plan.Start + plan.Warmup + plan.Seconds
	if math.Abs(samples[0].T-plan.Start) > 0.31 || math.Abs(last-end) > 1e-6 {
		t.Errorf("samples from %v to %v: want %v to %v", samples[0].T, last, plan.Start, end)
	}
}

// checkNames requires the catalogue's names and no others.
func checkNames(t *testing.T, e telemetry.Event) {
	t.Helper()
	names := 0
	for _, m := range telemetry.Catalogue() {
		if m.Name != "load" && !strings.HasPrefix(m.Name, "load.") {
			continue
		}
		names++
		_, value := e.Values[m.Name]
		_, hist := e.Hists[m.Name]
		if value == hist || hist != (m.Kind == telemetry.KindHistogram) {
			t.Errorf("%s: value %v, histogram %v", m.Name, value, hist)
		}
	}
	if n := len(e.Values) + len(e.Hists); n != names {
		t.Errorf("%d names in the sample and %d in the catalogue", n, names)
	}
}

func TestEndsEarly(t *testing.T) {
	for _, c := range []struct {
		why string
		end func(*process)
	}{
		{"its parent has closed stdin, or is dead", func(p *process) { p.stdin.Close() }},
		{"SIGTERM", func(p *process) { p.Process.Signal(unix.SIGTERM) }},
	} {
		t.Run(c.why, func(t *testing.T) {
			addr, _ := serve(t, echo(same))
			p := start(t, NewPlan(labs.Spec{Load: closed(2, 64, 1, 1), Seconds: 30}, addr, soon()))
			timer := time.AfterFunc(800*time.Millisecond, func() { c.end(p) })
			defer timer.Stop()
			o := p.wait(t)
			if o.err != nil || o.took > 10*time.Second {
				t.Errorf("it took %v and ended with %v", o.took, o.err)
			}
			o.want(t, "requests", 1, many)
			if sent := o.value("sent"); sent != o.value("requests")+o.value("inflight") {
				t.Errorf("the last sample is not whole: %v", o.last.Values)
			}
		})
	}
}

// TestBegunAfterItsEnd: a busy machine may keep the generator from running until its
// plan is over. It ends at once and says no error: that its samples are missing makes
// the block void, which can be repeated.
func TestBegunAfterItsEnd(t *testing.T) {
	for name, load := range map[string]map[string]any{"closed": closed(2, 64, 1, 1), "open": open(2, 64, 100, 1)} {
		addr, _ := serve(t, echo(same))
		o := start(t, NewPlan(labs.Spec{Load: load, Seconds: 0.5}, addr, soon()-2)).wait(t)
		if o.err != nil {
			t.Errorf("%s: %v, it said %+v", name, o.err, o.events)
		}
		if n := len(o.of(telemetry.KindSample)); n > 1 {
			t.Errorf("%s: %d samples, want the last one only", name, n)
		}
	}
}

func TestRefusedPlans(t *testing.T) {
	for _, c := range []struct {
		why  string
		plan any
		says string
	}{
		{"no plan", []int{1}, "plan: json"},
		{"an unknown field", map[string]any{"adr": "127.0.0.1:1"}, "adr"},
		{"a name for an address", Plan{Addr: "localhost:80", Seconds: 1}, "no address"},
		{"a time that is over", Plan{Addr: "127.0.0.1:80", Start: 1, Seconds: 1}, "from now"},
	} {
		t.Run(c.why, func(t *testing.T) {
			o := start(t, c.plan).wait(t)
			if code := o.exit(); code != 1 {
				t.Errorf("exit code %d", code)
			}
			if n := len(o.events); n != 1 || o.events[0].Level != "error" || !strings.Contains(o.events[0].Text, c.says) {
				t.Errorf("it said %+v", o.events)
			}
		})
	}
}

func (o outcome) exit() int {
	if e, ok := o.err.(*exec.ExitError); ok {
		return e.ExitCode()
	}
	return 0
}
