package telemetry

import (
	"sync/atomic"
	"unicode"
)

// MetricKind says how a metric's values combine over time.
type MetricKind string

const (
	KindCounter   MetricKind = "counter"   // cumulative; a window sees its increase
	KindGauge     MetricKind = "gauge"     // a window sees last, min, max, mean
	KindHistogram MetricKind = "histogram" // cumulative; a window sees p50 p90 p95 p99 p999 mean min max count
)

// Metric describes one name of the stream.
type Metric struct {
	Name string     `json:"name"`
	Kind MetricKind `json:"kind"`
	Unit string     `json:"unit,omitempty"` // seconds, bytes, or empty for a count
}

// Counter counts events. The zero value is ready; all methods may be called
// from any thread.
type Counter struct{ n atomic.Uint64 }

func (c *Counter) Inc() { c.n.Add(1) }

// Add adds n, which must not be negative.
func (c *Counter) Add(n int) { c.n.Add(uint64(n)) }

func (c *Counter) Value() uint64 { return c.n.Load() }

// Gauge is a level: it goes up and down. The zero value is ready; all methods
// may be called from any thread.
type Gauge struct{ n atomic.Int64 }

func (g *Gauge) Inc()         { g.n.Add(1) }
func (g *Gauge) Dec()         { g.n.Add(-1) }
func (g *Gauge) Add(n int)    { g.n.Add(int64(n)) }
func (g *Gauge) Set(n int)    { g.n.Store(int64(n)) }
func (g *Gauge) Value() int64 { return g.n.Load() }

// Name turns a Go field name into a metric's: ShortWrites becomes short_writes.
func Name(field string) string {
	var out []rune
	runes := []rune(field)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			out = append(out, '_')
		}
		out = append(out, unicode.ToLower(r))
	}
	return string(out)
}
