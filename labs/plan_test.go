package labs

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"socketlabs/labs/telemetry"
)

func TestPlans(t *testing.T) {
	spec := Spec{Name: "epoll/fits", Lab: "epoll", Warmup: 1, Seconds: 2}
	one := One(spec)
	if one.Kind != Single || one.Arms[0].Label != "fits" || len(one.Order) != 1 || one.Check() != nil || one.Repeats() != 0 {
		t.Errorf("%+v", one)
	}
	p := Interleaved("epoll/x", Arm{"a", spec}, Arm{"b", spec}, 3, telemetry.Comparing{})
	if want := []int{0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0}; !slices.Equal(p.Order, want) {
		t.Errorf("order %v", p.Order)
	}
	if s := p.Seconds(); math.Abs(s-12*(3+blockSeconds)) > 1e-9 || p.Repeats() != 4 {
		t.Errorf("%g s, %d repeats", s, p.Repeats())
	}
	if got := fmt.Sprint(p.Rounds()); got != "[[0 1 2 3] [4 5 6 7] [8 9 10 11]]" {
		t.Errorf("rounds %s", got)
	}
	sweep := Plan{Name: "epoll/s", Kind: Sweep, Arms: []Arm{{"1", spec}, {"2", spec}, {"3", spec}}, Order: []int{0, 1, 2}}
	if got := fmt.Sprint(sweep.Rounds()); got != "[[0 1 2]]" || sweep.Check() != nil {
		t.Errorf("a plan without rounds has one: %s", got)
	}
}

func TestBrokenPlans(t *testing.T) {
	arm := Arm{"a", Spec{Name: "x/y", Seconds: 1}}
	long := Arm{"a", Spec{Name: "x/y", Seconds: 30}}
	for want, p := range map[string]Plan{
		"at least one arm":  {Name: "x/y", Arms: []Arm{arm}},
		"a block of arm 1":  {Name: "x/y", Arms: []Arm{arm}, Order: []int{1}},
		"a block of arm -1": {Name: "x/y", Arms: []Arm{arm}, Order: []int{-1}},
		"41 blocks":         {Name: "x/y", Arms: []Arm{arm}, Order: make([]int, 41)},
		"has at most 600 s": {Name: "x/y", Arms: []Arm{long}, Order: make([]int, 20)},
		"two arms are":      {Name: "x/y", Arms: []Arm{arm}, Order: []int{0}, Compare: &telemetry.Comparing{}},
	} {
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
