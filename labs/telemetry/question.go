package telemetry

// Question is what a run's measurements are asked: it stands in the first event
// of a recording, so that judging the recording again gives the same answers.
type Question struct {
	Warmup  float64  `json:"warmup"`  // seconds that are run but not measured
	Seconds float64  `json:"seconds"` // seconds measured
	Windows []Window `json:"windows,omitempty"`

	Derive []Formula `json:"derive,omitempty"` // metrics made of metrics, in order
	Checks []Formula `json:"checks,omitempty"`
	Watch  []string  `json:"watch,omitempty"` // expressions: key figures
	Charts []Chart   `json:"charts,omitempty"`

	Predictions []Prediction `json:"predictions,omitempty"`

	Ask  map[string]any `json:"ask,omitempty"`  // ask.NAME: settings of the load
	Knob map[string]any `json:"knob,omitempty"` // knob.NAME: every flag of the lab

	// Metrics are the lab's own (lab.*), from its source; those of the other
	// sources are in Catalogue.
	Metrics []Metric `json:"metrics"`
}

// Window is a part of the measured time, in seconds from its beginning.
// The whole measured time has no name.
type Window struct {
	Name string  `json:"name"`
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// Formula is a named expression.
type Formula struct {
	ID   string `json:"id"`
	Expr string `json:"expr"`
}

// Chart is one group of metrics drawn together; counters are drawn as rates.
type Chart struct {
	Group   string   `json:"group"` // throughput latency queues calls cpu memory sockets errors link
	Metrics []string `json:"metrics"`
}

// Prediction is a question that is answered before the run, and the answer.
type Prediction struct {
	ID        string   `json:"id"`
	Kind      string   `json:"kind"`   // choice, number, queue, curve
	Answer    string   `json:"answer"` // expression; of a curve the name of a metric
	Choices   []string `json:"choices,omitempty"`
	Unit      string   `json:"unit,omitempty"`
	Tolerance string   `json:"tolerance,omitempty"` // "0", "10%", "5", "x10"

	// Range is the axis that a curve is drawn on, from and to, in the metric's
	// unit (a counter's is per second).
	Range []float64 `json:"range,omitempty"`

	Given   any  `json:"given,omitempty"` // the learner's: string, number, or a curve's numbers
	Skipped bool `json:"skipped,omitempty"`
}
