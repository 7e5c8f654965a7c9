package site

import (
	"fmt"
	"strings"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/site/workshop"
)

// capped says whether a learner may ask for a run: what the lesson itself asks is
// always allowed, and more of it as far as the workshop's caps. The refusal names
// the setting and the cap.
func (s *Site) capped(v visitor, lesson, asked labs.Spec) error {
	if !v.learns() {
		return nil
	}
	caps := s.cfg.Class.Settings().Caps
	lab, _ := s.shelf.edition().labs.Lab(asked.Lab)
	for _, group := range []struct {
		space    string
		all      []labs.Setting
		was, now map[string]any
	}{
		{"knob", lab.Knobs, lesson.Knobs, asked.Knobs},
		{"load", labs.LoadSettings(), lesson.Load, asked.Load},
		{"load", asked.ClientSettings(), lesson.Client, asked.Client},
	} {
		was, now := labs.Full(group.all, group.was), labs.Full(group.all, group.now)
		for _, one := range group.all {
			name := group.space + "." + one.Name
			if most, ok := caps.Of(name); ok && number(now[one.Name]) > max(most, number(was[one.Name])) {
				return overCap(name, number(now[one.Name]), most)
			}
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

// bounded lowers the bounds of controls to what a learner may ask for, and marks those
// that have a cap. A value that the lesson itself asks stays within them.
func (s *Site) bounded(space string, all []setting) []setting {
	caps := s.cfg.Class.Settings().Caps
	for i, one := range all {
		if most, ok := caps.Of(space + "." + one.Name); ok && max(most, number(one.Value)) < one.Max {
			all[i].Max, all[i].Capped = max(most, number(one.Value)), true
		}
	}
	return all
}

// boundedFor bounds what a page offers to whoever reads it.
func (s *Site) boundedFor(v visitor, data *pageData) {
	if !v.learns() {
		return
	}
	caps := s.cfg.Class.Settings().Caps
	data.Caps = &timeCaps{caps.Seconds, caps.Total}
	for _, x := range data.Experiments {
		x.Knobs, x.Load = s.bounded("knob", x.Knobs), s.bounded("load", x.Load)
	}
	for _, f := range data.Faults {
		for i, one := range f.Settings {
			if most := float64(caps.Connections); one.Name == "connections" && most < one.Max {
				f.Settings[i].Max, f.Settings[i].Value, f.Settings[i].Capped = most, min(most, number(one.Value)), true
			}
		}
	}
}

// ReadCaps reads a workshop's caps, each NAME=MAX: seconds, total, and what can be
// turned, by knob.NAME or load.NAME as --set has it. The error of a name that there is
// not names those that there are.
func ReadCaps(all *labs.Catalog, asked []string) (workshop.Caps, error) {
	caps, of := workshop.Caps{Settings: map[string]float64{}}, cappable(all)
	for _, text := range asked {
		name, value, ok := strings.Cut(text, "=")
		kinds := of[name]
		if !ok || kinds == nil {
			return caps, fmt.Errorf("--cap %s: it takes NAME=MAX, and NAME is one of %s", text, strings.Join(sortedKeys(of), ", "))
		}
		most, err := 0.0, error(nil)
		for _, kind := range kinds {
			var v any
			if v, err = kind.Parse(value); err == nil {
				most = number(v)
				break
			}
		}
		if err != nil {
			return caps, fmt.Errorf("--cap %s%w", strings.TrimSuffix(name, kinds[0].Name), err) // which begins with the rest of the name
		}
		switch name {
		case "seconds":
			caps.Seconds = most
		case "total":
			caps.Total = most
		case "load.connections":
			caps.Connections = int(most)
		case "load.rate":
			caps.Rate = most
		default:
			caps.Settings[name] = most
		}
	}
	return caps, nil
}

// cappable are the numbers that can have a cap, by name: what each lab takes for it. A
// lab's knob may have a narrower range than another's of the same name.
func cappable(all *labs.Catalog) map[string][]labs.Setting {
	of := map[string][]labs.Setting{}
	for _, name := range []string{"seconds", "total"} {
		of[name] = []labs.Setting{{Name: name, Kind: "float", Min: 1, Max: 3600, Unit: "seconds"}}
	}
	add := func(space string, list []labs.Setting) {
		for _, one := range list {
			if name := space + "." + one.Name; one.Max > one.Min && name != "load.beside" && name != "load.peak" { // connections and rate cap those
				of[name] = append(of[name], one)
			}
		}
	}
	for _, lab := range all.Labs {
		add("knob", lab.Knobs)
	}
	add("load", labs.LoadSettings())
	for _, client := range labs.Clients() {
		add("load", client.Settings)
	}
	return of
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
