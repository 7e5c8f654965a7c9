package site

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"socketlabs/labs"
	"socketlabs/site/workshop"
)

// caps reads caps of the module's labs.
func (c *served) caps(asked ...string) (workshop.Caps, error) {
	return ReadCaps(c.shelf.edition().labs, asked)
}

func TestReadCaps(t *testing.T) {
	s := serve(t)
	got, err := s.caps("load.connections=32", "load.rate=2k", "seconds=5", "total=60", "knob.buf=4KiB", "load.size=1024", "load.budget=250ms")
	want := "load.connections=32, load.rate=2000, seconds=5, total=60, knob.buf=4096, load.budget=0.25, load.size=1024"
	if err != nil || got.String() != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	for asked, part := range map[string]string{
		"knob.bufs=1":         "knob.buf,",               // a typo
		"seconds":             "NAME=MAX",                // no value
		"buf=512":             "knob.buf,",               // no group
		"knob.drain=1":        "NAME is one of",          // is no number
		"load.model=1":        "NAME is one of",          // is a choice
		"load.connections=no": `"no" is not allowed`,     // is no number
		"seconds=0":           "from 1 to 3600",          // below what can be measured
		"load.peak=10":        "NAME is one of",          // the rate's cap bounds it
		"knob.buf=1":          "it takes a whole number", // below the knob's own range
	} {
		if _, err := s.caps(asked); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("--cap %s: %v, and %q was expected", asked, err, part)
		}
	}
}

// What a page offers is what the site takes, for learners and the instructor each.
func TestCapsBoundWhatAPageOffers(t *testing.T) {
	c := serveCapped(t, workshop.Caps{Connections: 60, Settings: map[string]float64{"knob.buf": 2048}})
	ada := c.joins("Ada")
	offered := func(who *pupil, lesson, id, name string) setting {
		t.Helper()
		var data struct{ Experiments []experiment }
		if err := json.Unmarshal([]byte(c.does(who, http.StatusOK, "GET", "/api/lessons/"+lesson, "")), &data); err != nil {
			t.Fatal(err)
		}
		x := data.Experiments[slices.IndexFunc(data.Experiments, func(x experiment) bool { return x.ID == id })]
		all, short := x.Knobs, strings.TrimPrefix(name, "knob.")
		if short == name {
			all, short = x.Load, strings.TrimPrefix(name, "load.")
		}
		return all[slices.IndexFunc(all, func(one setting) bool { return one.Name == short })]
	}
	x, err := c.shelf.edition().book.Find("epoll/fits")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		most float64
	}{{"load.connections", max(60, number(labs.Full(labs.LoadSettings(), x.Spec.Load)["connections"]))}, {"knob.buf", max(2048, number(x.Spec.Knobs["buf"]))}} {
		theirs, own := offered(&ada, "epoll", "fits", tt.name), offered(nil, "epoll", "fits", tt.name)
		if theirs.Max != tt.most || !theirs.Capped || own.Max <= tt.most || own.Capped {
			t.Errorf("%s: a learner is offered up to %v (%v), the instructor up to %v (%v)", tt.name, theirs.Max, theirs.Capped, own.Max, own.Capped)
		}
		body := fmt.Sprintf(`{"lesson":"epoll","experiment":"fits","settings":{%q:"%g"}}`, tt.name, tt.most+1)
		if text := c.does(&ada, http.StatusBadRequest, "POST", "/api/runs", body); !strings.Contains(text, `"code":"cap"`) || !strings.Contains(text, fmt.Sprintf(`"field":%q`, tt.name)) {
			t.Errorf("%s: %s", body, text)
		}
	}
	lesson, id := c.wide(60)
	if theirs := offered(&ada, lesson, id, "load.connections"); theirs.Max != number(theirs.Value) || number(theirs.Value) <= 60 {
		t.Errorf("the lesson's own value is out of reach: %+v", theirs)
	}
	if text := c.does(&ada, http.StatusBadRequest, "POST", "/api/runs", `{"lesson":"epoll","experiment":"fits","settings":{"load.model":"open","load.rate":"10","load.shape":"ramp","load.peak":"900000"}}`); !strings.Contains(text, "load.peak") {
		t.Errorf("a ramp to above the cap: %s", text)
	}
	if page := c.text("/en/workshop"); !strings.Contains(page, "knob.buf") || !strings.Contains(page, "--cap") {
		t.Error("the instructor's page does not say the caps")
	}
}

// wide is an experiment that itself asks for more connections.
func (c *classroom) wide(than float64) (lesson, experiment string) {
	for _, l := range c.lessons() {
		for _, x := range l.Experiments {
			if x.Spec.Load != nil && number(labs.Full(labs.LoadSettings(), x.Spec.Load)["connections"]) > than {
				return l.ID, x.ID
			}
		}
	}
	c.t.Fatalf("no experiment has more than %v connections", than)
	return "", ""
}

// The form of a sweep is told how long a learner may measure, and the lesson's own sweep
// is theirs whatever the caps are.
func TestCapsOfASweep(t *testing.T) {
	c := serveCapped(t, workshop.Caps{Connections: 16, Seconds: 2, Total: 5})
	ada := c.joins("Ada")
	for who, want := range map[*pupil]*timeCaps{&ada: {2, 5}, nil: nil} {
		var data struct{ Caps *timeCaps }
		if err := json.Unmarshal([]byte(c.does(who, http.StatusOK, "GET", "/api/lessons/epoll", "")), &data); err != nil {
			t.Fatal(err)
		}
		if (data.Caps == nil) != (want == nil) || want != nil && *data.Caps != *want {
			t.Errorf("%v: %+v, and %+v was expected", who, data.Caps, want)
		}
	}
	for _, tt := range []struct {
		order sweepOrder
		ok    bool
		why   string
	}{
		{sweepOrder{Lesson: "epoll", Experiment: "more-clients"}, true, "as the lesson has it, to 64 connections"},
		{sweepOrder{Lesson: "epoll", Experiment: "more-clients", Setting: "load.connections", Values: []string{"1", "64"}}, false, "of one's own, beyond the cap of connections"},
		{sweepOrder{Lesson: "epoll", Experiment: "more-clients", Setting: "load.connections", Values: []string{"1", "8"}}, true, "within it"},
		{sweepOrder{Lesson: "epoll", Experiment: "more-clients", Seconds: 20}, false, "the lesson's values, each for longer"},
	} {
		v := visitor{role: learns, person: ada.Person, progress: c.progressOf(ada.Person.ID)}
		if _, err := c.swept(v, tt.order); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.why, err)
		}
	}
}
