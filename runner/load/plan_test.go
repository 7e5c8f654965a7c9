//go:build linux

package load

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"socketlabs/labs"
)

func TestNewPlan(t *testing.T) {
	spec := labs.Spec{
		Load:   map[string]any{"size": 1000.0},
		Warmup: 1, Seconds: 2.5,
		Faults: []labs.Fault{
			{ID: "a", Kind: "slow-writer", At: 0.5, For: 1, With: map[string]any{"pause": 0.25}},
			{ID: "b", Kind: "freeze", At: 1, For: 1},
			{ID: "c", Kind: "reset", At: -1},
		},
	}
	text, err := json.Marshal(NewPlan(spec, "[::1]:9000", 123.4))
	if err != nil {
		t.Fatal(err)
	}
	p, err := newInput(strings.NewReader(string(text))).plan()
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.check()
	if err != nil {
		t.Fatal(err)
	}
	ms := time.Millisecond
	if s.addr.String() != "[::1]:9000" || s.start != 123400*ms || s.end != 126900*ms {
		t.Errorf("%v from %v to %v", s.addr, s.start, s.end)
	}
	if want := (settings{client: "echo", connections: 1, size: 1000, burst: 1, depth: 1, rate: 1000, sources: 1, shape: "steady", peak: 1000, steps: 5}); *s.load != want {
		t.Errorf("load %+v: want %+v", *s.load, want)
	}
	want := []fault{
		{id: "a", kind: "slow-writer", from: 124900 * ms, to: 125900 * ms, connections: 1, size: 64, chunk: 1, pause: 250 * ms, dialect: dialect{echo: true}},
		{id: "c", kind: "reset", from: 123400 * ms, to: 126900 * ms, connections: 1, size: 64, pause: 100 * ms, dialect: dialect{echo: true}},
	}
	if !reflect.DeepEqual(s.faults, want) {
		t.Errorf("faults %+v\nwant   %+v", s.faults, want)
	}
	if !NewPlan(labs.Spec{Faults: spec.Faults[1:2], Seconds: 1}, "", 0).Idle() {
		t.Error("a frozen server alone needs no load generator")
	}
}

