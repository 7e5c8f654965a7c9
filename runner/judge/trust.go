package judge

import (
	"sort"

	"socketlabs/labs/telemetry"
)

// When a run is not trusted fully. Void means that what it measured says
// nothing; amber, that others had a hand in it.
const (
	// maxLate voids open-loop load whose p99 of lateness exceeds it, in seconds:
	// the schedule that the response times count from was not kept.
	maxLate = 0.010
	// A lost sample is amber. Void are more lost than maxLost of all and more than
	// one, or maxBlind and more in a row. Counted are the load generator and the
	// kernel, which nothing in an experiment stops; a lab may be frozen on purpose.
	maxLost  = 0.02
	maxBlind = 2
	// maxSteal is amber: the share of all cores' time that the hypervisor took.
	maxSteal = 0.05
	// The machine is crowded when more than maxBusy of its cores were in use and
	// more than maxOthers cores of that by neither the lab nor the load: amber.
	maxBusy   = 0.95
	maxOthers = 0.3
)

// doubts returns why the measured window is not to be trusted fully.
func (j *Judge) doubts(v view) []telemetry.Doubt {
	var out []telemetry.Doubt
	for _, d := range []*telemetry.Doubt{j.late(v), j.gaps(v), j.steal(v), j.crowd(v), j.beside(v)} {
		if d != nil {
			out = append(out, *d)
		}
	}
	return out
}

func trust(doubts []telemetry.Doubt) string {
	colour := "green"
	for _, d := range doubts {
		if d.Void {
			return "void"
		}
		colour = "amber"
	}
	return colour
}

func (j *Judge) late(v view) *telemetry.Doubt {
	if j.q.Ask["model"] != "open" {
		return nil
	}
	h, err := j.words.tracks["load.late"].cut(v)
	if late := h.Quantile(0.99); err == nil && late > maxLate {
		return &telemetry.Doubt{Code: "late", Value: late, Bound: maxLate, Void: true}
	}
	return nil
}

// gaps is about the source that lost most. Its value and bound are counts of
// samples: of those in a row when that is what voids the run.
func (j *Judge) gaps(v view) *telemetry.Doubt {
	sources := []string{telemetry.FromKernel}
	if len(j.q.Ask) > 0 {
		sources = append(sources, telemetry.FromLoad)
	}
	lost, row := 0, 0
	for _, s := range sources {
		l, r := missing(j.heard[s], v.span)
		lost, row = max(lost, l), max(row, r)
	}
	bound := max(1, maxLost*float64(v.to-v.from))
	switch {
	case lost == 0:
		return nil
	case float64(lost) > bound:
		return &telemetry.Doubt{Code: "gaps", Value: float64(lost), Bound: bound, Void: true}
	case row >= maxBlind:
		return &telemetry.Doubt{Code: "gaps", Value: float64(row), Bound: maxBlind - 1, Void: true}
	}
	return &telemetry.Doubt{Code: "gaps", Value: float64(lost)}
}

// missing counts the ticks of the span that are not in heard, which is in order,
// and the most of them in a row.
func missing(heard []int, s span) (lost, row int) {
	last := s.from
	for _, tick := range append(heard[sort.SearchInts(heard, s.from+1):sort.SearchInts(heard, s.to+1):len(heard)], s.to+1) {
		row = max(row, tick-last-1)
		lost += tick - last - 1
		last = tick
	}
	return lost, row
}

func (j *Judge) steal(v view) *telemetry.Doubt {
	stolen, err := j.words.tracks["host.steal"].increase(v)
	share := stolen / v.seconds() / float64(max(j.host.Cores, 1))
	if err == nil && share > maxSteal {
		return &telemetry.Doubt{Code: "steal", Value: share, Bound: maxSteal}
	}
	return nil
}

// crowd's value is the cores in use by neither the lab nor the load.
func (j *Judge) crowd(v view) *telemetry.Doubt {
	busy, err := j.words.tracks["host.busy"].level(v, "mean")
	if err != nil || busy <= maxBusy*float64(max(j.host.Cores, 1)) {
		return nil
	}
	ours := 0.0
	for _, name := range []string{"kernel.cpu", "load.cpu"} {
		if cpu, err := j.words.tracks[name].increase(v); err == nil {
			ours += cpu / v.seconds()
		}
	}
	if others := busy - ours; others > maxOthers {
		return &telemetry.Doubt{Code: "load", Value: others, Bound: maxOthers}
	}
	return nil
}

// beside's value is how many other runs were measured at the same time, at most.
func (j *Judge) beside(v view) *telemetry.Doubt {
	others, err := j.words.tracks["host.beside"].level(v, "max")
	if err != nil || others == 0 {
		return nil
	}
	return &telemetry.Doubt{Code: "beside", Value: others}
}
