package judge

import "socketlabs/labs/telemetry"

// Path returns every queue at time t (as in Tick), and which stage was the
// bottleneck of the measured time so far; during the warm-up, of that.
func (j *Judge) Path(t float64) telemetry.Path {
	now := ticks(t)
	return telemetry.Path{Stages: j.Stages(j.since(min(now, j.end))), Verdict: j.bottleneck(j.soFar(now))}
}

// Paths returns what the judge of a recording would have said every second of
// it: for a recording that does not hold it.
func (j *Judge) Paths() (out []telemetry.Event) {
	if !j.begun {
		return nil
	}
	last := j.start
	for _, heard := range j.heard {
		if n := len(heard); n > 0 {
			last = max(last, min(heard[n-1], j.end))
		}
	}
	for now := j.start; now < last; {
		now = min(now+ticks(1), last)
		t := tenths(now)
		path := j.Path(t)
		out = append(out, telemetry.Event{T: t, Kind: telemetry.KindPath, From: telemetry.FromJudge, Path: &path})
	}
	return out
}
