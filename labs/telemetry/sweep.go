package telemetry

// Sweeping is what a sweep steps through, and what all of its blocks together are
// asked: in these expressions what a block has as a value is a list, in the order
// of Values.
type Sweeping struct {
	Setting string   `json:"setting"` // knob.NAME or load.NAME
	Values  []string `json:"values"`  // as they would be typed, in the order of the blocks

	Checks      []Formula    `json:"checks,omitempty"`
	Predictions []Prediction `json:"predictions,omitempty"`
}
