package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"socketlabs/content"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// printed is an experiment's recording on paper: what the bench shows, without
// what can be pressed.
type printed struct {
	Author  bool // it is the author's, not the reader's own
	Host    telemetry.Host
	Began   time.Time
	Figures []printedFigure
	Charts  []printedChart
	Steps   []judge.Point // of a sweep
	Setting string
	Checks  map[string]breakCell
}

// printedFigure is a watched expression; Label is empty where it has none.
type printedFigure struct {
	Label       content.Text
	Expr, Value string
}

// printedChart is one unit of a group of metrics over the measured time.
type printedChart struct {
	Title, Unit content.Text
	Lines       []printedLine
	Drawing     template.HTML
}

type printedLine struct {
	Label             content.Text
	Least, Most, Last string
}

// cell is a check as it was judged; without a recording it waits.
func (p *printed) cell(check string) breakCell {
	if p != nil {
		if c, ok := p.Checks[check]; ok {
			return c
		}
	}
	return breakCell{State: "wait", Value: "–"}
}

// press keeps what was made of recordings that have ended.
type press struct {
	mu   sync.Mutex // guards have
	have map[sourceKey]*printed
}

// maxPrinted bounds what is kept: a book has some hundred experiments.
const maxPrinted = 512

// printedOf is the reader's newest recording of an experiment that is worth
// quoting, else the author's; nil when there is none.
func (s *Site) printedOf(e *edition, l *content.Lesson, x *content.Experiment, runs []runner.Summary) *printed {
	key := s.shown.source(e, l, placeholderOf{x.ID, false}, runs).key
	if key == (sourceKey{}) {
		return nil
	}
	s.press.mu.Lock()
	known, ok := s.press.have[key]
	s.press.mu.Unlock()
	if ok {
		return known
	}
	made, err := s.print(e, x, key)
	if err != nil {
		s.log.Error("site: print", "experiment", x.Spec.Name, "error", err)
	}
	s.press.mu.Lock()
	defer s.press.mu.Unlock()
	if s.press.have == nil || len(s.press.have) >= maxPrinted {
		s.press.have = map[sourceKey]*printed{}
	}
	s.press.have[key] = made
	return made
}

// print reads a recording.
func (s *Site) print(e *edition, x *content.Experiment, key sourceKey) (*printed, error) {
	recording, err := s.recordingOf(key)
	if err != nil {
		return nil, err
	}
	defer recording.Close()
	var copied bytes.Buffer
	if _, err := copied.ReadFrom(recording); err != nil {
		return nil, err
	}
	var lines []string
	for _, c := range x.Spec.Charts {
		lines = append(lines, c.Metrics...)
	}
	events, err := runner.ReadMetrics(bytes.NewReader(copied.Bytes()), lines)
	if err != nil || len(events) == 0 || events[0].Run == nil {
		return nil, err
	}
	p := &printed{Author: key.author != nil, Host: events[0].Run.Host, Began: events[0].Run.Began, Checks: map[string]breakCell{}}
	lab, _ := e.labs.Lab(x.Spec.Lab)
	metrics := map[string]metric{}
	describe(metrics, e.book.Words, telemetry.Catalogue())
	describe(metrics, e.book.Words, lab.Metrics)
	units := derived(metrics, e.book.Words, x.Spec.Question(lab), x.Spec.Units(lab))
	m, figures, begin := newSeriesMaker(lastBlock), map[string]float64{}, telemetry.Block{}
	m.paths.said = true // paper has no map of the queues
	for _, event := range events {
		m.add(event, json.RawMessage("{}"))
		switch {
		case event.Begin != nil:
			begin = *event.Begin
		case event.Kind == telemetry.KindFigures:
			figures = event.Values
		case event.End != nil:
			for _, c := range event.End.Checks {
				p.Checks[c.ID] = cellOf(event.End.Checks, c.ID, units)
			}
		}
	}
	for _, expr := range x.Spec.Watch {
		f := printedFigure{Expr: expr, Value: "–"}
		if m, ok := metrics[expr]; ok {
			f.Label = m.Label
		}
		if v, ok := figures[expr]; ok {
			f.Value = Quantity(v, metrics[expr].Unit)
		}
		p.Figures = append(p.Figures, f)
	}
	if x.Spec.Sweep != nil {
		c, err := capacityOf(bytes.NewReader(copied.Bytes()), usualP99)
		if err == nil && len(c.Curves) > 0 {
			p.Setting, p.Steps = c.Setting, c.Curves[0].Steps
		}
		return p, err
	}
	p.Charts = printedCharts(x, m.done(), begin, metrics, e.book.Words, s.faces.current().texts)
	return p, nil
}

