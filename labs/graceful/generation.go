//go:build linux

package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/telemetry"
)

// generation is the environment's name for the number of a worker.
const generation = "GRACEFUL_GENERATION"

// worker is a generation as its supervisor sees it.
type worker struct {
	lifeline *os.File // a byte asks it to leave, and so does the end
	ended    chan struct{}
	err      error // once ended
}

// heard is when a worker last reported, in nanoseconds since 1970.
var heard atomic.Int64

// heardLately says whether a worker that should serve does.
func heardLately() bool { return time.Since(time.Unix(0, heard.Load())) < time.Second }

// start starts a worker and returns when it listens.
func start() (*worker, error) {
	lfd, err := listen()
	if err != nil {
		return nil, err
	}
	defer unix.Close(lfd)
	life, lifeline, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer life.Close()
	reports, report, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	w := &worker{lifeline: lifeline, ended: make(chan struct{})}
	listening, started := make(chan struct{}), make(chan error)
	workers.Go(func() {
		// Pdeathsig is sent when the thread ends that started the worker
		// (PR_SET_PDEATHSIG): this one lives as long as its worker.
		runtime.LockOSThread()
		pid, err := fork([]uintptr{life.Fd(), report.Fd(), 2, uintptr(lfd)})
		report.Close()
		started <- err
		defer close(w.ended)
		if err == nil {
			m.Workers.Inc()
			add(reports, listening)
			w.err = wait(pid)
			m.Workers.Dec()
		}
		lifeline.Close()
		reports.Close()
	})
	if err := <-started; err != nil {
		return nil, os.NewSyscallError("fork", err)
	}
	select {
	case <-listening:
		m.Generation.Inc()
		return w, nil
	case <-w.ended:
		return nil, fmt.Errorf("a worker did not begin: %w", w.err)
	}
}

// fork starts this program again, as a worker with these files as 0, 1, 2, 3.
func fork(files []uintptr) (pid int, err error) {
	args := []string{os.Args[0]}
	for _, name := range []string{"polite", "drain-time"} {
		args = append(args, "-"+name+"="+flag.Lookup(name).Value.String())
	}
	return syscall.ForkExec("/proc/self/exe", args, &syscall.ProcAttr{
		Env:   append(os.Environ(), generation+"="+strconv.Itoa(int(m.Generation.Value())+1)),
		Files: files,
		Sys:   &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL},
	})
}

// leave asks the worker to drain and end.
func (w *worker) leave() { w.lifeline.Write([]byte{1}) }

func wait(pid int) error {
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, 0, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return os.NewSyscallError("wait4", err)
		case status.Signaled():
			return fmt.Errorf("the worker was ended by %s", status.Signal())
		case status.ExitStatus() != 0:
			return fmt.Errorf("the worker's exit code is %d", status.ExitStatus())
		}
		return nil
	}
}

// counters and gauges are what a worker reports, in this order.
func counters() []*telemetry.Counter {
	return []*telemetry.Counter{&m.Accepts, &m.AcceptErrors, &m.Emfile, &m.Reads, &m.Writes, &m.ShortWrites, &m.Bytes,
		&m.Resets, &m.BrokenPipes, &m.Requests, &m.Answered, &m.Refused, &m.GoAways, &m.Cut}
}

func gauges() []*telemetry.Gauge { return []*telemetry.Gauge{&m.Open, &m.Pending, &m.Working} }

// add adds a worker's reports to ours, until it ends; the first one says that it
// listens. A report is what has changed since the last.
func add(reports io.Reader, listening chan struct{}) {
	counters, gauges := counters(), gauges()
	levels := make([]int, len(gauges)) // of this worker
	for report := make([]int64, len(counters)+len(gauges)); binary.Read(reports, binary.NativeEndian, report) == nil; {
		for i, c := range counters {
			c.Add(int(report[i]))
		}
		for i, g := range gauges {
			n := int(report[len(counters)+i])
			levels[i] += n
			g.Add(n)
		}
		heard.Store(time.Now().UnixNano())
		if listening != nil {
			close(listening)
			listening = nil
		}
	}
	for i, g := range gauges { // it may have been killed
		g.Add(-levels[i])
	}
}

// reporter is the worker's side: what it has said.
type reporter struct{ said []int64 }

// report writes what has changed to the supervisor: at most 4096 bytes are one
// piece (pipe(7), PIPE_BUF).
func (r *reporter) report() {
	var now []int64
	for _, c := range counters() {
		now = append(now, int64(c.Value()))
	}
	for _, g := range gauges() {
		now = append(now, g.Value())
	}
	var out []byte
	for i, v := range now {
		if r.said != nil {
			v -= r.said[i]
		}
		out = binary.NativeEndian.AppendUint64(out, uint64(v))
	}
	r.said = now
	unix.Write(1, out)
}
