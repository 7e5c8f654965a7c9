package judge

import "socketlabs/labs/telemetry"

// Verdict is what a finished block amounts to.
type Verdict struct {
	Checks  []telemetry.Check // none when void
	Guesses []telemetry.Guess // without answers when void
	Metrics map[string]float64
	Doubts  []telemetry.Doubt
	Trust   string // green, amber, void
	// Comparison is set when the run's blocks are compared.
	Comparison *telemetry.Comparison
}

// Finish judges the measured window.
func (j *Judge) Finish() Verdict {
	v := j.measured()
	if !j.begun || j.end == j.zero { // nothing was measured: all of it is missing
		v.span = span{0, max(ticks(j.q.Seconds), 1)}
		j.heard = nil
	}
	out := Verdict{Doubts: j.doubts(v), Metrics: j.metrics(v)}
	out.Trust = trust(out.Doubts)
	for _, c := range j.checks {
		if out.Trust != "void" {
			out.Checks = append(out.Checks, c.judge(v))
		}
	}
	for _, a := range j.answers {
		g := telemetry.Guess{ID: a.ID, Kind: a.Kind, Given: a.Given, Skipped: a.Skipped, Why: "the run is void"}
		if out.Trust != "void" {
			g = a.judge(v)
		}
		out.Guesses = append(out.Guesses, g)
	}
	return out
}

// metrics returns every number that has a value in the view.
func (j *Judge) metrics(v view) map[string]float64 {
	out := map[string]float64{}
	for name, t := range j.words.tracks {
		switch t.Kind {
		case telemetry.KindCounter:
			if n, err := t.increase(v); err == nil {
				out[name] = n
			}
		case telemetry.KindGauge:
			for _, which := range levels {
				if n, err := t.level(v, which); err == nil {
					out[name+"."+which] = n
				}
			}
		case telemetry.KindHistogram:
			t.summary(v, out)
		}
	}
	for name, d := range j.words.derived {
		if value, err := d.eval(v); err == nil && d.kind == number {
			out[name] = value.n
		}
	}
	return out
}

// summary adds what a histogram has under its name.
func (t *track) summary(v view, out map[string]float64) {
	h, err := t.cut(v)
	if err != nil {
		return
	}
	out[t.Name+".count"] = float64(h.Count)
	if h.Count == 0 {
		return
	}
	for name, share := range shares {
		out[t.Name+"."+name] = h.Quantile(share)
	}
	out[t.Name+".mean"], out[t.Name+".min"], out[t.Name+".max"] = h.Mean(), h.Min, h.Max
}
