// Package content holds the lessons: it loads them, checks them, renders them
// and searches them. It never sees a process.
//
// A lesson is a folder with lesson.yaml (what both languages share), ko.md and
// en.md (texts under the same ids), drawings and author/ (the author's
// recordings); toc.txt gives the order.
package content

import (
	"fmt"
	"html/template"

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
// and site fills in the value.
type HTML struct{ Ko, En template.HTML }

// Book is every lesson in order, with the words of knobs and metrics.
type Book struct {
	Title Text
	Parts []Part
	Words Words
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
	// Shown are the lesson's placeholders.
	Shown []Placeholder
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
	Predict    []*Prediction
	Check      []*Check
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
	Experiment string // the experiment that answers it
	Ask, Why   HTML
	Choices    []ChoiceText
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
// and the glossary, from words.yaml.
type Words struct {
	Knobs    map[string]Text `json:"knobs" yaml:"knobs"`       // by flag
	Settings map[string]Text `json:"settings" yaml:"settings"` // of load and faults, by name
	Faults   map[string]Text `json:"faults" yaml:"faults"`     // by kind
	Metrics  map[string]Text `json:"metrics" yaml:"metrics"`   // by metric or derived name
	Groups   map[string]Text `json:"groups" yaml:"groups"`     // of charts
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

// Load reads every lesson under dir (content/), against the labs that there are.
// A lesson with problems is left out of the book; the problems say why.
func Load(dir string, labs *labs.Catalog) (*Book, []Problem) { panic("todo") }

// Lesson returns the lesson of that id, with its neighbours in reading order.
func (b *Book) Lesson(id string) (l, prev, next *Lesson) { panic("todo") }

// Find returns the experiment LESSON/EXPERIMENT.
func (b *Book) Find(name string) (*Experiment, error) { panic("todo") }

// Hit is a place where a search matched.
type Hit struct {
	Lesson  string
	Section string
	Title   Text
	// Before, Match and After are the context in the language searched.
	Before, Match, After string
}

// Index finds text in lessons by character bigrams.
type Index struct{}

// NewIndex indexes the book in one language ("ko" or "en").
func NewIndex(b *Book, lang string) *Index { panic("todo") }

// Search returns at most max hits, the best first.
func (x *Index) Search(query string, max int) []Hit { panic("todo") }

// Format prints a value as a placeholder does: three significant digits,
// integers in full; the format converts from seconds, bytes or a share and adds
// the unit.
func Format(v any, format string) string { panic("todo") }
