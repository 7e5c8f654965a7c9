package site

import (
	"net/http"
	"slices"
	"strings"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
	"socketlabs/runner"
	"socketlabs/runner/judge"
)

// pageData is what the page's scripts get: in the page, and from
// GET /api/lessons/{lesson}.
type pageData struct {
	Lesson      string            `json:"lesson"`
	Lang        string            `json:"lang"`
	Version     string            `json:"version"`
	Linux       bool              `json:"linux"`
	Experiments []*experiment     `json:"experiments"`
	Comparisons []comparison      `json:"comparisons"`
	Metrics     map[string]metric `json:"metrics"`
	Faults      []faultKind       `json:"faults"`             // that a run can be given
	Run         string            `json:"run,omitempty"`      // the page replays only this one
	Workshop    bool              `json:"workshop,omitempty"` // there is one, and the page follows it
	Learner     bool              `json:"learner,omitempty"`  // a workshop's learner reads it
	Caps        *timeCaps         `json:"caps,omitempty"`     // of a learner, beside those of settings
	Lead        []leadLesson      `json:"lead,omitempty"`     // what a class can be led to, on the instructor's page
	Offline     bool              `json:"offline,omitempty"`  // the page is a file, and nobody can be asked
	Root        string            `json:"root,omitempty"`     // of the exported book that the page is a file of, from the page
	Exercise    *exerciseRef      `json:"exercise"`
	Words       content.Words     `json:"words"`
	Text        any               `json:"text"`
	Microscope  *microscopeView   `json:"microscope,omitempty"` // of its own page
	Watch       *watchData        `json:"watch,omitempty"`      // whom the page watches
	Live        *livePage         `json:"live,omitempty"`       // the files that the page follows
}

// timeCaps bound how long a learner may measure, in seconds.
type timeCaps struct {
	Seconds float64 `json:"seconds"` // each block
	Total   float64 `json:"total"`   // all of a comparison or sweep
}

// exerciseRef names the lesson's exercise.
type exerciseRef struct {
	Goal string `json:"goal"` // the experiment
	Func string `json:"func"`
	File string `json:"file"` // in the data folder; empty: a version is chosen, not written
}

// experiment is one bench of the page.
type experiment struct {
	ID          string             `json:"id"`
	Name        string             `json:"name"` // LESSON/EXPERIMENT
	Title       content.Text       `json:"title"`
	Lab         string             `json:"lab"`
	Knobs       []setting          `json:"knobs"`
	Load        []setting          `json:"load"` // null: no load
	Faults      []faultView        `json:"faults"`
	Warmup      float64            `json:"warmup"`
	Seconds     float64            `json:"seconds"`
	Windows     []telemetry.Window `json:"windows"`
	Charts      []telemetry.Chart  `json:"charts"`
	Watch       []string           `json:"watch"`
	Checks      []check            `json:"checks"`
	Predictions []prediction       `json:"predictions"`
	Author      bool               `json:"author"`  // there is an author's recording
	InTurns     float64            `json:"inTurns"` // seconds that a comparison of it takes
	Latest      *runner.Summary    `json:"latest"`
	Edited      bool               `json:"edited"` // the lab's code differs from the workbook's
	Sweep       *sweepView         `json:"sweep"`  // null: one block
}

// sweepView is what an experiment steps through.
type sweepView struct {
	Setting string   `json:"setting"`
	Values  []string `json:"values"`
}

// Of is the range of a sweep's values when it turns that setting of the load, else
// the value that all its blocks have.
func (v *sweepView) Of(name string, value any) any {
	if v == nil || v.Setting != "load."+name || len(v.Values) == 0 {
		return value
	}
	return v.Values[0] + "–" + v.Values[len(v.Values)-1]
}

// setting is a control: what may be turned, how far, and where it stands.
type setting struct {
	labs.Setting
	Value any          `json:"value"`
	Main  bool         `json:"main"` // the lesson turns it: in sight without being asked for
	Label content.Text `json:"label"`
	// Capped says that the workshop bounds it further than the lesson.
	Capped bool `json:"capped,omitempty"`
}

type faultView struct {
	labs.Fault
	Label content.Text `json:"label"`
}

// faultKind is something that a run can be given to suffer.
type faultKind struct {
	Kind     string       `json:"kind"`
	Label    content.Text `json:"label"`
	Doc      string       `json:"doc"`
	Settings []setting    `json:"settings"`
}

