package site

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/runner"
)

// order is what POST /api/runs asks for: names of the lesson and values of
// settings, never a program, a path or code.
type order struct {
	Lesson      string            `json:"lesson"`
	Experiment  string            `json:"experiment"`
	Settings    map[string]string `json:"settings"`    // knob.NAME, load.NAME
	Faults      []extra           `json:"faults"`      // beside the experiment's own
	Predictions map[string]any    `json:"predictions"` // string, number or a curve's numbers, by id
	Skipped     []string          `json:"skipped"`     // predictions that were not answered
	Exercise    bool              `json:"exercise"`    // with a version of the exercise's function
	Version     string            `json:"version"`     // of it: original, solution; empty: the owner's own
}

// extra is a fault that was asked for, its parameters as they were typed.
type extra struct {
	Kind string            `json:"kind"`
	With map[string]string `json:"with"` // and its time: at, for
}

// fault is the fault within so many measured seconds. A refusal is about the
// field fault.NAME.
func (x extra) fault(measured float64) (labs.Fault, error) {
	f, err := labs.ReadFault(x.Kind, x.With, measured)
	if err == nil {
		f, err = f.Check(measured)
	}
	if err != nil {
		return f, x.refused(err)
	}
	return f, nil
}

// refused names the parameter that the error is about, if it is about one.
func (x extra) refused(err error) error {
	field := "fault"
	if rest, ok := strings.CutPrefix(err.Error(), x.Kind+": "); ok {
		name, _, _ := strings.Cut(rest, ":")
		if _, given := x.With[name]; given {
			field += "." + name
		}
	}
	return &refusal{err: errSetting, field: field, text: content.Text{Ko: "쓸 수 없는 고장입니다. " + err.Error(), En: err.Error()}}
}

// graded says whether the run's checks count: with the lesson's own settings, and
// no fault beside the experiment's. This is the one place that decides it.
func (o order) graded() bool { return len(o.Settings) == 0 && len(o.Faults) == 0 }

// how is how the run is measured. One that is graded has the machine for itself, as
// comparisons, sweeps, mysteries and traces do; the others share it, as far as
// Limits.Shared allows.
func (o order) how() []runner.Option {
	if o.graded() {
		return nil
	}
	return []runner.Option{runner.Shared()}
}

// decode reads a body that must be exactly one value of v's form.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return nil
		}
		err = errors.Join(err, errors.New("more than one value"))
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return err
	}
	return &refusal{err: errRequest, text: content.Text{
		Ko: "요청의 JSON을 읽을 수 없습니다: " + err.Error(), En: "The request's JSON cannot be read: " + err.Error()}}
}

// spec is the experiment's with the settings that were asked for.
func (o order) spec(x *content.Experiment, lab labs.Lab) (labs.Spec, error) {
	spec := x.Spec.Clone()
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		if err := spec.Set(lab, name, o.Settings[name]); err != nil {
			return spec, &refusal{err: errSetting, field: name, text: content.Text{Ko: "쓸 수 없는 설정값입니다. " + err.Error(), En: err.Error()}}
		}
	}
	for _, x := range o.Faults {
		f, err := x.fault(spec.Seconds)
		if err != nil {
			return spec, err
		}
		if _, err := spec.Add(f); err != nil {
			return spec, x.refused(err)
		}
	}
	return spec, nil
}
