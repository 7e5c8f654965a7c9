package workshop

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Took is what one person did in the class: from their recordings, their progress and
// the store.
type Took struct {
	Person
	Lesson string         // where they were last; empty: nowhere
	Runs   []Run          // the oldest first
	Given  map[string]any // committed answers, by LESSON/EXPERIMENT/PREDICTION; nil: skipped
	Held   []string       // checks that held in a run that proves something: LESSON/EXPERIMENT/CHECK
	Hands  []Hand         // the oldest first
}

// Run is what a recording says of itself.
type Run struct {
	ID         string    `json:"id"`
	Experiment string    `json:"experiment"` // LESSON/EXPERIMENT
	Began      time.Time `json:"began"`
	Phase      string    `json:"phase"`
	Trust      string    `json:"trust,omitempty"`
	Proves     bool      `json:"proves"` // it finished, is not void, and was the experiment as the lesson has it
	Checks     []Check   `json:"checks,omitempty"`
	Guesses    []Guess   `json:"predictions,omitempty"`
}

// Check is whether one held in a run.
type Check struct {
	ID   string `json:"id"`
	Pass bool   `json:"pass"`
}

// Guess is a prediction that a run answered.
type Guess struct {
	ID      string `json:"id"`
	Given   any    `json:"given"` // nil: skipped, or not asked
	Skipped bool   `json:"skipped,omitempty"`
	Answer  any    `json:"measured"`
	Right   bool   `json:"right"`
}

// Report is what a class came to. Its lists are in the order in which they are read.
type Report struct {
	People    []PersonLine
	Questions []QuestionLine
	Wrong     []WrongLine // the most common first
	Checks    []CheckLine // the hardest first
	Hands     []Hand      // the oldest first
}

// PersonLine is what one person did, in numbers.
type PersonLine struct {
	Person
	Lesson   string
	Lessons  []string // of which something was run
	Runs     int
	Proving  int // runs that prove something
	Held     int // checks
	Answered int // predictions
	Right    int // of those that a run has answered
	Wrong    int
	Raised   int // hands
}

// QuestionLine is how a prediction was answered, and what was measured.
type QuestionLine struct {
	Name     string // LESSON/EXPERIMENT/PREDICTION
	Given    Distribution
	Answered int // drawn curves too, which Given has not
	Skipped  int
	Measured Distribution // of each person's first run that answers it
	Right    int
	Wrong    int
	Votes    *[2]Distribution // of the newest vote on it; nil: there was none
}

// WrongLine is an answer that turned out wrong for N people.
type WrongLine struct {
	Name  string // of the prediction
	Given any    // string or float64
	N     int
}

// CheckLine is how hard it was to make a check hold.
type CheckLine struct {
	Name  string  // LESSON/EXPERIMENT/CHECK
	Tried int     // people
	Held  int     // of them, people for whom it held
	Tries float64 // mean number of runs until it held, of those for whom it did
	Most  int     // the most runs that anybody needed, or made in vain
}

// NewReport sums a class up. people are in the order in which they came; votes are with
// who answered what, by vote.
func NewReport(people []Took, votes []Vote, ballots map[string]map[string]Ballot) Report {
	var r Report
	questions, checks, wrong := map[string]*QuestionLine{}, map[string]*CheckLine{}, map[WrongLine]int{}
	for _, p := range people {
		line := PersonLine{Person: p.Person, Lesson: p.Lesson, Runs: len(p.Runs), Held: len(p.Held), Raised: len(p.Hands)}
		for name, given := range p.Given {
			q := at(questions, name)
			q.Given.Add(given)
			if given == nil {
				q.Skipped++
				continue
			}
			q.Answered++
			line.Answered++
		}
		for name, g := range p.Answered() {
			q := at(questions, name)
			q.Measured.Add(g.Answer)
			switch {
			case g.Given == nil:
			case g.Right:
				q.Right++
				line.Right++
			default:
				q.Wrong++
				line.Wrong++
				if single(g.Given) {
					wrong[WrongLine{Name: name, Given: g.Given}]++
				}
			}
		}
		for name, tries := range p.tried() {
			checks[name] = tries.into(checks[name], name)
		}
		lessons := map[string]bool{}
		for _, run := range p.Runs {
			lesson, _, _ := strings.Cut(run.Experiment, "/")
			lessons[lesson] = true
			if run.Proves {
				line.Proving++
			}
		}
		line.Lessons = slices.Sorted(maps.Keys(lessons))
		r.People = append(r.People, line)
		r.Hands = append(r.Hands, p.Hands...)
	}
	for _, v := range votes {
		if len(ballots[v.ID]) == 0 { // of those who have left, or of a rehearsal
			continue
		}
		at(questions, v.Question).Votes = voted(ballots[v.ID])
	}
	for _, name := range slices.Sorted(maps.Keys(questions)) {
		q := questions[name]
		slices.Sort(q.Given.Numbers)
		slices.Sort(q.Measured.Numbers)
		r.Questions = append(r.Questions, *q)
	}
	for w, n := range wrong {
		w.N = n
		r.Wrong = append(r.Wrong, w)
	}
	slices.SortFunc(r.Wrong, func(a, b WrongLine) int {
		return cmp.Or(b.N-a.N, cmp.Compare(a.Name, b.Name), compareAny(a.Given, b.Given))
	})
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		r.Checks = append(r.Checks, *checks[name])
	}
	slices.SortStableFunc(r.Checks, func(a, b CheckLine) int {
		return cmp.Or(cmp.Compare(a.share(), b.share()), cmp.Compare(b.Tries, a.Tries), b.Most-a.Most)
	})
	slices.SortStableFunc(r.Hands, func(a, b Hand) int { return a.At.Compare(b.At) })
	return r
}

