package site

import (
	"fmt"

	"socketlabs/content"
	"socketlabs/labs"
)

// capped says whether a learner may ask for a run: what the lesson itself asks is
// always allowed, and more of it as far as the workshop's caps. The refusal names
// the setting and the cap.
func (s *Site) capped(v visitor, lesson, asked labs.Spec) error {
	if !v.learns() {
		return nil
	}
	caps := s.cfg.Class.Settings().Caps
	was, now := labs.Full(labs.LoadSettings(), lesson.Load), labs.Full(labs.LoadSettings(), asked.Load)
	for _, c := range []struct {
		name string
		most float64
	}{{"connections", float64(caps.Connections)}, {"rate", caps.Rate}} {
		if value := number(now[c.name]); value > max(c.most, number(was[c.name])) {
			return overCap("load."+c.name, value, c.most)
		}
	}
	if asked.Seconds > max(caps.Seconds, lesson.Seconds) {
		return overCap("seconds", asked.Seconds, caps.Seconds)
	}
	for i, f := range asked.Faults {
		if i < len(lesson.Faults) { // they come first
			continue
		}
		if err := s.cappedFault(v, f); err != nil {
			return err
		}
	}
	return nil
}

// cappedFault is capped for what a run suffers beside what the lesson says.
func (s *Site) cappedFault(v visitor, f labs.Fault) error {
	if !v.learns() {
		return nil
	}
	most := float64(s.cfg.Class.Settings().Caps.Connections)
	if n := number(f.With["connections"]); n > most {
		return overCap("fault.connections", n, most)
	}
	return nil
}

// cappedTotal is capped for how long a run of several blocks takes; own says that it
// is as the lesson has it.
func (s *Site) cappedTotal(v visitor, seconds float64, own bool) error {
	if v.learns() && !own && seconds > s.cfg.Class.Settings().Caps.Total {
		return overCap("total", seconds, s.cfg.Class.Settings().Caps.Total)
	}
	return nil
}

// overCap names the cap. It is the instructor's to raise.
func overCap(field string, value, most float64) error {
	return &refusal{err: errCap, field: field, text: content.Text{
		Ko: fmt.Sprintf("이 워크숍에서는 %s에 %g까지 쓸 수 있습니다. %g은(는) 그보다 큽니다. 컴퓨터 한 대를 모두가 함께 쓰기 때문입니다.", field, most, value),
		En: fmt.Sprintf("This workshop allows %s up to %g, and %g is more: one machine carries the whole class.", field, most, value)}}
}

// number is a setting's value, 0 when it is none.
func number(v any) float64 {
	switch n := v.(type) {
	case int:
		return float64(n)
	case int64:
		return float64(n)
	case float64:
		return n
	}
	return 0
}
