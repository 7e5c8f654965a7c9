package load

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

func TestSmoke(t *testing.T) {
	for _, l := range []map[string]any{
		{"model": "closed", "connections": 64.0, "size": 64.0},
		{"model": "closed", "connections": 4.0, "size": 64.0, "depth": 16.0},
		{"model": "closed", "connections": 4.0, "size": 64.0, "burst": 16.0},
		{"model": "closed", "connections": 4.0, "size": 4e6},
		{"model": "open", "connections": 1000.0, "rate": 5000.0},
		{"model": "open", "connections": 10.0, "rate": 20000.0, "burst": 20.0},
		{"model": "open", "connections": 1.0, "rate": 300.0},
	} {
		ln, _ := net.Listen("tcp", "127.0.0.1:0")
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil { return }
				go func() { io.Copy(struct{io.Writer}{c}, struct{io.Reader}{c}); c.Close() }()
			}
		}()
		now := newClock().now().Truncate(telemetry.Tick) + 3*telemetry.Tick
		var last telemetry.Event
		n := 0
		begin := time.Now()
		c0 := cpu()
		err := Run(context.Background(), NewPlan(labs.Spec{Load: l, Seconds: 1}, ln.Addr().String(), now.Seconds()), func(e telemetry.Event) {
			if e.Kind == telemetry.KindSample { last = e; n++ } else { fmt.Println(e.Kind, e.Text, e.State) }
		})
		h, s, late := last.Hists["load"], last.Hists["load.service"], last.Hists["load.late"]
		fmt.Println(l, err, n, time.Since(begin))
		fmt.Printf("  req %v sent %v mism %v err %v backlog %v oldest %v in %v cpu/req %.2fus  p50 %.1fus p99 %.1f  service p50 %.1f late p50 %.1f p99 %.1f max %.1f\n", last.Values["load.requests"], last.Values["load.sent"], last.Values["load.mismatches"], last.Values["load.errors"], last.Values["load.backlog"], last.Values["load.oldest"], last.Values["load.inflight"],
		 (cpu()-c0).Seconds()*1e6/last.Values["load.requests"], h.Quantile(.5)*1e6, h.Quantile(.99)*1e6, s.Quantile(.5)*1e6, late.Quantile(.5)*1e6, late.Quantile(.99)*1e6, late.Max*1e6)
		ln.Close()
	}
}
