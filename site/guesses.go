package site

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"socketlabs/content"
	"socketlabs/labs"
)

// predict puts the reader's answers into the spec: those of the request, else
// those that were committed before.
func (s *Site) predict(spec *labs.Spec, x *content.Experiment, o order, words content.Words) error {
	for id, given := range o.Predictions {
		if err := answers(x, id, given, words); err != nil {
			return err
		}
	}
	for _, id := range o.Skipped {
		if _, ok := predictionOf(x, id); !ok {
			return unasked(id)
		}
	}
	committed := s.progress.snapshot().Guesses
	for i := range spec.Predictions {
		p := &spec.Predictions[i]
		given, ok := o.Predictions[p.ID]
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

// answers says whether given can answer an experiment's prediction.
func answers(x *content.Experiment, id string, given any, words content.Words) error {
	p, ok := predictionOf(x, id)
	if !ok {
		return unasked(id)
	}
	choices := p.Prediction.Choices
	if p.Kind == "queue" && len(choices) == 0 {
		choices = slices.Sorted(maps.Keys(words.Queues))
	}
	switch v := given.(type) {
	case float64:
		if p.Kind == "number" {
			return nil
		}
	case string:
		if p.Kind != "number" && slices.Contains(choices, v) {
			return nil
		}
	}
	allowed := content.Text{Ko: "숫자", En: "a number"}
	if p.Kind != "number" {
		names := strings.Join(choices, ", ")
		allowed = content.Text{Ko: names + " 가운데 하나", En: "one of " + names}
	}
	return &refusal{err: errGuess, field: id, text: content.Text{
		Ko: fmt.Sprintf("예측 %s의 답은 %s여야 합니다.", id, allowed.Ko), En: fmt.Sprintf("The answer to %s must be %s.", id, allowed.En)}}
}

func unasked(id string) error {
	return &refusal{err: errGuess, field: id, text: content.Text{
		Ko: "이 실험에는 그런 예측이 없습니다: " + id, En: "This experiment has no such prediction: " + id}}
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
		if err := answers(x, id, g.Given, e.book.Words); err != nil {
			return err
		}
	}
	if err := s.progress.commit(x.Spec.Name+"/"+id, Guess{Given: g.Given, Skipped: g.Skipped, When: time.Now()}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