// drawn is how a metric is drawn: as the page's scale.js says.
type drawn struct {
	key  string
	unit content.Text
	by   float64
	log  bool
}

func drawnAs(m metric, group string, texts map[string]content.Text) drawn {
	per := texts["unit.rate"]
	rate := m.Kind == telemetry.KindCounter
	switch {
	case m.Unit == "seconds" && rate:
		return drawn{"cores", texts["unit.cores"], 100, false}
	case m.Unit == "seconds":
		return drawn{"ms", content.Text{Ko: "ms, " + texts["unit.log"].Ko, En: "ms, " + texts["unit.log"].En}, 1e3, true}
	case m.Unit == "bytes":
		unit, by := "KiB", 1.0/(1<<10)
		if group == "memory" {
			unit, by = "MiB", 1.0/(1<<20)
		}
		if rate {
			return drawn{unit + "/s", content.Text{Ko: unit + per.Ko, En: unit + per.En}, by, false}
		}
		return drawn{unit, content.Text{Ko: unit, En: unit}, by, false}
	case rate:
		return drawn{"/s", content.Text{Ko: "횟수" + per.Ko, En: "count" + per.En}, 1, false}
	}
	return drawn{"count:" + m.Unit, content.Text{}, 1, false}
}

// printedCharts draws the groups of an experiment, one drawing for each unit.
func printedCharts(x *content.Experiment, all series, begin telemetry.Block, metrics map[string]metric, words content.Words, texts map[string]content.Text) []printedChart {
	var out []printedChart
	rows := int(math.Round((begin.Warmup+begin.Seconds)/telemetry.Tick.Seconds())) + 1
	for _, c := range x.Spec.Charts {
		var order []drawn
		of := map[string][]string{}
		for _, name := range c.Metrics {
			d := drawnAs(metrics[name], c.Group, texts)
			if of[d.key] == nil {
				order = append(order, d)
			}
			of[d.key] = append(of[d.key], name)
		}
		for _, d := range order {
			chart := printedChart{Title: word(words.Groups, c.Group), Unit: d.unit}
			var lines [][]float64
			for _, name := range of[d.key] {
				line := lineOf(all, name, metrics[name], begin.Start, rows, d.by)
				lines = append(lines, line)
				label := metrics[name].Label
				if label == (content.Text{}) {
					label = content.Text{Ko: name, En: name}
				}
				chart.Lines = append(chart.Lines, extremes(label, line))
			}
			chart.Drawing = drawing(lines, d, begin)
			out = append(out, chart)
		}
	}
	return out
}

// extremes says a line in three numbers: the text alternative of its drawing.
func extremes(label content.Text, line []float64) printedLine {
	l := printedLine{label, "–", "–", "–"}
	known := slices.DeleteFunc(slices.Clone(line), math.IsNaN)
	if len(known) > 0 {
		l.Least, l.Most, l.Last = content.Format(slices.Min(known), ""), content.Format(slices.Max(known), ""), content.Format(known[len(known)-1], "")
	}
	return l
}

