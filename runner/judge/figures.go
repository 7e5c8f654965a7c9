package judge

import (
	"errors"
	"fmt"
	"slices"

	"socketlabs/labs/telemetry"
)

// drawnAlways are the parts of histograms that every derived sample holds.
var drawnAlways = []string{"load.p50", "load.p90", "load.p99", "load.max",
	"load.service.p50", "load.service.p99", "load.late.p99"}

// derive adds a metric made of those there are.
func (v *vocabulary) derive(f telemetry.Formula) error {
	if err := v.free(f.ID); err != nil {
		return err
	}
	n, err := v.compile(f.Expr)
	switch {
	case err != nil:
		return err
	case n.gauge != "":
		return fmt.Errorf("%s is a gauge: write %s.last, .min, .max or .mean", n.gauge, n.gauge)
	}
	v.derived[f.ID] = n
	v.order = append(v.order, f.ID)
	return nil
}

// figures compiles expressions that go out as numbers under their own text.
func (v *vocabulary) figures(what string, exprs []string) ([]figure, error) {
	var out []figure
	for _, expr := range exprs {
		n, err := v.compile(expr)
		if err == nil && n.kind == text {
			err = errors.New("it is a text and not a number")
		}
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", what, expr, err)
		}
		out = append(out, figure{expr, n})
	}
	return out, nil
}

// drawn returns what a derived sample holds: the usual quantiles, every derived
// metric, and what charts name that is no sample itself.
func (v *vocabulary) drawn(charts []telemetry.Chart) ([]figure, error) {
	names := slices.Clone(drawnAlways)
	for _, name := range v.order {
		if v.derived[name].kind != text {
			names = append(names, name)
		}
	}
	for _, c := range charts {
		if _, err := v.figures("chart "+c.Group+":", c.Metrics); err != nil {
			return nil, err
		}
		for _, name := range c.Metrics {
			if v.tracks[name] == nil && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return v.figures("chart", names)
}

// values evaluates figures; what has no value is left out.
func values(figures []figure, v view) map[string]float64 {
	out := make(map[string]float64, len(figures))
	for _, f := range figures {
		if value, err := f.eval(v); err == nil {
			out[f.name] = value.n
		}
	}
	return out
}

// Tick returns what there is to say at time t (on the grid): a sample with the
// quantiles and derived metrics of the last second (From judge; nil when there is
// nothing new), the figures of the watched expressions over the measured time so
// far (during the warm-up: over that), and the checks whose result is new or has
// changed. A check is judged during the run once half of the measured time and
// the windows that it names have passed, and it has a value.
func (j *Judge) Tick(t float64) (derived, figures map[string]float64, checks []telemetry.Check) {
	now := ticks(t)
	if !j.begun || !j.fresh || now <= j.start {
		return nil, nil, nil
	}
	j.fresh = false
	so := j.soFar(now)
	last := so
	last.span = span{max(now-ticks(1), j.start), now}
	last.where = "the last second"
	return values(j.live, last), values(j.watch, so), j.changes(so)
}

// soFar is the view of the measured time, or of the warm-up, up to now.
func (j *Judge) soFar(now int) view {
	now = min(now, j.end)
	v := view{span: span{j.zero, now}, zero: j.zero, now: now, where: "the time so far"}
	if now <= j.zero {
		v.from = j.start
	}
	return v
}

// changes judges the checks that are due and returns those that turned out
// differently from what was said last.
func (j *Judge) changes(v view) []telemetry.Check {
	var out []telemetry.Check
	for _, c := range j.checks {
		due := max((j.end-j.zero+1)/2, min(ticks(c.uses.until), j.end-j.zero))
		if v.now-j.zero < due {
			continue
		}
		result := c.judge(v)
		if before, known := j.passed[c.ID]; result.Why != "" || known && before == result.Pass {
			continue
		}
		j.passed[c.ID] = result.Pass
		out = append(out, result)
	}
	return out
}
