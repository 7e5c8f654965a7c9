package site

import (
	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner/judge"
)

// metric is what the page knows of a name of the stream, or of an expression over them.
type metric struct {
	Kind  telemetry.MetricKind `json:"kind"`
	Unit  string               `json:"unit"`  // seconds, bytes, or empty
	Label content.Text         `json:"label"` // empty of an expression, which is its own
}

// describe adds metrics with their labels.
func describe(into map[string]metric, words content.Words, metrics []telemetry.Metric) {
	for _, m := range metrics {
		into[m.Name] = metric{m.Kind, m.Unit, word(words.Metrics, m.Name)}
	}
}

// derived adds what a run shows that is made of metrics, in the unit that it comes to:
// its formulas, what it watches, and parts of a metric like load.p99. settings are the
// units of what it asks for, as labs.Spec has them.
func derived(into map[string]metric, words content.Words, q telemetry.Question, settings map[string]string) *judge.Units {
	units := judge.NewUnits(q, settings)
	for _, f := range q.Derive {
		into[f.ID] = metric{telemetry.KindGauge, units.Of(f.ID), word(words.Metrics, f.ID)}
	}
	shown := append([]string{"load.p99"}, q.Watch...) // the timeline traces it
	for _, c := range q.Charts {
		shown = append(shown, c.Metrics...)
	}
	for _, name := range shown {
		_, known := into[name]
		_, labelled := words.Metrics[name]
		m := metric{telemetry.KindGauge, units.Of(name), content.Text{}}
		if labelled {
			m.Label = word(words.Metrics, name)
		}
		if !known && (labelled || m.Unit != "") {
			into[name] = m
		}
	}
	return units
}
