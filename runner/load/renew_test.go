//go:build linux

package load

import (
	"math"
	"net"
	"sync"
	"testing"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// TestRenew: a connection is closed after so many requests, when all of them are
// answered, and the next one opened at once.
func TestRenew(t *testing.T) {
	for _, client := range []string{"echo", "frames", "rpc", "file"} {
		for _, model := range []string{"closed", "open"} {
			t.Run(client+" "+model, func(t *testing.T) {
				t.Parallel()
				peer := map[string]func(*net.TCPConn, int){
					"echo": echo(same), "frames": echo(same), "rpc": callServer(obliging(nil)),
					"file": fileServer(func(_ int, data []byte) []byte { return data }),
				}[client]
				addr, _ := serve(t, peer)
				load := closed(3, 64, 4, 2)
				if model == "open" {
					load = open(3, 64, 1000, 2)
				}
				load["renew"], load["client"] = 10.0, client
				o := playUntil(t, addr, labs.Spec{Load: load}, "sent", 200)
				if o.err != nil {
					t.Fatal(o.err)
				}
				o.want(t, "errors", 0, 0)
				o.want(t, "lost", 0, 0)
				o.want(t, "requests", 100, many)
				n := o.value("sent") / 10
				o.want(t, "connects", n-3, n+3)
				o.want(t, "open", 0, 3)
				if h := o.last.Hists["load.connect"]; float64(h.Count) != o.value("connects") || h.Max <= 0 {
					t.Errorf("load.connect has %d entries, up to %g s", h.Count, h.Max)
				}
			})
		}
	}
}

// TestSources: the connections come from as many addresses, evenly.
func TestSources(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex // guards seen
	seen := map[string]int{}
	addr, _ := serve(t, func(c *net.TCPConn, number int) {
		mu.Lock()
		seen[c.RemoteAddr().(*net.TCPAddr).IP.String()]++
		mu.Unlock()
		echo(same)(c, number)
	})
	load := closed(20, 64, 1, 1)
	load["sources"] = 10.0
	o := play(t, addr, labs.Spec{Load: load, Seconds: 0.3})
	o.want(t, "errors", 0, 0)
	o.want(t, "requests", 20, many)
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 10 || seen["127.0.0.1"] != 2 || seen["127.0.0.10"] != 2 {
		t.Errorf("connections by address: %v", seen)
	}
}

// TestShapes: what is due by when is what the shape says.
func TestShapes(t *testing.T) {
	for _, c := range []struct {
		shape string
		due   func(t float64) float64 // t seconds after the beginning, 0.2 of them warm-up
		all   float64
	}{
		{"steady", func(t float64) float64 { return 1000 * t }, 1400},
		{"ramp", func(t float64) float64 { u := max(0, t-0.2); return 1000*t + 2000*u*u/2.4 }, 2600},
		{"steps", func(t float64) float64 { return 1000*t + 1000*max(0, t-0.6) + 1000*max(0, t-1) }, 2600},
	} {
		t.Run(c.shape, func(t *testing.T) {
			t.Parallel()
			addr, _ := serve(t, echo(same))
			load := open(20, 64, 1000, 1)
			load["shape"], load["peak"], load["steps"] = c.shape, 3000.0, 3.0
			o := play(t, addr, labs.Spec{Load: load, Warmup: 0.2, Seconds: 1.2})
			least := math.Inf(1) // by how much a sample was late, in requests
			for _, e := range o.of(telemetry.KindSample) {
				sum, want := e.Values["load.sent"]+e.Values["load.backlog"], c.due(e.T-o.start)
				if sum < want-1 || sum > c.all {
					t.Errorf("%g were due after %.1f s: want %g", sum, e.T-o.start, want)
				}
				if since := e.T - o.start; since > 0.15 && since < 1.3 {
					least = min(least, sum-want)
				}
			}
			if least > 100 {
				t.Errorf("%g more than were due were sent all the time", least)
			}
			if sum := o.value("sent") + o.value("backlog"); sum != c.all {
				t.Errorf("%g were due in all: want %g", sum, c.all)
			}
		})
	}
}
