//go:build linux

package load

import (
	"context"
	"errors"
	"io"
	"log"
	"math"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// TestMain runs the load generator itself when a test has started it.
func TestMain(m *testing.M) {
	if os.Getenv("LOAD_TEST_PROCESS") != "" {
		if n, err := strconv.ParseUint(os.Getenv("LOAD_TEST_FILES"), 10, 64); err == nil {
			syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n})
		}
		os.Exit(Main(os.Stdin, os.Stdout))
	}
	if os.Getenv("LOAD_TEST_GOROUTINES") != "" {
		if err := goroutines(); err != nil {
			log.Fatal(err)
		}
		return
	}
	if os.Getenv("LOAD_TEST_ECHO") != "" {
		log.Fatal(echoServer())
	}
	os.Exit(m.Run())
}

// serve answers connections, each by handle with its number, until the test ends.
// It returns its address and a function that ends it at once.
func serve(t testing.TB, handle func(c *net.TCPConn, number int)) (addr string, stop func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex // guards conns
	var conns []net.Conn
	var work sync.WaitGroup
	work.Go(func() {
		for n := 0; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			work.Go(func() {
				defer c.Close()
				handle(c.(*net.TCPConn), n)
			})
		}
	})
	stop = sync.OnceFunc(func() {
		ln.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		work.Wait()
	})
	t.Cleanup(stop)
	return ln.Addr().String(), stop
}

// echo answers with what mangle makes of the bytes; from is how many came before.
func echo(mangle func(data []byte, from int) []byte) func(*net.TCPConn, int) {
	return func(c *net.TCPConn, _ int) {
		buf, from := make([]byte, 64<<10), 0
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			if _, err := c.Write(mangle(buf[:n], from)); err != nil {
				return
			}
			from += n
		}
	}
}

func same(data []byte, _ int) []byte { return data }

// outcome is what a run of the load generator said.
type outcome struct {
	events []telemetry.Event
	last   telemetry.Event // sample
	err    error
	took   time.Duration
	start  float64 // of the plan
}

func (o outcome) value(name string) float64 { return o.last.Values["load."+name] }

func (o outcome) of(k telemetry.Kind) []telemetry.Event {
	var list []telemetry.Event
	for _, e := range o.events {
		if e.Kind == k {
			list = append(list, e)
		}
	}
	return list
}

// soon is a grid time shortly after now.
func soon() float64 {
	return (newClock().now().Truncate(telemetry.Tick) + 2*telemetry.Tick).Seconds()
}

// play carries out the load of a spec and requires that it ends in time.
func play(t testing.TB, addr string, spec labs.Spec) outcome {
	t.Helper()
	return playUntil(t, addr, spec, "requests", math.Inf(1))
}

// playUntil is play that ends when a value has grown large enough. A spec of
// no seconds has plenty of them.
func playUntil(t testing.TB, addr string, spec labs.Spec, name string, enough float64) outcome {
	t.Helper()
	if spec.Seconds == 0 {
		spec.Seconds = 20
	}
	var o outcome
	begin := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(spec.Warmup+spec.Seconds)*time.Second+20*time.Second)
	defer cancel()
	o.start = soon()
	o.err = Run(ctx, NewPlan(spec, addr, o.start), func(e telemetry.Event) {
		o.events = append(o.events, e)
		if e.Kind == telemetry.KindSample {
			if o.last = e; o.value(name) >= enough {
				cancel()
			}
		}
	})
	o.took = time.Since(begin)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Fatal("the load generator does not end")
	}
	return o
}

// want requires values of the last sample.
func (o outcome) want(t *testing.T, name string, least, most float64) {
	t.Helper()
	if v, ok := o.last.Values["load."+name]; !ok || v < least || v > most {
		t.Errorf("load.%s is %g: want %g to %g", name, v, least, most)
	}
}

func closed(connections, size, depth, burst int) map[string]any {
	return map[string]any{"model": "closed", "connections": float64(connections), "size": float64(size), "depth": float64(depth), "burst": float64(burst)}
}

func open(connections, size int, rate float64, burst int) map[string]any {
	return map[string]any{"model": "open", "connections": float64(connections), "size": float64(size), "rate": rate, "burst": float64(burst)}
}

// swallow reads to the end and returns how many bytes came.
func swallow(c *net.TCPConn) int64 {
	n, _ := io.Copy(io.Discard, c)
	return n
}
