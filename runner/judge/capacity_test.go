package judge

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

// mm1 are steps of M/M/1: Poisson arrivals at λ, exponential service at μ, whose
// mean response time is 1/(μ−λ).
func mm1(mu float64, lambdas ...float64) []Point {
	var out []Point
	for _, l := range lambdas {
		mean := 1 / (mu - l)
		out = append(out, Point{At: &l, Throughput: &l, Mean: &mean, Trust: "green"})
	}
	return out
}

// Kleinrock 1979: the power λ(μ−λ) of M/M/1 is largest at λ = μ/2, where the mean
// number in the system is 1 and the response time is twice the service time.
func TestTheKneeOfMM1IsAtHalfItsRate(t *testing.T) {
	steps := mm1(1000, 100, 200, 300, 400, 500, 600, 700, 800, 900)
	if k := knee(steps); k == nil || *steps[k.Step].At != 500 || k.End != "" {
		t.Errorf("knee %+v, want that at 500", k)
	}
	for _, c := range []struct {
		why   string
		steps []Point
		want  *Knee
	}{
		{"all below it: it may lie further out", mm1(1000, 100, 200, 300), &Knee{2, "last"}},
		{"all above it", mm1(1000, 600, 700, 800), &Knee{0, "first"}},
		{"two steps have no knee", mm1(1000, 400, 500), nil},
	} {
		if got := knee(c.steps); (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s: %+v, want %+v", c.why, got, c.want)
		}
	}
	void := mm1(1000, 300, 400, 500, 600, 700)
	void[2].Trust = "void"
	if k := knee(void); k == nil || k.Step == 2 {
		t.Errorf("a void step is no knee: %+v", k)
	}
}

// A closed system of N clients without think time whose server takes S for each
// has X = 1/S and R = N·S as soon as the server is busy, and with think time Z the
// asymptotes meet at N* = (Z+S)/S (Denning and Buzen, Computing Surveys 10, 1978).
// With the bounds themselves, X = min(N/(Z+S), 1/S), the power is largest there.
func TestTheKneeOfAClosedSystemIsWhereItsBoundsMeet(t *testing.T) {
	const service, think = 0.001, 0.007 // N* = 8
	var steps []Point
	for n := 1.0; n <= 16; n++ {
		x := min(n/(think+service), 1/service)
		r := n/x - think
		steps = append(steps, Point{At: &n, Throughput: &x, Mean: &r, Trust: "green"})
	}
	if k := knee(steps); k == nil || *steps[k.Step].At != 8 {
		t.Errorf("knee %+v, want that at 8 clients", k)
	}
}

func TestWhereTheObjectiveBreaks(t *testing.T) {
	yes, no := true, false
	of := func(met ...*bool) []Point {
		var out []Point
		for _, m := range met {
			out = append(out, Point{Trust: "amber", Met: m})
		}
		return out
	}
	for _, c := range []struct {
		why   string
		steps []Point
		want  *Break
	}{
		{"between two steps", of(&yes, &yes, &no, &no), &Break{1, 2, false}},
		{"a step in between has no value", of(&yes, nil, &no), &Break{0, 2, false}},
		{"never", of(&yes, &yes), &Break{1, -1, false}},
		{"from the first on", of(&no, &no), &Break{-1, 0, false}},
		{"not sharply", of(&yes, &no, &yes, &no), &Break{0, 1, true}},
		{"nothing was judged", of(nil, nil), nil},
	} {
		if got := breaks(c.steps); (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s: %+v, want %+v", c.why, got, c.want)
		}
	}
}

// recordedRates is the recording of a sweep of the blocks of rates, in another
// order than that of their values.
func recordedRates(t *testing.T) []telemetry.Event {
	t.Helper()
	head := telemetry.Run{Host: host, Sweep: &telemetry.Sweeping{Setting: "load.rate", Values: []string{"400", "100", "200"}}}
	events := []telemetry.Event{{Kind: telemetry.KindRun, Run: &head}}
	judges := rates(t)
	for number, i := range []int{2, 0, 1} {
		label := telemetry.Step{Setting: "load.rate", Value: []string{"100", "200", "400"}[i]}.Label()
		head.Arms = append(head.Arms, telemetry.Arm{Label: label, Lab: "epoll", Question: judges[i].q})
		begin := telemetry.Block{Label: label, Arm: number, Slot: number, Start: begin, Seconds: 4}
		of := []telemetry.Event{{Kind: telemetry.KindBlock, Begin: &begin}}
		of = append(of, worldOfRate(i).events()...)
		end := judges[i].End(label, nil)
		for _, e := range append(of, telemetry.Event{Kind: telemetry.KindBlockEnd, BlockEnd: &end}) {
			e.Block = number
			events = append(events, e)
		}
	}
	head.Question = head.Arms[0].Question
	return events
}

func TestCapacityOfASweep(t *testing.T) {
	events := recordedRates(t)
	whole, err := CapacityOf(events, UsualObjective(0.003))
	if err != nil {
		t.Fatal(err)
	}
	light, err := CapacityAt(slices.DeleteFunc(slices.Clone(events), func(e telemetry.Event) bool { return e.Kind == telemetry.KindSample }), 0.003)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := fmt.Sprint(asJSON(whole)), fmt.Sprint(asJSON(light)); a != b {
		t.Errorf("judged again:\n%s\nfrom the blocks' ends:\n%s", a, b)
	}
	if whole.Setting != "load.rate" || len(whole.Curves) != 1 || len(whole.Curves[0].Steps) != 3 {
		t.Fatalf("%+v", whole)
	}
	steps := whole.Curves[0].Steps
	for i, want := range []struct{ throughput, p99, offered float64 }{{100, 0.001, 100}, {200, 0.002, 200}, {300, 0.004, 400}} {
		s := steps[i]
		if *s.Throughput != want.throughput || math.Abs(*s.P99-want.p99) > 0.01*want.p99 || *s.Offered != want.offered {
			t.Errorf("step %d: %v answers/s, p99 %v, offered %v; want %+v", i, *s.Throughput, *s.P99, *s.Offered, want)
		}
	}
	if b := whole.Curves[0].Break; b == nil || b.Last != 1 || b.First != 2 {
		t.Errorf("break %+v, want between the second and the third", b)
	}
	if l := whole.Curves[0].Law; l.Fits || l.Why != "setting" {
		t.Errorf("the law is not about rates: %+v", l)
	}
	bad, err := CapacityOf(events, "load.p98 < 0.003")
	if s := bad.Curves[0].Steps[0]; err != nil || s.Met != nil || !strings.Contains(s.Why, "no such name") {
		t.Errorf("an objective that does not compile: %+v, %v", s, err)
	}
	if _, err := CapacityOf([]telemetry.Event{{Run: &telemetry.Run{}}}, UsualObjective(1)); err == nil {
		t.Error("a run of one experiment is no sweep")
	}
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func TestObjectiveCompiles(t *testing.T) {
	q := question()
	if err := Lint(q, UsualObjective(0.00025), true); err != nil {
		t.Error(err)
	}
}
