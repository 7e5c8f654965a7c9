package workshop

import "runtime"

// Caps bound what a learner may ask for beyond what a lesson itself asks: one host
// carries the whole class. The zero value of a field means its default.
type Caps struct {
	Connections int     `json:"connections"` // at once, of a run: 250 for each core
	Rate        float64 `json:"rate"`        // requests a second: 4000 for each core
	Seconds     float64 `json:"seconds"`     // measured, of one block: 30
	Total       float64 `json:"total"`       // of a whole comparison or sweep: 180
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