type check struct {
	ID   string `json:"id"`
	Expr string `json:"expr"`
	Text prose  `json:"text"`
	// Sides are its comparisons: in which unit its value is told.
	Sides []judge.Side `json:"sides"`
}

// prose is rendered HTML in both languages.
type prose struct {
	Ko string `json:"ko"`
	En string `json:"en"`
}

type prediction struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	Choices []string `json:"choices"`
	Unit    string   `json:"unit"`
	Given   any      `json:"given"`
	Skipped bool     `json:"skipped"`
	Curve   *curve   `json:"curve"` // null: it is none
}

// curve is what a learner draws: one value of a metric for each step of the
// measured time.
type curve struct {
	Metric string    `json:"metric"`
	Range  []float64 `json:"range"` // the axis: from, to
	Points int       `json:"points"`
}

// lessonView makes a lesson's page data, and its experiments by id.
func (s *Site) lessonView(e *edition, l *content.Lesson, runs []runner.Summary, done Progress) (*pageData, map[string]*experiment) {
	data := &pageData{Lesson: l.ID, Experiments: []*experiment{}, Metrics: map[string]metric{}, Faults: faultKinds(e.book.Words)}
	if x := l.Exercise; x != nil {
		data.Exercise = &exerciseRef{x.Goal.ID, x.Func.Name, x.File()}
	}
	byID := map[string]*experiment{}
	describe(data.Metrics, e.book.Words, telemetry.Catalogue())
	data.Comparisons = comparisonViews(l, runs, done)
	turned := turnedBy(l)
	for _, x := range l.Experiments {
		lab, _ := e.labs.Lab(x.Spec.Lab)
		v := view(x, lab, e.book.Words, done)
		for i, k := range v.Knobs {
			v.Knobs[i].Main = turned[x.Spec.Lab+" "+k.Name]
		}
		for i, k := range v.Load {
			v.Load[i].Main = turned["load "+k.Name]
		}
		v.Latest = latest(runs, x.Spec)
		data.Experiments = append(data.Experiments, v)
		byID[x.ID] = v
		describe(data.Metrics, e.book.Words, lab.Metrics)
		q := x.Spec.Question(lab)
		q.Watch = append(slices.Clone(q.Watch), comparedOn(l, x)...)
		units := derived(data.Metrics, e.book.Words, q, x.Spec.Units(lab))
		for i, c := range v.Checks {
			v.Checks[i].Sides = list(units.Sides(c.Expr))
		}
	}
	return data, byID
}

// comparedOn are the expressions that the lesson's comparisons with an experiment judge.
func comparedOn(l *content.Lesson, x *content.Experiment) []string {
	var exprs []string
	for _, c := range l.Comparisons {
		if c.A != x {
			continue
		}
		for _, m := range c.Compare.Metrics {
			exprs = append(exprs, m.Expr)
		}
	}
	return exprs
}

// turnedBy is which settings the lesson's experiments name: "epoll buf" for a
// knob of labs/epoll, "load size" for the load.
func turnedBy(l *content.Lesson) map[string]bool {
	turned := map[string]bool{}
	for _, x := range l.Experiments {
		for name := range x.Spec.Knobs {
			turned[x.Spec.Lab+" "+name] = true
		}
		for name := range x.Spec.Load {
			turned["load "+name] = true
		}
		for name := range x.Spec.Client {
			turned["load "+name] = true
		}
	}
	return turned
}

