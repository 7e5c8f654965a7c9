package site

import (
	"net/http"
	"time"

	"socketlabs/content"
)

// progressData is what the reader has done.
func (s *Site) progressData(w http.ResponseWriter, r *http.Request) error {
	s.listed()
	return reply(w, http.StatusOK, s.progress.snapshot())
}

// putPlace notes where the reader is.
func (s *Site) putPlace(w http.ResponseWriter, r *http.Request) error {
	var p Place
	if err := decode(r, &p); err != nil {
		return err
	}
	l, _, _, err := s.shelf.edition().find(p.Lesson)
	if err != nil {
		return err
	}
	known := p.Section == ""
	for _, section := range l.Sections {
		known = known || section.ID == p.Section
	}
	if !known {
		return &refusal{err: errNotFound, field: "section"}
	}
	if err := s.progress.at(p); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
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
	x, err := e.book.Find(r.PathValue("lesson") + "/" + r.PathValue("experiment"))
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
