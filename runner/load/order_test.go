//go:build linux

package load

import (
	"context"
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// TestOrders: faults are switched on and off while the plan is carried out, also
// one that the plan has, and one that has not begun.
func TestOrders(t *testing.T) {
	t.Parallel()
	addr, _ := serve(t, echo(same))
	spec := labs.Spec{Load: closed(2, 64, 1, 1), Seconds: 1.5, Faults: []labs.Fault{
		{ID: "planned", Kind: "idle", At: 0}, {ID: "later", Kind: "idle", At: 1},
	}}
	orders := make(chan Order)
	var o outcome
	start := soon()
	at := func(s float64, order Order) {
		time.Sleep(time.Duration((start+s)*float64(time.Second)) - newClock().now())
		orders <- order
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		at(0.2, Order{On: &labs.Fault{ID: "f1", Kind: "flood", At: 50, With: map[string]any{"connections": 20.0}}})
		at(0.3, Order{On: &labs.Fault{ID: "f2", Kind: "idle", For: 0.3, With: map[string]any{"connections": 4.0}}})
		at(0.4, Order{On: &labs.Fault{ID: "wrong", Kind: "no-such"}})
		at(0.5, Order{Off: "planned"})
		at(0.5, Order{Off: "later"})
		at(0.8, Order{Off: "f1"})
		at(0.8, Order{Off: "nobody"})
	}()
	err := perform(context.Background(), NewPlan(spec, addr, start), orders, func(e telemetry.Event) {
		o.events = append(o.events, e)
		if e.Kind == telemetry.KindSample {
			o.last = e
		}
	})
	<-done
	if err != nil {
		t.Fatal(err)
	}
	on, off := map[string]float64{}, map[string]float64{}
	for _, e := range o.of(telemetry.KindFault) {
		if e.Fault.On {
			on[e.Fault.ID] = e.T - start
		} else {
			off[e.Fault.ID] = e.T - start
		}
	}
	for id, want := range map[string][2]float64{"planned": {0, 0.5}, "f1": {0.2, 0.8}, "f2": {0.3, 0.6}} {
		if b, e := on[id], off[id]; b < want[0]-0.01 || b > want[0]+0.2 || e < want[1]-0.01 || e > want[1]+0.2 {
			t.Errorf("%s was on from %.2f to %.2f s, want %v", id, b, e, want)
		}
	}
	if len(on) != 3 || len(off) != 3 {
		t.Errorf("switched on %v and off %v", on, off)
	}
	most := 0.0
	for _, e := range o.of(telemetry.KindSample) {
		most = max(most, e.Values["load.misbehaving"])
	}
	if most != 25 || o.value("misbehaving") != 0 {
		t.Errorf("%g misbehaved at once and %g at the end: want 25 and 0", most, o.value("misbehaving"))
	}
	o.want(t, "errors", 0, 0)
	o.want(t, "requests", 100, 1e9)
	said := o.of(telemetry.KindLog)
	if len(said) != 1 || said[0].Level != "warn" {
		t.Errorf("said: %+v", said)
	}
}