// view makes one experiment's.
func view(x *content.Experiment, lab labs.Lab, words content.Words, done Progress) *experiment {
	spec := x.Spec
	v := &experiment{
		ID: x.ID, Name: spec.Name, Title: x.Title, Lab: spec.Lab,
		Knobs: settings(lab.Knobs, spec.Knobs, words.Knobs), Faults: []faultView{},
		Warmup: spec.Warmup, Seconds: spec.Seconds,
		Windows: list(spec.Windows), Charts: list(spec.Charts), Watch: list(spec.Watch),
		Checks: []check{}, Predictions: []prediction{},
		Author: x.Author != nil, Edited: spec.Edited(lab), InTurns: inTurns(spec),
	}
	if spec.Load != nil {
		v.Load = append(settings(labs.LoadSettings(), spec.Load, words.Settings), settings(spec.ClientSettings(), spec.Client, words.Settings)...)
	}
	for _, f := range spec.Faults {
		v.Faults = append(v.Faults, faultView{f, word(words.Faults, f.Kind)})
	}
	if spec.Sweep != nil {
		v.Sweep = &sweepView{spec.Sweep.Setting, spec.Sweep.Values}
	}
	for _, c := range x.Checks {
		v.Checks = append(v.Checks, check{ID: c.ID, Expr: c.Expr, Text: prose{string(c.Text.Ko), string(c.Text.En)}})
	}
	for _, p := range x.Predictions {
		g := done.Guesses[spec.Name+"/"+p.ID]
		asked := prediction{p.ID, p.Kind, list(p.Prediction.Choices), p.Unit, g.Given, g.Skipped, nil}
		if p.Kind == "curve" {
			asked.Curve = &curve{p.Answer, p.Range, telemetry.CurvePoints(spec.Seconds)}
		}
		v.Predictions = append(v.Predictions, asked)
	}
	return v
}

// inTurns is how long it takes to compare an experiment with itself under other
// settings.
func inTurns(spec labs.Spec) float64 {
	arm := labs.Arm{Spec: spec}
	return labs.Interleaved(spec.Name, arm, arm, content.DefaultRounds, telemetry.Comparing{}).Seconds()
}

func faultKinds(words content.Words) []faultKind {
	var out []faultKind
	for _, k := range labs.FaultKinds() {
		out = append(out, faultKind{k.Name, word(words.Faults, k.Name), k.Doc, settings(k.Settings, nil, words.Settings)})
	}
	return out
}

// settings lists all of them, each with its value here.
func settings(all []labs.Setting, given map[string]any, labels map[string]content.Text) []setting {
	values := labs.Full(all, given)
	out := make([]setting, len(all))
	for i, k := range all {
		out[i] = setting{Setting: k, Value: values[k.Name], Label: word(labels, k.Name)}
	}
	return out
}

// word returns a label, or the name itself where there is none.
func word(words map[string]content.Text, name string) content.Text {
	if t, ok := words[name]; ok {
		return t
	}
	return content.Text{Ko: name, En: name}
}

// list makes an empty list of none, as scripts expect it.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// latest returns the reader's newest run of an experiment.
func latest(runs []runner.Summary, spec labs.Spec) *runner.Summary {
	for _, r := range runs {
		if ofExperiment(r, spec) {
			return &r
		}
	}
	return nil
}

// lessonData is the page data, fresh.
func (s *Site) lessonData(w http.ResponseWriter, r *http.Request) error {
	e := s.shelf.edition()
	l, _, _, err := e.find(r.PathValue("lesson"))
	if err != nil {
		return err
	}
	v := s.visitor(r)
	runs := s.listed(v)
	data, _ := s.lessonView(e, filled(l, s.shown.of(e, l, runs)), runs, v.progress.snapshot())
	s.boundedFor(v, data)
	data.Lang, data.Version, data.Linux = preferred(r), s.cfg.Version, linux
	data.Words, data.Text, data.Live = labels(e.book.Words), s.faces.current().spoken("lesson", s.cfg.Class != nil), s.followed(v, e, l.ID)
	return reply(w, http.StatusOK, data)
}

// lab is a lab as its source stands now.
func (s *Site) lab(w http.ResponseWriter, r *http.Request) error {
	l, ok := s.shelf.edition().labs.Lab(r.PathValue("lab"))
	if !ok {
		return errNotFound
	}
	return reply(w, http.StatusOK, l)
}

// maxHits bounds a search's answer.
const maxHits = 30

func (e *edition) search(lang, query string) []content.Hit {
	index, ok := e.index[lang]
	if !ok || len(query) > 200 || strings.TrimSpace(query) == "" {
		return []content.Hit{}
	}
	if hits := index.Search(query, maxHits); len(hits) > 0 {
		return hits
	}
	for _, other := range languages { // a word of the other language
		if hits := e.index[other].Search(query, maxHits); other != lang && len(hits) > 0 {
			return hits
		}
	}
	return []content.Hit{}
}

// search finds words in the lessons.
func (s *Site) search(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	lang := q.Get("lang")
	if !spoken(lang) {
		lang = preferred(r)
	}
	return reply(w, http.StatusOK, map[string]any{"hits": s.shelf.edition().search(lang, q.Get("q"))})
}
