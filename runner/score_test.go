package runner

import (
	"testing"
	"time"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// A load whose last sample comes after the tick was judged is counted in the last
// figures all the same, and those of a load in time are said once.
func TestTheLastFiguresHaveTheLastSample(t *testing.T) {
	for name, late := range map[string]bool{"in time": false, "late": true} {
		t.Run(name, func(t *testing.T) {
			spec := labs.Spec{Name: "x/y", Seconds: 1, Load: map[string]any{}, Watch: []string{"load.requests"}}
			j, err := judge.New(spec.Question(labs.Lab{}), telemetry.Host{})
			if err != nil {
				t.Fatal(err)
			}
			a := open(t)
			id := newID(time.Now())
			log, err := begin(a, id, telemetry.Event{Kind: telemetry.KindRun, Run: &telemetry.Run{ID: id}})
			if err != nil {
				t.Fatal(err)
			}
			s := score{journal: log, judge: j, gates: map[string]*gate{telemetry.FromLab: newGate(1), telemetry.FromLoad: newGate(1)},
				next: 1, start: 1, stop: 11, newest: map[string]tick{}}
			j.Begin(telemetry.Block{Start: 0.1, Seconds: 1})
			for k := tick(1); k <= 12; k++ {
				if k < 11 || k == 11 && !late {
					s.add(telemetry.Event{T: float64(k) / 10, Kind: telemetry.KindSample, From: telemetry.FromLoad, Values: map[string]float64{"load.requests": float64(k-1) * 10}})
				} else {
					s.add(telemetry.Event{T: float64(k) / 10, Kind: telemetry.KindSample, From: telemetry.FromLab, Values: map[string]float64{"lab.open": 1}})
				}
				if err := s.write(); err != nil {
					t.Fatal(err)
				}
			}
			if late {
				s.add(telemetry.Event{T: 1.1, Kind: telemetry.KindSample, From: telemetry.FromLoad, Values: map[string]float64{"load.requests": 100}})
			}
			if err := s.rest(); err != nil {
				t.Fatal(err)
			}
			if err := log.end(telemetry.Event{Kind: telemetry.KindEnd, End: &telemetry.End{Phase: telemetry.Finished}}); err != nil {
				t.Fatal(err)
			}
			rd, err := a.follow(id, 0)
			if err != nil {
				t.Fatal(err)
			}
			events, _ := readAll(t, rd, 0)
			last, times, paths := 0.0, 0, 0
			for _, e := range events {
				if e.Kind == telemetry.KindPath {
					paths++
				}
				if e.Kind == telemetry.KindFigures {
					if last = e.Values["load.requests"]; e.T == 1.1 {
						times++
					}
				}
			}
			if want := map[bool]int{false: 1, true: 2}[late]; last != 100 || times != want || paths != 1 {
				t.Errorf("the last figure is %g, said %d times at the last tick, with %d paths; want 100, %d and 1", last, times, paths, want)
			}
		})
	}
}
