//go:build linux

package trace

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// How long a trace waits.
const (
	listenTime = 10 * time.Second // for the server to listen
	lateTime   = 10 * time.Second // for the client to start and to be over after its time
)

// Main is the tracer's process, or its client's. It reads a Plan and writes Lines.
func Main(args []string, in io.Reader, out io.Writer) int {
	runtime.LockOSThread() // ptrace(2) knows its tracer by the thread
	if len(args) > 0 {
		return play(args)
	}
	var plan Plan
	if err := json.NewDecoder(in).Decode(&plan); err != nil {
		fmt.Fprintln(os.Stderr, "trace: a plan is expected:", err)
		return 2
	}
	w := bufio.NewWriter(out)
	defer w.Flush()
	lines := json.NewEncoder(w)
	var one sync.Mutex
	say := func(l Line) {
		one.Lock()
		defer one.Unlock()
		lines.Encode(l)
	}
	end := carry(plan, say)
	say(Line{End: &end})
	return 0
}

// carry traces one server under one schedule.
func carry(plan Plan, say func(Line)) End {
	cost, err := measure()
	if err != nil {
		return refusal(err)
	}
	say(Line{Cost: &cost})
	t := newTracer(plan, say)
	end := End{Calls: t.calls}
	packets, err := capture(plan)
	if err != nil {
		end.Packets = err.Error()
	}
	dropAmbient()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return End{Why: Refused, Detail: err.Error(), Calls: t.calls}
	}
	defer null.Close()
	server, err := t.start(Server, plan.Command[0], plan.Command, append(os.Environ(), plan.Env...), null)
	if err != nil {
		return notStarted(err, end)
	}
	client := 0
	t.heard = func() {
		if client, err = t.startClient(null); err != nil {
			t.stop()
		}
	}
	t.begun = func() {
		if packets != nil {
			packets.begin(t.zero, say)
		}
		t.tell()
	}
	late := time.AfterFunc(listenTime+seconds(plan.Schedule.Seconds)+lateTime, func() {
		t.late.Store(true)
		t.stop()
	})
	defer late.Stop()
	t.follow(func() bool {
		if t.exits[client] != "" || t.exits[server] != "" {
			t.stop()
		}
		return false
	})
	if packets != nil {
		packets.end()
	}
	return t.ending(end, server, client, err)
}

// startClient starts the client that follows the schedule.
func (t *tracer) startClient(stdout *os.File) (int, error) {
	script, err := json.Marshal(t.plan.Schedule)
	if err != nil {
		return 0, err
	}
	args := []string{os.Args[0], "trace", "client", t.plan.Addr, string(script)}
	return t.start(Client, "/proc/self/exe", args, os.Environ(), stdout)
}

// ending says how a trace ended.
func (t *tracer) ending(end End, server, client int, err error) End {
	switch {
	case t.full:
		end.Why = Full
	case err != nil:
		end.Why, end.Detail = Refused, err.Error()
	case t.late.Load() && client == 0:
		end.Why = NotListening
	case t.late.Load():
		end.Why = Late
	case client == 0 || t.exits[client] == "signal SIGKILL":
		end.Why, end.Detail = Exited, t.exits[server]
	default:
		end.Why, end.Detail = Done, t.exits[client]
		if end.Detail == "exit status 0" {
			end.Detail = ""
		}
	}
	if t.zero == 0 { // nothing was told yet: what there is counts from the last call
		if n := len(t.held); n > 0 {
			t.zero = seconds(t.held[n-1].T)
		}
		t.tell()
	}
	return end
}

// refusal is the end of a trace that the system does not permit.
func refusal(err error) End {
	return End{Why: Refused, Detail: err.Error(), Calls: map[string]map[string]int{}}
}

func notStarted(err error, end End) End {
	end.Why, end.Detail = NotStarted, err.Error()
	if errors.Is(err, unix.EPERM) && strings.Contains(err.Error(), "ptrace") {
		end.Why = Refused
	}
	return end
}

// dropAmbient keeps what the capture needed from those that are traced.
func dropAmbient() { unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) }

func samePort(a, b string) bool {
	x, err1 := netip.ParseAddrPort(a)
	y, err2 := netip.ParseAddrPort(b)
	return err1 == nil && err2 == nil && x.Port() == y.Port()
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