func at(lines map[string]*QuestionLine, name string) *QuestionLine {
	if lines[name] == nil {
		lines[name] = &QuestionLine{Name: name}
	}
	return lines[name]
}

// Answered is each prediction's first answer by a run that proves something.
func (p Took) Answered() map[string]Guess {
	first := map[string]Guess{}
	for _, run := range p.Runs {
		for _, g := range run.Guesses {
			name := run.Experiment + "/" + g.ID
			if _, known := first[name]; !known && run.Proves && g.Answer != nil {
				first[name] = g
			}
		}
	}
	return first
}

// tries is how often a person ran an experiment until a check of it held.
type tries struct {
	n    int
	held bool
}

func (p Took) tried() map[string]tries {
	all := map[string]tries{}
	for _, run := range p.Runs {
		if !run.Proves {
			continue
		}
		for _, c := range run.Checks {
			name := run.Experiment + "/" + c.ID
			if t := all[name]; !t.held {
				all[name] = tries{t.n + 1, c.Pass}
			}
		}
	}
	return all
}

// into adds a person's tries to a check's line.
func (t tries) into(line *CheckLine, name string) *CheckLine {
	if line == nil {
		line = &CheckLine{Name: name}
	}
	line.Tried++
	line.Most = max(line.Most, t.n)
	if t.held {
		line.Tries = (line.Tries*float64(line.Held) + float64(t.n)) / float64(line.Held+1)
		line.Held++
	}
	return line
}

// share is of how many of those who tried it held.
func (c CheckLine) share() float64 { return float64(c.Held) / float64(c.Tried) }

// voted is how the answers of a vote spread.
func voted(ballots map[string]Ballot) *[2]Distribution {
	var first, second []any
	for _, b := range ballots {
		first, second = append(first, b.First), append(second, b.Second)
	}
	return &[2]Distribution{spread(first), spread(second)}
}

// Add counts one answer; what is none, or a drawn curve, is left out. Numbers are to be
// sorted after the last.
func (d *Distribution) Add(given any) {
	one := spread([]any{given})
	d.N += one.N
	d.Numbers = append(d.Numbers, one.Numbers...)
	for choice, n := range one.Choices {
		if d.Choices == nil {
			d.Choices = map[string]int{}
		}
		d.Choices[choice] += n
	}
}

// single says whether an answer is a choice or a number, and no curve.
func single(given any) bool {
	switch given.(type) {
	case string, float64:
		return true
	}
	return false
}

// compareAny orders choices before numbers.
func compareAny(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y)
		}
		return -1
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	}
	return 1
}

// Hide takes the names and ids out of what people did; alias is what somebody is called
// instead, by id. What they have written stays.
func Hide(people []Took, alias func(id string) string) []Took {
	hidden := slices.Clone(people)
	for i := range hidden {
		name := alias(hidden[i].ID)
		hidden[i].Person = Person{ID: name, Name: name, Joined: hidden[i].Joined, Removed: hidden[i].Removed}
		hidden[i].Hands = slices.Clone(hidden[i].Hands)
		for k := range hidden[i].Hands {
			hidden[i].Hands[k].Person = name
		}
	}
	return hidden
}
