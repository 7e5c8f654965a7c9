package site

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"socketlabs/content"
	"socketlabs/labs"
	"socketlabs/labs/telemetry"
)

// predict puts the reader's answers into the spec: those of the request, else
// those that were committed before.
func predict(v visitor, spec *labs.Spec, x *content.Experiment, o order) error {
	asked := map[string]any{}
	for id, given := range o.Predictions {
		answer, err := answered(x, id, given)
		if err != nil {
			return err
		}
		asked[id] = answer
	}
	for _, id := range o.Skipped {
		if _, ok := predictionOf(x, id); !ok {
			return unasked(id)
		}
	}
	committed := v.progress.snapshot().Guesses
	for i := range spec.Predictions {
		p := &spec.Predictions[i]
		given, ok := asked[p.ID]
		g, old := committed[spec.Name+"/"+p.ID]
		switch {
		case ok:
			p.Given, p.Skipped = given, false
		case slices.Contains(o.Skipped, p.ID):
			p.Given, p.Skipped = nil, true
		case old:
			p.Given, p.Skipped = g.Given, g.Skipped
		}
	}
	return nil
}

func predictionOf(x *content.Experiment, id string) (*content.Prediction, bool) {
	i := slices.IndexFunc(x.Predictions, func(p *content.Prediction) bool { return p.ID == id })
	if i < 0 {
		return nil, false
	}
	return x.Predictions[i], true
}

// answered returns what was given, if it can answer an experiment's prediction.
func answered(x *content.Experiment, id string, given any) (any, error) {
	p, ok := predictionOf(x, id)
	if !ok {
		return nil, unasked(id)
	}
	answer, err := labs.Answer(p.Prediction, x.Spec.Seconds, given)
	if err == nil {
		return answer, nil
	}
	allowed := content.Text{Ko: "숫자", En: "a number"}
	switch p.Kind {
	case "choice", "queue":
		names := strings.Join(p.Prediction.Choices, ", ")
		allowed = content.Text{Ko: names + " 가운데 하나", En: "one of " + names}
	case "curve":
		n := telemetry.CurvePoints(x.Spec.Seconds)
		low, high := labs.Axis(p.Prediction)
		allowed = content.Text{Ko: fmt.Sprintf("%g부터 %g까지의 숫자 %d개", low, high, n), En: fmt.Sprintf("%d numbers from %g to %g", n, low, high)}
	}
	return nil, &refusal{err: errGuess, field: id, text: content.Text{
		Ko: fmt.Sprintf("예측 %s의 답으로는 %s만 쓸 수 있습니다.", id, allowed.Ko), En: fmt.Sprintf("The answer to %s must be %s.", id, allowed.En)}}
}

func unasked(id string) error {
	return &refusal{err: errGuess, field: id, text: content.Text{
		Ko: "이 실험에는 그런 예측이 없습니다: " + id, En: "This experiment has no such prediction: " + id}}
}

// guessed makes an answer to a vote the learner's answer to the prediction too, as far
// as no run has committed another.
func (s *Site) guessed(v visitor, key string, given any) {
	err := v.progress.commit(key, Guess{Given: given, When: time.Now()})
	if err != nil && !errors.Is(err, errCommitted) { // the vote is kept all the same
		s.log.Error("site: commit a vote", "error", err)
	}
}

// putGuess commits the answer to a prediction, or that there will be none.
func (s *Site) putGuess(w http.ResponseWriter, r *http.Request) error {
	var g struct {
		Given   any  `json:"given"`
		Skipped bool `json:"skipped"`
	}
	if err := decode(r, &g); err != nil {
		return err
	}
	e, id := s.shelf.edition(), r.PathValue("prediction")
	x, err := e.asker(r.PathValue("lesson") + "/" + r.PathValue("experiment"))
	if err != nil {
		return errNotFound
	}
	_, asked := predictionOf(x, id)
	switch {
	case !asked:
		return errNotFound
	case g.Skipped == (g.Given != nil):
		return &refusal{err: errGuess, field: id, text: content.Text{Ko: "given이나 skipped 가운데 하나를 보내세요.", En: "Send either given or skipped."}}
	case !g.Skipped:
		if g.Given, err = answered(x, id, g.Given); err != nil {
			return err
		}
	}
	if err := s.visitor(r).progress.commit(x.Spec.Name+"/"+id, Guess{Given: g.Given, Skipped: g.Skipped, When: time.Now()}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
