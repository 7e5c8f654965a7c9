package workshop

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
)

// Caps bound what a learner may ask for beyond what a lesson itself asks: one host
// carries the whole class. The zero value of a field means its default.
type Caps struct {
	Connections int     `json:"connections"` // at once, of a run: 250 for each core
	Rate        float64 `json:"rate"`        // requests a second: 4000 for each core
	Seconds     float64 `json:"seconds"`     // measured, of one block: 30
	Total       float64 `json:"total"`       // of a whole comparison or sweep: 180
	// Settings are caps of further settings, by knob.NAME or load.NAME.
	Settings map[string]float64 `json:"settings,omitempty"`
}

// Of is the cap of a setting, knob.NAME or load.NAME, if it has one.
func (c Caps) Of(name string) (most float64, ok bool) {
	switch name {
	case "load.connections", "load.beside":
		return float64(c.Connections), true
	case "load.rate", "load.peak":
		return c.Rate, true
	}
	most, ok = c.Settings[name]
	return most, ok
}

func (c Caps) filled() Caps {
	cores := runtime.NumCPU()
	if c.Connections == 0 {
		c.Connections = 250 * cores
	}
	if c.Rate == 0 {
		c.Rate = float64(4000 * cores)
	}
	if c.Seconds == 0 {
		c.Seconds = 30
	}
	if c.Total == 0 {
		c.Total = 180
	}
	return c
}

// String says all of them in a line, by the names that set them.
func (c Caps) String() string {
	list := []string{fmt.Sprintf("load.connections=%d", c.Connections), fmt.Sprintf("load.rate=%g", c.Rate), fmt.Sprintf("seconds=%g", c.Seconds), fmt.Sprintf("total=%g", c.Total)}
	for _, name := range slices.Sorted(maps.Keys(c.Settings)) {
		list = append(list, fmt.Sprintf("%s=%g", name, c.Settings[name]))
	}
	return strings.Join(list, ", ")
}
