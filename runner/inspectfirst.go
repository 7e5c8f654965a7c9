package runner

import (
	"encoding/json"
	"fmt"
	"slices"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// first checks what the run says of itself.
func (i *inspection) first(e telemetry.Event, line []byte) error {
	r := e.Run
	switch {
	case e.Kind != telemetry.KindRun || r == nil:
		return bad(1, "a recording begins with its run: this is another kind of file")
	case r.Schema != 1:
		return bad(1, "its schema is %d, and this version reads 1: update Socket Labs", r.Schema)
	case len(line) > maxForeignFirst:
		return bad(1, "it is longer than %d KiB", maxForeignFirst>>10)
	case !runID.MatchString(r.ID):
		return bad(1, "%q is no id of a run", r.ID)
	case !foreignExperiment.MatchString(r.Experiment):
		return bad(1, "%q is no name of an experiment", r.Experiment)
	case !foreignCode.MatchString(r.Code) || !foreignID.MatchString(r.Lab):
		return bad(1, "its lab is not named as ours are")
	case r.Began.Year() < 2020 || r.Began.Year() > 2200:
		return bad(1, "it began in the year %d", r.Began.Year())
	}
	if err := spec(line); err != nil {
		return bad(1, "what was asked: %v", err)
	}
	i.run = *r
	if err := i.arms(r); err != nil {
		return err
	}
	return i.question(r.Question)
}

// arms checks what a run of several blocks has.
func (i *inspection) arms(r *telemetry.Run) error {
	if !slices.Contains([]string{"", labs.Comparison, labs.Sweep}, r.Kind) || len(r.Arms) > labs.MaxBlocks {
		return bad(1, "%.40q with %d arms is no run of ours", r.Kind, len(r.Arms))
	}
	for _, a := range r.Arms {
		if len(a.Label) > 200 || !foreignID.MatchString(a.Lab) || !foreignCode.MatchString(a.Code) {
			return bad(1, "the arm %.80q is not named as ours are", a.Label)
		}
		if err := i.question(a.Question); err != nil {
			return err
		}
	}
	return nil
}

// spec says whether what a run was asked has our form.
func spec(line []byte) error {
	var e struct {
		Run struct {
			Asked labs.Spec `json:"asked"`
		} `json:"run"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	for _, settings := range []map[string]any{e.Run.Asked.Knobs, e.Run.Asked.Load, e.Run.Asked.Client} {
		for name, v := range settings {
			switch v := v.(type) {
			case bool, float64:
			case string:
				if len(v) > 200 {
					return fmt.Errorf("%s is too long", name)
				}
			default:
				return fmt.Errorf("%s is no setting", name)
			}
		}
	}
	return nil
}

// question checks the names that a page is built of. Its expressions are never
// evaluated.
func (i *inspection) question(q telemetry.Question) error {
	if q.Warmup < 0 || q.Seconds <= 0 || q.Warmup+q.Seconds > maxForeignTime {
		return bad(1, "it measures %v s after %v s", q.Seconds, q.Warmup)
	}
	for _, f := range append(append([]telemetry.Formula(nil), q.Derive...), q.Checks...) {
		if !foreignID.MatchString(f.ID) {
			return bad(1, "%q is no name", f.ID)
		}
	}
	for _, m := range q.Metrics {
		if !foreignName.MatchString(m.Name) {
			return bad(1, "%q is no name of a metric", m.Name)
		}
	}
	drawn := 0
	for _, c := range q.Charts {
		drawn += len(c.Metrics)
		for _, name := range append([]string{c.Group}, c.Metrics...) {
			if !foreignName.MatchString(name) {
				return bad(1, "%q cannot be drawn", name)
			}
		}
	}
	if drawn > 100 || len(q.Watch) > 50 || len(q.Checks) > 100 || len(q.Derive) > 100 || len(q.Metrics) > maxForeignNames {
		return bad(1, "it asks for too much")
	}
	return nil
}
