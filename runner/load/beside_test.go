//go:build linux

package load

import (
	"testing"

	"socketlabs/labs"
)

// A closed loop beside an open load sees the same server freeze for a second.
// Half of the open load's requests fall due meanwhile, and the tenth that waits
// longest waits for 0.8 s at least. The closed loop asks nothing meanwhile: it has
// four answers that took the whole second, and never knows of the others.
func TestAClosedLoopBesideOmitsTheStall(t *testing.T) {
	const seconds, rate, connections = 2.0, 400.0, 4.0
	load := open(connections, 64, rate, 1)
	load["beside"] = connections
	length, o := stalled(t, seconds, load)
	if late := o.last.Hists["load.late"].Quantile(.99); late > 20e-3 {
		t.Skipf("NOT TESTED: the machine was busy, the generator %.0f ms late", late*1e3)
	}
	response, claim := o.last.Hists["load"], o.last.Hists["load.closed"]
	stall := length.Seconds()
	if p90 := response.Quantile(.9); p90 < 0.6*stall {
		t.Errorf("open: p90 %.3f s of a stall of %.3f s", p90, stall)
	}
	if p90 := claim.Quantile(.9); p90 > 0.1*stall {
		t.Errorf("closed: it claims a p90 of %.3f s", p90)
	}
	if claim.Max < 0.9*stall {
		t.Errorf("closed: the longest answer took %.3f s of a stall of %.3f s", claim.Max, stall)
	}
	if n, most := float64(claim.Count), rate*(seconds-stall)*1.1+2*connections; n < 0.5*rate*(seconds-stall) || n > most {
		t.Errorf("closed: %.0f answers, want those of the time without the stall: %.0f at most", n, most)
	}
	o.want(t, "requests", 0.95*rate*seconds, 1.01*rate*seconds)
	o.want(t, "open", connections, connections)
}

// Without a stall it asks as often as the open load does, and nothing of it is
// counted there. What falls due while an answer is late is left out, so a run in
// which the generator itself was late is void, and there are five attempts.
func TestAClosedLoopBesideKeepsThePace(t *testing.T) {
	load := open(4, 64, 400, 1)
	load["beside"] = 2.0
	late := 0.0
	for range 5 {
		addr, _ := serve(t, echo(same))
		o := play(t, addr, labs.Spec{Load: load, Seconds: 0.5})
		if o.err != nil {
			t.Fatal(o.err)
		}
		o.want(t, "errors", 0, 0)
		o.want(t, "bytes_out", 64*o.value("sent"), 64*o.value("sent"))
		n := o.last.Hists["load.closed"].Count
		if n > 101 {
			t.Fatalf("%d answers: the schedule has 100", n)
		}
		if late = o.last.Hists["load.late"].Quantile(.99); late < 2e-3 {
			if n < 80 {
				t.Errorf("%d answers, want 100: half as many as the load's 200", n)
			}
			return
		}
	}
	t.Skipf("NOT TESTED: the machine was busy, the generator %.0f ms late", late*1e3)
}

// A wrong byte is an error, whoever got it.
func TestAClosedLoopBesideVerifies(t *testing.T) {
	t.Parallel()
	load := open(1, 64, 1, 1)
	load["beside"] = 100.0
	addr, _ := serve(t, echo(func(data []byte, from int) []byte { return make([]byte, len(data)) }))
	o := play(t, addr, labs.Spec{Load: load, Seconds: 0.5})
	o.want(t, "mismatches", 2, many)
	o.want(t, "errors", 2, many)
}

// A closed load has no other beside it.
func TestNothingIsBesideAClosedLoad(t *testing.T) {
	load := closed(1, 64, 1, 1)
	load["beside"] = 5.0
	s, err := (Plan{Load: load}).settings()
	if err != nil || s.closed() != nil {
		t.Errorf("%+v, %v", s.closed(), err)
	}
}
