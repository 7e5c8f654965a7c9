package labs

import (
	"fmt"
	"slices"
	"strings"

	"socketlabs/labs/telemetry"
)

// MaxValues is how many values of its setting a sweep has at most.
const MaxValues = 12

// Swept returns the spec with the setting to be swept through the values, each
// checked as Set does and written in its usual form; the order is kept. Checks and
// predictions are then about all blocks together.
func (s Spec) Swept(l Lab, setting string, values []string) (Spec, error) {
	out := s.Clone()
	out.Sweep = &telemetry.Sweeping{Setting: setting}
	switch {
	case len(values) < 2:
		return s, fmt.Errorf("%s: a sweep has at least two values, separated by commas", setting)
	case len(values) > MaxValues:
		return s, fmt.Errorf("%s: %d values are too many: a sweep has at most %d", setting, len(values), MaxValues)
	}
	for _, text := range values {
		step := s.Clone()
		if err := step.Set(l, setting, strings.TrimSpace(text)); err != nil {
			return s, err
		}
		value := step.text(l, setting)
		if slices.Contains(out.Sweep.Values, value) {
			return s, fmt.Errorf("%s: %s stands here twice", setting, value)
		}
		out.Sweep.Values = append(out.Sweep.Values, value)
	}
	open := Full(LoadSettings(), s.Load)["model"] == "open"
	if setting == "load.rate" && !open {
		return s, fmt.Errorf("%s: only an open load has a rate: set load.model=open too", setting)
	}
	return out, nil
}

// Steps returns the spec of each block of a sweep, in order.
func (s Spec) Steps(l Lab) ([]Spec, error) {
	var out []Spec
	for _, value := range s.Sweep.Values {
		step := s.Clone()
		step.Sweep, step.Checks, step.Predictions = nil, nil, nil
		if err := step.Set(l, s.Sweep.Setting, value); err != nil {
			return nil, err
		}
		out = append(out, step)
	}
	return out, nil
}

// Labels are those of the blocks of a sweep, as the run's summary has them; nil
// when there is one block.
func (s Spec) Labels() []string {
	if s.Sweep == nil {
		return nil
	}
	var out []string
	for _, value := range s.Sweep.Values {
		out = append(out, telemetry.Step{Setting: s.Sweep.Setting, Value: value}.Label())
	}
	return out
}

// SweepPlan is the plan of a sweep: a block for each value, in order.
func (s Spec) SweepPlan(l Lab) (Plan, error) {
	steps, err := s.Steps(l)
	if err != nil {
		return Plan{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	asked := *s.Sweep
	asked.Checks, asked.Predictions = s.Checks, s.Predictions
	p := Plan{Name: s.Name, Kind: Sweep, Sweep: &asked}
	for i, label := range s.Labels() {
		p.Arms, p.Order = append(p.Arms, Arm{label, steps[i]}), append(p.Order, i)
	}
	return p, nil
}

// Blocks is how many blocks the spec runs.
func (s Spec) Blocks() int {
	if s.Sweep == nil {
		return 1
	}
	return len(s.Sweep.Values)
}

// text is a setting's value as it would be typed.
func (s Spec) text(l Lab, name string) string {
	space, key, _ := strings.Cut(name, ".")
	list, given := l.Knobs, s.Knobs
	if space == "load" {
		if list, given = LoadSettings(), s.Load; !slices.ContainsFunc(list, func(x Setting) bool { return x.Name == key }) {
			list, given = s.ClientSettings(), s.Client
		}
	}
	setting, _ := find(list, key)
	return setting.Text(given[key])
}