// lineOf is a metric on the grid of the load's time: counters as their increase a
// second over the last two steps, CPU time over five; NaN where nothing was said.
func lineOf(all series, name string, m metric, start float64, rows int, by float64) []float64 {
	raw := make([]float64, rows)
	for i := range raw {
		raw[i] = math.NaN()
	}
	for i, t := range all.T {
		row := int(math.Round((t - start) / telemetry.Tick.Seconds()))
		if column := all.Values[name]; row >= 0 && row < rows && i < len(column) && column[i] != nil {
			raw[row] = *column[i]
		}
	}
	out := make([]float64, rows)
	for row := range out {
		out[row] = raw[row] * by
		if m.Kind != telemetry.KindCounter {
			continue
		}
		look := 2
		if m.Unit == "seconds" {
			look = 5
		}
		out[row] = math.NaN()
		for from := max(0, row-look); from < row; from++ {
			if !math.IsNaN(raw[from]) {
				out[row] = (raw[row] - raw[from]) / (float64(row-from) * telemetry.Tick.Seconds()) * by
				break
			}
		}
	}
	return out
}

// A drawing's measures, in its own units.
const (
	drawWide, drawHigh = 340.0, 116.0
	drawLeft, drawFoot = 40.0, 14.0
	drawTop            = 6.0
)

// drawing draws lines over the time of a block. Colours and dashes are the page's.
func drawing(lines [][]float64, d drawn, begin telemetry.Block) template.HTML {
	low, high := 0.0, 0.0
	if d.log {
		low = math.Inf(1)
	}
	for _, line := range lines {
		for _, v := range line {
			if !math.IsNaN(v) && (!d.log || v > 0) {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
	}
	if !(high > low) || math.IsInf(low, 0) {
		low, high = math.Min(low, high), high+1
		if d.log {
			low, high = 1, 10
		}
	}
	y := func(v float64) float64 {
		share := (v - low) / (high - low)
		if d.log {
			share = math.Log(v/low) / math.Log(high/low)
		}
		return drawHigh - drawFoot - share*(drawHigh-drawFoot-drawTop)
	}
	rows := 1
	for _, l := range lines {
		rows = max(rows, len(l)-1)
	}
	x := func(row float64) float64 { return drawLeft + row/float64(rows)*(drawWide-drawLeft-4) }
	total := begin.Warmup + begin.Seconds
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="printed-chart" viewBox="0 0 %g %g" aria-hidden="true">`, drawWide, drawHigh)
	if total > 0 && begin.Warmup > 0 {
		fmt.Fprintf(&b, `<rect class="printed-warm" x="%g" y="%g" width="%.1f" height="%g"/>`, drawLeft, drawTop, begin.Warmup/total*(drawWide-drawLeft-4), drawHigh-drawFoot-drawTop)
	}
	fmt.Fprintf(&b, `<path class="printed-axis" d="M%g %gV%gH%g"/>`, drawLeft, drawTop, drawHigh-drawFoot, drawWide-4)
	fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="end">%s</text><text x="%g" y="%g" text-anchor="end">%s</text>`, drawLeft-3, drawTop+6, axisText(high), drawLeft-3, drawHigh-drawFoot, axisText(low))
	fmt.Fprintf(&b, `<text x="%g" y="%g">0</text><text x="%g" y="%g" text-anchor="end">%s s</text>`, drawLeft, drawHigh-3, drawWide-4, drawHigh-3, content.Format(total, ""))
	for i, line := range lines {
		fmt.Fprintf(&b, `<path class="printed-line" data-n="%d" d="%s"/>`, i%5, pathOf(line, x, y, d.log))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// axisText is a value as it fits beside an axis: six characters.
func axisText(v float64) string {
	switch size := math.Abs(v); {
	case size >= 1e6:
		return content.Format(v/1e6, "") + "M"
	case size >= 1e4:
		return content.Format(v/1e3, "") + "k"
	case size > 0 && size < 1e-2:
		return strconv.FormatFloat(v, 'g', 1, 64)
	}
	return content.Format(v, "")
}

// pathOf connects what is known.
func pathOf(line []float64, x, y func(float64) float64, log bool) string {
	var b strings.Builder
	next := byte('M')
	for row, v := range line {
		if math.IsNaN(v) || log && v <= 0 {
			continue
		}
		fmt.Fprintf(&b, "%c%.1f %.1f", next, x(float64(row)), y(v))
		next = 'L'
	}
	return b.String()
}
