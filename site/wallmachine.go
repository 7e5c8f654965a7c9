package site

import (
	"fmt"
	"math"
	"time"

	"socketlabs/labs"
	"socketlabs/runner"
)

// machineNow is the line about the machine: who measures and who waits.
type machineLine struct {
	Slots   int          `json:"slots"` // how many may be measured at once, of those that may share
	Used    int          `json:"used"`
	Alone   bool         `json:"alone"` // what is measured has the machine for itself
	Waiting int          `json:"waiting"`
	Free    int64        `json:"free"` // when all of them are over, about, in ms since 1970; 0: now
	Paused  bool         `json:"paused"`
	Runs    []machineRun `json:"runs"` // in their order
	Door    doorLine     `json:"door"`
}

// machineRun is a run in the queue.
type machineRun struct {
	Run        string `json:"run"`
	Person     string `json:"person"` // empty: the instructor's own
	Experiment string `json:"experiment"`
	Measured   bool   `json:"measured"`
	Begins     int64  `json:"begins,omitempty"` // to be measured, about, in ms since 1970
}

// doorLine is how people get in.
type doorLine struct {
	Code   string `json:"code"`
	Closed bool   `json:"closed"`
	Taken  int    `json:"taken"`
	Seats  int    `json:"seats"`
}

func (s *Site) machineNow(queue []runner.Waiting, begins map[string]int64) machineLine {
	d := s.cfg.Class.Door()
	m := machineLine{Slots: s.cfg.Runner.Limits().Shared, Paused: s.cfg.Runner.Paused(), Runs: []machineRun{}, Door: doorLine{d.Code, d.Closed, d.Taken, d.Seats}}
	for _, q := range queue {
		measured := !q.Began.IsZero()
		m.Runs = append(m.Runs, machineRun{q.Run, q.By, q.Experiment, measured, begins[q.Run]})
		takes := int64(q.Seconds * 1000)
		if measured {
			m.Used++
			m.Alone = m.Alone || q.Alone
			m.Free = max(m.Free, millis(q.Began)+takes)
		} else {
			m.Waiting++
			m.Free = max(m.Free, begins[q.Run]+takes)
		}
	}
	return m
}

// Pace is how many runs a host can measure in an hour, if they come without a break.
type Pace struct {
	Cores   int     `json:"cores"`
	Seconds float64 `json:"seconds"` // that an experiment of the lessons takes on average
	Alone   int     `json:"alone"`   // an hour, one after the other
	Slots   int     `json:"slots"`
	Shared  int     `json:"shared"` // an hour, so many at a time
	// Learners is for how many the machine can measure all that the lessons ask, one after
	// the other, in the minutes that the lessons take: of more, each waits longer than the
	// lessons reckon with. What learners turn themselves, and repeat, comes on top.
	Learners int `json:"learners"`
}

// Pace reckons with the lessons' experiments, each as often as the others; those of
// several blocks are left out.
func (s *Site) Pace() Pace {
	n, sum, minutes := 0, 0.0, 0
	for _, part := range s.shelf.edition().book.Parts {
		for _, l := range part.Lessons {
			if len(l.Experiments) > 0 {
				minutes += l.Minutes
			}
			for _, x := range l.Experiments {
				if x.Spec.Sweep == nil {
					n, sum = n+1, sum+labs.One(x.Spec).Seconds()
				}
			}
		}
	}
	p := Pace{Cores: s.cfg.Runner.Host().Cores, Slots: s.cfg.Runner.Limits().Shared}
	if n == 0 {
		return p
	}
	p.Learners = int(float64(minutes) * 60 / sum)
	p.Seconds = math.Round(10*sum/float64(n)) / 10
	p.Alone = tens(time.Hour.Seconds() * float64(n) / sum)
	p.Shared = tens(time.Hour.Seconds() * float64(n) / sum * float64(p.Slots))
	return p
}

// String is what the pace comes to, in a sentence.
func (p Pace) String() string {
	key := "machine.pace"
	if p.Slots < 2 {
		key = "machine.pace.one"
	}
	return Said("en", key, "learners", fmt.Sprint(p.Learners), "cores", fmt.Sprint(p.Cores), "seconds", fmt.Sprint(p.Seconds), "alone", fmt.Sprint(p.Alone), "slots", fmt.Sprint(p.Slots), "shared", fmt.Sprint(p.Shared))
}

// tens rounds down to two digits: it is an estimate.
func tens(v float64) int { return int(v/10) * 10 }
