//go:build linux

package load

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"socketlabs/labs"
)

// BenchmarkClient compares the CPU time of a request with that of the client
// that everybody would write, a goroutine for each connection. They take turns,
// A B B A, each as a process of its own against the same server.
func BenchmarkClient(b *testing.B) {
	const connections, seconds = 64, 1
	addr, _ := serve(b, echo(same))
	var ours, theirs time.Duration
	var a, g float64
	for i := 0; b.Loop(); i++ {
		for _, first := range []bool{i%2 == 0, i%2 != 0} {
			if first {
				cpu, n := benchOurs(b, addr, connections, seconds)
				ours, a = ours+cpu, a+n
			} else {
				cpu, n := benchGoroutines(b, addr, connections, seconds)
				theirs, g = theirs+cpu, g+n
			}
		}
	}
	b.ReportMetric(ours.Seconds()*1e6/a, "µs/request")
	b.ReportMetric(theirs.Seconds()*1e6/g, "µs/request-goroutines")
	b.ReportMetric(theirs.Seconds()/g/(ours.Seconds()/a), "ratio")
}

func benchOurs(b *testing.B, addr string, connections, seconds int) (time.Duration, float64) {
	p := start(b, NewPlan(labs.Spec{Load: closed(connections, 64, 1, 1), Seconds: float64(seconds)}, addr, soon()))
	o := p.wait(b)
	if o.err != nil || o.value("errors") > 0 {
		b.Fatal(o.err, o.last.Values)
	}
	return p.ProcessState.UserTime() + p.ProcessState.SystemTime(), o.value("requests")
}

func benchGoroutines(b *testing.B, addr string, connections, seconds int) (time.Duration, float64) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "LOAD_TEST_GOROUTINES="+strconv.Itoa(connections), "LOAD_TEST_ADDR="+addr, "LOAD_TEST_SECONDS="+strconv.Itoa(seconds))
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(err)
	}
	var n float64
	if err := json.Unmarshal(out, &n); err != nil {
		b.Fatal(err)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), n
}

// goroutines is a closed loop on connections of package net, each with a
// goroutine of its own. It prints how many requests were answered.
func goroutines() error {
	connections, err := strconv.Atoi(os.Getenv("LOAD_TEST_GOROUTINES"))
	if err != nil {
		return err
	}
	length, err := strconv.Atoi(os.Getenv("LOAD_TEST_SECONDS"))
	if err != nil {
		return err
	}
	end := time.Now().Add(time.Duration(length) * time.Second)
	var n atomic.Int64
	var work sync.WaitGroup
	for range connections {
		c, err := net.Dial("tcp", os.Getenv("LOAD_TEST_ADDR"))
		if err != nil {
			return err
		}
		work.Go(func() {
			defer c.Close()
			for buf := make([]byte, 64); time.Now().Before(end); n.Add(1) {
				if _, err := c.Write(buf); err != nil {
					return
				}
				if _, err := c.Read(buf); err != nil {
					return
				}
			}
		})
	}
	work.Wait()
	_, err = fmt.Println(n.Load())
	return err
}
