package site

import (
	"errors"
	"maps"
	"net/http"
	"slices"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/trace"
)

// microscopeView is what can be looked at: labs that answer what the schedules'
// client sends, and the schedules.
type microscopeView struct {
	Labs      []tracedLab      `json:"labs"`
	Sets      []traceSet       `json:"sets"`
	Schedules []trace.Schedule `json:"schedules"`
}

type tracedLab struct {
	Name  string       `json:"name"`
	Title content.Text `json:"title"`
	Knobs []setting    `json:"knobs"`
}

// traceSet is several servers that are looked at one after the other under one
// schedule, to be laid side by side. Its words are scope.set.ID.
type traceSet struct {
	ID     string       `json:"id"`
	Traces []traceOrder `json:"traces"`
}

// traceOrder is what POST /api/traces asks for: names and values of settings.
type traceOrder struct {
	Lab      string            `json:"lab"`
	Settings map[string]string `json:"settings"` // knob.NAME
	Schedule string            `json:"schedule"`
}

// sets are the comparisons that the page offers. With reads of 512 bytes a burst
// of 2000 takes four, and the level-triggered one reads once a wakeup too, so
// that the trigger is the whole difference to the undrained one.
func sets() []traceSet {
	of := func(lab, drain string) traceOrder {
		return traceOrder{Lab: lab, Settings: map[string]string{"knob.buf": "512", "knob.drain": drain}}
	}
	return []traceSet{{"epolls", []traceOrder{of("epoll", "false"), of("epollet", "true"), of("epollet", "false")}}}
}

// microscopePage shows single system calls.
func (s *Site) microscopePage(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	p := s.page(r, e)
	if s.again(w, r, p, p.Progress) {
		return nil
	}
	return s.show(w, r, http.StatusOK, "microscope", p, &pageData{Microscope: microscopeOf(e)})
}

func microscopeOf(e *edition) *microscopeView {
	v := &microscopeView{Labs: []tracedLab{}, Sets: sets(), Schedules: trace.Schedules()}
	for _, l := range labViews(e) {
		if l.Echo {
			v.Labs = append(v.Labs, tracedLab{l.Name, l.Title, l.Knobs})
		}
	}
	return v
}

// echoing are the labs that some experiment runs with the echo client.
func echoing(e *edition) map[string]bool {
	echoes := map[string]bool{}
	for _, part := range e.book.Parts {
		for _, l := range part.Lessons {
			for _, x := range l.Experiments {
				if x.Spec.Load != nil && labs.Full(labs.LoadSettings(), x.Spec.Load)["client"] == "echo" {
					echoes[x.Spec.Lab] = true
				}
			}
		}
	}
	return echoes
}

// startTrace begins a trace.
func (s *Site) startTrace(w http.ResponseWriter, r *http.Request) error {
	var o traceOrder
	if err := decode(r, &o); err != nil {
		return err
	}
	if !linux {
		return errNoLinux
	}
	order, err := o.checked(s.shelf.edition())
	if err != nil {
		return err
	}
	t, err := s.cfg.Runner.Trace(order)
	if errors.Is(err, runner.ErrBusy) {
		return errTracing
	}
	if err != nil {
		return s.refused(s.visitor(r), err)
	}
	w.Header().Set("Location", "/api/traces/"+t.ID())
	return reply(w, http.StatusCreated, map[string]string{"id": t.ID()})
}

// checked is the order with each setting in its range.
func (o traceOrder) checked(e *edition) (runner.TraceOrder, error) {
	schedule, ok := trace.ScheduleNamed(o.Schedule)
	lab, known := e.labs.Lab(o.Lab)
	if !ok || !known {
		return runner.TraceOrder{}, errNotFound
	}
	spec := labs.Spec{Name: o.Lab, Lab: o.Lab}
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		if err := spec.Set(lab, name, o.Settings[name]); err != nil {
			return runner.TraceOrder{}, &refusal{err: errSetting, field: name, text: content.Text{Ko: "쓸 수 없는 값입니다. " + err.Error(), En: err.Error()}}
		}
	}
	return runner.TraceOrder{Lab: o.Lab, Knobs: spec.Knobs, Schedule: schedule.ID}, nil
}

// begunTrace is a trace in the list of those that the site still has.
type begunTrace struct {
	ID    string          `json:"id"`
	Phase telemetry.Phase `json:"phase"`
}

// traces lists them, the newest at the end: a page that did not begin one finds it.
func (s *Site) traces(w http.ResponseWriter, r *http.Request) error {
	begun := []begunTrace{}
	for _, t := range s.cfg.Runner.Traces() {
		begun = append(begun, begunTrace{t.ID(), t.View().Phase})
	}
	return reply(w, http.StatusOK, begun)
}

// trace returns a trace as far as it has come.
func (s *Site) trace(w http.ResponseWriter, r *http.Request) error {
	t, err := s.cfg.Runner.Traced(r.PathValue("id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, t.View())
}

// stopTrace ends a trace; one that has ended stays as it is.
func (s *Site) stopTrace(w http.ResponseWriter, r *http.Request) error {
	t, err := s.cfg.Runner.Traced(r.PathValue("id"))
	if err != nil {
		return err
	}
	t.Stop()
	w.WriteHeader(http.StatusNoContent)
	return nil
}
