package telemetry

import "strings"

// Step is what one block of a sweep is about: one value of one setting, and the
// server when several are swept. It is the label of the block's arm.
type Step struct {
	Server  string // "epollet"; empty: the experiment's own
	Setting string // "load.rate"
	Value   string // as it would be typed: "4000"
}

// Label writes the step as "load.rate=4000" or "epollet load.rate=4000".
func (s Step) Label() string {
	label := s.Setting + "=" + s.Value
	if s.Server != "" {
		label = s.Server + " " + label
	}
	return label
}

// ParseStep reads a label; it is false for one that is no step's.
func ParseStep(label string) (Step, bool) {
	name, value, ok := strings.Cut(label, "=")
	server, setting, several := strings.Cut(name, " ")
	if !several {
		server, setting = "", name
	}
	return Step{server, setting, value}, ok && setting != ""
}
