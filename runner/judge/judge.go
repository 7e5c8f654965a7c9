// Package judge says what measurements mean: it turns samples and expressions
// into values, checks and predictions. It is pure: it starts nothing, reads no
// files and no clock, and a recording judged again gives the same results.
//
// # Time
//
// The measured time begins at 0, which is the block's Start+Warmup, and lasts
// its Seconds. Everything lies on the grid of telemetry.Tick. A sample at T
// tells of the time up to T, so a window [a, b] holds the samples with
// a < T ≤ b; this holds for the whole measured time as well.
//
//   - A counter is its increase: its value at the last sample with T ≤ b minus
//     that at the last with T ≤ a. Before its first sample it is 0; the host's
//     counters, which count since the machine started, are measured from their
//     first sample on.
//   - A gauge is .last .min .max .mean over the window's samples.
//   - A histogram is what was observed between the same two samples as for a
//     counter.
//   - seconds is the window's length; of a window that is not over, its length
//     so far.
//
// # No value
//
// A metric that nobody sent, a window without a sample, a division by zero and
// a number that is not finite have no value. That fails a check and leaves a
// prediction without an answer, and Why says which it was.
//
// # Expressions
//
// bottleneck is the queue whose consumer holds up the rest: one of Queues.
//
// The grammar is expr-lang's, of which there are: names, numbers, texts,
// + - * / % **, comparisons, && || !, c ? a : b, and abs ceil floor round min
// max len. Whole numbers are equal when they are the same; numbers with
// fractions when they are within 1e-9 of the larger. Over a sweep they are about
// lists: see Sweep.
package judge

import (
	"errors"
	"fmt"
	"slices"

	"socketlabs/labs/telemetry"
)

// Judge follows one block of a run. It has one owner: it is not safe for use by
// several goroutines.
type Judge struct {
	q       telemetry.Question
	host    telemetry.Host
	words   *vocabulary
	checks  []check
	answers []answer
	watch   []figure
	live    []figure // what a derived sample holds
	path    []stage

	begun            bool
	start, zero, end int // ticks: load begins, the measured time begins and ends
	edges            []int
	heard            map[string][]int // the ticks of each source's samples
	fresh            bool             // a sample came since the last Tick
	passed           map[string]bool  // what Tick said of each check
}

// figure is an expression under the name by which its value goes out.
type figure struct {
	name string
	node
}

// New compiles the question's expressions. The error names the expression, what
// is wrong with it, and what would be right.
func New(q telemetry.Question, host telemetry.Host) (*Judge, error) {
	words, err := newVocabulary(q, host)
	if err != nil {
		return nil, err
	}
	j := &Judge{q: q, host: host, words: words, heard: map[string][]int{}, passed: map[string]bool{}}
	j.path = j.newPath()
	words.bottleneck = func(v view) string { return j.bottleneck(v).Queue }
	for _, f := range q.Derive {
		if err := words.derive(f); err != nil {
			return nil, fmt.Errorf("derive %s: %w", f.ID, err)
		}
	}
	for _, f := range q.Checks {
		c, err := words.compileCheck(f)
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", f.ID, err)
		}
		j.checks = append(j.checks, c)
	}
	for _, p := range q.Predictions {
		a, err := words.compileAnswer(p)
		if err != nil {
			return nil, fmt.Errorf("prediction %s: %w", p.ID, err)
		}
		j.answers = append(j.answers, a)
	}
	if j.watch, err = words.figures("watch", q.Watch); err != nil {
		return nil, err
	}
	j.live, err = words.drawn(q.Charts)
	return j, err
}

// Begin sets the block's clock. Samples before it are kept as the base of
// counters.
func (j *Judge) Begin(b telemetry.Block) {
	j.begun = true
	j.start = ticks(b.Start)
	j.zero = j.start + max(ticks(b.Warmup), 0)
	j.end = j.zero + max(ticks(b.Seconds), 0)
	j.edges = []int{j.start, j.zero, j.end}
	for _, w := range j.q.Windows {
		j.edges = append(j.edges, j.zero+ticks(w.From), j.zero+ticks(w.To))
	}
	for _, a := range j.answers {
		j.edges = append(j.edges, a.edges(j.measured(), j.q)...)
	}
	slices.Sort(j.edges)
}

// Add takes a sample; other events are ignored. Samples come in order of T. The
// event's histograms are kept, so they must not change any more.
func (j *Judge) Add(e telemetry.Event) {
	if e.Kind != telemetry.KindSample || e.From == telemetry.FromJudge {
		return
	}
	j.fresh = true
	tick := ticks(e.T)
	heard := j.heard[e.From]
	if n := len(heard); n == 0 || heard[n-1] < tick {
		j.heard[e.From] = append(heard, tick)
	}
	for name, v := range e.Values {
		if t := j.words.tracks[name]; t != nil {
			t.add(tick, v)
		}
	}
	for name, h := range e.Hists {
		if t := j.words.tracks[name]; t != nil {
			t.addHist(tick, h, j.edges)
		}
	}
}

var errNotBegun = errors.New("the run's clock is not known yet")

// Value evaluates an expression over the measured window, for a placeholder of
// the prose: float64, string or bool. The error says why there is no value.
func (j *Judge) Value(expr string) (any, error) {
	n, err := j.words.compile(expr)
	if err != nil {
		return nil, err
	}
	if !j.begun {
		return nil, errNotBegun
	}
	v, err := n.eval(j.measured())
	if err != nil {
		return nil, err
	}
	return v.bare(), nil
}

// measured is the view of the whole measured time.
func (j *Judge) measured() view {
	return view{span: span{j.zero, j.end}, zero: j.zero, now: j.end, where: "the measured time"}
}

// Replay returns the judge of a recording, every event of its first block added.
func Replay(events []telemetry.Event) (*Judge, error) {
	blocks, err := replayed(events)
	if err != nil {
		return nil, err
	}
	return blocks[0].Judge, nil
}

// Lint checks one expression as a Linter does.
func Lint(q telemetry.Question, expr string, boolean bool) error {
	l, err := NewLinter(q)
	if err != nil {
		return err
	}
	return l.Lint(expr, boolean)
}

// Linter checks expressions against a question without running anything.
type Linter struct{ words *vocabulary }

// NewLinter takes the names that the question has. Faults of its expressions
// are not reported.
func NewLinter(q telemetry.Question) (*Linter, error) {
	words, err := newVocabulary(q, telemetry.Host{})
	if err != nil {
		return nil, err
	}
	for _, f := range q.Derive {
		if words.derive(f) != nil {
			words.derived[f.ID] = node{kind: number, uses: uses{others: true}}
		}
	}
	return &Linter{words}, nil
}

// Lint checks an expression's syntax, names and kinds. boolean says that it must
// be a check: comparisons joined by &&.
func (l *Linter) Lint(expr string, boolean bool) error {
	if boolean {
		_, err := l.words.compileCheck(telemetry.Formula{Expr: expr})
		return err
	}
	_, err := l.words.compile(expr)
	return err
}

// Curve checks the answer of a curve.
func (l *Linter) Curve(answer string) error {
	_, err := l.words.compileAnswer(telemetry.Prediction{Kind: "curve", Answer: answer})
	return err
}

// Answer checks a prediction's answer: that it has a meaning, and is of the kind
// and one of the choices that the prediction has.
func (l *Linter) Answer(p telemetry.Prediction) error {
	if _, err := l.words.compileAnswer(p); err != nil {
		return fmt.Errorf("prediction %s: %w", p.ID, err)
	}
	return nil
}
