package workshop

import (
	"reflect"
	"testing"
	"time"
)

func proving(experiment string, checks map[string]bool, guesses ...Guess) Run {
	r := Run{ID: "r", Experiment: experiment, Phase: "finished", Proves: true, Guesses: guesses}
	for id, pass := range checks {
		r.Checks = append(r.Checks, Check{id, pass})
	}
	return r
}

// class is three people: Ada is right at once, Bob after two runs, Cho never runs.
func class() []Took {
	void := proving("epoll/stall", map[string]bool{"stuck": true}, Guess{ID: "where", Given: "sendq", Answer: "recvq"})
	void.Proves = false
	return []Took{
		{Person: Person{ID: "a", Name: "Ada"}, Lesson: "epoll", Held: []string{"epoll/stall/stuck"},
			Given: map[string]any{"epoll/stall/where": "recvq", "epoll/stall/left": 10.0},
			Runs:  []Run{proving("epoll/stall", map[string]bool{"stuck": true}, Guess{ID: "where", Given: "recvq", Answer: "recvq", Right: true}, Guess{ID: "left", Given: 10.0, Answer: 40.0})}},
		{Person: Person{ID: "b", Name: "Bob"}, Held: []string{"epoll/stall/stuck"},
			Given: map[string]any{"epoll/stall/where": "sendq", "epoll/stall/left": nil},
			Hands: []Hand{{N: 1, Person: "b", Text: "Why?", At: time.Unix(5, 0)}},
			Runs: []Run{void, proving("epoll/stall", map[string]bool{"stuck": false}, Guess{ID: "where", Given: "sendq", Answer: "recvq"}),
				proving("epoll/stall", map[string]bool{"stuck": true}, Guess{ID: "where", Given: "sendq", Answer: "none"})}},
		{Person: Person{ID: "c", Name: "Cho"}, Given: map[string]any{"epoll/stall/where": "sendq", "epoll/stall/drawn": []any{1.0, 2.0}}},
	}
}

func TestReport(t *testing.T) {
	votes := []Vote{{ID: "1", Question: "epoll/stall/where"}}
	r := NewReport(class(), votes, map[string]map[string]Ballot{"1": {"a": {First: "sendq", Second: "recvq"}, "b": {First: "sendq"}}})
	people := []PersonLine{
		{Person: Person{ID: "a", Name: "Ada"}, Lesson: "epoll", Lessons: []string{"epoll"}, Runs: 1, Proving: 1, Held: 1, Answered: 2, Right: 1, Wrong: 1},
		{Person: Person{ID: "b", Name: "Bob"}, Lessons: []string{"epoll"}, Runs: 3, Proving: 2, Held: 1, Answered: 1, Wrong: 1, Raised: 1},
		{Person: Person{ID: "c", Name: "Cho"}, Answered: 2},
	}
	if !reflect.DeepEqual(r.People, people) {
		t.Errorf("people %+v", r.People)
	}
	where := QuestionLine{Name: "epoll/stall/where", Given: Distribution{N: 3, Choices: map[string]int{"recvq": 1, "sendq": 2}}, Answered: 3,
		Measured: Distribution{N: 2, Choices: map[string]int{"recvq": 2}}, Right: 1, Wrong: 1, // Bob's second answer does not count again
		Votes: &[2]Distribution{{N: 2, Choices: map[string]int{"sendq": 2}}, {N: 1, Choices: map[string]int{"recvq": 1}}}}
	left := QuestionLine{Name: "epoll/stall/left", Given: Distribution{N: 1, Numbers: []float64{10}}, Answered: 1, Skipped: 1, Measured: Distribution{N: 1, Numbers: []float64{40}}, Wrong: 1}
	drawn := QuestionLine{Name: "epoll/stall/drawn", Answered: 1} // a curve has no distribution
	if want := []QuestionLine{drawn, left, where}; !reflect.DeepEqual(r.Questions, want) {
		t.Errorf("questions\n%+v\nwant\n%+v", r.Questions, want)
	}
	if want := []WrongLine{{"epoll/stall/left", 10.0, 1}, {"epoll/stall/where", "sendq", 1}}; !reflect.DeepEqual(r.Wrong, want) {
		t.Errorf("wrong %+v", r.Wrong)
	}
	if want := []CheckLine{{Name: "epoll/stall/stuck", Tried: 2, Held: 2, Tries: 1.5, Most: 2}}; !reflect.DeepEqual(r.Checks, want) {
		t.Errorf("checks %+v", r.Checks)
	}
	if len(r.Hands) != 1 || r.Hands[0].Text != "Why?" {
		t.Errorf("hands %+v", r.Hands)
	}
}

// The hardest check is the one that holds for the smallest share of those who tried.
func TestHardestChecksFirst(t *testing.T) {
	r := NewReport([]Took{{Runs: []Run{proving("l/x", map[string]bool{"easy": true, "never": false, "late": false}), proving("l/x", map[string]bool{"late": true, "never": false})}}}, nil, nil)
	var order []string
	for _, c := range r.Checks {
		order = append(order, c.Name)
	}
	if want := []string{"l/x/never", "l/x/late", "l/x/easy"}; !reflect.DeepEqual(order, want) {
		t.Errorf("%v", order)
	}
	if empty := NewReport(nil, nil, nil); len(empty.People)+len(empty.Questions)+len(empty.Checks) != 0 {
		t.Errorf("a report of nobody: %+v", empty)
	}
}

func TestHiddenNames(t *testing.T) {
	people := class()
	hidden := Hide(people, func(id string) string { return "not " + id })
	if hidden[1].Name != "not b" || hidden[1].ID != "not b" || hidden[1].Hands[0].Person != "not b" {
		t.Errorf("%+v", hidden[1])
	}
	if people[1].Name != "Bob" || people[1].Hands[0].Person != "b" {
		t.Error("hiding has changed what it was given")
	}
}