func TestCheck(t *testing.T) {
	good := func() Plan {
		return NewPlan(labs.Spec{Load: map[string]any{}, Seconds: 1, Faults: []labs.Fault{{ID: "f", Kind: "idle"}}}, "127.0.0.1:80", 5)
	}
	for _, c := range []struct {
		why  string
		turn func(*Plan)
		says string
	}{
		{"an address without a port", func(p *Plan) { p.Addr = "127.0.0.1" }, "addr"},
		{"port 0 is no port", func(p *Plan) { p.Addr = "127.0.0.1:0" }, "addr"},
		{"a zone needs a name of an interface", func(p *Plan) { p.Addr = "[fe80::1%lo]:80" }, "addr"},
		{"samples would not lie on the grid", func(p *Plan) { p.Start = 5.05 }, "grid"},
		{"a time before the machine's start", func(p *Plan) { p.Start = -1 }, "grid"},
		{"a warm-up longer than allowed", func(p *Plan) { p.Warmup = 31 }, "warmup"},
		{"nothing to measure", func(p *Plan) { p.Seconds = 0 }, "seconds"},
		{"longer than any run", func(p *Plan) { p.Warmup, p.Seconds = 30, 31 }, "seconds"},
		{"a model that there is not", func(p *Plan) { p.Load["model"] = "half" }, "load.model"},
		{"more connections than allowed", func(p *Plan) { p.Load["connections"] = 10001.0 }, "load.connections"},
		{"half a byte", func(p *Plan) { p.Load["size"] = 0.5 }, "load.size"},
		{"a value of another kind", func(p *Plan) { p.Load["rate"] = true }, "load.rate"},
		{"a setting that there is not", func(p *Plan) { p.Load["speed"] = 1.0 }, "load.speed: no such"},
		{"a client's setting that there is not", func(p *Plan) { p.Client = map[string]any{"tls": true} }, "client.tls"},
		{"addresses of loopback do not reach the world", func(p *Plan) { p.Addr, p.Load["sources"] = "10.0.0.1:80", 2.0 }, "load.sources"},
		{"addresses of IPv4 do not reach IPv6", func(p *Plan) { p.Addr, p.Load["sources"] = "[::1]:80", 2.0 }, "load.sources"},
		{"what is deflated may contain the delimiter", func(p *Plan) {
			p.Load["client"], p.Client = "frames", map[string]any{"codec": "delimiter", "compress": true}
		}, "client.compress"},
		{"another client's setting", func(p *Plan) { p.Load["client"], p.Client = "file", map[string]any{"codec": "tlv"} }, "client.codec"},
		{"a share larger than all", func(p *Plan) { p.Load["client"], p.Client = "rpc", map[string]any{"heavy": 1.1} }, "client.heavy"},
		{"a fault of the server's process", func(p *Plan) { p.Faults[0].Kind = "freeze" }, "fault f"},
		{"a fault that there is not", func(p *Plan) { p.Faults[0].Kind = "quake" }, "fault f"},
		{"a fault's parameter that it has not", func(p *Plan) { p.Faults[0].With["size"] = 1.0 }, "fault f: size"},
		{"a time that overflows", func(p *Plan) { p.Faults[0].At = 1e300 }, "fault f: at"},
		{"a fault that ends before it begins", func(p *Plan) { p.Faults[0].For = -1 }, "fault f: at"},
		{"more faults than anybody can see", func(p *Plan) { p.Faults = make([]labs.Fault, maxFaults+1) }, "101 faults"},
	} {
		t.Run(c.why, func(t *testing.T) {
			p := good()
			if _, err := p.check(); err != nil {
				t.Fatal(err)
			}
			c.turn(&p)
			if _, err := p.check(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v: want %q in it", err, c.says)
			}
		})
	}
}

// FuzzPlan: whatever is accepted lies within the declared bounds.
func FuzzPlan(f *testing.F) {
	good, err := json.Marshal(NewPlan(labs.Spec{Load: map[string]any{}, Seconds: 1, Faults: []labs.Fault{{ID: "f", Kind: "slow-reader"}}}, "127.0.0.1:80", 5))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(good))
	f.Add(`{"addr":"127.0.0.1:1","start":1,"seconds":1,"load":{"client":"rpc","sources":250,"shape":"steps"},"client":{"retry-share":0.5,"work":1e-6}}`)
	f.Add(`{"addr":"127.0.0.1:1","start":1,"seconds":1,"load":{"client":"frames","shape":"ramp","peak":1,"renew":1e6},"client":{"tls":1.3,"codec":"tlv"}}`)
	f.Add(`{"addr":"[::1]:1","start":1e8,"seconds":60,"load":{"burst":1000,"depth":1,"rate":1e6}}`)
	f.Add(`{"addr":"127.0.0.1:1","start":0.1,"seconds":1e-300,"faults":[{"id":"","kind":"reset","at":-1e9}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := newInput(strings.NewReader(text)).plan()
		if err != nil {
			return
		}
		s, err := p.check()
		if err != nil {
			return
		}
		if s.start < 0 || s.end <= s.start || s.end > s.start+labs.MaxSeconds*time.Second || s.addr.Port() == 0 {
			t.Errorf("%+v", s)
		}
		if l := s.load; l != nil && (l.connections < 1 || l.size < 1 || l.burst < 1 || l.depth < l.burst || l.depth > 1000 || l.rate < 1 || l.peak < 1 || l.steps < 2 || l.sources < 1 || l.sources > 250 || l.heavy > 1 || l.share > 1) {
			t.Errorf("%+v", *l)
		}
		for _, f := range s.faults {
			if f.connections < 1 || f.to > s.end || f.kind != "idle" && f.size < 1 || f.kind == "reset" && f.pause <= 0 {
				t.Errorf("%+v", f)
			}
		}
	})
}
