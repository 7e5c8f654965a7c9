package site

import (
	"net/http"
	"slices"
	"strings"

	"socketlabs/content"
	"socketlabs/site/workshop"
)

// question is a prediction as a class is asked it, anywhere in the site.
type question struct {
	Question string        `json:"question"` // LESSON/EXPERIMENT/PREDICTION
	Kind     string        `json:"kind"`
	Unit     string        `json:"unit,omitempty"`
	Ask      content.Text  `json:"ask"`
	Choices  []choice      `json:"choices,omitempty"`
	Lesson   *content.Text `json:"lesson,omitempty"` // its title
}

// choice is one answer to it.
type choice struct {
	ID   string       `json:"id"`
	Text content.Text `json:"text"`
}

// asked finds a prediction by LESSON/EXPERIMENT/PREDICTION.
func (e *edition) asked(name string) (*content.Experiment, *content.Prediction, error) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return nil, nil, errNotFound
	}
	x, err := e.asker(name[:i])
	if err != nil {
		return nil, nil, errNotFound
	}
	p, ok := predictionOf(x, name[i+1:])
	if !ok {
		return nil, nil, errNotFound
	}
	return x, p, nil
}

// question is a prediction in words; without the prediction, which a lesson may have
// lost since, only its name.
func (e *edition) question(name string) question {
	q := question{Question: name, Ask: content.Text{Ko: name, En: name}}
	_, p, err := e.asked(name)
	if err != nil {
		return q
	}
	q.Kind, q.Unit, q.Ask = p.Kind, p.Unit, p.Ask.Plain()
	for _, c := range p.Choices {
		q.Choices = append(q.Choices, choice{c.ID, c.Text.Plain()})
	}
	lesson, _, _ := strings.Cut(name, "/")
	if l, _, _ := e.book.Lesson(lesson); l != nil {
		q.Lesson = &l.Title
	}
	return q
}

// voteView is a vote as everybody may see it.
type voteView struct {
	workshop.Vote
	Asked question `json:"asked"`
	Holds []string `json:"holds,omitempty"` // LESSON/ID of experiments and comparisons that wait for it
}

// newestVote is the one that the class sees; nil: there was none.
func (s *Site) newestVote(e *edition) *voteView {
	votes := s.cfg.Class.Votes()
	if len(votes) == 0 {
		return nil
	}
	v := votes[len(votes)-1]
	return &voteView{v, s.inWords(e, v.Question), e.held(v)}
}

// held are the experiments and comparisons, LESSON/ID, that wait for a vote: what it is
// about, what that would run, and the comparisons that would run it.
func (e *edition) held(v workshop.Vote) []string {
	if !v.Holds() {
		return nil
	}
	of := v.Question[:max(0, strings.LastIndexByte(v.Question, '/'))]
	lesson, _, _ := strings.Cut(of, "/")
	held := []string{of}
	if l, _, _ := e.book.Lesson(lesson); l != nil {
		for _, c := range l.Comparisons {
			switch runs := []string{c.A.Spec.Name, c.B.Spec.Name}; {
			case c.Name == of:
				held = append(held, slices.Compact(runs)...)
			case slices.Contains(runs, of):
				held = append(held, c.Name)
			}
		}
	}
	return held
}

// voting says whether an experiment or a comparison, LESSON/ID, waits for the newest
// vote. An older one that was left behind holds nothing.
func (s *Site) voting(e *edition, name string) bool {
	v, err := s.cfg.Class.Vote(s.cfg.Class.NewestVote())
	return err == nil && slices.Contains(e.held(v), name)
}

// beginVote opens a vote on a prediction. A curve is drawn in its lesson: it has no
// vote.
func (s *Site) beginVote(w http.ResponseWriter, r *http.Request) error {
	var v struct {
		Question string `json:"question"`
	}
	class, err := s.commanded(r, &v)
	if err != nil {
		return err
	}
	_, p, err := s.shelf.edition().asked(v.Question)
	if err != nil {
		return err
	}
	if p.Kind == "curve" {
		return &refusal{err: errRequest, field: "question", text: content.Text{
			Ko: "곡선 예측은 레슨 안에서만 그립니다. 고르기나 숫자 예측으로 투표를 여세요.", En: "A curve is drawn in its lesson only. Open the vote on a choice or a number."}}
	}
	vote, err := class.BeginVote(v.Question)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, vote)
}

// stepVote closes a vote, opens its second one, shows what came of them, or lets people
// run before it is over.
func (s *Site) stepVote(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Class == nil {
		return errNoClass
	}
	step := workshop.VoteStep(r.PathValue("step"))
	if !slices.Contains([]workshop.VoteStep{workshop.Close, workshop.Next, workshop.Show, workshop.Free}, step) {
		return errNotFound
	}
	vote, err := s.cfg.Class.StepVote(r.PathValue("vote"), step)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, vote)
}

// putVote takes a learner's answer. It is their answer to the lesson's prediction too,
// unless a run of theirs has committed another one.
func (s *Site) putVote(w http.ResponseWriter, r *http.Request) error {
	var a struct {
		Given any `json:"given"`
	}
	class, err := s.commanded(r, &a)
	if err != nil {
		return err
	}
	vote, err := class.Vote(r.PathValue("vote"))
	if err != nil {
		return err
	}
	x, p, err := s.shelf.edition().asked(vote.Question)
	if err != nil {
		return err
	}
	given, err := answered(x, p.ID, a.Given)
	if err != nil {
		return err
	}
	v := s.visitor(r)
	if err := class.Answer(vote.ID, v.by(), given); err != nil {
		return err
	}
	s.guessed(v, vote.Question, given)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
