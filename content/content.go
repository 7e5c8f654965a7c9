// Package content holds the lessons: it loads them, checks them, renders them
// and searches them. It never sees a process.
//
// A lesson is a folder with lesson.yaml (what both languages share), ko.md and
// en.md (texts under the same ids), drawings and author/ (the author's
// recordings); toc.txt gives the order.
package content

import (
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// Text is the same thing said in both languages.
type Text struct {
	Ko string `json:"ko" yaml:"ko"`
	En string `json:"en" yaml:"en"`
}

// HTML is a rendered text in both languages. Placeholders stand in it as
// <data class="measured" data-n="K"></data>: K is an index into Lesson.Shown,
// and site fills in the value. Prose is blocks (p, ul, figure, aside …); titles,
// questions, answers and checks are the inside of one paragraph.
type HTML struct{ Ko, En template.HTML }

// Book is every lesson in order, with the words of knobs and metrics and the
// glossary.
type Book struct {
	Title    Text
	Parts    []Part
	Words    Words
	Glossary []*Term // by id
	Plans    []*Plan // of workshops
}

// Part is a group of lessons under one title of toc.txt ("" for the first).
type Part struct {
	Title   Text
	Lessons []*Lesson
}

// Lesson is one folder.
type Lesson struct {
	ID       string
	Title    Text
	Covers   []string // sections of the chapter
	Minutes  int      // to read and to run, both together
	Lab      string
	Sections []Section // the first has no ID: what stands before the first heading
	// Experiments in the order of the text.
	Experiments []*Experiment
	Comparisons []*Comparison
	BreakIt     *BreakIt  // or nil
	Exercise    *Exercise // or nil
	// Shown are the lesson's placeholders.
	Shown []Placeholder
	// Terms are those of the glossary that are marked in the lesson's prose, as
	// <a class="term" href="glossary#ID" data-term="ID">.
	Terms []*Term
	Notes *Notes // the instructor's; nil when there are none
}

// Section is a heading and what follows it.
type Section struct {
	ID    string
	Title HTML
	Plain Text // the title as text
	Body  []Block
}

// Block is one of its fields.
type Block struct {
	Prose      *HTML
	Source     *Source
	Experiment *Experiment
	Compare    *Comparison
	Predict    []*Prediction
	Check      []*Check
	BreakIt    *BreakIt  // beside its Cure, which is the Experiment
	Exercise   *Exercise // with its goal
}

// Source is a quoted function.
type Source struct {
	Lab  string
	Func labs.Func
	// Lines are the function's lines as HTML: <b> for keywords, <i> for comments.
	Lines []SourceLine
}

// SourceLine is one line of code; Metric is what it counts, or "".
type SourceLine struct {
	N      int
	HTML   template.HTML
	Metric string
}

// Experiment is what may be put on the bench.
type Experiment struct {
	ID          string
	Title       Text
	Spec        labs.Spec // Name is LESSON/EXPERIMENT
	Predictions []*Prediction
	Checks      []*Check
	// Author is the author's recording, gzipped JSON lines; nil when there is none.
	Author []byte
}

// Prediction is a question asked before Run unlocks.
type Prediction struct {
	telemetry.Prediction
	Experiment string       // the experiment or the comparison that answers it
	Ask, Why   HTML         // Why is shown with the measured answer
	Choices    []ChoiceText // of kind choice or queue, in order
}

// ChoiceText is one answer of a prediction of kind choice or queue.
type ChoiceText struct {
	ID   string
	Text HTML
}

// Check is a check with its sentence.
type Check struct {
	telemetry.Formula
	Experiment string
	Text       HTML
}

// Placeholder is {{run:ID EXPR | FORMAT}} or {{author:ID EXPR | FORMAT}}.
type Placeholder struct {
	Author     bool
	Experiment string
	Expr       string
	Format     string // "", ms, us, KiB, MiB, % …
}

// Words are the labels of knobs, settings, metrics and units in both languages,
// from words.yaml.
type Words struct {
	Labs     map[string]Text `json:"labs,omitempty" yaml:"labs"`       // by folder
	Knobs    map[string]Text `json:"knobs,omitempty" yaml:"knobs"`     // by flag
	Settings map[string]Text `json:"settings" yaml:"settings"`         // of load and faults, by name
	Faults   map[string]Text `json:"faults" yaml:"faults"`             // by kind
	Metrics  map[string]Text `json:"metrics,omitempty" yaml:"metrics"` // by metric or derived name
	Groups   map[string]Text `json:"groups" yaml:"groups"`             // of charts
	Units    map[string]Text `json:"units" yaml:"units"`
	Queues   map[string]Text `json:"queues" yaml:"queues"` // client, sendq, link … : answers of a queue prediction
}

// Problem is one fault in the content, as file:line: text.
type Problem struct {
	File string // relative to the module: content/epoll/lesson.yaml
	Line int
	Text string
}

func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// Lesson returns the lesson of that id, with its neighbours in reading order;
// all three are nil when there is none.
func (b *Book) Lesson(id string) (l, prev, next *Lesson) {
	lessons := b.lessons()
	i := slices.IndexFunc(lessons, func(l *Lesson) bool { return l.ID == id })
	if i < 0 {
		return nil, nil, nil
	}
	if i > 0 {
		prev = lessons[i-1]
	}
	if i+1 < len(lessons) {
		next = lessons[i+1]
	}
	return lessons[i], prev, next
}

func (b *Book) lessons() []*Lesson {
	var list []*Lesson
	for _, p := range b.Parts {
		list = append(list, p.Lessons...)
	}
	return list
}

// Find returns the experiment LESSON/EXPERIMENT. The error says what there is:
// no experiment "x" in lesson "epoll": it has drained, stall.
func (b *Book) Find(name string) (*Experiment, error) {
	id, experiment, _ := strings.Cut(name, "/")
	l, _, _ := b.Lesson(id)
	if l == nil {
		var have []string
		for _, l := range b.lessons() {
			have = append(have, l.ID)
		}
		return nil, errors.New("no " + unknown("lesson", id, "there are", have))
	}
	var have []string
	for _, e := range l.Experiments {
		if e.ID == experiment {
			return e, nil
		}
		have = append(have, e.ID)
	}
	return nil, errors.New("no " + unknownIn("experiment", experiment, fmt.Sprintf(" in lesson %q", id), "it has", have))
}
