package site

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"slices"

	"socketlabs/labs/telemetry"
	"socketlabs/runner"
)

// series is a run in columns: what a page that comes late draws before it
// follows the events after Seq.
type series struct {
	Seq    uint64                `json:"seq"`
	T      []float64             `json:"t"`      // seconds since the run began, ascending
	Values map[string][]*float64 `json:"values"` // each as long as T; null where nothing was said
	Events []json.RawMessage     `json:"events"` // all but samples; of figures and sockets only the latest
	Heat   []heatColumn          `json:"heat"`
}

// heatColumn is one second of response times.
type heatColumn struct {
	T       float64      `json:"t"` // when the second begins
	Buckets [][3]float64 `json:"b"` // low, high (seconds) and count, the empty ones left out
}

// A heat column has 28 rows: four to a decade from 10 µs to 100 s. What lies
// outside counts in the first and the last.
const (
	heatFloor = 1e-5
	heatSteps = 4
	heatRows  = 7 * heatSteps
)

// seriesMaker turns events into a series.
type seriesMaker struct {
	series
	block  int         // whose samples are taken, or allBlocks, or lastBlock
	newest int         // block that was heard of
	rows   map[int]int // index into T, by tick
	latest map[telemetry.Kind]int
	heat   heat
}

func newSeriesMaker(block int) *seriesMaker {
	return &seriesMaker{
		block:  block,
		series: series{T: []float64{}, Values: map[string][]*float64{}, Events: []json.RawMessage{}, Heat: []heatColumn{}},
		rows:   map[int]int{}, latest: map[telemetry.Kind]int{},
	}
}

// add takes the next event, whole as raw.
func (m *seriesMaker) add(e telemetry.Event, raw json.RawMessage) {
	m.Seq = e.Seq
	if m.block == lastBlock && e.Block > m.newest {
		m.forget()
		m.newest = e.Block
	}
	if m.block >= 0 && e.Block != m.block && !ofRun(e.Kind) {
		return
	}
	switch e.Kind {
	case telemetry.KindSample:
		m.sample(e)
		if h, ok := e.Hists["load"]; ok {
			m.heat.add(e.T, h)
		}
		return
	case telemetry.KindBlock:
		if m.block < 0 || e.Block == m.block {
			m.heat.begin(e)
		}
	case telemetry.KindFigures, telemetry.KindSockets:
		if i, ok := m.latest[e.Kind]; ok {
			m.Events[i] = nil
		}
		m.latest[e.Kind] = len(m.Events)
	}
	m.Events = append(m.Events, raw)
}

// sample puts values into the row of their time. Rows stay in order even where
// one source was late.
func (m *seriesMaker) sample(e telemetry.Event) {
	tick := int(math.Round(e.T / telemetry.Tick.Seconds()))
	row, ok := m.rows[tick]
	if !ok {
		row = len(m.T)
		m.rows[tick] = row
		m.T = append(m.T, float64(tick)/10)
	}
	for name, v := range e.Values {
		for len(m.Values[name]) <= row {
			m.Values[name] = append(m.Values[name], nil)
		}
		m.Values[name][row] = &v
	}
}

// done returns the series with every column of full length and T in order.
func (m *seriesMaker) done() series {
	order := make([]int, len(m.T))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, m.T[a]-m.T[b])) })
	t := make([]float64, len(order))
	for i, row := range order {
		t[i] = m.T[row]
	}
	for name, column := range m.Values {
		sorted := make([]*float64, len(order))
		for i, row := range order {
			if row < len(column) {
				sorted[i] = column[row]
			}
		}
		m.Values[name] = sorted
	}
	m.T = t
	m.Events = slices.DeleteFunc(m.Events, func(e json.RawMessage) bool { return e == nil })
	m.series.Heat = list(m.heat.end())
	return m.series
}

// heat makes columns of a cumulative histogram.
type heat struct {
	columns []heatColumn
	running bool
	from    float64             // when the open second begins
	base    telemetry.Histogram // as it was then
	last    telemetry.Histogram
}

// begin starts a block: fresh processes, so the histogram is empty again.
func (h *heat) begin(e telemetry.Event) {
	h.end()
	from := e.T
	if e.Begin != nil {
		from = e.Begin.Start
	}
	h.running, h.from = true, from
	h.base, h.last = telemetry.Histogram{}, telemetry.Histogram{}
}

// add takes a sample; the seconds that it completes become columns.
func (h *heat) add(t float64, sample telemetry.Histogram) {
	if !h.running || sample.Count < h.last.Count {
		return
	}
	h.last = sample
	if t < h.from+1-telemetry.Tick.Seconds()/2 {
		return
	}
	h.column()
	h.base = sample
	h.from += math.Max(1, math.Floor(t-h.from+telemetry.Tick.Seconds()/2))
}

// column closes the open second.
func (h *heat) column() {
	var rows [heatRows]float64
	h.last.Since(h.base).Each(func(low, high float64, n uint64) {
		row := int(math.Floor(math.Log10((low+high)/2/heatFloor) * heatSteps))
		rows[min(max(row, 0), heatRows-1)] += float64(n)
	})
	c := heatColumn{T: math.Round(h.from*10) / 10, Buckets: [][3]float64{}}
	for i, n := range rows {
		if n > 0 {
			c.Buckets = append(c.Buckets, [3]float64{heatEdge(i), heatEdge(i + 1), n})
		}
	}
	h.columns = append(h.columns, c)
}

// heatEdge is the lower edge of a row, in seconds.
func heatEdge(row int) float64 {
	return heatFloor * math.Pow(10, float64(row)/heatSteps)
}

// end closes a last second that is not whole, and returns all columns.
func (h *heat) end() []heatColumn {
	if h.running && h.last.Count > h.base.Count {
		h.column()
	}
	h.running = false
	return h.columns
}

// available reads what there is of a run, without waiting for more; over says
// that nothing follows.
func available(rd *runner.Reader, take func(batch []byte) error) (over bool, err error) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		b, err := rd.Next(ended)
		switch {
		case err == io.EOF:
			return true, nil
		case errors.Is(err, context.Canceled):
			return false, nil
		case err != nil:
			return false, err
		}
		if err := take(b.JSON); err != nil {
			return false, err
		}
	}
}

// split gives each event of a batch to f, decoded and raw.
func split(batch []byte, f func(telemetry.Event, json.RawMessage)) error {
	var raws []json.RawMessage
	if err := json.Unmarshal(batch, &raws); err != nil {
		return err
	}
	for _, raw := range raws {
		var e telemetry.Event
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		f(e, raw)
	}
	return nil
}

// runSeries is a run so far, or one block of it, in columns.
func (s *Site) runSeries(w http.ResponseWriter, r *http.Request) error {
	block, err := blockOf(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	key := seriesKey{sourceKey{run: id}, block}
	if zipped, ok := s.series.get(key); ok {
		return sendZipped(w, r, zipped)
	}
	rd, err := s.cfg.Runner.Follow(id, 0)
	if err != nil {
		return err
	}
	m := newSeriesMaker(block)
	over, err := available(rd, func(batch []byte) error { return split(batch, m.add) })
	if err != nil {
		return err
	}
	zipped, err := encode(m.done())
	if err == nil && over {
		s.series.put(key, zipped)
	}
	if err != nil {
		return err
	}
	return sendZipped(w, r, zipped)
}
