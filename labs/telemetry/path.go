package telemetry

// Path is every queue of a request's way at one moment, and which stage was the
// bottleneck until then. It is said once a second, From the judge.
type Path struct {
	Stages  []Stage    `json:"stages"` // in the order of the way
	Verdict Bottleneck `json:"verdict"`
}

// Stage is one queue on the way of a request and its answer. What nobody tells
// is null and never 0.
type Stage struct {
	ID    string `json:"id"`             // client client_sendq link recvq accept parser workers out sendq
	Queue string `json:"queue"`          // its name in predictions: one of judge.Queues
	Unit  string `json:"unit,omitempty"` // bytes, requests, connections; of all three numbers below
	// Level is what the queue holds, In and Out are flows of the last second, a
	// second; Limit is how much it may hold, when that is fixed.
	Level *float64 `json:"level,omitempty"`
	In    *float64 `json:"in,omitempty"`
	Out   *float64 `json:"out,omitempty"`
	Limit *float64 `json:"limit,omitempty"`
	// Wait is how long the queue holds up what passes it, in seconds: its level
	// over its outflow (Little's law). Null when it holds nothing, or nothing leaves.
	Wait *float64 `json:"wait,omitempty"`
	// RTT and Again are of the link alone: seconds, and segments that were sent again
	// in the last second.
	RTT   *float64 `json:"rtt,omitempty"`
	Again *float64 `json:"again,omitempty"`
	// Metrics are where Level comes from: their sum, and of the link what the first
	// has more than the second.
	Metrics []string `json:"metrics,omitempty"`
	// Absent says why this run can not show the stage: no-load closed-loop
	// loopback no-gauge not-recorded. Then nothing but ID and Queue is set.
	Absent string `json:"absent,omitempty"`
}

// Bottleneck is which stage held up the rest: the one whose queue does not drain
// while everything behind it does. Times are in seconds of the measured time.
type Bottleneck struct {
	Stage string `json:"stage"` // a Stage's ID, or none
	Queue string `json:"queue"` // one of judge.Queues, or none
	// Cause says who does not take from the queue: app-stopped app-busy app-slow
	// not-accepting accept-slow workers-busy not-flushed peer-window unacknowledged
	// held-back congestion in-flight-full load-late parser-slow; of none: nothing-stands.
	Cause string `json:"cause"`
	// From and To are the longest time in which it was the bottleneck, Held the
	// seconds in all, Of the seconds that were looked at.
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Held float64 `json:"held"`
	Of   float64 `json:"of"`
	// Confidence is high, medium or low: how much of the time it held, and whether
	// another stage was the bottleneck at other times.
	Confidence string     `json:"confidence"`
	Evidence   []Evidence `json:"evidence,omitempty"` // between From and To
	Others     []string   `json:"others,omitempty"`   // stages that were the bottleneck at other times
	Behind     []string   `json:"behind,omitempty"`   // stages before it that stood meanwhile: back-pressure
}

// Evidence is one measured value on which the answer rests.
type Evidence struct {
	Code   string  `json:"code"` // least mean wait stuck limit out cpu window unsent unread inflight room busy
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit,omitempty"` // bytes, requests, connections, seconds, cores, share, or with "/s"
}
