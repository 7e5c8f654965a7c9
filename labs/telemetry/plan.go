package telemetry

// Arm is one of the things that the blocks of a run execute: what is asked of
// its measurements, and of which code.
type Arm struct {
	Label    string   `json:"label"`
	Lab      string   `json:"lab"`
	Code     string   `json:"code"`
	Edited   bool     `json:"edited,omitempty"`
	Exercise bool     `json:"exercise,omitempty"` // one function was another version
	Question Question `json:"question"`
}

// BlockEnd is what one of several blocks amounts to. A run of one block says
// the same in its End.
type BlockEnd struct {
	Label   string             `json:"label"`
	Trust   string             `json:"trust"` // green, amber or void
	Doubts  []Doubt            `json:"doubts,omitempty"`
	Checks  []Check            `json:"checks,omitempty"` // none when void
	Metrics map[string]float64 `json:"metrics,omitempty"`
	// Watched are the values of the watched and of the compared expressions
	// over the measured time, by expression; of what has none, Missing says why.
	Watched map[string]float64 `json:"watched,omitempty"`
	Missing map[string]string  `json:"missing,omitempty"`
	// Retry says that the block is void and that another, at the end of its
	// round, stands in for it.
	Retry bool `json:"retry,omitempty"`
	// SoFar is what the blocks of a comparison say up to here: pairs and
	// intervals, and no verdict, which is the End's alone.
	SoFar *Comparison `json:"so_far,omitempty"`
}

// Comparing is what arm 1 is asked against arm 0.
type Comparing struct {
	Metrics []Compared `json:"metrics"` // the first is what the lesson asks for
	// Expect is the lesson's verdict on the first metric: better, worse, none.
	Expect string `json:"expect,omitempty"`
	// Within is the share of a that the whole interval must stay inside when
	// none is expected.
	Within      float64      `json:"within,omitempty"`
	Predictions []Prediction `json:"predictions,omitempty"`
}

// Compared is an expression whose values are compared.
type Compared struct {
	Expr   string `json:"expr"`
	Better string `json:"better,omitempty"` // lower or higher; empty: neither
}

// Comparison is what the blocks of a run say of arm 1 (b) against arm 0 (a).
type Comparison struct {
	Level   float64      `json:"level"` // of the intervals together: 0.99
	Metrics []Difference `json:"metrics"`
	Pairs   int          `json:"pairs"`          // of neighbouring blocks that count
	Lost    int          `json:"lost,omitempty"` // pairs that do not: a block of theirs is void
	// As says whether the lesson's expectation was met; null when there is none,
	// or no verdict.
	As *bool `json:"as,omitempty"`
}

// Difference is what becomes of one expression from a to b. Ratios are b ÷ a;
// they are null when there is no verdict.
type Difference struct {
	Expr   string   `json:"expr"`
	Better string   `json:"better,omitempty"` // lower or higher; empty: neither
	A      *float64 `json:"a"`                // geometric mean over the pairs
	B      *float64 `json:"b"`
	Ratio  *float64 `json:"ratio"`
	Low    *float64 `json:"low"` // the interval's ends
	High   *float64 `json:"high"`
	// Least is the smallest ratio above 1 that the run could have told from 1.
	Least *float64 `json:"least"`
	// Pairs are the ratios of the pairs that count, in the order of time.
	Pairs []float64 `json:"pairs,omitempty"`
	// Verdict is better, worse, higher, lower (where neither is better) or none;
	// empty when there is no answer: Why then says zero, missing or few.
	Verdict string `json:"verdict"`
	Why     string `json:"why,omitempty"`
	Line    string `json:"line,omitempty"` // the judge's own words
}
