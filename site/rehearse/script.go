package rehearse

import "math/rand/v2"

// Step is a section of a lesson, with what is done in it, in the order of the text.
type Step struct {
	Lesson, Section string
	Experiments     []Experiment
}

// Experiment is one that a reader runs.
type Experiment struct {
	ID        string
	Questions []Question
	// Other is a setting, as load.size=128, that the lesson has not: with it a run is
	// ungraded and shares the machine. Empty: it is always run as the lesson has it.
	Other [2]string
}

// Question is a prediction.
type Question struct {
	ID      string
	Kind    string // choice, queue, number; others are skipped
	Choices []string
}

// guess answers a question as somebody would who has no idea; false: they skip it.
func (q Question) guess() (any, bool) {
	switch {
	case len(q.Choices) > 0:
		return q.Choices[rand.IntN(len(q.Choices))], true
	case q.Kind == "number":
		magnitudes := [...]float64{1, 10, 100, 1000, 10000}
		return float64(1+rand.IntN(9)) * magnitudes[rand.IntN(len(magnitudes))], true
	}
	return nil, false
}

// asks are what learners say when they raise a hand.
var asks = map[string][]string{
	"ko": {"왜 여기서 멈췄나요?", "Recv-Q가 왜 안 줄어드나요?", "제 결과는 예측과 반대로 나왔어요", "p99가 갑자기 튄 이유가 뭔가요?", "이 설정을 바꾸면 뭐가 달라지나요?"},
	"en": {"Why does it stall here?", "Why does Recv-Q not drain?", "My result is the opposite of my prediction", "What makes p99 jump?", "What does this setting change?"},
}
