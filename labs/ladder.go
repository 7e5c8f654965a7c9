package labs

import (
	"fmt"
	"slices"
	"strings"

	"socketlabs/labs/telemetry"
)

// Rung is a server of the ladder: each more complex than the one before.
type Rung struct {
	Name  string         `json:"name"`
	Lab   string         `json:"lab"`
	Knobs map[string]any `json:"knobs,omitempty"`
	// Client is what the load speaks. A rung with another client has another load,
	// and its curve is no rival of the others.
	Client string `json:"client"`
}

// Ladder of section 22.8.
const (
	LadderName    = "ladder"
	ladderSetting = "load.connections"
	// ladderFile is how much of its file a download asks for, in bytes.
	ladderFile = 262144.0
)

// ladderSteps are enough for the scalability law, and few enough for all rungs to
// take less than three minutes.
var ladderSteps = []string{"1", "4", "16", "64", "256"}

// Rungs are the servers of the ladder, on a machine with so many cores.
func Rungs(cores int) []Rung {
	return []Rung{
		{Name: "blocking", Lab: "blocking", Knobs: map[string]any{"model": "one"}, Client: "echo"},
		{Name: "threads", Lab: "blocking", Knobs: map[string]any{"model": "threads"}, Client: "echo"},
		{Name: "epoll", Lab: "epoll", Client: "echo"},
		{Name: "epollet", Lab: "epollet", Client: "echo"},
		{Name: "reuseport", Lab: "reuseport", Knobs: map[string]any{"listeners": float64(min(max(cores, 1), 64))}, Client: "echo"},
		{Name: "uring", Lab: "uring", Client: "echo"},
		{Name: "sendfile", Lab: "sendfile", Knobs: map[string]any{"copy": "sendfile"}, Client: "file"},
	}
}

// Ladder is the plan that measures the rungs one after the other, each with the
// same numbers of clients that send a request and wait for its answer.
func Ladder(rungs []Rung) (Plan, error) {
	p := Plan{Name: LadderName, Kind: Sweep, Sweep: &telemetry.Sweeping{Setting: ladderSetting, Values: ladderSteps}}
	if len(rungs) == 0 {
		return p, fmt.Errorf("%s: it has at least one rung", LadderName)
	}
	for _, r := range rungs {
		base := Spec{Name: LadderName, Lab: r.Lab, Knobs: r.Knobs, Warmup: 0.3, Seconds: 1.1,
			Load:  map[string]any{"model": "closed", "client": r.Client},
			Watch: []string{"load.requests", "load.p99", "kernel.cpu"}}
		if r.Client == "file" {
			base.Load["size"], base.Client = ladderFile, map[string]any{"verify": false}
		}
		for _, n := range ladderSteps {
			spec := base.Clone()
			if err := spec.Set(Lab{}, ladderSetting, n); err != nil {
				return p, err
			}
			label := telemetry.Step{Server: r.Name, Setting: ladderSetting, Value: n}.Label()
			p.Order = append(p.Order, len(p.Arms))
			p.Arms = append(p.Arms, Arm{label, spec})
		}
	}
	return p, nil
}

// Without leaves out the rungs of these names.
func Without(rungs []Rung, names []string) ([]Rung, error) {
	for _, name := range names {
		if !slices.ContainsFunc(rungs, func(r Rung) bool { return r.Name == name }) {
			var have []string
			for _, r := range rungs {
				have = append(have, r.Name)
			}
			return rungs, fmt.Errorf("%q is no rung: there are %s", name, strings.Join(have, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(rungs), func(r Rung) bool { return slices.Contains(names, r.Name) }), nil
}
