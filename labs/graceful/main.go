//go:build linux

// Graceful ends, and is replaced, without a lost call: one process supervises,
// and the generations of workers that it starts hand the listener over. What it
// costs is a second process, and a word to every client before the end.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"socketlabs/labs/internal/lab"
	"socketlabs/labs/internal/loop"
	"socketlabs/labs/internal/sock"
	"socketlabs/labs/telemetry"
)

var (
	polite    = flag.Bool("polite", true, "at the end, tell every client and answer what was sent; off: close at once")
	drainTime = flag.Duration("drain-time", time.Second, "how long clients have to leave [0s..1500ms]")
	handOver  = flag.String("hand-over", "fd", "at SIGHUP: the next worker inherits the listener, binds one of its own, or comes when the last has ended [fd|reuseport|none]")
	health    = flag.Int("health", 0, "port of 127.0.0.1 where /livez, /readyz and /healthz are, 0 for none [0..65535]")
	backlog   = flag.Int("backlog", 1024, "connections that may wait to be accepted [0..65535]")
)

// m is every number this lab exports; a field's name is its metric's name. The
// workers count, and the supervisor adds up what they report.
var m struct {
	loop.Counts
	Requests, Answered, Refused, GoAways, Cut, HandOvers telemetry.Counter
	Working, Workers, Generation, Ready                  telemetry.Gauge
}

var (
	port    int            // a socket bound to the address: it keeps it, whoever listens
	workers sync.WaitGroup // all that run
)

func main() {
	if os.Getenv(generation) != "" {
		work()
		return
	}
	lab.Main(serve, &m)
}

// serve supervises: it is the process that the outside knows, whichever worker
// accepts.
func serve(addr netip.AddrPort, quit int) error {
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, unix.SIGHUP)
	var err error
	if port, err = sock.Bind(addr); err != nil {
		return err
	}
	if err := watch(); err != nil {
		return err
	}
	w, err := start()
	if err != nil {
		return err
	}
	m.Ready.Set(1)
	lab.Listening(port)
	stop := make(chan struct{})
	go func() {
		sock.Wait(-1, quit)
		close(stop)
	}()
	for {
		select {
		case <-hangUp:
			w, err = replace(w)
		case <-w.ended:
			err = errors.Join(errors.New("the worker has ended"), w.err)
		case <-stop: // not ready at once, live until the last call is answered
			m.Ready.Set(0)
			unix.Close(port) // or it would listen on, for nobody
			w.leave()
			workers.Wait()
			return w.err
		}
		if err != nil {
			return err
		}
	}
}

// listen returns the listener of the next worker: the same for all, with one
// queue that never closes, or one of its own.
func listen() (lfd int, err error) {
	if *handOver == "fd" {
		lfd, err = unix.FcntlInt(uintptr(port), unix.F_DUPFD_CLOEXEC, 0)
	} else {
		var addr netip.AddrPort
		if addr, err = sock.Addr(port); err == nil {
			lfd, err = sock.Bind(addr)
		}
	}
	if err != nil {
		return -1, err
	}
	return lfd, os.NewSyscallError("listen", unix.Listen(lfd, *backlog))
}

// replace puts a new worker in the place of an old one. The new one listens
// before the old one ends, or else there is a time when nobody does.
func replace(old *worker) (*worker, error) {
	m.HandOvers.Inc()
	if *handOver == "none" {
		m.Ready.Set(0)
		old.leave()
		<-old.ended
	}
	w, err := start()
	if err != nil {
		return nil, err
	}
	m.Ready.Set(1)
	if *handOver != "none" {
		old.leave()
	}
	return w, nil
}

// watch serves the three questions of whoever runs this server: whether to
// restart it (live), whether to send it clients (ready), and how it is (health).
func watch() error {
	if *health == 0 {
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(*health))
	if err != nil {
		return err
	}
	say := func(well func() bool, text func() string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if !well() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			fmt.Fprintln(w, text())
		}
	}
	ready := func() bool { return m.Ready.Value() == 1 }
	mux := http.NewServeMux()
	mux.Handle("GET /livez", say(func() bool { return true }, func() string { return "live" }))
	mux.Handle("GET /readyz", say(ready, func() string { return fmt.Sprint("ready: ", ready()) }))
	mux.Handle("GET /healthz", say(heardLately, func() string {
		return fmt.Sprintf("generation %d, workers %d, open %d, calls %d, answered %d",
			m.Generation.Value(), m.Workers.Value(), m.Open.Value(), m.Requests.Value(), m.Answered.Value())
	}))
	go (&http.Server{Handler: mux, ReadTimeout: time.Second, WriteTimeout: time.Second, IdleTimeout: time.Minute}).Serve(l)
	return nil
}
